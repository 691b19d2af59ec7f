"""What goes into the planner and what comes out of it, as plain values."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from sessions.specs import PhaseSpec

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def say(day: date) -> str:
    """Return "Thu 12 Mar 2026", the same under every locale."""
    return f"{WEEKDAYS[day.weekday()][:3]} {day.day} {MONTHS[day.month - 1]} {day.year}"


def say_weekdays(weekdays: Collection[int]) -> str:
    """Return "Monday, Wednesday and Friday"."""
    *others, last = (WEEKDAYS[weekday] for weekday in sorted(weekdays))
    return f"{', '.join(others)} and {last}" if others else last


@dataclass(frozen=True, slots=True)
class Calendar:
    """The clinic's closed days: whole weekdays (Monday is 0) and single dates, named if known."""

    closed_weekdays: frozenset[int] = frozenset()
    closed: frozenset[date] = frozenset()
    names: Mapping[date, str] = field(default_factory=dict, hash=False)

    def is_open(self, day: date) -> bool:
        return day.weekday() not in self.closed_weekdays and day not in self.closed

    def reason(self, day: date) -> str:
        """Say why a day is closed; empty for an open day."""
        if day in self.closed:
            name = self.names.get(day)
            return f"{say(day)} is closed ({name})" if name else f"{say(day)} is closed"
        if day.weekday() in self.closed_weekdays:
            return f"{say(day)} is closed (every {WEEKDAYS[day.weekday()]})"
        return ""


@dataclass(frozen=True, slots=True)
class RhythmChange:
    """From this treatment week on, another of the phase's rhythms holds."""

    from_week: int
    rhythm: str


@dataclass(frozen=True, slots=True)
class Course:
    """One patient's choices. Without a horizon, an open end is planned 12 weeks on."""

    starts_on: date
    weekdays: tuple[int, ...] | None = None
    rhythm: str | None = None
    rhythm_changes: tuple[RhythmChange, ...] = ()
    birth_date: date | None = None
    age: int | None = None
    weight_kg: Decimal | None = None
    horizon_weeks: int | None = None
    until: date | None = None

    def age_on(self, day: date) -> int | None:
        """Return whole years; born on 29 February, the year is complete on 1 March."""
        born = self.birth_date
        if born is None:
            return self.age
        return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


@dataclass(frozen=True, slots=True)
class TraceStep:
    rule: str
    text: str
    anchor: date | None = None


@dataclass(frozen=True, slots=True)
class PlannedSession:
    """One session of the course; `placed_on` is None where `unplaced_reason` says why."""

    number: int
    phase: PhaseSpec
    number_in_phase: int
    week: int
    nominal_on: date
    placed_on: date | None
    window: tuple[date, date]
    shift_days: int
    trace: tuple[TraceStep, ...]
    unplaced_reason: str = ""


@dataclass(frozen=True, slots=True)
class PlanWarning:
    code: str
    text: str
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """All sessions up to the horizon; `beyond_horizon` counts finite sessions that lie after it."""

    sessions: tuple[PlannedSession, ...]
    warnings: tuple[PlanWarning, ...]
    open_ended: bool
    beyond_horizon: int

    @property
    def placed(self) -> tuple[PlannedSession, ...]:
        return tuple(session for session in self.sessions if session.placed_on is not None)

    @property
    def unplaced(self) -> tuple[PlannedSession, ...]:
        return tuple(session for session in self.sessions if session.placed_on is None)
