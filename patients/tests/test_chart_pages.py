"""Adding to the chart and ending what is on it."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clinic.audit import acting
from clinic.models import AuditEvent, Clinic, User
from clinic.tests.factories import TESTS
from patients.models import Allergy, BodyMeasure, Condition, Medication, Patient
from patients.tests.factories import make_patient
from patients.tests.forms import post


@pytest.fixture
def patient(clinic: Clinic) -> Patient:
    return make_patient(clinic)


@pytest.fixture
def ward(client: Client, nurse: User) -> Client:
    client.force_login(nurse)
    return client


def url(name: str, *args: Any) -> str:
    return reverse(f"patients:{name}", args=args)


def medicine(patient: Patient, **values: Any) -> Medication:
    with acting(TESTS):
        return Medication.objects.create(
            patient=patient, clinic=patient.clinic, text="sertraline 50 mg", **values
        )


def test_a_medicine_is_added(ward: Client, patient: Patient) -> None:
    values = {"text": "sertraline 50 mg", "note": "1 at night", "started_on": "2024-05-01"}
    response = post(ward, url("add_medication", patient.public_id), values)
    row = Medication.objects.get()
    assert response.url == reverse("desk:chart", args=[patient.public_id])
    assert (row.text, row.note, row.patient, row.clinic) == (
        "sertraline 50 mg",
        "1 at night",
        patient,
        patient.clinic,
    )
    assert AuditEvent.objects.filter(event="medication.added", patient_id=patient.pk).exists()


def test_a_medicine_is_stopped(ward: Client, patient: Patient) -> None:
    row = medicine(patient)
    today = timezone.localdate(timezone=patient.clinic.zone)
    post(ward, url("stop_medication", row.public_id), {"stopped_on": today.isoformat()})
    row.refresh_from_db()
    assert (row.status, row.stopped_on, row.is_current(today)) == ("stopped", today, False)


def test_a_medicine_does_not_stop_before_it_started(ward: Client, patient: Patient) -> None:
    row = medicine(patient, started_on=timezone.localdate())
    response = post(ward, url("stop_medication", row.public_id), {"stopped_on": "2020-01-01"})
    assert "before it was started" in str(response.context["form"].errors["stopped_on"])


def test_a_condition_is_added_and_resolved(ward: Client, patient: Patient) -> None:
    post(ward, url("add_condition", patient.public_id), {"text": "Hypertension"})
    row = Condition.objects.get()
    post(ward, url("resolve_condition", row.public_id), {"abated_on": "2024-02-03"})
    row.refresh_from_db()
    assert not row.is_active


def test_an_allergy_is_added_and_shown_in_the_banner(ward: Client, patient: Patient) -> None:
    page = url("add_allergy", patient.public_id)
    post(ward, page, {"text": "Penicillin <b>", "criticality": "high"})
    assert Allergy.objects.get().criticality == "high"
    assert b"Allergy: Penicillin &lt;b&gt;" in ward.get(page).content


def measured(client: Client, patient: Patient, number: str, what: str, **more: str) -> Any:
    at = timezone.localtime(timezone=patient.clinic.zone).strftime("%Y-%m-%dT%H:%M")
    values = {"number": number, "measure": what, "observed_at": at, **more}
    return post(client, url("add_measure", patient.public_id), values)


def test_a_weight_in_pounds_is_kept_in_kilograms(ward: Client, patient: Patient) -> None:
    measured(ward, patient, "180", "weight lb")
    assert BodyMeasure.objects.get().value == Decimal("81.65")


def test_pounds_entered_as_kilograms_are_asked_for_in_both_units(
    ward: Client, patient: Patient
) -> None:
    measured(ward, patient, "81,5", "weight kg")
    response = measured(ward, patient, "180", "weight kg")
    assert b"180 kg (396.8 lb) is 121% more" in response.content
    assert b"Yes, it is 180 kg (396.8 lb)" in response.content
    assert BodyMeasure.objects.count() == 1


def test_a_confirmed_value_is_saved(ward: Client, patient: Patient) -> None:
    measured(ward, patient, "180", "weight kg", confirmed="180.00")
    assert BodyMeasure.objects.get().value == 180


def test_a_confirmation_speaks_for_its_own_value_only(ward: Client, patient: Patient) -> None:
    measured(ward, patient, "190", "weight kg", confirmed="180.00")
    assert not BodyMeasure.objects.exists()


@pytest.mark.parametrize(
    ("number", "what"),
    [
        ("1.8", "height cm"),
        ("-5", "weight kg"),
        ("1e2", "weight kg"),
        ("８０", "weight kg"),
        ("5_6", "weight kg"),
        ("80.555", "weight kg"),
        ("NaN", "weight kg"),
        ("", "weight kg"),
        ("401", "weight kg"),
    ],
)
def test_a_bad_number_is_refused_at_the_field(
    ward: Client, patient: Patient, number: str, what: str
) -> None:
    response = measured(ward, patient, number, what, confirmed="sNaN")
    assert "number" in response.context["form"].errors
    assert not BodyMeasure.objects.exists()


def test_a_measure_in_the_future_is_refused(ward: Client, patient: Patient) -> None:
    ahead = (timezone.now() + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M")
    response = measured(ward, patient, "80", "weight kg", observed_at=ahead)
    assert "lies ahead" in str(response.context["form"].errors["observed_at"])


def test_a_wrong_row_stays_with_the_reason_and_who_gave_it(
    ward: Client, nurse: User, patient: Patient
) -> None:
    row = medicine(patient)
    page = url("entered_in_error", "medicines", row.public_id)
    assert "reason" in post(ward, page, {"reason": " "}).context["form"].errors
    post(ward, page, {"reason": "Another patient's"})
    row.refresh_from_db()
    assert (row.entered_in_error, row.error_reason) == (True, "Another patient's")
    assert row.error_by == nurse
    assert row.error_at is not None
    assert "already" in str(post(ward, page, {"reason": "again"}).context["form"].errors)


def test_an_error_without_its_time_and_reason_is_refused(patient: Patient) -> None:
    row = medicine(patient)
    with pytest.raises(IntegrityError, match="error_is_explained"), acting(TESTS):
        Medication.objects.filter(pk=row.pk).update(entered_in_error=True)


def test_an_unknown_section_is_not_found(ward: Client, patient: Patient) -> None:
    row = medicine(patient)
    assert ward.get(url("entered_in_error", "patients", row.public_id)).status_code == 404


def test_the_same_form_twice_adds_one_row(ward: Client, patient: Patient) -> None:
    values = {"text": "Hypertension", "entry_id": str(uuid4())}
    for _ in range(2):
        ward.post(url("add_condition", patient.public_id), values)
    assert Condition.objects.count() == 1


@pytest.mark.parametrize("name", ["add_medication", "add_condition", "add_allergy", "add_measure"])
def test_front_desk_does_not_write_in_the_chart(
    client: Client, front_desk: User, patient: Patient, name: str
) -> None:
    client.force_login(front_desk)
    assert client.post(url(name, patient.public_id)).status_code == 403


def test_another_clinics_row_is_not_found(client: Client, outsider: User, patient: Patient) -> None:
    row = medicine(patient)
    client.force_login(outsider)
    for page in (
        url("stop_medication", row.public_id),
        url("entered_in_error", "medicines", row.public_id),
    ):
        assert client.post(page, {"reason": "x"}).status_code == 404


def test_no_known_allergies_are_an_answer(ward: Client, patient: Patient) -> None:
    post(ward, url("no_allergies", patient.public_id), {})
    page = ward.get(reverse("desk:chart", args=[patient.public_id])).content.decode()
    assert "No known allergies" in page
    assert "Allergies not recorded" not in page


def test_an_allergy_ends_the_answer_that_none_are_known(ward: Client, patient: Patient) -> None:
    post(ward, url("no_allergies", patient.public_id), {})
    post(ward, url("add_allergy", patient.public_id), {"text": "latex"})
    assert [row.text for row in Allergy.objects.all() if row.is_active] == ["latex"]


def test_none_known_is_refused_beside_an_allergy(ward: Client, patient: Patient) -> None:
    post(ward, url("add_allergy", patient.public_id), {"text": "latex"})
    response = post(ward, url("no_allergies", patient.public_id), {})
    assert "has an answer already" in response.content.decode()
    assert Allergy.objects.count() == 1
