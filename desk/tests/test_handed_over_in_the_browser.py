"""A patient holds the tablet: the browser's history and typed addresses show nobody else."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from clinic.models import Clinic
from desk.tests import browser
from desk.tests.day import Day, begin_day
from patients.models import Consent, Patient
from patients.services import consent_templates
from patients.tests.factories import make_patient

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)
ASKS = "/tablet/"


@pytest.fixture(params=["desktop", "tablet"])
def day(page: Page, live_server: LiveServer, request: pytest.FixtureRequest) -> Iterator[Day]:
    with begin_day(page, live_server.url, request.param, NOW) as begun:
        begun.at(NOW)
        consent_templates.load_shipped()
        yield begun


@pytest.fixture
def patient(day: Day) -> Patient:
    return make_patient(Clinic.objects.get(), given_name="Ada", family_name="O'Hara")


def expect_locked(day: Day, heading: str) -> None:
    expect(day.page).to_have_url(day.address + ASKS)
    expect(day.page.get_by_role("heading", name=heading)).to_be_visible()


def test_what_staff_saw_stays_with_staff(day: Day, patient: Patient) -> None:
    page = day.page
    day.sign_in("nurse")
    day.go("desk:patients")
    day.go("desk:chart", patient.public_id)
    day.go("patients:choose_consent", patient.public_id)
    day.picture("consent-choose")
    page.get_by_role("button", name="Open to sign").first.click()
    expect(page.get_by_role("button", name="Don't sign")).to_be_visible()
    day.picture("consent-sign")
    page.go_back()
    expect_locked(day, "Please give the tablet back")
    day.picture("tablet-asked-for")
    day.go("desk:patients")
    expect_locked(day, "Please give the tablet back")
    page.get_by_role("link", name="Back to your page").click()
    sign(day)
    expect_locked(day, "Thank you")
    day.picture("tablet-thanks")
    for _ in range(3):
        page.go_back()
        expect(page).to_have_url(day.address + ASKS)
    page.get_by_label("Password of").fill("a guess")
    day.press("Go on")
    expect(page.get_by_text("not the right password")).to_be_visible()
    day.picture("tablet-wrong-password")
    page.get_by_label("Password of").fill(browser.PASSWORD)
    day.press("Go on")
    copy = reverse("patients:consent_copy", args=[Consent.objects.get().public_id])
    expect(page).to_have_url(day.address + copy)
    page.get_by_role("link", name="Back to the chart").click()
    expect(page.get_by_role("heading", name="Consents")).to_be_visible()


def sign(day: Day) -> None:
    expect(day.page.get_by_role("button", name="Don't sign")).to_be_visible()
    for box in day.page.get_by_role("checkbox").all():
        box.check()
    day.page.get_by_label("Your full name").fill("Ada O'Hara")
    day.press("Sign")
