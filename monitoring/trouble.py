"""What goes on with a patient and speaks against a dose. Pure.

No source names these stops; what was decided: a moderate, severe or serious adverse event that has
not ended, a running emergency, an open panic episode and a serotonin check that calls for help
each want a prescriber's word before more is given. A mild event only warns. A word on an event
holds until it is followed up as not resolved: then the event wants another.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

NOTHING: Mapping[int, int] = {}
STOPPING = frozenset({"moderate", "severe"})


class Event(Protocol):
    """An adverse event that has not ended."""

    pk: int
    term: str
    severity: str
    serious: bool


@dataclass(frozen=True, slots=True)
class Trouble:
    key: str  # of the row, for the decision that covers it
    words: str
    stops: bool = True


def grave(*, emergencies: Iterable[int], serotonin: int | None) -> tuple[Trouble, ...]:
    """Return what keeps the patient here, too; the numbers are keys of rows."""
    found = [Trouble(f"emergency:{pk}", "An emergency runs") for pk in emergencies]
    if serotonin is not None:
        found.append(Trouble(f"serotonin:{serotonin}", "The serotonin check calls for help"))
    return tuple(found)


def troubles(
    events: Iterable[Event],
    *,
    worst: Iterable[Trouble] = (),
    panics: Iterable[int] = (),
    no_better: Mapping[int, int] = NOTHING,
) -> tuple[Trouble, ...]:
    """Return all that goes on, the worst kind first.

    `no_better`: event to its last follow-up that says so, as keys of rows.
    """
    open_panics = [Trouble(f"panic:{pk}", "Panic or anxiety has not ended") for pk in panics]
    found = (_of_event(event, no_better.get(event.pk)) for event in events)
    return (*worst, *open_panics, *found)


def _of_event(event: Event, follow_up: int | None) -> Trouble:
    serious = ", serious" if event.serious else ""
    key = f"event:{event.pk}" if follow_up is None else f"event:{event.pk}:{follow_up}"
    is_no_better = " and is no better" if follow_up else ""
    return Trouble(
        key,
        f"“{event.term}” ({event.severity}{serious}) has not ended{is_no_better}",
        event.serious or event.severity in STOPPING,
    )
