"""The demo clinic as a newcomer meets it: each page whole, quiet and accessible at both widths."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from clinic import clock, heartbeat
from clinic.models import Clinic
from desk.demo.build import build
from desk.tests.browser import SIZES, picture, sign_in
from sessions.lifecycle import Status
from sessions.models import TreatmentSession

pytestmark = pytest.mark.django_db(transaction=True)
SERIOUS = {"serious", "critical"}


@pytest.fixture
def demo(live_server: LiveServer, page: Page) -> tuple[Page, str]:
    build(clock.now())
    heartbeat.beat(heartbeat.SWEEP)
    sign_in(page, live_server.url, "nurse")
    return page, live_server.url


def pages_of_a_nurse() -> dict[str, str]:
    """Return the address of each page that a nurse opens on a treatment day."""
    riverside = Clinic.objects.get(name="Riverside Practice")
    here = TreatmentSession.objects.filter(clinic=riverside).order_by("pk")
    monitored = here.filter(status=Status.MONITORING).first()
    arrived = here.filter(status=Status.CHECKED_IN).first()
    assert monitored is not None
    assert arrived is not None
    return {
        "board": reverse("desk:board"),
        "patients": reverse("desk:patients"),
        "chart": reverse("desk:chart", args=[monitored.patient.public_id]),
        "session-monitoring": reverse("desk:session", args=[monitored.public_id]),
        "session-arrived": reverse("desk:session", args=[arrived.public_id]),
        "course": reverse("sessions:course", args=[monitored.course.public_id]),
        "worklist": reverse("desk:worklist"),
        "messages": reverse("desk:messages"),
    }


def test_every_page_of_the_day_is_whole(demo: tuple[Page, str]) -> None:
    page, address = demo
    complaints: list[str] = []
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    for name, path in pages_of_a_nurse().items():
        for size, viewport in SIZES.items():
            page.set_viewport_size(viewport)
            answer = page.goto(address + path)
            assert answer is not None
            assert answer.status == 200, name
            width = page.evaluate("document.documentElement.scrollWidth")
            assert width <= viewport["width"], f"{name} is wider than a {size}"
            picture(page, f"demo-{name}-{size}")
        found = Axe().run(page).response["violations"]
        assert [v["id"] for v in found if v["impact"] in SERIOUS] == [], name
    assert complaints == []
