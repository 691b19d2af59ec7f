from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import ProgrammingError, connection, transaction

from clinic import clock
from clinic.models import AuditEvent, Clinic, User
from desk.load.live import WATCHED
from desk.load.seed import Order, seed
from monitoring.models import VitalSigns
from monitoring.services import history
from patients.basis import basis_of
from patients.models import Patient
from patients.screening import standing
from patients.screening.basis import Reasks
from patients.tests.factories import make_patient
from reminders.models import Message
from sessions.models import TreatmentCourse, TreatmentSession
from sessions.services.authorization import treatment_of

pytestmark = pytest.mark.django_db
PATIENTS = 300


@pytest.fixture(scope="module")
def seeded(django_db_setup, django_db_blocker):
    """Seeded once for all tests here; what a test adds to it is rolled back."""
    with django_db_blocker.unblock():
        seed(Order(patients=PATIENTS, years=1, clinics=2))
        connection.close()
        yield
        call_command("flush", interactive=False, verbosity=0)


def test_it_refuses_where_invented_data_is_not_allowed(settings):
    settings.DEMO_ALLOWED = False
    with pytest.raises(CommandError, match="not allowed"):
        call_command("seed_load", patients=10)
    assert not Clinic.objects.exists()


def test_the_command_says_what_it_made():
    out = StringIO()
    call_command("seed_load", patients=50, stdout=out)
    assert "50  patients" in out.getvalue()
    assert "seconds" in out.getvalue()


def test_patients_are_spread_over_the_clinics(seeded):
    counts = [clinic.patients.count() for clinic in Clinic.objects.all()]
    assert counts == [PATIENTS // 2, PATIENTS // 2]


def test_a_screen_stands_for_the_course_and_the_chart(seeded):
    for course in TreatmentCourse.objects.select_related("protocol", "patient__clinic")[:20]:
        today = clock.now().astimezone(course.patient.clinic.zone).date()
        screen = course.patient.safety_screens.get()
        basis = basis_of(course.patient, today)
        found = standing.unmet(screen, treatment_of(course.protocol), basis.facts, Reasks(), today)
        assert found == []


def test_the_user_works_at_every_seeded_clinic(seeded):
    user = User.objects.get(username="load")
    assert user.check_password("taper-demo")
    assert len(user.clinic_ids) == 2
    assert all(
        user.may(permission, clinic_id)
        for clinic_id in user.clinic_ids
        for permission in ("treatment_sessions.sign_session", "patients.import_patient")
    )


def test_seeded_patients_are_found_by_name(seeded):
    patient = Patient.objects.order_by("-pk")[0]
    assert patient in Patient.objects.search(patient.family_name)
    assert patient in Patient.objects.search(str(patient.birth_date))


def test_there_are_about_ten_sets_of_vital_signs_a_patient(seeded):
    assert 8 < VitalSigns.objects.count() / PATIENTS < 12


def test_forty_are_being_watched_at_the_first_clinic(seeded):
    monitored = TreatmentSession.objects.filter(status="monitoring")
    assert monitored.filter(clinic=Clinic.objects.order_by("pk").first()).count() == WATCHED
    assert monitored.count() == WATCHED


def test_a_watched_patient_waits_for_the_two_hours(seeded):
    treatment_session = TreatmentSession.objects.filter(status="monitoring")[0]
    unmet = {c.code for c in history.load(treatment_session).gate(clock.now()).unmet}
    assert "minimum_time" in unmet


def test_some_courses_run_and_some_are_over(seeded):
    statuses = set(TreatmentCourse.objects.values_list("status", flat=True))
    assert statuses == {"active", "completed"}


def test_each_patient_with_a_visit_got_one_message(seeded):
    visited = TreatmentSession.objects.filter(number=1, status="discharged").count()
    assert Message.objects.filter(state="sent").count() == visited


def test_ended_sessions_are_signed(seeded):
    assert not TreatmentSession.objects.unsigned().exists()


def test_copied_rows_leave_no_event_each(seeded):
    assert not AuditEvent.objects.filter(table_name="patients_patient").exists()
    assert AuditEvent.objects.filter(event="load.seeded").count() == 1


def test_later_writes_are_audited_again(seeded):
    clinic = Clinic.objects.all()[0]
    patient = make_patient(clinic)
    assert AuditEvent.objects.filter(patient_id=patient.pk, event="row.insert").exists()
    with pytest.raises(ProgrammingError, match="without an actor"), transaction.atomic():
        Patient.objects.filter(pk=patient.pk).update(given_name="Eve")


def test_it_adds_to_what_is_there(seeded):
    before = Patient.objects.count()
    seed(Order(patients=20, years=1))
    assert Patient.objects.count() == before + 20
    assert Clinic.objects.filter(name="Load Practice 3").exists()
