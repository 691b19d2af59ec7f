"""One session under REMS in a real browser: the form answered, printed on paper, and filed."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from clinic.audit import acting
from clinic.models import Clinic, User
from clinic.roles import Role
from clinic.tests.factories import TESTS, make_clinic, make_staff
from desk.tests import browser
from desk.tests.factories import give, make_visit, measure, minutes
from monitoring.models import RemsFiling
from monitoring.rems import CLASSES
from sessions.lifecycle import Status
from sessions.models import TreatmentSession
from sessions.services import publishing
from sessions.tests.rems import enrol_patient, make_certified

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(params=["desktop", "tablet"])
def size(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def over(page: Page, size: str) -> TreatmentSession:
    clinic = make_clinic("Riverside", address="12 Mill Lane\nNew York, NY 10001", phone="212 5550")
    make_certified(clinic)
    people: list[User] = []
    for role in (Role.NURSE, Role.PRESCRIBER):
        user = make_staff(clinic, role, str(role))
        user.email = f"{role}@clinic.example"
        user.set_password(browser.PASSWORD)
        with acting(TESTS):
            user.save()
        people.append(user)
    publishing.load_shipped()
    page.set_viewport_size(browser.SIZES[size])
    return make_over(clinic, *people)


def make_over(clinic: Clinic, nurse: User, prescriber: User) -> TreatmentSession:
    begin = timezone.now() - timedelta(hours=4)
    over = make_visit(
        clinic,
        nurse,
        starts_at=begin,
        status=Status.DISCHARGED,
        ended_at=begin + minutes(150),
        patient={"given_name": "Ada", "family_name": "O'Hara", "sex": "female"},
    )
    enrol_patient(over.patient, prescriber)
    measure(over, begin + minutes(5), nurse)
    give(over, begin + minutes(15), nurse)
    give(over, begin + minutes(20), nurse)
    measure(over, begin + minutes(55), nurse, systolic=138, diastolic=86, dissociation=1)
    measure(over, begin + minutes(80), nurse)
    measure(over, begin + minutes(145), nurse)
    return over


def test_a_form_is_answered_printed_and_filed(
    page: Page, live_server: LiveServer, over: TreatmentSession, size: str
) -> None:
    browser.sign_in(page, live_server.url, "prescriber")
    page.get_by_role("button", name="Register me").click()
    expect(page.get_by_text("Prescriber on site:")).to_be_visible()
    browser.picture(page, f"on-site-{size}")
    browser.sign_in(page, live_server.url, "nurse")
    page.goto(live_server.url + reverse("desk:rems"))
    browser.picture(page, f"rems-list-{size}")
    page.get_by_role("link", name=re.compile("O'Hara")).first.click()
    expect(page.get_by_role("heading", name="Missing")).to_be_visible()
    browser.picture(page, f"rems-form-{size}")
    page.get_by_role("link", name="Answer questions").click()
    for label in (*CLASSES.values(), "Serious adverse event"):
        group = page.get_by_role("group", name=re.compile(re.escape(label[1:]), re.IGNORECASE))
        group.locator("label", has_text="No").click()
    page.get_by_label("Minutes after which").fill("95")
    browser.picture(page, f"rems-answers-{size}")
    page.get_by_role("button", name="Save answers").click()
    expect(page.get_by_role("heading", name="Missing")).to_have_count(0)
    print_it(page)
    browser.picture(page, f"rems-print-{size}")
    page.get_by_role("link", name="Back to the form").click()
    page.get_by_role("link", name="File", exact=True).click()
    page.locator("label", has_text="Online").click()
    page.get_by_label("Confirmation").fill("C-4711")
    browser.picture(page, f"rems-file-{size}")
    page.get_by_role("button", name="Record the filing").click()
    expect(page.get_by_text("reference C-4711")).to_be_visible()
    browser.picture(page, f"rems-filed-{size}")
    assert RemsFiling.objects.get().missing == []


def print_it(page: Page) -> None:
    page.get_by_role("link", name="Print page").click()
    page.emulate_media(media="print")
    text = page.locator("body").inner_text()
    told = ["O'Hara", "Benzodiazepines", "nurse@clinic", "12 Mill Lane", "56 mg", "L1", "135"]
    told += ["124/78", "138/86", "Dissociation: onset", "Serious adverse event"]
    places = [text.index(words) for words in told]
    assert places == sorted(places)
    assert "Back to the form" not in text
    pdf = page.pdf(prefer_css_page_size=True)
    assert pdf.startswith(b"%PDF")
    assert len(pdf) > 5_000
    page.emulate_media(media="screen")
