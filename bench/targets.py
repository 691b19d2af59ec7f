"""What the clients ask for: the floor's four pages, and Taper's."""

import itertools
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bench.driver import Answer
from bench.person import Person

READINGS = {"systolic": "124", "diastolic": "81", "pulse": "72", "spo2": "98"}


@dataclass
class Page:
    """Ready requests in turn, each to be answered with one status."""

    port: int
    requests: Sequence[bytes]
    status: int = 200
    turn: Iterable[int] = field(default_factory=itertools.count)

    def request(self) -> bytes:
        return self.requests[next(iter(self.turn)) % len(self.requests)]

    def accept(self, answer: Answer) -> bool:
        return answer.status == self.status


@dataclass
class Made:
    """A request that is never the same twice."""

    port: int
    make: Callable[[], bytes]
    statuses: tuple[int, ...]

    def request(self) -> bytes:
        return self.make()

    def accept(self, answer: Answer) -> bool:
        return answer.status in self.statuses


@dataclass
class Poll:
    """A board that is open: it sends the tag of what it shows, and now and then that is outdated."""

    person: Person
    path: str
    tag: str = ""
    renewed: int = 0

    @property
    def port(self) -> int:
        return self.person.port

    def request(self) -> bytes:
        headers = {"HX-Request": "true", "X-Poll": "1", "If-None-Match": self.tag}
        return self.person.request("GET", self.path, **headers)

    def accept(self, answer: Answer) -> bool:
        if answer.status == 200 and answer.header("ETag"):
            self.tag = answer.header("ETag")
            self.renewed += 1
            return True
        return answer.status == 304


def floor(port: int, session_key: str) -> dict[str, Page]:
    stranger = Person(port)
    staff = Person(port, {"sessionid": session_key})
    patients = range(1, 101)
    return {
        "floor a": Page(port, [_local(stranger.request("GET", "/"))]),
        "floor b": Page(port, [_local(stranger.request("GET", "/patients/"))]),
        "floor c": Page(
            port, [_local(staff.request("GET", f"/patients/{pk}/")) for pk in patients]
        ),
        "floor d": Page(
            port,
            [_local(stranger.form(f"/patients/{pk}/vitals/", READINGS)) for pk in patients],
            status=204,
        ),
    }


def _local(request: bytes) -> bytes:
    return request.replace(b"Host: taper.example", b"Host: 127.0.0.1", 1)
