"""What the sheet and the board say while critical values hold the dose."""

from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from clinic.models import User
from desk import live, present, seats
from monitoring.services import critical, emergencies, events, predose
from monitoring.services.events import Reported
from monitoring.tests.visits import Clock, Visit
from patients.services import consent
from sessions.services.doses import Device, record_device


@pytest.fixture
def held(visit: Visit, monkeypatch: pytest.MonkeyPatch, clock: Clock) -> Visit:
    """One device given, then 185/112; the page reads the held clock."""
    visit.be_cleared()
    visit.clock.forward(minutes=3)
    visit.device()
    visit.clock.forward(minutes=5)
    visit.measure(systolic=185, diastolic=112)
    monkeypatch.setattr(live, "CLOCK", f"timestamptz '{clock.now.isoformat()}'")
    return visit


def show(client: Client, visit: Visit, user: User) -> str:
    client.force_login(user)
    return client.get(reverse("desk:session", args=[visit.row.public_id])).content.decode()


def test_the_sheet_names_value_limit_and_recheck(client: Client, held: Visit) -> None:
    page = show(client, held, held.nurse)
    assert "Systolic pressure 185 is at or over 180 (before the dose 124)." in page
    assert "Diastolic pressure 112 is at or over 110 (before the dose 78)." in page
    assert "Recheck due by" in page
    assert "Save vital signs" in page
    assert "Record device 2" not in page
    assert "The next device may be given" not in page


def test_only_a_prescriber_is_offered_to_go_on(client: Client, held: Visit) -> None:
    offer = reverse("monitoring:decide", args=[held.row.public_id])
    assert offer not in show(client, held, held.nurse)
    assert offer in show(client, held, held.prescriber)
    about = client.get(offer).content.decode()
    assert "Systolic pressure 185" in about


def test_a_decision_to_go_on_stays_in_sight(client: Client, held: Visit) -> None:
    predose.decide(held.pk, "Pain at the cuff", by=held.prescriber)
    page = show(client, held, held.nurse)
    assert "Pain at the cuff" in page
    assert "Systolic pressure 185" in page
    assert "Record device 2" in page


def test_the_words_beside_the_values_are_of_the_decision_about_them(
    client: Client, held: Visit
) -> None:
    predose.decide(held.pk, "Pain at the cuff", by=held.prescriber)
    held.clock.forward(minutes=1)
    emergencies.start(held.pk, by=held.nurse)
    held.clock.forward(minutes=1)
    predose.decide(held.pk, "Button pressed by mistake", by=held.prescriber)
    page = show(client, held, held.nurse)
    alerts = page.split('id="sheet-alerts"')[1].split('id="sheet-status"')[0]
    assert "to go on: Pain at the cuff" in alerts
    assert "by mistake" not in alerts


def test_nobody_decides_on_a_value_that_the_form_did_not_show(client: Client, held: Visit) -> None:
    client.force_login(held.prescriber)
    path = reverse("monitoring:decide", args=[held.row.public_id])
    shown = client.get(path).context["form"]["shown"].value()
    held.clock.forward(minutes=1)
    held.measure(spo2=70, systolic=185, diastolic=112, confirmed=True)
    typed = {"entry_id": str(uuid4()), "shown": shown, "reason": "Pain at the cuff"}
    again = client.post(path, typed)
    assert "SpO2 70 is under 90" in again.content.decode()
    with pytest.raises(ValidationError, match="SpO2 70 is under 90"):
        held.device()
    form = again.context["form"]
    client.post(path, {name: form[name].value() for name in form.fields})
    check = predose.latest(held.fresh())
    assert check
    assert check.decision_reason == "Pain at the cuff"
    held.device()


def test_the_card_says_that_the_dose_is_held(held: Visit) -> None:
    now = held.clock.now
    (row,) = present.present(held.patient.clinic, now, None)
    card = seats.seat(row, now)
    assert card.blocked == ("Dose held for critical values",)
    assert (card.next_words, card.action) == ("Recheck due by", "Acknowledge critical value")
    critical.acknowledge(held.pk, "Sits up", by=held.nurse)
    (row,) = present.present(held.patient.clinic, now, None)
    assert seats.seat(row, now).action == "Record vital signs"
    predose.decide(held.pk, "Pain at the cuff", by=held.prescriber)
    (row,) = present.present(held.patient.clinic, now, None)
    card = seats.seat(row, now)
    assert "Dose held for critical values" not in card.blocked
    assert card.next_words == "Next device from"


def test_the_sheet_says_what_goes_on(client: Client, held: Visit) -> None:
    held.clock.forward(minutes=5)
    held.measure()
    events.report(held.pk, Reported("Nausea", "mild"), by=held.nurse)
    page = show(client, held, held.nurse)
    assert "“Nausea” (mild) has not ended." in page
    assert "Record device 2" in page
    events.report(held.pk, Reported("Chest pain", "severe"), by=held.nurse)
    page = show(client, held, held.nurse)
    assert "“Chest pain” (severe) has not ended. A prescriber decides, with a reason." in page
    assert "Record device 2" not in page
    offer = reverse("monitoring:decide", args=[held.row.public_id])
    assert offer not in page
    assert offer in show(client, held, held.prescriber)


@pytest.mark.parametrize("spo2", [85, 98])
def test_a_critical_pressure_before_the_dose_is_shown_whatever_else_holds(
    client: Client, visit: Visit, spo2: int
) -> None:
    visit.arrive()
    visit.check()
    visit.measure(systolic=200, diastolic=125, spo2=spo2, confirmed=True)
    alerts = show(client, visit, visit.nurse).split('id="sheet-alerts"')[1]
    alerts = alerts.split('id="sheet-status"')[0]
    for words in ("Systolic pressure 200", "Diastolic pressure 125"):
        assert alerts.count(words) == 1
    assert ("SpO2 85" in alerts) == (spo2 == 85)


def test_what_refuses_a_device_is_said_once(client: Client, held: Visit) -> None:
    client.force_login(held.nurse)
    path = reverse("sessions:device", args=[held.row.public_id])
    typed = {"entry_id": str(uuid4()), "lot": "L2", "outcome": "complete"}
    page = client.post(path, typed).content.decode()
    assert page.count("Systolic pressure 185 is at or over 180") == 1


def test_a_consent_withdrawn_between_the_devices_takes_the_next_one_away(
    client: Client, visit: Visit, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit.be_cleared()
    visit.device()
    monkeypatch.setattr(live, "CLOCK", f"timestamptz '{clock.now.isoformat()}'")
    page = show(client, visit, visit.nurse)
    assert "Record device 2" in page
    assert "No valid consent" not in page
    given = visit.patient.consents.get(kind="treatment")
    consent.withdraw(given.pk, by=visit.nurse, withdrawn_at=clock.now, note="")
    page = show(client, visit, visit.nurse)
    assert "No valid consent to treatment." in page
    assert "Give no device until this is settled." in page
    assert "Record device 2" not in page


def test_a_medicine_named_before_the_dose_stays_in_sight_while_the_patient_is_watched(
    client: Client, visit: Visit, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit.arrive()
    visit.check(new_medicines="yes", new_medicines_text="Nardil 15 mg")
    visit.measure()
    for number in (1, 2):
        clock.forward(minutes=6)
        device = Device(lot=f"L{number}", reason="Already given")
        record_device(visit.pk, device, by=visit.nurse, outside_gate=True)
    assert visit.status == "monitoring"
    monkeypatch.setattr(live, "CLOCK", f"timestamptz '{clock.now.isoformat()}'")
    assert "MAO inhibitor: phenelzine" in show(client, visit, visit.nurse)
