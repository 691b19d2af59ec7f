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
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from clinic import heartbeat
from clinic.models import Heartbeat
from clinic.roles import Role
from clinic.tests.factories import make_clinic, make_staff
from clinic.tests.moved_clock import MovedClock, moved_clock
from desk.tests import browser
from monitoring.models import VitalSigns
from patients.models import Patient, Task
from patients.tests import bundles
from reminders import sweeping
from reminders.models import Message
from sessions import protocols
from sessions.models import Protocol, TreatmentCourse, TreatmentSession

pytestmark = pytest.mark.django_db(transaction=True)

REFERRED = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)  # a Wednesday
DAY_1 = date(2026, 11, 23)  # the Monday after


@pytest.fixture(params=["desktop", "tablet"])
def size(request: pytest.FixtureRequest) -> str:
    return request.param


class Day:
    """One clinic's day as its people live it: who is at the screen, and what time it is."""

    def __init__(self, page: Page, address: str, size: str, clock: MovedClock) -> None:
        self.page, self.address, self.size, self.clock = page, address, size, clock
        page.set_viewport_size(browser.SIZES[size])
        page.set_default_timeout(15_000)

    def at(self, moment: datetime) -> None:
        """Move the clocks; the regular sweep has run, and saw no jump: only this test makes one."""
        self.clock.move_to(moment)
        heartbeat.beat(heartbeat.SWEEP)
        Heartbeat.objects.update(jumped_at=None, jump_seconds=None)

    def sign_in(self, username: str) -> None:
        browser.sign_in(self.page, self.address, username)

    def go(self, name: str, *args: object) -> None:
        self.page.goto(self.address + reverse(name, args=args))

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def picture(self, name: str) -> None:
        browser.picture(self.page, f"{name}-{self.size}")


@pytest.fixture
def day(page: Page, live_server: LiveServer, size: str) -> Iterator[Day]:
    clinic = make_clinic("Riverside Practice", phone="030 5550100", address="Hafenweg 3, Berlin")
    for role, username in (
        (Role.FRONT_DESK, "frontdesk"),
        (Role.NURSE, "nurse"),
        (Role.PRESCRIBER, "prescriber"),
    ):
        user = make_staff(clinic, role, username)
        user.set_password(browser.PASSWORD)
        user.save()
    protocols.load_shipped()
    with moved_clock(REFERRED) as clock:
        yield Day(page, live_server.url, size, clock)


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


def answer_predose(day: Day) -> None:
    for question in day.page.get_by_role("radiogroup").all():
        question.locator("label").first.click()  # the answer that lets the dose pass
    day.press("Save pre-dose check")
    expect(day.page.get_by_role("heading", name="Private question")).to_be_visible()
    day.picture("session-private")
    day.page.get_by_text("Test negative").click()
    day.press("Save answer")
    expect(day.page.get_by_role("textbox", name="Blood pressure")).to_be_visible()


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
    day.go("monitoring:escort", key)
    day.page.locator("label", has_text="Accompanying adult").click()
    day.page.get_by_label("Name of the person").fill("Jo O'Hara")
    day.press("Save escort")
    expect(day.page.get_by_text("Jo O'Hara").first).to_be_attached()
    day.go("monitoring:assess", key)
    day.page.locator("label", has_text="Ready").first.click()
    day.press("Save assessment")
    expect(day.page.get_by_text(re.compile("all met")).first).to_be_attached()
    day.go("desk:session", key)
    day.picture("session-ready")
    day.go("monitoring:release", key)
    day.page.locator("label", has_text="Jo O'Hara").click()
    day.page.locator("label", has_text="Printed").click()
    day.page.locator("main form").get_by_role("button").last.click()
    expect(day.page.get_by_text("Released.")).to_be_visible()


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


def enter_vitals(
    day: Day, *, bp: str, spo2: str = "98", sedation: str = "5", dissociation: str = "0"
) -> None:
    page = day.page
    measured = {"Blood pressure": bp, "Pulse": "72", "SpO₂": spo2, "Respiration": "14"}
    for measure, value in measured.items():
        page.get_by_role("textbox", name=measure).fill(value)
    page.get_by_role("group", name="MOAA/S").locator("label", has_text=sedation).click()
    page.get_by_role("group", name="Dissociation").locator("label", has_text=dissociation).click()
    day.press("Save vital signs")
    expect(page.get_by_text(re.compile("^Vital signs of .* saved"))).to_be_visible()
