"""The second check as two people meet it: on the sheet, with both at one screen."""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from clinic.audit import acting
from clinic.models import AuditEvent, Clinic, User
from clinic.roles import Role
from clinic.tests.factories import TESTS, make_staff
from desk import live
from monitoring.tests.test_doses import HALF_MG_PER_KG, drip
from monitoring.tests.visits import Clock, Visit
from sessions.models import DoseCheck
from sessions.services import infusions

PASSWORD = "a long good password"


@pytest.fixture
def colleague(clinic: Clinic) -> User:
    user = make_staff(clinic, Role.NURSE, "colleague")
    user.set_password(PASSWORD)
    with acting(TESTS):
        user.save()
    return user


@pytest.fixture
def infused(nurse: User, prescriber: User, clock: Clock) -> Visit:
    visit = Visit(nurse, prescriber, clock, key="ketamine-iv-twice-weekly", order=HALF_MG_PER_KG)
    visit.be_cleared()
    return visit


TYPED = {
    "dose_mg": "38",
    "concentration_mg_ml": "1",
    "volume_ml": "38",
    "rate_ml_h": "57",
    "compared": "on",
    "second_username": "colleague",
    "second_password": PASSWORD,
}


@pytest.fixture
def office(
    infused: Visit, client: Client, colleague: User, monkeypatch: pytest.MonkeyPatch
) -> Client:
    soon = infused.clock.now + timedelta(seconds=5)
    monkeypatch.setattr(live, "CLOCK", f"timestamptz '{soon.isoformat()}'")
    client.force_login(infused.nurse)
    return client


def path(visit: Visit) -> str:
    return reverse("sessions:second_check", args=[visit.row.public_id])


def send(office: Client, visit: Visit, **typed: str) -> Any:
    key = office.get(path(visit)).context["form"]["entry_id"].value()
    return office.post(path(visit), {"entry_id": key, **TYPED, **typed})


def sheet(office: Client, visit: Visit) -> str:
    return office.get(reverse("desk:session", args=[visit.row.public_id])).content.decode()


def test_the_sheet_leads_from_the_check_to_the_start(infused: Visit, office: Client) -> None:
    before = sheet(office, infused)
    assert "Confirm the second check" in before
    assert "0.5 mg/kg for 76 kg" in before
    assert "Start infusion" not in before
    form = before.split('id="now"')[1].split('id="sheet-gate"')[0].split("<form")[-1]
    assert not re.search(r"\b57\b", form)  # the rate: they work it out alone
    assert send(office, infused).status_code == 302
    after = sheet(office, infused)
    assert "Start infusion" in after
    assert "Second check: 38 mg = 38 mL at 57 mL/h" in after


def test_the_ordered_rate_is_shown_only_once_it_was_worked_out(
    infused: Visit, office: Client
) -> None:
    before = sheet(office, infused)
    assert "Ordered: 38 mg over 40 min</small>" in before
    assert "57 mL/h" not in before
    send(office, infused)
    assert "Ordered: 38 mg over 40 min, 57 mL/h</small>" in sheet(office, infused)


def test_the_sheet_says_at_which_rate_it_runs_and_since_when_it_is_paused(
    infused: Visit, office: Client
) -> None:
    infused.second_check()
    infusions.start(infused.pk, drip(), by=infused.nurse)
    slower = infusions.Change("rate", rate_ml_h=Decimal(40))
    infusions.change(infused.pk, slower, by=infused.nurse)
    page = sheet(office, infused)
    assert "Runs at 40 mL/h" in page
    assert "Infusion paused" not in page
    pause = infusions.Change("pause", reason="Anxious")
    infusions.change(infused.pk, pause, by=infused.nurse)
    page = sheet(office, infused)
    assert "Infusion paused since" in page
    assert "Runs at" not in page


def test_a_difference_is_shown_and_both_try_again(infused: Visit, office: Client) -> None:
    answer = send(office, infused, rate_ml_h="75")
    assert answer.status_code == 200
    text = answer.content.decode()
    assert "entered as 75 mL/h, calculated as 57 mL/h: 18 mL/h apart" in text
    assert PASSWORD not in text
    assert not DoseCheck.objects.get().agrees
    again = answer.context["form"]["entry_id"].value()
    assert office.post(path(infused), {**TYPED, "entry_id": again}).status_code == 302
    assert "Second check refused" in sheet(office, infused)


@pytest.mark.parametrize(
    "typed",
    [
        {"second_password": "wrong"},
        {"second_username": "nobody"},
        {"second_username": "nurse"},
        {"second_username": "frontdesk"},
        {"second_username": "outsider"},
    ],
)
def test_who_is_no_second_person(
    infused: Visit, office: Client, front_desk: User, outsider: User, typed: dict[str, str]
) -> None:
    for user in (infused.nurse, front_desk, outsider):
        user.set_password(PASSWORD)
        with acting(TESTS):
            user.save()
    office.force_login(infused.nurse)
    answer = send(office, infused, **typed)
    assert "No second person could be confirmed" in answer.content.decode()
    assert AuditEvent.objects.filter(event="dose_check.witness_refused").count() == 1
    assert not DoseCheck.objects.exists()


def test_failures_count_over_all_purposes(infused: Visit, office: Client) -> None:
    for _ in range(5):
        send(office, infused, second_password="wrong")
    assert "Too many attempts" in send(office, infused).content.decode()


def test_the_same_check_sent_twice_is_one(infused: Visit, office: Client) -> None:
    key = office.get(path(infused)).context["form"]["entry_id"].value()
    for _ in range(2):
        assert office.post(path(infused), {"entry_id": key, **TYPED}).status_code == 302
    assert DoseCheck.objects.count() == 1
