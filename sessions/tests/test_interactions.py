"""Which treatment the interactions of a patient are judged for."""

from clinic.audit import acting
from clinic.models import Clinic, User
from clinic.tests.factories import TESTS
from patients.models import Medication
from patients.services import medicines
from patients.tests.factories import make_patient
from sessions.tests.factories import make_course


def test_the_running_course_says_which_treatment_it_is(clinic: Clinic, prescriber: User) -> None:
    patient = make_patient(clinic)
    of = {"patient": patient, "clinic": clinic}
    with acting(TESTS):
        Medication.objects.create(**of, text="theophylline 300 mg")
        Medication.objects.create(**of, text="Flonase")

    def rules() -> set[str]:
        found = medicines.review_of(patient, patient.created_at.date())
        return {each.alert.rule.id for each in found.alerts}

    assert rules() == {"methylxanthine", "nasal_timing"}
    make_course(patient, prescriber, key="ketamine-iv-twice-weekly")
    assert rules() == {"methylxanthine_iv"}
