"""Who gets what at every address of ours (INV-8): one written table, and a route it lacks fails.

A line names a route, the row it is about, and more parameters; then the answers to GET and to POST
for nobody, front desk, nurse, prescriber, administrator and auditor of the row's clinic, and for a
prescriber of another one. `in` leads to the sign-in page, `go` to another page. What is posted is no
valid form: who may act gets it again, and nothing changes.
"""

from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from clinic.models import Clinic, User
from desk.tests.house import House, make_house, records

ACTORS = ["nobody", "front_desk", "nurse", "prescriber", "administrator", "auditor", "outsider"]
NOT_OURS = {"admin", "account", "mfa", ""}
TABLE = """
@@TABLE@@
"""


def lines() -> list[tuple[list[str], list[str], list[str]]]:
    """Read the table: the route with its parameters, the answers to GET, the answers to POST."""
    rows = (line.split("|") for line in TABLE.strip().splitlines() if not line.startswith("#"))
    return [(route.split(), got.split(), posted.split()) for route, got, posted in rows]


def own_routes(
    resolver: URLResolver | None = None, prefix: str = "", path: str = ""
) -> Iterator[str]:
    """Walk all patterns; Django's admin and allauth are tested by their own projects."""
    for pattern in (resolver or get_resolver()).url_patterns:
        where = path + str(pattern.pattern)
        if where.startswith(("accounts/", "admin/")):
            continue
        if isinstance(pattern, URLResolver):
            space = f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix
            yield from own_routes(pattern, space, where)
        elif isinstance(pattern, URLPattern):
            yield f"{prefix}{pattern.name}"


@pytest.fixture
def house(clinic: Clinic, nurse: User, prescriber: User) -> House:
    return make_house(clinic, nurse, prescriber)


def address(house: House, name: str, row: str = "-", *more: str) -> str:
    if row == "-":
        return reverse(name, args=more)
    before = [text.strip("<") for text in more if text.startswith("<")]
    after = [int(text) if text.isdigit() else text for text in more if not text.startswith("<")]
    return reverse(name, args=[*before, getattr(house, row).public_id, *after])


def answer(response) -> str:
    where = response.headers.get("Location") or response.headers.get("HX-Redirect")
    if not where:
        return str(response.status_code)
    return "in" if where.startswith("/accounts/login/") else "go"


def test_every_route_of_ours_is_in_the_table() -> None:
    assert {route[0] for route, _, _ in lines()} == set(own_routes())


@pytest.mark.parametrize("actor", ACTORS)
def test_everybody_gets_what_the_table_says_and_changes_nothing(
    actor: str, house: House, client: Client, clinic: Clinic, request: pytest.FixtureRequest
) -> None:
    if actor != "nobody":
        client.force_login(request.getfixturevalue(actor))
    before, place = records(), ACTORS.index(actor)
    wrong = []
    for route, got, posted in lines():
        path = address(house, *route)
        typed = {"clinic": str(clinic.public_id), "status": "planned", "version": "1"}
        answers = answer(client.get(path)), answer(client.post(path, typed))
        expected = got[place], posted[place]
        if answers != expected:
            wrong.append(f"{' '.join(route)}: {answers} instead of {expected}")
    assert wrong == []
    assert records() == before
