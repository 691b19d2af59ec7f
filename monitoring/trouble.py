"""What goes on with a patient and speaks against a dose. Pure.

No source names these stops; what was decided: a moderate, severe or serious adverse event that has
not ended, a running emergency, an open panic episode and a serotonin check that calls for help
each want a prescriber's word before more is given. A mild event only warns.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

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
    events: Iterable[Event], *, worst: Iterable[Trouble] = (), panics: Iterable[int] = ()
) -> tuple[Trouble, ...]:
    """Return all that goes on, the worst kind first."""
    open_panics = [Trouble(f"panic:{pk}", "Panic or anxiety has not ended") for pk in panics]
    return (*worst, *open_panics, *map(_of_event, events))


def _of_event(event: Event) -> Trouble:
    serious = ", serious" if event.serious else ""
    return Trouble(
        f"event:{event.pk}",
        f"“{event.term}” ({event.severity}{serious}) has not ended",
        event.serious or event.severity in STOPPING,
    )
