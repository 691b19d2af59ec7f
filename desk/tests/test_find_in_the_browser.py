"""Finding a patient from any page: type, arrow down, Enter."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from clinic.roles import Role
from clinic.tests.factories import make_clinic, make_staff
from desk.tests import browser
from patients.tests.factories import make_patient

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def board(live_server: LiveServer, page: Page) -> Page:
    clinic = make_clinic("Riverside Practice")
    nurse = make_staff(clinic, Role.NURSE, "nurse")
    nurse.set_password(browser.PASSWORD)
    nurse.save()
    for number in range(10):
        make_patient(clinic, given_name="Gabe", family_name=f"Grünfeld-{number}")
    make_patient(clinic, given_name="Róisín", family_name="O'Connell", record_number="T-42")
    browser.sign_in(page, live_server.url, "nurse")
    return page


@pytest.mark.parametrize("size", browser.SIZES)
def test_typing_finds_and_the_keyboard_reaches_the_chart(board: Page, size: str) -> None:
    board.set_viewport_size(browser.SIZES[size])
    board.keyboard.press("/")
    board.keyboard.type("gruen", delay=30)
    links = board.locator("[data-found] a")
    expect(links).to_have_count(8)
    expect(board.get_by_role("button", name="All who match")).to_be_visible()
    browser.picture(board, f"find-{size}")
    violations = Axe().run(board, context="header").response["violations"]
    assert [v["id"] for v in violations if v["impact"] in {"serious", "critical"}] == []
    board.keyboard.press("ArrowDown")
    expect(links.first).to_be_focused()
    board.keyboard.press("ArrowUp")
    board.keyboard.press("ControlOrMeta+a")
    board.keyboard.type("oconnell", delay=30)
    expect(links).to_have_count(1)
    board.keyboard.press("ArrowDown")
    board.keyboard.press("Enter")
    expect(board.locator(".pb-name")).to_contain_text("O'Connell")


def test_escape_closes_what_was_found_and_enter_shows_the_whole_list(board: Page) -> None:
    board.keyboard.press("/")
    board.keyboard.type("gabe")
    found = board.locator("[data-found] li")
    expect(found).to_have_count(8)
    board.keyboard.press("ArrowDown")
    board.keyboard.press("Escape")
    expect(found).to_have_count(0)
    expect(board.get_by_label("Find a patient by name")).to_be_focused()
    board.keyboard.press("Enter")
    expect(board).to_have_url(re.compile(reverse("desk:patient_search")))
    expect(board.locator("tbody tr")).to_have_count(10)
