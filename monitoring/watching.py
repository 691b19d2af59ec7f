"""Who watches a patient: the last who took over; an offer waits until its own reader takes it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

TOOK = "took"


@dataclass(frozen=True, slots=True)
class Person:
    pk: int
    name: str


@dataclass(frozen=True, slots=True)
class Watch:
    by: Person | None = None
    offered_to: Person | None = None


def watch(rows: Iterable[Mapping[str, Any]]) -> Watch:
    """Return who watches after these rows, in the order in which they were written.

    Each has `kind` and, as `watcher`, a Person.
    """
    now = Watch()
    for row in rows:
        person = row["watcher"]
        now = Watch(person) if row["kind"] == TOOK else Watch(now.by, person)
    return now
