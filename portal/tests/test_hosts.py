"""What a hostile host, browser or network may try with a link, and what every answer carries."""

import inspect
from collections.abc import Mapping
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from clinic.celery import app
from portal.models import Confirmation
from portal.tests.phone import Phone, birth_date_of, path_of, text_of
from reminders import links
from reminders.links import Purpose
from reminders.models import Message

pytestmark = pytest.mark.django_db
OWN_TASKS = ("reminders.", "sessions.", "monitoring.", "outcomes.", "patients.", "clinic.")
EVIL = "evil.example"


@pytest.mark.parametrize("host", [EVIL, f"testserver:@{EVIL}", f"{EVIL}:80", "testserver.evil", ""])
def test_another_host_is_refused(phone: Phone, reminder: Message, host: str) -> None:
    """A-007"""
    page = phone.client.get(path_of(reminder), headers={"host": host})
    assert page.status_code == 400
    assert reminder.patient.given_name not in text_of(page)


def test_a_forwarded_host_is_not_believed(phone: Phone, reminder: Message) -> None:
    """A-007"""
    page = phone.client.get(path_of(reminder), headers={"x-forwarded-host": EVIL})
    assert page.status_code == 200
    assert EVIL not in text_of(page)


def test_links_in_mails_start_with_the_site_and_nothing_else(reminder: Message) -> None:
    """A-007: the address is the configured one, whoever asked for the mail."""
    for purpose in links.OFFERED[reminder.kind]:
        assert links.url(reminder, purpose).startswith(f"{settings.SITE_URL}/p/")


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": f"https://{EVIL}"},
        {"origin": "null"},
        {"origin": "", "referer": f"https://{EVIL}/"},
    ],
)
def test_a_post_from_another_site_is_refused(reminder: Message, headers: Mapping[str, str]) -> None:
    """A-050: with the cookie and the token of a page that is open."""
    browser = Client(enforce_csrf_checks=True)
    path = path_of(reminder)
    page = browser.get(path)
    token = {"csrfmiddlewaretoken": page.context["csrf_token"]}
    assert browser.post(path, birth_date_of(reminder) | token).status_code == 302
    token = {"csrfmiddlewaretoken": browser.get(path).context["csrf_token"]}
    refused = browser.post(path, {"act": "1", **token}, headers=headers, secure=True)
    assert refused.status_code == 403
    assert not Confirmation.objects.exists()
    assert browser.post(path, {"act": "1", **token}).status_code == 302


def answers(phone: Phone, message: Message) -> dict[str, Any]:
    """Return an answer of each sort that a link can get."""
    client, path = phone.client, path_of(message)
    return {
        "asks for the birth date": client.get(path),
        "opens": client.post(path, birth_date_of(message)),
        "page": client.get(path),
        "done": phone.post(message),
        "calendar": client.get(path + "?calendar"),
        "unknown": client.get("/p/x/"),
        "not allowed": client.put(path),
        "no form": client.get(path_of(message, Purpose.UNSUBSCRIBE)),
        "other host": client.get(path, headers={"host": EVIL}),
        "forged": Client(enforce_csrf_checks=True).post(path, {"act": "1"}),
    }


def test_every_answer_is_private_and_refuses_frames_scripts_and_guesses(
    phone: Phone, reminder: Message
) -> None:
    """A-051 to A-054: whatever the link and its code."""
    for name, answer in answers(phone, reminder).items():
        policy = answer["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in policy, name
        assert "unsafe-inline" not in policy.partition("style-src")[0], name
        assert "unsafe-eval" not in policy, name
        assert answer["X-Frame-Options"] == "DENY", name
        assert answer["X-Content-Type-Options"] == "nosniff", name
        assert "no-store" in answer["Cache-Control"], name
        assert "private" in answer["Cache-Control"], name
        assert "ETag" not in answer, name
        assert "Server" not in answer, name
        assert "X-Powered-By" not in answer, name


@pytest.mark.parametrize("rest", ["%00", "x%00y", "%0d%0aSet-Cookie:a=b", "%ff%fe", "..%2f..%2f"])
def test_absurd_addresses_are_unknown_links(phone: Phone, reminder: Message, rest: str) -> None:
    """A-070, A-083: the one neutral page, or the server's refusal of what is no address."""
    for path in (f"/p/{rest}/", f"/p/u{rest}/", path_of(reminder)[:-1] + rest + "/"):
        page = phone.client.get(path)
        assert page.status_code == 404
        assert "Set-Cookie" not in page.headers


def test_a_hostile_query_is_ignored(phone: Phone, reminder: Message) -> None:
    """A-070"""
    assert phone.get(reminder, query="?at=%00&calendar=%00&x=' OR 1=1--").status_code == 200


def test_no_task_takes_an_argument() -> None:
    """A-100: what waits in the broker is the name of a task and nothing of a patient."""
    app.loader.import_default_modules()
    ours = [task for name, task in app.tasks.items() if name.startswith(OWN_TASKS)]
    assert len(ours) > 1
    for task in ours:
        assert list(inspect.signature(task.run).parameters) == [], task.name
