"""Why a session has its date, or none: sentences made from the finished placement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sessions.placement import Slot, gap_between
from sessions.plans import Calendar, Course, TraceStep, say, say_weekdays
from sessions.specs import PhaseSpec


@dataclass(frozen=True, slots=True)
class Neighbor:
    """A session that has its day; without a number it stood before this plan was made."""

    day: int
    phase: PhaseSpec
    number: int | None = None

    def __str__(self) -> str:
        name = f"session {self.number}" if self.number else "the last session before this plan"
        return f"{name} ({_say(self.day)})"


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for the whole plan."""

    course: Course
    calendar: Calendar
    not_before: date | None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """One slot's placed neighbours, and the terms of the plan."""

    terms: Terms
    before: Neighbor | None
    after: Neighbor | None


def trace(slot: Slot, day: int | None, around: Surroundings) -> tuple[TraceStep, ...]:
    course = around.terms.course
    steps = [_rhythm(slot, course)]
    if course.weekdays is not None and slot.number > 1:
        text = f"The course prefers {say_weekdays(course.weekdays)}."
        steps.append(TraceStep("preferred_weekdays", text))
    if slot.follows is not None and slot.follows.requires_decision:
        text = f"At the end of “{slot.follows.name}” the prescriber decides on continuing."
        steps.append(TraceStep("decision", text))
    if day is None:
        steps.append(TraceStep("unplaced", unplaced_reason(slot, around)))
    elif day == slot.nominal:
        steps.append(TraceStep("nominal_day", "Its nominal day is open and keeps the minimum gap."))
    else:
        steps += [_obstacle(slot, around), _move(slot, day)]
    return tuple(steps)


def unplaced_reason(slot: Slot, around: Surroundings) -> str:
    week = f"treatment week {slot.week} ({_say(slot.first)} to {_say(slot.last)})"
    terms = around.terms
    earliest = terms.not_before.toordinal() if terms.not_before else slot.first
    remaining = [date.fromordinal(day) for day in slot.days if day >= earliest]
    if not remaining:
        return f"All of {week} lies before {_say(earliest)}, the first day of this plan."
    if not any(terms.calendar.is_open(day) for day in remaining):
        return f"Every {'' if len(remaining) == 7 else 'remaining '}day of {week} is closed."
    return f"No open day of {week} lies {_gaps(slot, around.before, around.after)}."


def _rhythm(slot: Slot, course: Course) -> TraceStep:
    if slot.number == 1:
        text = f"{_say(slot.nominal)} is day 1 of the course; every other date counts from it."
        return TraceStep("day_1", text, course.starts_on)
    text = (
        f"{slot.phase.name}, session {slot.number_in_phase}: day {slot.nominal - slot.first + 1} "
        f"of treatment week {slot.week} is {_say(slot.nominal)}."
    )
    return TraceStep("nominal", text, course.starts_on)


def _obstacle(slot: Slot, around: Surroundings) -> TraceStep:
    nominal, terms = date.fromordinal(slot.nominal), around.terms
    if terms.not_before and nominal < terms.not_before:
        text = f"{say(nominal)} lies before {say(terms.not_before)}, the first day of this plan."
        return TraceStep("past", text, terms.not_before)
    if not terms.calendar.is_open(nominal):
        return TraceStep("closed", f"{terms.calendar.reason(nominal)}.", nominal)
    before, after = around.before, around.after
    if before and slot.nominal - before.day < gap_between(before.phase, slot.phase):
        after = None
    else:
        before = None
    text = f"{say(nominal)} is not {_gaps(slot, before, after)}."
    near = before or after
    return TraceStep("min_gap", text, date.fromordinal(near.day) if near else None)


def _move(slot: Slot, day: int) -> TraceStep:
    shift = day - slot.nominal
    text = (
        f"Moved {_days(abs(shift))} {'later' if shift > 0 else 'earlier'} to {_say(day)}, "
        f"the nearest open day of treatment week {slot.week} that keeps the minimum gap."
    )
    return TraceStep("moved", text, date.fromordinal(slot.nominal))


def _gaps(slot: Slot, before: Neighbor | None, after: Neighbor | None) -> str:
    parts = [
        f"at least {_days(gap_between(neighbour.phase, slot.phase))} {side} {neighbour}"
        for side, neighbour in (("after", before), ("before", after))
        if neighbour is not None
    ]
    return " and ".join(parts)


def _days(number: int) -> str:
    return f"{number} day{'s' if number > 1 else ''}"


def _say(day: int) -> str:
    return say(date.fromordinal(day))
