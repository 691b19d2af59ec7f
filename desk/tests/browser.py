"""What browser tests share: sizes of screens, signing in, and pictures."""

import os
from pathlib import Path

from django.conf import settings
from django.urls import reverse
from playwright.sync_api import Error, Page, ViewportSize, expect

PASSWORD = "taper-demo"
SIZES: dict[str, ViewportSize] = {
    "desktop": {"width": 1280, "height": 900},
    "tablet": {"width": 820, "height": 1180},
}
# The README shows some: TAPER_SCREENSHOTS=docs/screenshots ./dev test desk/tests -k browser
SHOTS = Path(os.environ.get("TAPER_SCREENSHOTS", settings.BASE_DIR / "var" / "screenshots"))

REFUSED_FRAME = "Unable to capture screenshot"

expect.set_options(timeout=15_000)  # the usual 5 s are too few for a machine with other work


def sign_in(page: Page, address: str, username: str) -> None:
    page.context.clear_cookies()
    page.goto(address + reverse("account_login"))
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(address + "/")


def picture(page: Page, name: str, *, full: bool = False) -> None:
    """Save what this person sees now, or the whole page."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    path = SHOTS / f"{name}.png"
    try:
        page.screenshot(path=path, full_page=full)
    except Error as error:  # a busy Chromium now and then refuses one frame, and gives the next
        if REFUSED_FRAME not in error.message:
            raise
        page.screenshot(path=path, full_page=full)
