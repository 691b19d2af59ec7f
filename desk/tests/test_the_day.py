"""The main job from start to end, in a real browser: from the referral to the signed session.

Nobody waits: the product's clocks are moved, and people sign in again as they would in life.
"""

import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from django.core import mail
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from desk.tests.day import (
    Day,
    answer_predose,
    assess_ready,
    begin_day,
    enter_vitals,
    name_escort,
    release_to,
)
from monitoring.models import VitalSigns
from patients.models import Patient, Task
from patients.tests import bundles
from reminders import sweeping
from reminders.models import Message
from sessions.models import Protocol, TreatmentCourse, TreatmentSession

pytestmark = pytest.mark.django_db(transaction=True)

REFERRED = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)  # a Wednesday
DAY_1 = date(2026, 11, 23)  # the Monday after


@pytest.fixture(params=["desktop", "tablet"])
def size(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def day(page: Page, live_server: LiveServer, size: str) -> Iterator[Day]:
    with begin_day(page, live_server.url, size, REFERRED) as begun:
        yield begun


@pytest.fixture
def referral(tmp_path: Path) -> Path:
    path = tmp_path / "referral.json"
    path.write_text(
        json.dumps(
            bundles.bundle(bundles.patient(), bundles.condition(), bundles.medication_request())
        )
    )
    return path


def test_the_day(day: Day, referral: Path) -> None:
    day.at(REFERRED)
    patient = import_referral(day, referral)
    prepare(day, patient)
    book(day, patient)
    send_reminders(day)
    run_session(day, patient)
    follow_up(day, patient)


def import_referral(day: Day, referral: Path) -> Patient:
    day.sign_in("frontdesk")
    day.go("patients:import")
    day.page.get_by_label("FHIR R4 bundles").set_input_files(referral)
    day.press("Read files")
    expect(day.page.get_by_role("heading", name="What will be imported")).to_be_visible()
    day.picture("import")
    day.page.get_by_role("button", name=re.compile("^Import")).click()
    expect(day.page.get_by_text("O'Hara42").first).to_be_visible()
    return Patient.objects.get()


def prepare(day: Day, patient: Patient) -> None:
    """The prescriber records consent and screen; the address is confirmed."""
    day.sign_in("prescriber")
    for kind in ("Treatment", "E-mail"):
        day.go("patients:consent", patient.public_id)
        day.page.get_by_label("Consent to").select_option(label=kind)
        day.page.locator("main form").get_by_role("button").first.click()
        expect(day.page.get_by_role("heading", name="Chart")).to_be_visible()
    day.go("patients:screen", patient.public_id)
    answer_screen(day)
    expect(day.page.get_by_role("heading", name="Chart")).to_be_visible()
    day.go("patients:email", patient.public_id)
    day.page.get_by_label("E-mail address").fill("mary@example.org")
    day.page.get_by_label("The patient has confirmed").check()
    day.page.locator("main form").get_by_role("button").first.click()
    expect(day.page.get_by_role("heading", name="Chart")).to_be_visible()


def answer_screen(day: Day) -> None:
    """What matches is answered by itself, the rest group by group; nothing passes by silence."""
    for item in day.page.locator(".screen-item", has=day.page.locator(".screen-evidence")).all():
        item.get_by_text("Absent", exact=True).click()
        item.get_by_role("textbox").fill("Asked and examined")
    for group in day.page.get_by_role("checkbox", name=re.compile("none of these")).all():
        group.check()
    for what in ("Conditions", "Medicines"):
        asked = day.page.get_by_role("radiogroup", name=what)
        asked.get_by_text("the list is complete").click()
    day.page.get_by_role("radiogroup", name="Allergies").get_by_text("there are none").click()
    day.page.get_by_label("Outcome").select_option(label="Cleared for treatment")
    day.picture("screen")
    day.press("Record screen")


def book(day: Day, patient: Patient) -> None:
    day.go("sessions:plan", patient.public_id)
    protocol = Protocol.objects.get(key="esketamine-trd-us")
    day.page.get_by_label("Protocol").select_option(value=str(protocol.public_id))
    for weekday in ("Mon", "Thu"):
        day.page.locator("label", has_text=weekday).click()
    day.page.get_by_label("Day 1").fill(DAY_1.isoformat())
    day.page.get_by_label("Time").fill("10:00")
    day.press("Show the dates")
    day.picture("plan")
    day.page.get_by_role("button", name=re.compile("^Book")).click()
    expect(day.page.get_by_text("Why this date").first).to_be_attached()
    day.picture("course")
    course = TreatmentCourse.objects.get()
    assert course.sessions.count() >= 12
    day.go("sessions:order", course.public_id)
    day.page.locator("label", has_text="56 mg").first.click()
    day.press("Order this dose")
    expect(day.page.get_by_text("56 mg").first).to_be_visible()


def send_reminders(day: Day) -> None:
    """Three days and one day before, in the patient's own time, without drug or diagnosis."""
    for moment in (
        datetime(2026, 11, 20, 10, 5, tzinfo=UTC),
        datetime(2026, 11, 22, 10, 5, tzinfo=UTC),
    ):
        day.at(moment)
        sweeping.sweep()
    assert [message.to for message in mail.outbox] == [["mary@example.org"]] * 2
    text = str(mail.outbox[1].body)
    assert "Monday, 23 November 2026" in text
    assert "ketamine" not in f"{mail.outbox[1].subject} {text}".lower()


def run_session(day: Day, patient: Patient) -> None:
    treatment_session = TreatmentSession.objects.order_by("number").first()
    assert treatment_session is not None
    key = treatment_session.public_id
    start = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)  # 10:00 in Berlin
    day.at(start - timedelta(minutes=10))
    day.sign_in("frontdesk")
    day.picture("board-expected")
    day.go("desk:session", key)
    day.press("Check in")
    expect(day.page.get_by_text("Arrived").first).to_be_visible()

    day.at(start - timedelta(minutes=5))
    day.sign_in("nurse")
    day.go("desk:session", key)
    day.picture("session-predose")
    answer_predose(day)
    enter_vitals(day, bp="124/78")
    day.press("Clear for dosing")
    expect(day.page.get_by_label("Lot")).to_be_visible()
    give_devices(day, start)
    monitor(day, key, start)
    leave(day, key, start)
    sign(day, key, start)


def give_devices(day: Day, start: datetime) -> None:
    """Two devices, five minutes apart, each with its lot."""
    for number, minute, then in ((1, 2, "Record device 2"), (2, 8, "Save vital signs")):
        day.at(start + timedelta(minutes=minute))
        day.page.reload()
        day.page.get_by_label("Lot").fill(f"LOT-{number}")
        day.picture(f"session-dose-{number}")
        day.press(f"Record device {number}")
        expect(day.page.get_by_role("button", name=then)).to_be_visible()


def monitor(day: Day, key: UUID, start: datetime) -> None:
    day.at(start + timedelta(minutes=46))
    day.sign_in("nurse")
    day.picture("board")
    day.go("desk:session", key)
    enter_vitals(day, bp="146/88", spo2="97", dissociation="1")
    wrong = VitalSigns.objects.get(systolic=146)
    day.go("monitoring:correct", wrong.public_id)
    day.page.get_by_role("textbox", name="Blood pressure").fill("136/88")
    day.page.get_by_label("Why").fill("Typing error")
    day.press("Save correction")
    expect(day.page.get_by_text("136/88").first).to_be_visible()
    expect(day.page.get_by_text("146/88").first).to_be_attached()  # struck through, still there
    for minute in (62, 92):
        day.at(start + timedelta(minutes=minute))
        day.sign_in("nurse")
        day.go("desk:session", key)
        enter_vitals(day, bp="128/80")
    day.picture("session-monitoring")


def leave(day: Day, key: UUID, start: datetime) -> None:
    day.at(start + timedelta(minutes=128))
    day.sign_in("nurse")
    day.go("desk:session", key)
    expect(day.page.get_by_role("heading", name="Before leaving")).to_be_visible()
    day.picture("gate")
    enter_vitals(day, bp="122/76")
    name_escort(day, key, "Jo O'Hara")
    assess_ready(day, key)
    expect(day.page.get_by_text(re.compile("all met")).first).to_be_attached()
    day.go("desk:session", key)
    day.picture("session-ready")
    release_to(day, key, "Jo O'Hara")


def sign(day: Day, key: UUID, start: datetime) -> None:
    day.at(start + timedelta(minutes=150))
    day.sign_in("prescriber")
    day.go("desk:session", key)
    day.press("Sign")
    expect(day.page.get_by_text("Signed.", exact=True)).to_be_visible()
    day.picture("session-signed")


def follow_up(day: Day, patient: Patient) -> None:
    """Next day a question goes out; its missing answer becomes a task."""
    day.at(datetime(2026, 11, 24, 10, 5, tzinfo=UTC))
    sweeping.sweep()
    assert Message.objects.get(kind=Message.Kind.FOLLOW_UP).state == Message.State.SENT
    day.at(datetime(2026, 11, 27, 10, 5, tzinfo=UTC))
    sweeping.sweep()
    assert Task.objects.open().filter(kind=Task.Kind.NO_ANSWER, patient=patient).exists()
    day.sign_in("nurse")
    day.go("desk:chart", patient.public_id)
    day.picture("chart")
    day.go("desk:worklist")
    expect(day.page.get_by_text("O'Hara42").first).to_be_visible()
    day.picture("worklist")
