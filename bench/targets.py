"""What the clients ask for: the floor's four pages, and Taper's."""

import itertools
import re
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from bench.driver import Answer, Target
from bench.facts import Facts
from bench.person import Person

TAG = re.compile(r'"If-None-Match": "([^"]+)"')
READINGS = {"systolic": "124", "diastolic": "81", "pulse": "72", "spo2": "98"}
VITALS = {
    "bp": "124/81",
    "pulse": "72",
    "spo2": "98",
    "respiratory_rate": "14",
    "sedation": "5",
    "dissociation": "0",
}


@dataclass
class Page:
    """Ready requests in turn, each to be answered with one status."""

    port: int
    requests: Sequence[bytes]
    status: int = 200
    turn: Iterator[int] = field(default_factory=itertools.count)

    def request(self) -> bytes:
        return self.requests[next(self.turn) % len(self.requests)]

    def accept(self, answer: Answer) -> bool:
        return answer.status == self.status


@dataclass
class Made:
    """A request that is never the same twice."""

    port: int
    make: Callable[[], bytes]
    status: int

    def request(self) -> bytes:
        return self.make()

    def accept(self, answer: Answer) -> bool:
        return answer.status == self.status


@dataclass
class Poll:
    """An open board: it sends the tag of what it shows, which now and then is outdated."""

    person: Person
    path: str
    tag: str = ""

    @property
    def port(self) -> int:
        return self.person.port

    def request(self) -> bytes:
        return self.person.request("GET", self.path, headers=polling(self.tag))

    def accept(self, answer: Answer) -> bool:
        if answer.status == 200:
            self.tag = tag_on(answer.body.decode())
        return answer.status == 304 or bool(self.tag)


def polling(tag: str) -> dict[str, str]:
    return {"HX-Request": "true", "X-Poll": "1", "If-None-Match": tag}


def tag_on(page: str) -> str:
    """Return what the next poll of this page is to send."""
    found = TAG.search(page)
    return found.group(1) if found else ""


def floor(port: int, session_key: str) -> dict[str, Page]:
    stranger = Person(port, host="127.0.0.1")
    staff = Person(port, {"sessionid": session_key}, host="127.0.0.1")
    patients = [f"/patients/{pk}/" for pk in range(1, 101)]
    posts = [stranger.form(f"{path}vitals/", READINGS) for path in patients]
    return {
        "floor a": Page(port, [stranger.request("GET", "/")]),
        "floor b": Page(port, [stranger.request("GET", "/patients/")]),
        "floor c": Page(port, [staff.request("GET", path) for path in patients]),
        "floor d": Page(port, posts, status=204),
    }


def taper(person: Person, facts: Facts) -> dict[str, Target]:
    """Return the pages that the goals P1 to P4 name."""
    return {
        "board": _pages(person, ["/"]),
        "poll": Poll(person, "/board/poll/"),
        "list": _pages(person, ["/patients/"]),
        "list middle": _pages(person, [facts.middle_page]),
        **{f"search {kind}": _search(person, term) for kind, term in facts.terms.items()},
        "chart": _pages(person, [f"/patients/{patient}/" for patient in facts.patients]),
        "sheet": _pages(person, [f"/sessions/{session}/" for session in facts.sessions]),
        "login": _pages(Person(person.port), ["/accounts/login/"]),
    }


def vitals(person: Person, facts: Facts) -> Made:
    """One more set of vital signs for somebody in a chair, each with a key of its own."""
    sessions = itertools.cycle(zip(facts.sessions, facts.whose, strict=True))

    def make() -> bytes:
        session, whose = next(sessions)
        fields = {**VITALS, "entry_id": str(uuid.uuid4()), "whose": whose}
        return person.form(f"/sessions/{session}/vitals/", fields)

    return Made(person.port, make, status=302)


def _pages(person: Person, paths: list[str]) -> Page:
    return Page(person.port, [person.request("GET", path) for path in paths])


def _search(person: Person, term: str) -> Page:
    request = person.form("/patients/search/", {"q": term}, {"HX-Request": "true"})
    return Page(person.port, [request])
