"""Consents and the safety screen."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import ProgrammingError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from clinic.audit import acting
from clinic.models import Clinic, User
from clinic.tests.factories import TESTS
from patients import ports
from patients.models import Consent, Patient, SafetyScreen
from patients.rules import months_later
from patients.services import consent as services
from patients.services.consent import Agreement
from patients.tests.factories import make_patient, make_ready
from patients.tests.forms import post


@pytest.fixture
def patient(clinic: Clinic) -> Patient:
    return make_patient(clinic)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[Patient]:
    heard: list[Patient] = []
    monkeypatch.setattr(ports, "contact_changed", heard.append)
    return heard


def url(name: str, row: Any) -> str:
    return reverse(f"patients:{name}", args=[row.public_id])


def local(**ago: int) -> str:
    return timezone.localtime(timezone.now() - timedelta(**ago), make_zone()).strftime(
        "%Y-%m-%dT%H:%M"
    )


def make_zone() -> Any:
    return Clinic.objects.get(name="North").zone


def test_a_nurse_records_consent_to_treatment(
    client: Client, nurse: User, patient: Patient, told: list[Patient]
) -> None:
    client.force_login(nurse)
    response = post(
        client, url("consent", patient), {"kind": "treatment", "given_at": local(days=1)}
    )
    consent = Consent.objects.get()
    assert response.url == reverse("desk:chart", args=[patient.public_id])
    assert (consent.kind, consent.recorded_by, consent.stands_at(timezone.now())) == (
        "treatment",
        nurse,
        True,
    )
    assert told == []


def test_consent_to_mail_reaches_the_messages(
    client: Client, front_desk: User, patient: Patient, told: list[Patient]
) -> None:
    client.force_login(front_desk)
    post(client, url("consent", patient), {"kind": "email", "given_at": local(hours=1)})
    assert told == [patient]


def test_front_desk_may_not_record_consent_to_treatment(
    client: Client, front_desk: User, patient: Patient
) -> None:
    client.force_login(front_desk)
    values = {"kind": "treatment", "given_at": local(hours=1)}
    response = post(client, url("consent", patient), values)
    assert "kind" in response.context["form"].errors
    assert not Consent.objects.exists()


def test_a_new_consent_takes_the_place_of_the_old_one(
    client: Client, nurse: User, patient: Patient
) -> None:
    client.force_login(nurse)
    for days in (300, 2):
        values = {"kind": "treatment", "given_at": local(days=days), "note": "Binder 3"}
        post(client, url("consent", patient), values)
    new, old = Consent.objects.order_by("-given_at")
    assert (new.withdrawn_at, old.withdrawn_at) == (None, new.given_at)
    assert (old.note, old.withdrawal_note) == ("Binder 3", "Replaced by a newer consent.")
    assert old.withdrawn_by == nurse


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"given_at": "2999-01-01T10:00"}, "given_at"),
        ({"given_at": "2100-01-01T10:00"}, "given_at"),
        ({"given_at": "1920-01-01T10:00"}, "given_at"),
        ({"given_at": "yesterday"}, "given_at"),
        ({"expires_on": "2020-01-01"}, "expires_on"),
        ({"kind": "everything"}, "kind"),
        ({"note": "\u202e"}, "note"),
    ],
)
def test_bad_input_is_refused(
    client: Client, nurse: User, patient: Patient, changes: dict[str, str], field: str
) -> None:
    client.force_login(nurse)
    values = {"kind": "treatment", "given_at": local(days=1), **changes}
    response = post(client, url("consent", patient), values)
    assert field in response.context["form"].errors
    assert not Consent.objects.exists()


def given(patient: Patient, user: User, kind: str = "email") -> Consent:
    with acting(TESTS):
        return Consent.objects.create(
            patient=patient,
            clinic=patient.clinic,
            kind=kind,
            given_at=timezone.now() - timedelta(days=3),
            recorded_by=user,
        )


def test_a_withdrawn_consent_stays_and_reaches_the_messages(
    client: Client, front_desk: User, patient: Patient, told: list[Patient]
) -> None:
    consent = given(patient, front_desk)
    client.force_login(front_desk)
    post(client, url("withdraw_consent", consent), {"withdrawn_at": local(minutes=5)})
    consent.refresh_from_db()
    assert consent.withdrawn_at is not None
    assert told == [patient]


def test_a_withdrawal_before_the_consent_is_refused(
    client: Client, front_desk: User, patient: Patient
) -> None:
    consent = given(patient, front_desk)
    client.force_login(front_desk)
    values = {"withdrawn_at": local(days=9)}
    response = post(client, url("withdraw_consent", consent), values)
    assert "before the consent" in str(response.context["form"].errors["withdrawn_at"])


def test_a_consent_is_withdrawn_once(client: Client, front_desk: User, patient: Patient) -> None:
    consent = given(patient, front_desk)
    client.force_login(front_desk)
    for _ in range(2):
        values = {"withdrawn_at": local(minutes=5)}
        response = post(client, url("withdraw_consent", consent), values)
    assert "already" in str(response.context["form"].non_field_errors())


def test_front_desk_may_not_withdraw_consent_to_treatment(
    client: Client, front_desk: User, patient: Patient
) -> None:
    consent = given(patient, front_desk, "treatment")
    client.force_login(front_desk)
    assert client.get(url("withdraw_consent", consent)).status_code == 403


def test_another_clinics_consent_is_not_found(
    client: Client, outsider: User, patient: Patient
) -> None:
    consent = given(patient, outsider)
    client.force_login(outsider)
    assert client.post(url("withdraw_consent", consent)).status_code == 404


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (date(2026, 8, 31), 6, date(2027, 2, 28)),
        (date(2027, 8, 31), 6, date(2028, 2, 29)),
        (date(2026, 12, 1), 12, date(2027, 12, 1)),
    ],
)
def test_months_end_with_their_last_day(day: date, months: int, later: date) -> None:
    assert months_later(day, months) == later


def test_a_withdrawal_keeps_where_the_paper_is_and_says_who_and_why(
    client: Client, front_desk: User, prescriber: User, patient: Patient
) -> None:
    """INV-5: what was recorded when the consent was given is not written over."""
    agreement = Agreement(
        kind="email", given_at=timezone.now() - timedelta(days=1), note="Binder 3, page 12"
    )
    consent = services.give(patient.pk, agreement, by=prescriber)
    client.force_login(front_desk)
    values = {"withdrawn_at": local(minutes=5), "note": "No more mail, please"}
    post(client, url("withdraw_consent", consent), values)
    consent.refresh_from_db()
    assert (consent.note, consent.withdrawal_note) == ("Binder 3, page 12", "No more mail, please")
    assert (consent.recorded_by, consent.withdrawn_by) == (prescriber, front_desk)


def test_a_withdrawal_holds_the_patient_before_the_consent(
    front_desk: User, patient: Patient
) -> None:
    consent = given(patient, front_desk)
    with CaptureQueriesContext(connection) as captured:
        services.withdraw(consent.pk, by=front_desk, withdrawn_at=timezone.now(), note="")
    locks = [query["sql"] for query in captured if " FOR " in query["sql"]]
    assert 'FROM "patients_patient"' in locks[0]
    assert 'FROM "patients_consent"' in locks[1]


def test_a_consent_that_has_ended_is_not_claimed(
    client: Client, front_desk: User, patient: Patient
) -> None:
    consent = given(patient, front_desk)
    client.force_login(front_desk)
    assert client.get(url("email", patient)).context["has_consent"]
    with acting(TESTS):
        consent.expires_on = timezone.localdate() - timedelta(days=2)
        consent.save()
    assert not client.get(url("email", patient)).context["has_consent"]
    assert "On record" not in client.get(url("consent", patient)).content.decode()


def test_a_screen_is_never_changed(patient: Patient, prescriber: User) -> None:
    """INV-5: another decision is another screen."""
    make_ready(patient, prescriber)
    with pytest.raises(ProgrammingError, match="Cannot update"), acting(TESTS):
        SafetyScreen.objects.update(outcome="not_cleared")
    assert SafetyScreen.objects.get().outcome == "cleared"
