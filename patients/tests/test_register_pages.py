"""Registering, editing and the e-mail contact, as staff meet them."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clinic.audit import acting
from clinic.models import AuditEvent, Clinic, User
from clinic.tests.factories import TESTS
from patients import ports
from patients.models import EmailContact, Patient
from patients.tests.factories import make_patient
from patients.tests.forms import post

ADD = reverse("patients:add")
ADA = {"family_name": "Lovelace", "given_name": "Ada", "birth_date": "1980-05-17", "sex": "female"}


def edit_url(patient: Patient) -> str:
    return reverse("patients:edit", args=[patient.public_id])


def email_url(patient: Patient) -> str:
    return reverse("patients:email", args=[patient.public_id])


@pytest.fixture
def desk(client: Client, front_desk: User) -> Client:
    client.force_login(front_desk)
    return client


@pytest.fixture
def patient(clinic: Clinic) -> Patient:
    return make_patient(clinic, family_name="Byron", phone="555 1234")


def edited(patient: Patient, **changes: Any) -> dict[str, Any]:
    values = {
        "family_name": patient.family_name,
        "given_name": patient.given_name,
        "birth_date": patient.birth_date.isoformat(),
        "sex": patient.sex,
        "phone": patient.phone,
        "record_number": patient.record_number,
    }
    return {**values, **changes}


def test_a_patient_is_registered_and_the_chart_opens(desk: Client, clinic: Clinic) -> None:
    response = post(desk, ADD, ADA)
    patient = Patient.objects.get()
    assert response.url == reverse("desk:chart", args=[patient.public_id])
    assert (patient.clinic, patient.record_number) == (clinic, "T-00001")
    assert AuditEvent.objects.filter(event="patient.registered", patient_id=patient.pk).exists()


def test_the_next_step_is_one_that_this_person_can_take(
    client: Client, front_desk: User, nurse: User
) -> None:
    for user, step in ((front_desk, "the e-mail address"), (nurse, "medicines, allergies")):
        client.force_login(user)
        chart = post(client, ADD, {**ADA, "family_name": user.username}).url
        assert f"Next: {step}" in client.get(chart).content.decode()


def test_a_given_number_is_kept(desk: Client) -> None:
    post(desk, ADD, ADA, record_number="A/17")
    assert Patient.objects.get().record_number == "A/17"


def test_a_taken_number_is_refused_at_the_field(desk: Client, patient: Patient) -> None:
    response = post(desk, ADD, ADA, record_number=patient.record_number)
    assert response.context["form"].errors["record_number"] == ["Another patient has this number."]


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("family_name", "", "Enter the family name"),
        ("family_name", "\u200b", "can't be seen"),
        ("family_name", "Love\u202elace", "direction"),
        ("family_name", "Love\x00lace", "control"),
        ("family_name", "x" * 300, "at most 120"),
        ("birth_date", "", "required"),
        ("birth_date", "0001-01-01", "between 1900"),
        ("birth_date", "9999-12-31", "between 1900"),
        ("birth_date", "１９８０-05-17", "year-month-day"),
        ("birth_date", "1e3", "year-month-day"),
        ("birth_date", (timezone.localdate() + timedelta(days=2)).isoformat(), "ahead"),
        ("phone", "١٢٣٤٥", "plain digits"),
        ("record_number", "T\u202e1", "direction"),
        ("sex", "robot", "not one of the available"),
        ("language", "xx-klingon", "not one of the available"),
        ("address", "Main\x00", "control"),
    ],
)
def test_bad_input_is_refused_at_the_field(
    desk: Client, field: str, value: str, words: str
) -> None:
    response = post(desk, ADD, ADA, **{field: value})
    assert response.status_code == 200
    assert words in " ".join(response.context["form"].errors[field])
    assert not Patient.objects.exists()


def test_a_lost_key_is_said(desk: Client) -> None:
    response = desk.post(ADD, ADA)
    assert "lost its key" in str(response.context["form"].errors["entry_id"])


def test_fields_that_nobody_offered_have_no_effect(desk: Client, other_clinic: Clinic) -> None:
    post(desk, ADD, ADA, clinic=other_clinic.pk, version=9, source_id="x", merged_into=1)
    patient = Patient.objects.get()
    assert (patient.version, patient.source_id, patient.merged_into) == (1, "", None)
    assert patient.clinic != other_clinic


def test_the_same_form_twice_registers_once(desk: Client) -> None:
    values = {**ADA, "entry_id": str(uuid4())}
    urls = [desk.post(ADD, values).headers["Location"] for _ in range(2)]
    assert urls[0] == urls[1]
    assert Patient.objects.count() == 1


def test_the_same_key_with_other_values_is_a_conflict(desk: Client) -> None:
    key = str(uuid4())
    desk.post(ADD, {**ADA, "entry_id": key})
    response = desk.post(ADD, {**ADA, "entry_id": key, "given_name": "Augusta"})
    assert response.status_code == 409
    assert Patient.objects.count() == 1


def test_a_possible_duplicate_is_shown_before_saving(desk: Client, clinic: Clinic) -> None:
    make_patient(clinic, family_name="Løvelace", given_name="ADA", record_number="T-77")
    make_patient(clinic, family_name="Lovelace", given_name="Áda", record_number="T-78")
    response = post(desk, ADD, ADA)
    assert b"T-78" in response.content
    assert Patient.objects.count() == 2


def test_another_person_of_the_same_name_is_confirmed(desk: Client, clinic: Clinic) -> None:
    make_patient(clinic, family_name="Lovelace")
    post(desk, ADD, ADA, is_another_person="on")
    assert Patient.objects.count() == 2


def test_another_clinics_patient_is_no_duplicate(desk: Client, other_clinic: Clinic) -> None:
    make_patient(other_clinic, family_name="Lovelace")
    post(desk, ADD, ADA)
    assert Patient.objects.count() == 2


def test_an_auditor_may_not_register(client: Client, auditor: User) -> None:
    client.force_login(auditor)
    assert client.get(ADD).status_code == 403


def test_a_change_is_saved_with_a_new_version(desk: Client, patient: Patient) -> None:
    response = post(desk, edit_url(patient), edited(patient, phone="555 9999", language="de"))
    patient.refresh_from_db()
    assert response.status_code == 302
    assert (patient.phone, patient.language, patient.version) == ("555 9999", "de", 2)


def test_an_edit_of_an_older_page_is_refused_and_keeps_what_was_typed(
    desk: Client, patient: Patient
) -> None:
    page = desk.get(edit_url(patient)).context["form"]
    with acting(TESTS):
        Patient.objects.filter(pk=patient.pk).update(phone="555 0000", version=2)
    late = edited(patient, phone="555 9999", version=1, entry_id=page["entry_id"].value())

    response = desk.post(edit_url(patient), late)

    form = response.context["form"]
    assert response.status_code == 409
    assert form["phone"].value() == "555 9999"
    assert form.now_stands == {"phone": "555 0000"}
    assert b"Now stands" in response.content
    patient.refresh_from_db()
    assert patient.phone == "555 0000"


def test_after_a_refused_edit_the_same_page_can_be_saved(desk: Client, patient: Patient) -> None:
    with acting(TESTS):
        Patient.objects.filter(pk=patient.pk).update(version=2)
    late = edited(patient, phone="555 9999", version=1, entry_id=str(uuid4()))
    form = desk.post(edit_url(patient), late).context["form"]
    again = {"version": form["version"].value(), "entry_id": form["entry_id"].value()}
    desk.post(edit_url(patient), {**late, **again})
    patient.refresh_from_db()
    assert patient.phone == "555 9999"


def test_a_death_reaches_the_messages(
    desk: Client, patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Patient] = []
    monkeypatch.setattr(ports, "contact_changed", told.append)
    post(desk, edit_url(patient), edited(patient, deceased="on"))
    assert told == [patient]


def test_a_date_of_death_needs_the_death(desk: Client, patient: Patient) -> None:
    response = post(desk, edit_url(patient), edited(patient, deceased_at="2020-01-01T10:00"))
    assert "Tick this too" in str(response.context["form"].errors["deceased"])


def test_a_death_in_the_future_is_refused(desk: Client, patient: Patient) -> None:
    ahead = (timezone.now() + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    values = edited(patient, deceased="on", deceased_at=ahead)
    response = post(desk, edit_url(patient), values)
    assert "lies ahead" in str(response.context["form"].errors["deceased_at"])


@pytest.mark.parametrize("name", ["edit", "email", "consent", "screen"])
def test_a_stranger_finds_no_patient(
    client: Client, outsider: User, patient: Patient, name: str
) -> None:
    client.force_login(outsider)
    url = reverse(f"patients:{name}", args=[patient.public_id])
    assert (client.get(url).status_code, client.post(url).status_code) == (404, 404)


@pytest.mark.parametrize("name", ["edit", "email", "consent", "screen", "add_measure"])
def test_an_auditor_changes_nothing(
    client: Client, auditor: User, patient: Patient, name: str
) -> None:
    client.force_login(auditor)
    url = reverse(f"patients:{name}", args=[patient.public_id])
    assert (client.get(url).status_code, client.post(url).status_code) == (403, 403)


def test_opening_the_page_is_on_the_audit_trail(desk: Client, patient: Patient) -> None:
    desk.get(edit_url(patient))
    assert AuditEvent.objects.filter(event="edit.read", patient_id=patient.pk).count() == 1


def test_front_desk_sees_no_allergies(desk: Client, patient: Patient) -> None:
    assert b"Allerg" not in desk.get(edit_url(patient)).content


CONTACT = {"address": "ada@example.org", "time_zone": "Europe/London", "verified": "on"}


def test_a_contact_is_saved_as_verified(
    desk: Client, patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Patient] = []
    monkeypatch.setattr(ports, "contact_changed", told.append)
    post(desk, email_url(patient), CONTACT)
    contact = EmailContact.objects.get(patient=patient)
    assert (contact.address, contact.time_zone) == ("ada@example.org", "Europe/London")
    assert contact.verified_at is not None
    assert told == [patient]


def test_a_new_address_is_verified_anew(desk: Client, patient: Patient) -> None:
    post(desk, email_url(patient), CONTACT)
    first = EmailContact.objects.get().verified_at
    post(desk, email_url(patient), CONTACT, address="new@example.org")
    assert EmailContact.objects.filter(verified_at__gt=first).count() == 1
    post(desk, email_url(patient), {k: v for k, v in CONTACT.items() if k != "verified"})
    assert EmailContact.objects.get().verified_at is None


def test_the_mark_of_an_unchanged_address_keeps_its_time(desk: Client, patient: Patient) -> None:
    post(desk, email_url(patient), CONTACT)
    first = EmailContact.objects.get().verified_at
    post(desk, email_url(patient), CONTACT, time_zone="UTC")
    assert EmailContact.objects.get().verified_at == first


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("address", "nobody"),
        ("address", "a@example.org\r\nBcc: b@example.org"),
        ("address", "a\x00@example.org"),
        ("time_zone", "Mars/Olympus"),
    ],
)
def test_a_bad_contact_is_refused(desk: Client, patient: Patient, field: str, value: str) -> None:
    response = post(desk, email_url(patient), CONTACT, **{field: value})
    assert field in response.context["form"].errors
    assert not EmailContact.objects.exists()


def test_two_first_contacts_are_a_conflict(desk: Client, patient: Patient) -> None:
    first = {**CONTACT, "version": 1, "entry_id": str(uuid4())}
    desk.post(email_url(patient), first)
    late = {**first, "address": "late@example.org", "entry_id": str(uuid4())}
    response = desk.post(email_url(patient), late)
    assert response.status_code == 409
    assert response.context["form"].now_stands == {"address": "ada@example.org"}


def test_the_dead_get_no_contact(desk: Client, patient: Patient) -> None:
    with acting(TESTS):
        Patient.objects.update(deceased=True)
    response = post(desk, email_url(patient), CONTACT)
    assert "has died" in str(response.context["form"].non_field_errors())
