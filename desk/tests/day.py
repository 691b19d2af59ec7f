"""A clinic's day in a real browser: who is at the screen, what time it is, the steps they share.

Nobody waits: the product's clocks are moved, and people sign in again as they would in life.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

from django.urls import reverse
from playwright.sync_api import Page, expect

from clinic import heartbeat
from clinic.models import Heartbeat
from clinic.roles import Role
from clinic.tests.factories import make_clinic, make_staff
from clinic.tests.moved_clock import MovedClock, moved_clock
from desk.tests import browser
from sessions.services import publishing

PEOPLE = ((Role.FRONT_DESK, "frontdesk"), (Role.NURSE, "nurse"), (Role.PRESCRIBER, "prescriber"))


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


@contextmanager
def begin_day(page: Page, address: str, size: str, begin: datetime) -> Iterator[Day]:
    """Open a clinic with three people and the shipped protocols at this moment."""
    clinic = make_clinic("Riverside Practice", phone="030 5550100", address="Hafenweg 3, Berlin")
    for role, username in PEOPLE:
        user = make_staff(clinic, role, username)
        user.set_password(browser.PASSWORD)
        user.save()
    publishing.load_shipped()
    with moved_clock(begin) as clock:
        yield Day(page, address, size, clock)


def answer_predose(day: Day) -> None:
    expect(day.page.get_by_role("button", name="Save pre-dose check")).to_be_visible()
    for question in day.page.get_by_role("radiogroup").all():
        question.locator("label").first.click()  # the answer that lets the dose pass
    day.press("Save pre-dose check")
    expect(day.page.get_by_role("heading", name="Private question")).to_be_visible()
    day.picture("session-private")
    day.page.get_by_text("Test negative").click()
    day.press("Save answer")
    expect(day.page.get_by_role("textbox", name="Blood pressure")).to_be_visible()


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


def name_escort(day: Day, key: UUID, name: str) -> None:
    day.go("monitoring:escort", key)
    day.page.locator("label", has_text="Accompanying adult").click()
    day.page.get_by_label("Name of the person").fill(name)
    day.press("Save escort")
    expect(day.page.get_by_text(name).first).to_be_attached()


def assess_ready(day: Day, key: UUID) -> None:
    day.go("monitoring:assess", key)
    day.page.locator("label", has_text="Ready").first.click()
    day.press("Save assessment")
    expect(day.page.get_by_text("Assessed as ready to leave.").first).to_be_visible()


def release_to(day: Day, key: UUID, name: str) -> None:
    day.go("monitoring:release", key)
    day.page.locator("label", has_text=name).click()
    day.page.locator("label", has_text="Printed").click()
    day.press("Release the patient")
    expect(day.page.get_by_text("Released.")).to_be_visible()
