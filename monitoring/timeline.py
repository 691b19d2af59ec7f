"""Which set of vital signs is due when, and which reading settled it.

Each boundary is exact, to the microsecond; "from" includes the moment itself, "until" does not:

- Upcoming until its time; *due* from its time on; *overdue* from `overdue_after_minutes` later on,
  and it stays so until a set settles it or a reason does, also after it has closed.
- A set taken at the moment in which a check becomes overdue is still in time; after it, it is late.
- The baseline is due from arrival and never overdue before the first dose; after it, it is due at
  the first dose, which also closes it, and overdue `overdue_after_minutes` later.
- Checks after the end of an infusion have no time while it runs. Those after its start stay where
  they are when it ends early. One that is repeated comes again until the infusion ends: while it
  runs, the next one is known; one that would fall on the end or later is the end's check.
- Stopping and resuming moves nothing: an infusion starts once and ends once.
- A check opens up to ten minutes before it is due (less where checks lie closer: half the way from
  the one before) and closes when the next one is due; the last one stays open.
- Each reading settles one check at most, each check takes one reading. They are taken in the order
  of time, each for the earliest unsettled check that is open: so a reading at 55 minutes makes good
  a missing 40-minute set before it counts for the 60-minute one. Too early never counts.
- A set without a blood pressure settles nothing. A check that will not be done needs a reason.
- Checks after the last dose move when another device is given, or observation starts again.
- A medicine with an effect on the clock brings a recheck of its own, which may be a reading that
  settles a check as well.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple

from clinic.words import explains
from monitoring.readings import (
    EARLY,
    MOST_MINUTES,
    Administration,
    Anchor,
    Check,
    Medicine,
    Reading,
    ReadingId,
    Settings,
    first_dose_at,
    last_dose_at,
    utc,
)

Cause = Anchor | Literal["medicine"]
State = Literal["upcoming", "due", "overdue", "done", "late", "missed"]
NEVER = datetime.max.replace(tzinfo=UTC)


class Planned(NamedTuple):
    """The times of a check; `due_at` is None until the anchor has happened, an open end as well."""

    label: str
    anchor: Cause
    due_at: datetime | None
    overdue_at: datetime | None
    opens_at: datetime | None
    closes_at: datetime | None

    def takes(self, reading: Reading) -> bool:
        """Whether the reading's time fits."""
        early = self.opens_at is None or reading.observed_at < self.opens_at
        if early and self.anchor != "before_dose":
            return False
        return self.closes_at is None or reading.observed_at < self.closes_at


class DueCheck(NamedTuple):
    """A planned check and what became of it."""

    label: str
    anchor: Cause
    due_at: datetime | None
    overdue_at: datetime | None
    opens_at: datetime | None
    closes_at: datetime | None
    state: State = "upcoming"
    settled_by: ReadingId | None = None
    settled_at: datetime | None = None
    reason: str = ""

    @property
    def is_open(self) -> bool:
        return self.state in ("upcoming", "due", "overdue")


def due(
    settings: Settings,
    administrations: Sequence[Administration],
    readings: Iterable[Reading],
    missed: Mapping[str, str],
    now: datetime,
    *,
    arrived_at: datetime | None = None,
    medicines: Sequence[Medicine] = (),
) -> tuple[DueCheck, ...]:
    """Return every check of the template with its state: baseline first, unknown times last."""
    now = utc(now)
    arrived = utc(arrived_at) if arrived_at else None
    checks = _planned(settings, administrations, now, arrived, medicines)
    usable = [r for r in readings if r.bp and r.observed_at <= now]
    usable.sort(key=lambda r: r.observed_at)
    taken = _settle(checks, usable)
    found = [(check, taken.get(place)) for place, check in enumerate(checks)]
    if administrations:
        grace = timedelta(minutes=settings.overdue_after_minutes)
        found += [(_recheck(one, grace), one.recheck_in(usable)) for one in medicines if one.acts]
        found.sort(key=lambda pair: _place(pair[0]))
    return tuple(
        _with_state(check, reading, missed.get(check.label, ""), now) for check, reading in found
    )


def next_due(checks: Iterable[DueCheck]) -> DueCheck | None:
    """Return the unsettled check that is due first, which may be overdue."""
    waiting = [(check.due_at, check) for check in checks if check.is_open and check.due_at]
    return min(waiting, key=lambda pair: pair[0])[1] if waiting else None


def _planned(
    settings: Settings,
    administrations: Sequence[Administration],
    now: datetime,
    arrived_at: datetime | None,
    medicines: Iterable[Medicine],
) -> list[Planned]:
    first, ended = first_dose_at(administrations), last_dose_at(administrations)
    asked = [one for check in settings.checks for one in _repeated(check, first, ended, now)]
    restarts = [one.at for one in medicines if one.effect == "restart"]
    last = max([ended, *restarts]) if ended else None
    timed = [(_due_at(check, first, last, arrived_at), check) for check in asked]
    dues = sorted({moment for moment, check in timed if moment and check.anchor != "before_dose"})
    grace = timedelta(minutes=settings.overdue_after_minutes)
    planned = []
    for due_at, check in timed:
        if check.anchor == "before_dose":
            # Before the dose nothing is late: the dose waits for it.
            overdue_at = due_at + grace if due_at and first else None
            opens_at, closes_at = None, first
        else:
            overdue_at = due_at + grace if due_at else None
            opens_at, closes_at = _window(due_at, dues)
        planned.append(Planned(check.label, check.anchor, due_at, overdue_at, opens_at, closes_at))
    return sorted(planned, key=_place)


def _repeated(
    check: Check, first: datetime | None, ended: datetime | None, now: datetime
) -> Iterator[Check]:
    """Return the check, and once it has begun what follows of it until the infusion's end."""
    yield check
    if check.every_minutes is None or first is None:
        return
    for minute in range(check.minute + check.every_minutes, MOST_MINUTES, check.every_minutes):
        before = first + timedelta(minutes=minute - check.every_minutes)
        if before > now or (ended is not None and first + timedelta(minutes=minute) >= ended):
            return
        yield replace(check, label=f"Infusion, {minute} min", minute=minute)


def _recheck(one: Medicine, grace: timedelta) -> Planned:
    return Planned(one.label, "medicine", one.due_at, one.due_at + grace, one.opens_at, None)


def _place(check: Planned) -> tuple[bool, bool, datetime]:
    return check.anchor != "before_dose", check.due_at is None, check.due_at or NEVER


def _due_at(
    check: Check, first: datetime | None, last: datetime | None, arrived_at: datetime | None
) -> datetime | None:
    minutes = timedelta(minutes=check.minute)
    if check.anchor == "before_dose":
        return first - minutes if first else arrived_at
    anchor = first if check.anchor in ("first_dose", "infusion_start") else last
    return anchor + minutes if anchor else None


def _window(
    due_at: datetime | None, dues: Sequence[datetime]
) -> tuple[datetime | None, datetime | None]:
    if due_at is None:
        return None, None
    place = dues.index(due_at)
    early = min(EARLY, (due_at - dues[place - 1]) / 2) if place else EARLY
    return due_at - early, dues[place + 1] if place + 1 < len(dues) else None


def _settle(checks: Sequence[Planned], readings: Iterable[Reading]) -> dict[int, Reading]:
    """Give each reading to its check, by the check's place."""
    taken: dict[int, Reading] = {}
    for reading in readings:
        fitting = (
            place
            for place, check in enumerate(checks)
            if place not in taken and check.takes(reading)
        )
        if (place := next(fitting, None)) is not None:
            taken[place] = reading
    return taken


def _with_state(check: Planned, found: Reading | None, missed: str, now: datetime) -> DueCheck:
    if found is not None:
        late = check.overdue_at is not None and found.observed_at > check.overdue_at
        state: State = "late" if late else "done"
        return DueCheck(*check, state, found.id, found.observed_at, found.late_reason)
    if explains(missed):
        return DueCheck(*check, "missed", reason=missed)
    return DueCheck(*check, _waiting_state(check, now))


def _waiting_state(check: Planned, now: datetime) -> State:
    if check.overdue_at is not None and now >= check.overdue_at:
        return "overdue"
    return "due" if check.due_at is not None and now >= check.due_at else "upcoming"
