"""What an import does to the clinic's records: idempotent, never by name, nothing lost."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model

from clinic.audit import acting
from clinic.models import AuditEvent, Clinic, User
from clinic.tests.factories import TESTS
from patients import ports
from patients.models import (
    Allergy,
    BodyMeasure,
    Condition,
    EmailContact,
    Identifier,
    Medication,
    Patient,
)
from patients.services import chart, imports, register
from patients.services.imports import ImportPlan
from patients.tests import bundles
from patients.tests.bundles import Json, bundle, encoded
from patients.tests.factories import make_patient

MR = "http://north.example/mr"
TABLES: list[type[Model]] = [Patient, Identifier, Condition, Medication, Allergy, BodyMeasure]
SHARED = Path(settings.BASE_DIR).parent / "shared" / "data" / "fhir"


def load(clinic: Clinic, *resources: Json, by: Any = TESTS) -> ImportPlan:
    own = any(each["resourceType"] == "Patient" for each in resources)
    everything = resources if own else (bundles.patient(), *resources)
    return imports.apply(imports.read_file(encoded(bundle(*everything)), clinic), clinic, by=by)


def look(clinic: Clinic, *resources: Json) -> ImportPlan:
    return imports.preview(imports.read_file(encoded(bundle(*resources)), clinic), clinic)


def known(value: str, system: str = MR, code: str = "MR") -> Json:
    return {"system": system, "value": value, "type": bundles.coded(code, "v2-0203")}


def counts() -> dict[str, int]:
    return {model.__name__: model._default_manager.count() for model in TABLES}


def full_record() -> list[Json]:
    return [
        bundles.patient(identifier=[known("1")]),
        bundles.condition(),
        bundles.medication_request(),
        bundles.allergy(),
        bundles.weight(),
        bundles.height(),
    ]


def test_an_import_writes_the_whole_record(clinic: Clinic) -> None:
    plan = load(clinic, *full_record())

    patient = Patient.objects.get()
    assert (patient.family_name, patient.birth_date) == ("O'Hara42", date(1980, 5, 17))
    assert patient.record_number == "T-00001"
    assert counts() == dict.fromkeys(counts(), 1) | {"BodyMeasure": 2}
    assert plan.patients[0].outcome == "new"
    assert plan.patients[0].weight is not None
    assert plan.patients[0].weight.value == 80
    assert Condition.objects.get().clinic == clinic


def test_importing_again_changes_nothing(clinic: Clinic) -> None:
    load(clinic, *full_record())
    before, version = counts(), Patient.objects.get().version
    rows_changed = AuditEvent.objects.filter(event__startswith="row.").count()

    again = load(clinic, *full_record())

    assert counts() == before
    assert Patient.objects.get().version == version
    assert again.patients[0].outcome == "unchanged"
    assert AuditEvent.objects.filter(event__startswith="row.").count() == rows_changed


def test_a_preview_writes_nothing(clinic: Clinic) -> None:
    plan = look(clinic, *full_record())
    assert plan.patients[0].is_new
    assert not any(counts().values())


def test_a_changed_resource_updates_its_row(clinic: Clinic) -> None:
    load(clinic, bundles.medication_request())
    load(clinic, bundles.medication_request(status="stopped"))
    assert Medication.objects.get().status == "stopped"


def test_what_staff_ended_here_stays_ended(clinic: Clinic, nurse: User) -> None:
    load(clinic, bundles.medication_request())
    medicine = Medication.objects.get()
    chart.stop_medication(medicine.pk, by=nurse, stopped_on=date(2026, 1, 2))

    again = load(clinic, bundles.medication_request())

    medicine.refresh_from_db()
    assert medicine.status == "stopped"
    assert sum(rows.kept for rows in again.patients[0].counts) == 1


def test_what_was_entered_in_error_stays_so(clinic: Clinic, nurse: User) -> None:
    load(clinic, bundles.allergy())
    allergy = Allergy.objects.get()
    chart.enter_in_error(Allergy, allergy.pk, by=nurse, reason="Another patient's")
    load(clinic, bundles.allergy(criticality="low"))
    allergy.refresh_from_db()
    assert allergy.entered_in_error
    assert allergy.criticality == "high"


def test_another_weight_from_the_source_is_another_row(clinic: Clinic, front_desk: User) -> None:
    """INV-5: a weight on which a dose may rest is not written over."""
    load(clinic, bundles.weight(80))
    load(clinic, bundles.weight(81), by=front_desk)
    old, new = BodyMeasure.objects.order_by("pk")
    assert old.value == 80
    assert new.value == 81
    assert (old.entered_in_error, new.entered_in_error) == (True, False)
    assert (old.error_reason, old.error_by) == ("Replaced by the source.", front_desk)
    assert new.source_id == old.source_id


def test_a_replaced_weight_may_come_back(clinic: Clinic) -> None:
    for kilograms in (80, 81, 80):
        plan = load(clinic, bundles.weight(kilograms))
    again = load(clinic, bundles.weight(80))
    assert [row.value for row in BodyMeasure.objects.standing()] == [80]
    assert BodyMeasure.objects.count() == 3
    assert [sum(rows.changed for rows in each.patients[0].counts) for each in (plan, again)] == [
        1,
        0,
    ]


def test_a_weight_marked_as_wrong_here_does_not_come_back(clinic: Clinic, nurse: User) -> None:
    load(clinic, bundles.weight(80))
    chart.enter_in_error(BodyMeasure, BodyMeasure.objects.get().pk, by=nurse, reason="In pounds")
    for kilograms in (80, 81):
        load(clinic, bundles.weight(kilograms))
    assert not BodyMeasure.objects.standing().exists()


def test_rows_typed_here_stay(clinic: Clinic, nurse: User) -> None:
    load(clinic, bundles.medication_request())
    chart.add_medication(Patient.objects.get().pk, by=nurse, text="St John's wort")
    load(clinic, bundles.medication_request())
    assert Medication.objects.count() == 2


def test_a_field_changed_here_stays_and_is_named(clinic: Clinic) -> None:
    load(clinic, bundles.patient(telecom=[{"system": "phone", "value": "555 1"}]))
    with acting(TESTS):
        Patient.objects.update(phone="555 2222")
    again = load(clinic, bundles.patient(telecom=[{"system": "phone", "value": "555 3"}]))
    assert Patient.objects.get().phone == "555 2222"
    assert [change.label for change in again.patients[0].fields_kept] == ["Phone"]


def test_a_field_not_changed_here_follows_the_source(clinic: Clinic) -> None:
    load(clinic, bundles.patient(telecom=[{"system": "phone", "value": "555 1"}]))
    load(clinic, bundles.patient(telecom=[{"system": "phone", "value": "555 3"}]))
    patient = Patient.objects.get()
    assert (patient.phone, patient.version) == ("555 3", 2)


def test_an_identifier_finds_a_patient_registered_by_hand(clinic: Clinic) -> None:
    patient = make_patient(clinic, family_name="O'Hara", phone="555 7")
    with acting(TESTS):
        Identifier.objects.create(patient=patient, clinic=clinic, system=MR, value="1", type="MR")
    plan = load(
        clinic,
        bundles.patient(identifier=[known("1")], telecom=[{"system": "phone", "value": "555 9"}]),
        bundles.condition(),
    )
    patient.refresh_from_db()
    assert Patient.objects.count() == 1
    assert plan.patients[0].found_by == "identifier"
    assert (patient.family_name, patient.given_name) == ("O'Hara", "Ada")
    assert (patient.phone, patient.sex) == ("555 7", "female")
    assert Condition.objects.get().patient == patient


def test_the_identifier_comes_before_the_id_at_the_source(clinic: Clinic) -> None:
    load(clinic, bundles.patient())
    other = make_patient(clinic, family_name="O'Hara42")
    with acting(TESTS):
        Identifier.objects.create(patient=other, clinic=clinic, system=MR, value="1")
    plan = load(clinic, bundles.patient(identifier=[known("1")]))
    assert plan.patients[0].patient == other
    assert "imported under the same id" in plan.patients[0].warnings[0]


def test_a_namesake_is_never_taken_for_the_patient(clinic: Clinic) -> None:
    make_patient(clinic, family_name="O'Hara42", given_name="Mary Ann7")
    plan = load(clinic, bundles.patient())
    assert Patient.objects.count() == 2
    assert "this name and birth date" in plan.patients[0].warnings[0]


def test_an_identifier_of_another_person_is_not_used(clinic: Clinic) -> None:
    load(clinic, bundles.patient(identifier=[known("1")]))
    child = bundles.patient(
        id="p2", name=[{"family": "Kerr"}], birthDate="2011-01-01", identifier=[known("1")]
    )
    plan = load(clinic, child)
    assert Patient.objects.count() == 2
    assert Identifier.objects.count() == 1
    assert "belongs to No. T-00001" in plan.patients[0].warnings[0]


def test_an_identifier_shared_in_one_file_is_not_used(clinic: Clinic) -> None:
    two = [
        bundles.patient(identifier=[known("7")]),
        bundles.patient(id="p2", identifier=[known("7")], birthDate="1999-01-01"),
    ]
    load(clinic, *two)
    load(clinic, *two)
    assert (Patient.objects.count(), Identifier.objects.count()) == (2, 0)


def test_identifiers_of_two_records_refuse_the_file(clinic: Clinic) -> None:
    for number in ("1", "2"):
        patient = make_patient(clinic, family_name="O'Hara42")
        with acting(TESTS):
            Identifier.objects.create(patient=patient, clinic=clinic, system=MR, value=number)
    with pytest.raises(ValidationError, match="belong to several records here"):
        load(clinic, bundles.patient(identifier=[known("1"), known("2")]))
    assert Patient.objects.count() == 2


def test_the_same_id_with_another_name_and_birth_date_refuses_the_file(clinic: Clinic) -> None:
    load(clinic, bundles.patient())
    with pytest.raises(ValidationError, match="another name and birth date"):
        load(clinic, bundles.patient(name=[{"family": "Kerr"}], birthDate="1950-02-02"))
    assert Patient.objects.get().family_name == "O'Hara42"


def test_two_patients_of_a_file_that_match_one_record_refuse_it(clinic: Clinic) -> None:
    load(clinic, bundles.patient(identifier=[known("1"), known("2")]))
    with pytest.raises(ValidationError, match="Several patients of this file"):
        load(
            clinic,
            bundles.patient(id="a", identifier=[known("1")]),
            bundles.patient(id="b", identifier=[known("2")]),
        )


def test_a_merged_record_leads_to_the_surviving_one(clinic: Clinic) -> None:
    load(clinic, bundles.patient())
    survivor = make_patient(clinic)
    with acting(TESTS):
        Patient.objects.filter(source_id="Patient/p1").update(merged_into=survivor)
    load(clinic, bundles.condition())
    assert Condition.objects.get().patient == survivor


def test_a_patient_without_any_id_is_found_again(clinic: Clinic) -> None:
    for _ in range(2):
        load(clinic, bundles.patient(id=None))
    assert Patient.objects.count() == 1


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (known("999-11-2222", code="SS"), "the social security number is not kept"),
        (known("S99912345", code="DL"), "the driving licence number is not kept"),
        (known("X1234567X", code="PPN"), "the passport number is not kept"),
        (known("9", code="MB"), "a number that is no medical record number is not kept"),
        ({"system": MR, "value": "9"}, "a number that is no medical record number is not kept"),
        (
            known("9", system="http://hl7.org/fhir/sid/passport-DEU"),
            "a number that is no medical record number is not kept",
        ),
    ],
)
def test_only_medical_record_numbers_are_kept(clinic: Clinic, number: Json, said: str) -> None:
    plan = load(clinic, bundles.patient(identifier=[number, known("1")]))
    assert [row.value for row in Identifier.objects.all()] == ["1"]
    assert [notice.text for notice in plan.notices] == [f"identifier: {said}"]


def test_the_deceased_and_the_young_are_imported_as_not_treatable(clinic: Clinic) -> None:
    plan = load(
        clinic,
        bundles.patient(deceasedDateTime="2024-01-02"),
        bundles.patient(id="p2", birthDate="2015-01-01"),
    )
    assert [each.not_treatable for each in plan.patients] == [
        ["The patient has died."],
        ["The patient is under 18."],
    ]


def test_a_death_told_by_the_source_reaches_the_messages(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Patient] = []
    load(clinic, bundles.patient())
    monkeypatch.setattr(ports, "contact_changed", told.append)
    load(clinic, bundles.patient(deceasedBoolean=True))
    load(clinic, bundles.patient(deceasedBoolean=True))
    assert [patient.deceased for patient in told] == [True]


def test_a_death_corrected_here_is_not_told_again(clinic: Clinic) -> None:
    dead = bundles.patient(deceasedDateTime="2024-01-02")
    load(clinic, dead)
    with acting(TESTS):
        Patient.objects.update(deceased=False, deceased_at=None)
    again = load(clinic, dead)
    patient = Patient.objects.get()
    assert not patient.deceased
    assert (patient.deceased_at, patient.version) == (None, 1)
    assert [change.label for change in again.patients[0].fields_kept] == ["Deceased"]


def test_an_address_is_taken_unconfirmed_and_only_once(clinic: Clinic) -> None:
    for address in ("a@example.org", "b@example.org"):
        load(clinic, bundles.patient(telecom=[{"system": "email", "value": address}]))
    contact = EmailContact.objects.get()
    assert (contact.address, contact.verified_at) == ("a@example.org", None)


def test_a_dosage_and_a_doubt_are_noted(clinic: Clinic) -> None:
    doubtful = bundles.coded("unconfirmed", "x")
    load(
        clinic,
        bundles.medication_request(dosageInstruction=[{"text": "1 at night"}]),
        bundles.allergy(verificationStatus=doubtful, clinicalStatus=None),
    )
    assert Medication.objects.get().note == "1 at night"
    allergy = Allergy.objects.get()
    assert (allergy.note, allergy.status) == ("status not stated; unconfirmed", "active")


def test_another_clinics_patient_is_not_touched(clinic: Clinic, other_clinic: Clinic) -> None:
    load(clinic, *full_record())
    load(other_clinic, *full_record())
    assert [Patient.objects.filter(clinic=each).count() for each in (clinic, other_clinic)] == [
        1,
        1,
    ]


def test_numbers_follow_the_highest_of_our_own_form(clinic: Clinic) -> None:
    make_patient(clinic, record_number="T-00041")
    make_patient(clinic, record_number="T-9X")
    load(clinic, bundles.patient(), bundles.patient(id="p2"))
    assert set(Patient.objects.values_list("record_number", flat=True)) >= {"T-00042", "T-00043"}


def test_a_fault_in_the_middle_leaves_nothing(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("patients.services.imports.saving.audit.record", fail)
    with pytest.raises(RuntimeError):
        load(clinic, *full_record())
    assert not any(counts().values())


def test_an_import_is_on_the_audit_trail_without_names(clinic: Clinic, prescriber: User) -> None:
    load(clinic, *full_record(), by=prescriber)
    event = AuditEvent.objects.get(event="patient.imported")
    assert (event.actor_label, event.detail["outcome"]) == ("prescriber", "new")
    assert "O'Hara" not in str(event.detail)


def test_a_nurse_may_not_import(clinic: Clinic, nurse: User) -> None:
    with pytest.raises(PermissionDenied):
        load(clinic, bundles.patient(), by=nurse)


def test_the_next_registration_follows_the_import(clinic: Clinic, front_desk: User) -> None:
    load(clinic, bundles.patient())
    person = register.Person(family_name="Kerr", birth_date=date(1970, 1, 1))
    assert register.register(clinic, person, by=front_desk).record_number == "T-00002"


@pytest.mark.parametrize("rows", [1, 60])
def test_the_number_of_statements_does_not_grow_with_the_file(
    clinic: Clinic, rows: int, django_assert_max_num_queries: Any
) -> None:
    resources = [bundles.condition(id=f"c{each}") for each in range(rows)]
    resources += [bundles.weight(id=f"w{each}") for each in range(rows)]
    load(clinic, *resources)
    with django_assert_max_num_queries(26):
        load(clinic, *resources)


@pytest.mark.skipif(
    not SHARED.is_dir(), reason=f"no bundles of other systems in {SHARED}: nothing to import"
)
def test_bundles_of_another_system_import_whole_and_only_once(clinic: Clinic) -> None:
    files = sorted(SHARED.glob("*.json"))
    for path in files:
        imports.apply(imports.read_file(path.read_bytes(), clinic), clinic, by=TESTS)
    first = counts()
    for path in files:
        again = imports.apply(imports.read_file(path.read_bytes(), clinic), clinic, by=TESTS)
        assert [each.outcome for each in again.patients] == ["unchanged"]
    assert counts() == first
    assert first["Patient"] == len(files)
