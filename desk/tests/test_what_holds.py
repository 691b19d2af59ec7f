"""What staff read on the sheet and the forms where something holds the dose or the departure."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from clinic.models import User
from desk import live
from monitoring.services import critical, emergencies, history, medicines
from monitoring.services.medicines import Given
from monitoring.tests.visits import Visit

SAY_IT = "Say it in words: three letters or more."


@pytest.fixture
def leaving(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> Visit:
    """The minimum time is over; the last set is to be taken."""
    visit.be_monitored()
    visit.pass_time()
    visit.clock.forward(minutes=1)
    return visit


def sheet(client: Client, visit: Visit, by: User, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(live, "CLOCK", f"timestamptz '{visit.clock.now.isoformat()}'")
    client.force_login(by)
    return client.get(reverse("desk:session", args=[visit.row.public_id])).content.decode()


def post(client: Client, visit: Visit, name: str, by: User, **typed: Any) -> Any:
    client.force_login(by)
    url = reverse(f"monitoring:{name}", args=[visit.row.public_id])
    form = client.get(url).context["panel"].form
    kept = {bound.name: bound.value() or "" for bound in form}
    return client.post(url, {**kept, **typed})


def named(page: str, *sentences: str) -> bool:
    return all(sentence in page for sentence in sentences)


@pytest.mark.parametrize("reason", ["x", "xxxx", "12345", "-"])
def test_a_missed_check_is_not_explained_by_one_letter(
    client: Client, leaving: Visit, reason: str
) -> None:
    answer = post(client, leaving, "missed", leaving.nurse, reason=reason, label="60 minutes")
    assert SAY_IT in answer.content.decode()
    assert not leaving.row.missed_checks.exists()


def test_a_decision_is_not_made_by_one_letter(client: Client, leaving: Visit) -> None:
    leaving.measure(systolic=150)
    given = {"ready": "yes", "decide_bp_high": "zzz"}
    answer = post(client, leaving, "assess", leaving.prescriber, **given)
    assert SAY_IT in answer.content.decode()
    assert not leaving.row.discharge_assessments.exists()


def test_an_override_is_not_explained_by_one_letter(client: Client, leaving: Visit) -> None:
    answer = post(client, leaving, "override", leaving.nurse, reason="x" * 12)
    assert SAY_IT in answer.content.decode()


def test_after_oxygen_the_sheet_asks_whether_on_room_air(
    client: Client, leaving: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    emergency = emergencies.start(leaving.pk, by=leaving.nurse)
    emergencies.act(emergency, "oxygen", by=leaving.nurse)
    leaving.clock.forward(minutes=1)
    emergencies.act(emergency, "stood_down", by=leaving.nurse)
    leaving.measure()
    asked = "SpO2 98 % may be on oxygen, which was given before. Say whether on room air"
    assert asked in sheet(client, leaving, leaving.nurse, monkeypatch)
    leaving.clock.forward(minutes=1)
    leaving.measure(oxygen_l_min=0)
    assert asked not in sheet(client, leaving, leaving.nurse, monkeypatch)


def test_oxygen_as_a_medicine_asks_too(
    client: Client, leaving: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = Given("Oxygen by mask", "other", "2 L/min", "other", leaving.prescriber, "Short breath")
    medicines.record(leaving.pk, given, by=leaving.nurse)
    leaving.clock.forward(minutes=1)
    leaving.measure()
    assert "Say whether on room air" in sheet(client, leaving, leaving.nurse, monkeypatch)


def test_a_low_pressure_is_critical_and_a_prescriber_may_decide_it(
    client: Client, leaving: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    leaving.measure(systolic=86, diastolic=52)
    page = sheet(client, leaving, leaving.nurse, monkeypatch)
    assert named(page, "Systolic pressure 86 is under 90", "or a prescriber decides")
    assert "decide_bp_low" not in page
    answer = post(
        client,
        leaving,
        "assess",
        leaving.prescriber,
        ready="yes",
        decide_bp_low="Slight, always so low, walks well",
    )
    assert answer.status_code == 302
    gate = history.load(leaving.fresh()).gate(leaving.clock.now)
    assert not {"bp_low", "critical"} & {condition.code for condition in gate.unmet}


def test_an_equal_critical_value_asks_for_its_own_acknowledgement(
    client: Client, leaving: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    leaving.measure(systolic=185, diastolic=95)
    critical.acknowledge(leaving.pk, "Lies down", by=leaving.prescriber)
    form = reverse("monitoring:critical", args=[leaving.row.public_id])
    leaving.clock.forward(minutes=5)
    leaving.measure(systolic=185, diastolic=95)
    assert form in sheet(client, leaving, leaving.nurse, monkeypatch)


def test_old_values_before_the_dose_are_measured_again(
    client: Client, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit.arrive()
    visit.check()
    visit.measure()
    visit.clock.forward(minutes=61)
    page = sheet(client, visit, visit.nurse, monkeypatch)
    words = "Over 60 minutes old: Blood pressure, SpO₂, MOAA/S. Measure again before the dose."
    assert named(page, words, "Save vital signs")
    visit.measure()
    assert words not in sheet(client, visit, visit.nurse, monkeypatch)
