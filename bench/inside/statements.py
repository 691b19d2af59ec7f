"""Count the statements of each page."""

import json
import uuid
from collections.abc import Callable

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, setup_test_environment

from bench.facts import Facts
from bench.person import HOST
from bench.targets import VITALS, polling, tag_on
from clinic.models import User

AROUND = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE SAVEPOINT")


def count(facts: Facts) -> dict[str, int]:
    browser = Client(headers={"host": HOST, "x-forwarded-proto": "https"})
    browser.force_login(User.objects.get(username="load"))
    asks = _asks(browser, facts)
    browser.get("/")  # what a worker does once
    return {name: _statements(ask) for name, ask in asks.items()}


def _asks(browser: Client, facts: Facts) -> dict[str, Callable[[], object]]:
    patient, session = facts.patients[0], facts.sessions[0]
    poll = polling(tag_on(browser.get("/").text))
    fields = {**VITALS, "entry_id": str(uuid.uuid4()), "whose": facts.whose[0]}
    return {
        "poll": lambda: browser.get("/board/poll/", headers=poll),
        "board": lambda: browser.get("/"),
        "list": lambda: browser.get("/patients/"),
        "search": lambda: browser.post("/patients/search/", {"q": facts.terms["common"]}),
        "chart": lambda: browser.get(f"/patients/{patient}/"),
        "sheet": lambda: browser.get(f"/sessions/{session}/"),
        "vitals": lambda: browser.post(f"/sessions/{session}/vitals/", fields),
    }


def _statements(ask: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as captured:
        ask()
    said = (query["sql"] or "" for query in captured.captured_queries)  # none: a prepared one
    return sum(not sql.startswith(AROUND) for sql in said)


def main(facts: str) -> None:
    setup_test_environment()
    print(json.dumps(count(Facts(**json.loads(facts)))))
