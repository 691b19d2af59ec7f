"""Days on which something goes wrong, in a real browser, on the tablet beside the chair.

The morning is prepared by the services; from the trouble on, people do everything by hand.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from clinic import clock as database_clock
from clinic.models import User
from clinic.roles import Role
from clinic.tests.factories import make_staff
from desk.tests import browser
from desk.tests.day import Day, assess_ready, begin_day, enter_vitals, name_escort, release_to
from monitoring.models import AdverseEvent, Discharge, MedicationGiven
from monitoring.tests.test_doses import HALF_MG_PER_KG
from monitoring.tests.visits import Clock, Visit
from patients.models import Task
from sessions.lifecycle import Status
from sessions.models import DoseWaste

pytestmark = pytest.mark.django_db(transaction=True)

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)  # 10:00 in Berlin
SIZE = "tablet"


class MovedVisitClock(Clock):
    """The clock of a visit that the services prepare: moving it moves the browser's."""

    def __init__(self, day: Day) -> None:
        self.day = day

    @property
    def now(self) -> datetime:
        return database_clock.now()

    @now.setter
    def now(self, moment: datetime) -> None:
        self.day.at(moment)


@pytest.fixture
def day(page: Page, live_server: LiveServer) -> Iterator[Day]:
    with begin_day(page, live_server.url, SIZE, START) as begun:
        yield begun


def begin_visit(day: Day, **values: Any) -> Visit:
    nurse, prescriber = (User.objects.get(username=name) for name in ("nurse", "prescriber"))
    return Visit(nurse, prescriber, MovedVisitClock(day), **values)


def measure(visit: Visit, last_dose: datetime, *minutes: int) -> None:
    """Take the readings that fall due so many minutes after the last dose."""
    for minute in minutes:
        visit.clock.to(last_dose + timedelta(minutes=minute))
        visit.measure()


def open_sheet(day: Day, visit: Visit, who: str = "", **forward: float) -> None:
    """Let time pass and look at the session, as somebody else if named."""
    if forward:
        visit.clock.forward(**forward)
    if who:
        day.sign_in(who)
    day.go("desk:session", visit.row.public_id)


def choose(day: Day, name: str) -> None:
    """Take what stands in the menu of the session."""
    day.page.get_by_text("More", exact=True).first.click()
    day.page.get_by_role("link", name=name, exact=True).click()


def test_panic_stands_at_the_door_until_it_is_over(day: Day) -> None:
    visit = begin_visit(day)
    visit.be_monitored()
    last_dose = visit.clock.now
    open_sheet(day, visit, "nurse", minutes=20)
    choose(day, "Panic or anxiety")
    day.page.locator("label", has_text="Moderate").click()
    day.page.get_by_role("group", name="Distress now").locator("label", has_text="8").click()
    day.page.get_by_label("Trigger").fill("Noise in the corridor")
    day.page.locator("label", has_text="Palpitations").click()
    day.picture("panic-begin")
    day.press("Begin")
    expect(day.page.get_by_text("The episode is open.")).to_be_visible()
    for step in ("Stay, use the name", "Slow breathing", "Prescriber called"):
        day.page.get_by_role("button", name=re.compile(step)).click()
        expect(day.page.get_by_role("button", name=re.compile(f"{step}.*×1"))).to_be_visible()
    day.press("3")
    expect(day.page.get_by_text("SUDS 3")).to_be_visible()
    day.picture("panic-steps")

    measure(visit, last_dose, 36, 60, 90, 120)
    visit.settle()
    open_sheet(day, visit, "nurse")
    expect(day.page.get_by_text("Panic or anxiety since")).to_be_visible()
    expect(day.page.get_by_role("button", name="Release the patient")).to_have_count(0)
    day.picture("panic-gate")
    day.page.get_by_role("link", name="Go on step by step").click()
    day.page.get_by_role("link", name="It is over").click()
    day.page.locator("label", has_text="Settled").first.click()
    day.picture("panic-end")
    day.press("Record the end")
    expect(day.page.get_by_text("The end of the episode is recorded.")).to_be_visible()
    event = AdverseEvent.objects.get()
    assert event.treatment_session_id == visit.pk
    assert event.severity == AdverseEvent.Severity.MODERATE
    day.go("desk:session", visit.row.public_id)
    day.picture("panic-after")
    assess_ready(day, visit.row.public_id)
    release_to(day, visit.row.public_id, "Sam")
    assert visit.status == Status.DISCHARGED


def test_a_hypertensive_peak_keeps_the_door_shut_until_it_has_settled(day: Day) -> None:
    visit = begin_visit(day)
    visit.be_monitored()
    measure(visit, visit.clock.now, 36, 60, 90)
    open_sheet(day, visit, "nurse", minutes=30)
    enter_vitals(day, bp="188/114")
    expect(day.page.get_by_text("Nobody has acknowledged a critical value.")).to_be_visible()
    expect(day.page.get_by_role("button", name="Save assessment")).to_have_count(0)
    day.picture("critical")
    day.page.get_by_role("link", name="Acknowledge").click()
    day.page.get_by_label("What was done").fill("Sat up, measured on the other arm")
    day.picture("critical-form")
    day.press("Acknowledge")
    expect(day.page.get_by_text("The call to a prescriber stays open")).to_be_visible()

    day.sign_in("prescriber")
    day.picture("critical-board")
    day.go("desk:worklist")
    day.picture("critical-worklist")
    day.page.get_by_role("link", name="session", exact=True).click()
    day.page.get_by_role("link", name="Acknowledge").click()
    day.page.get_by_label("What was done").fill("Labetalol 10 mg i.v., measure again in 15 minutes")
    day.press("Acknowledge")
    expect(day.page.get_by_text("Acknowledged: a prescriber knows.")).to_be_visible()
    assert not Task.objects.open().filter(kind=Task.Kind.CRITICAL).exists()

    open_sheet(day, visit, "nurse", minutes=5)
    choose(day, "Another medicine")
    day.page.get_by_role("textbox", name="Medicine").fill("Labetalol")
    day.page.get_by_label("Dose").fill("10 mg")
    day.page.get_by_label("Kind").select_option("antihypertensive")
    day.page.get_by_label("Route").select_option("iv")
    day.page.get_by_label("Ordered by").select_option("prescriber")
    day.page.get_by_label("What for").fill("BP 188/114")
    day.picture("medicine")
    day.press("Record medicine")
    expect(day.page.get_by_text("Labetalol").first).to_be_visible()
    given = MedicationGiven.objects.get()
    day.picture("medicine-given")

    name_escort(day, visit.row.public_id, "Jo")
    expect(day.page.get_by_role("button", name="Release the patient")).to_have_count(0)
    visit.clock.forward(minutes=given.minutes + 1)
    open_sheet(day, visit, "nurse")
    enter_vitals(day, bp="132/84")
    day.picture("critical-settled")
    for told in ("Sat up, measured on the other arm", "Labetalol 10 mg i.v."):
        expect(day.page.locator("#history")).to_contain_text(told)
    assess_ready(day, visit.row.public_id)
    release_to(day, visit.row.public_id, "Jo")


def test_an_infusion_is_checked_by_two_interrupted_and_its_rest_thrown_away(day: Day) -> None:
    visit = begin_visit(day, key="ketamine-iv-twice-weekly", order=HALF_MG_PER_KG)
    make_staff(visit.row.clinic, Role.NURSE, "colleague")
    user = User.objects.get(username="colleague")
    user.set_password(browser.PASSWORD)
    user.save()
    visit.be_cleared()
    key = visit.row.public_id
    open_sheet(day, visit, "nurse", minutes=2)
    day.picture("second-check")
    day.page.get_by_label("Volume of this dose").fill("38")
    day.page.get_by_label("Pump rate").fill("57")
    day.page.get_by_label("Patient, medicine, order").check()
    second_person(day, "colleague")
    day.press("Confirm the second check")
    expect(day.page.get_by_text("Checked by").first).to_be_visible()
    day.picture("infusion")
    day.page.get_by_label("Lot").fill("KET-1")
    day.press("Start infusion")
    expect(day.page.get_by_text("Infusion started.")).to_be_visible()

    change(day, visit, "Pause", 10, "Anxious, wants a break", given="9.5")
    day.picture("infusion-paused")
    change(day, visit, "Resume", 5, "Calm again", rate="57")
    change(day, visit, "Stop", 24, "Nausea", given="32")
    expect(day.page.get_by_role("heading", name="What was left")).to_be_visible()
    day.page.get_by_label("In each").fill("50")
    day.page.get_by_label("Thrown away").fill("18")
    day.page.locator("label", has_text="bin").first.click()
    second_person(day, "colleague")
    day.picture("waste")
    day.press("Record the waste")
    expect(day.page.get_by_role("heading", name="What was left")).to_have_count(0)
    waste = DoseWaste.objects.get()
    assert (waste.given_mg, waste.unaccounted_mg) == (Decimal(32), Decimal(0))
    assert str(waste.witness) == "colleague"

    name_escort(day, key, "Jo")
    for minutes in (10, 30):
        open_sheet(day, visit, "nurse", minutes=minutes)
        expect(day.page.get_by_role("button", name="Release the patient")).to_have_count(0)
        enter_vitals(day, bp="126/80")
    open_sheet(day, visit, "nurse", minutes=22)
    day.picture("infusion-observed")
    assess_ready(day, key)
    release_to(day, key, "Jo")


def change(
    day: Day, visit: Visit, what: str, after: int, why: str, *, given: str = "", rate: str = ""
) -> None:
    """Change the infusion so many minutes later."""
    open_sheet(day, visit, "nurse", minutes=after)
    group = day.page.get_by_role("group", name="What happened")
    group.locator("label", has_text=what).click()
    day.page.get_by_label("Given in all").fill(given)
    day.page.get_by_role("textbox", name="New rate").fill(rate)
    day.page.get_by_label("Reason").first.fill(why)
    day.press("Record")
    expect(day.page.locator(".note-success")).to_be_visible()


def second_person(day: Day, username: str) -> None:
    day.page.get_by_label("Second person: user name").fill(username)
    day.page.get_by_label("Second person: password").fill(browser.PASSWORD)


def test_two_people_let_a_patient_go_before_the_gate_is_met(day: Day) -> None:
    visit = begin_visit(day)
    visit.be_monitored()
    open_sheet(day, visit, "nurse", minutes=60)
    choose(day, "Release by override")
    day.picture("override")
    day.page.get_by_label("Why they leave").fill("Child fell ill; sister drives, stays overnight")
    second_person(day, "nurse")
    day.press("Override and release")
    expect(day.page.locator(".note-error, .invalid-feedback").first).to_be_visible()
    day.picture("override-refused")
    second_person(day, "prescriber")
    day.press("Override and release")
    expect(day.page.get_by_text("Released by override.").first).to_be_visible()
    left = Discharge.objects.get()
    assert left.unmet


def test_an_emergency_is_told_tap_by_tap_and_handed_over(day: Day) -> None:
    visit = begin_visit(day)
    visit.be_monitored()
    open_sheet(day, visit, "nurse", minutes=15)
    day.press("Emergency")
    expect(day.page.get_by_text("since", exact=False).first).to_be_visible()
    for tap in ("Called emergency services", "Oxygen given", "Recovery position"):
        day.press(tap)
        expect(day.page.get_by_role("button", name=re.compile(f"{tap} ×1"))).to_be_visible()
    day.picture("emergency")
    day.page.get_by_role("link", name="Sheet for the ambulance").click()
    expect(day.page.get_by_role("heading", name="For the ambulance crew")).to_be_visible()
    day.picture("ambulance")
    text = day.page.locator("article").inner_text()
    for told in ("Ada", "10:05 esketamine 28 mg", "124/78", "Oxygen given", "030 5550100"):
        assert told in text
    pdf = day.page.pdf(prefer_css_page_size=True)
    assert pdf.startswith(b"%PDF")
    assert pdf.count(b"/Type /Page\n") == 1  # one sheet of paper

    day.page.get_by_role("link", name="Back").click()
    for tap in ("Ambulance arrived", "Handed over"):
        day.press(tap)
        expect(day.page.get_by_role("button", name=re.compile(f"{tap} ×1"))).to_be_visible()
    day.page.get_by_role("link", name="Record the transfer").click()
    day.page.get_by_label("Where to").fill("Charité, emergency department")
    day.page.get_by_label("Taken by").fill("Ambulance 12")
    day.page.get_by_label("Condition").fill("Awake, SpO₂ 96 % with 4 L/min")
    day.picture("transfer")
    day.press("Record transfer")
    expect(day.page.get_by_text("Transfer recorded. Mail to the patient is held.")).to_be_visible()
    assert visit.status == Status.TRANSFERRED
    day.picture("transferred")
    task = Task.objects.open().get(kind=Task.Kind.CALL)
    assert "lift the hold" in task.text
    day.go("desk:chart", visit.row.patient.public_id)
    day.picture("chart-held")
    visit.clock.forward(hours=20)
    day.sign_in("nurse")
    day.go("desk:worklist")
    expect(day.page.get_by_text(task.text)).to_be_visible()
    day.picture("worklist-call")
