"""What other monitoring settings would have changed in past sessions: two outcomes, compared.

Pure. What was decided:

- A time counts to the minute: a shift of less is none.
- Never ready before the departure is no time: such a session is lost or gained, not later or
  earlier, and does not enter the minutes.
- A value is one alert however long it stood. One that turns from watched to critical is one watched
  value less and one critical value more.
- A check is known by its time, not by its name: one that was only renamed is the same.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from statistics import median
from typing import Any, Literal, NamedTuple

MINUTE = timedelta(minutes=1)
Kind = Literal["same", "earlier", "later", "gained", "lost"]
CheckTime = tuple[str, datetime | None]  # its anchor, and when it is due


class Raised(NamedTuple):
    """A value that was found critical or watched."""

    level: str
    measure: str
    observed_at: datetime


@dataclass(frozen=True, slots=True)
class Outcome:
    """What some settings said of one session until its departure."""

    settled_at: datetime | None = None  # the first time when time and values were good enough
    ready_at: datetime | None = None  # the first time when nothing was open
    open: tuple[str, ...] = ()  # at the departure, in a few words each
    alerts: frozenset[Raised] = frozenset()
    overdue: Mapping[CheckTime, str] = field(default_factory=dict)  # to the check's label


class Shift(NamedTuple):
    before: datetime | None
    after: datetime | None

    @property
    def minutes(self) -> int:
        """Return by how many minutes later; 0 where a time is missing."""
        if self.before is None or self.after is None:
            return 0
        return round((self.after - self.before) / MINUTE)

    @property
    def kind(self) -> Kind:
        if (self.before is None) != (self.after is None):
            return "gained" if self.before is None else "lost"
        if self.minutes == 0:
            return "same"
        return "later" if self.minutes > 0 else "earlier"


class Values(NamedTuple):
    """The values of one measure that are alerts under one of the two settings alone."""

    level: str
    measure: str
    times: tuple[datetime, ...]


@dataclass(frozen=True)  # without slots: each difference is computed once
class Compared:
    """One past session under the settings it had, and under those that are tried."""

    treatment_session: Any
    before: Outcome
    after: Outcome

    @property
    def settled(self) -> Shift:
        return Shift(self.before.settled_at, self.after.settled_at)

    @property
    def ready(self) -> Shift:
        return Shift(self.before.ready_at, self.after.ready_at)

    @property
    def newly_open(self) -> list[str]:
        return [words for words in self.after.open if words not in self.before.open]

    @property
    def open_no_more(self) -> list[str]:
        return [words for words in self.before.open if words not in self.after.open]

    @cached_property
    def raised(self) -> list[Values]:
        return _by_measure(self.after.alerts - self.before.alerts)

    @cached_property
    def dropped(self) -> list[Values]:
        return _by_measure(self.before.alerts - self.after.alerts)

    @property
    def newly_overdue(self) -> list[str]:
        return _only_in(self.after.overdue, self.before.overdue)

    @property
    def overdue_no_more(self) -> list[str]:
        return _only_in(self.before.overdue, self.after.overdue)

    @property
    def differs(self) -> bool:
        kinds = {self.settled.kind, self.ready.kind}
        lists = (self.newly_open, self.open_no_more, self.raised, self.dropped)
        checks = (self.newly_overdue, self.overdue_no_more)
        return kinds != {"same"} or any(lists) or any(checks)


def _by_measure(alerts: Iterable[Raised]) -> list[Values]:
    found: dict[tuple[str, str], list[datetime]] = {}
    for alert in sorted(alerts):
        found.setdefault((alert.level, alert.measure), []).append(alert.observed_at)
    return [Values(*key, tuple(times)) for key, times in found.items()]


def _only_in(one: Mapping[CheckTime, str], other: Mapping[CheckTime, str]) -> list[str]:
    return [label for key, label in one.items() if key not in other]


class Minutes(NamedTuple):
    """How many sessions moved one way, and by how many minutes."""

    sessions: int
    least: int
    middle: int
    most: int


class Moved(NamedTuple):
    earlier: Minutes | None
    later: Minutes | None
    gained: int
    lost: int
    same: int


class Tally(NamedTuple):
    """How often something is there under the tried settings alone, and under the old alone."""

    name: str
    more: int
    fewer: int
    sessions: int


@dataclass(frozen=True, slots=True)
class Summary:
    sessions: int
    differing: int
    settled: Moved
    ready: Moved
    not_ready_before: int  # at the departure
    not_ready_after: int
    newly_not_ready: int
    newly_ready: int
    alerts: tuple[Tally, ...]
    overdue: tuple[Tally, ...]


def summary(rows: Sequence[Compared]) -> Summary:
    not_ready = [(bool(row.before.open), bool(row.after.open)) for row in rows]
    return Summary(
        sessions=len(rows),
        differing=sum(row.differs for row in rows),
        settled=_moved([row.settled for row in rows]),
        ready=_moved([row.ready for row in rows]),
        not_ready_before=sum(before for before, _ in not_ready),
        not_ready_after=sum(after for _, after in not_ready),
        newly_not_ready=not_ready.count((False, True)),
        newly_ready=not_ready.count((True, False)),
        alerts=_tallies((_named(row.raised), _named(row.dropped)) for row in rows),
        overdue=_tallies((row.newly_overdue, row.overdue_no_more) for row in rows),
    )


def _moved(shifts: Sequence[Shift]) -> Moved:
    kinds = Counter(shift.kind for shift in shifts)
    return Moved(
        earlier=_minutes([-shift.minutes for shift in shifts if shift.kind == "earlier"]),
        later=_minutes([shift.minutes for shift in shifts if shift.kind == "later"]),
        gained=kinds["gained"],
        lost=kinds["lost"],
        same=kinds["same"],
    )


def _minutes(found: Sequence[int]) -> Minutes | None:
    if not found:
        return None
    return Minutes(len(found), min(found), round(median(found)), max(found))


def _named(values: Iterable[Values]) -> list[str]:
    return [f"{one.level}: {one.measure}" for one in values for _ in one.times]


def _tallies(rows: Iterable[tuple[list[str], list[str]]]) -> tuple[Tally, ...]:
    more, fewer, sessions = Counter[str](), Counter[str](), Counter[str]()
    for new, gone in rows:
        more.update(new)
        fewer.update(gone)
        sessions.update({*new, *gone})
    return tuple(Tally(name, more[name], fewer[name], sessions[name]) for name in sorted(sessions))
