"""The course planner: protocol, choices and closed days in, every date with its reason out.

Treatment week w is days 7(w-1)+1 to 7w, counted from day 1, the first dose. A session stays in its
treatment week: on an open day, at least the minimum gap from both neighbours, never two a day. All
dates are chosen together: as many sessions as possible, then the smallest sum of shifts. Of two
equally near days the one that spaces the sessions more evenly wins (Mon/Thu with Thursday closed:
Friday, not Wednesday), then the earlier. What finds no day keeps its number and says why.

A horizon only cuts the list, it never moves a date: see `placement.place`. The maximum gap warns;
it never moves a session away from its nominal day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from itertools import accumulate, pairwise

from sessions import bounds, explain
from sessions.bounds import LAST_DAY, next_open_day
from sessions.explain import Neighbor, Surroundings, Terms
from sessions.layout import check_weekdays, lay_out
from sessions.placement import UNPLACED, Anchor, Slot, place
from sessions.plans import (
    WEEKDAYS,
    Calendar,
    Course,
    Plan,
    PlannedSession,
    PlanWarning,
    RhythmChange,
    TraceStep,
    say,
)
from sessions.specs import DoseOption, PhaseSpec, PlanningError, ProtocolSpec, check_phases

__all__ = [
    "Calendar",
    "Course",
    "DoseOption",
    "PhaseSpec",
    "Plan",
    "PlanWarning",
    "PlannedSession",
    "PlanningError",
    "ProtocolSpec",
    "RhythmChange",
    "TraceStep",
    "next_open_day",
    "plan",
]

DEFAULT_OPEN_WEEKS = 12


def plan(
    protocol: ProtocolSpec | tuple[PhaseSpec, ...],
    course: Course,
    calendar: Calendar,
    *,
    after: Sequence[date] = (),
    first_number: int | None = None,
    not_before: date | None = None,
) -> Plan:
    """Plan the course, or the rest of it.

    `after` are days of sessions that stand, given or booked: new ones come later and keep the gap.
    Planning goes on with `first_number`, by default the one after them; pass it where a number was
    used up without a day (a missed session). `not_before` is usually today.
    """
    phases = protocol.phases if isinstance(protocol, ProtocolSpec) else protocol
    check_phases(phases)
    bounds.check_course(course, calendar)
    if isinstance(protocol, ProtocolSpec):
        bounds.check_age(protocol, course)
    check_weekdays(phases, course)
    first = bounds.first_number(first_number, after)
    slots = lay_out(phases, course)
    anchor = bounds.anchor(slots, after, first)
    if first == 1:
        bounds.check_day_1(course, calendar, anchor, phases[0], not_before)
    within = _within_horizon(slots, course)
    bounds.check_range(within)
    coming = [slot for slot in slots if slot.number >= first and slot.last <= LAST_DAY]
    keep = max(len(within) - first + 1, 0)
    terms = Terms(course, calendar, not_before)
    days = place(coming, _candidates(terms), anchor, keep) if keep else ()
    surroundings = _surroundings(coming[: len(days)], days, anchor, terms)
    sessions = tuple(map(_session, coming[:keep], days, surroundings))
    beyond = sum(slot.phase.count is not None for slot in slots[len(within) :])
    return Plan(
        sessions=sessions,
        warnings=tuple(_warnings(sessions, anchor, course, calendar, beyond)),
        open_ended=phases[-1].count is None,
        beyond_horizon=beyond,
    )


def _within_horizon(slots: Sequence[Slot], course: Course) -> Sequence[Slot]:
    """Cut after the horizon; without one, keep all finite phases and some weeks of an open end."""
    weeks = course.horizon_weeks
    last_day = course.until.toordinal() if course.until else None
    if weeks is None and last_day is None:
        finite = (slot.week for slot in slots if slot.phase.count is not None)
        weeks = max(finite, default=0) + DEFAULT_OPEN_WEEKS
    return [
        slot
        for slot in slots
        if (weeks is None or slot.week <= weeks) and (last_day is None or slot.nominal <= last_day)
    ]


def _candidates(terms: Terms) -> Callable[[Slot], Sequence[int]]:
    calendar = terms.calendar
    earliest = terms.not_before.toordinal() if terms.not_before else 0

    def days(slot: Slot) -> Sequence[int]:
        if slot.number == 1:
            return (slot.nominal,)
        return [
            day for day in slot.days if day >= earliest and calendar.is_open(date.fromordinal(day))
        ]

    return days


def _surroundings(
    slots: Sequence[Slot],
    days: Sequence[int],
    anchor: Anchor | None,
    terms: Terms,
) -> Iterator[Surroundings]:
    """Yield each slot's surroundings; the last neighbour may lie after the horizon."""
    stands = Neighbor(anchor.day, anchor.phase) if anchor else None
    placed = [
        Neighbor(day, slot.phase, slot.number) if day != UNPLACED else None
        for slot, day in zip(slots, days, strict=True)
    ]
    before = accumulate([stands, *placed], _nearest)
    after = list(accumulate([None, *reversed(placed)], _nearest))[-2::-1]
    for left, right in zip(before, after, strict=False):
        yield Surroundings(terms, left, right)


def _nearest(known: Neighbor | None, own: Neighbor | None) -> Neighbor | None:
    return own or known


def _session(slot: Slot, chosen: int, around: Surroundings) -> PlannedSession:
    day = None if chosen == UNPLACED else chosen
    return PlannedSession(
        number=slot.number,
        phase=slot.phase,
        number_in_phase=slot.number_in_phase,
        week=slot.week,
        nominal_on=date.fromordinal(slot.nominal),
        placed_on=date.fromordinal(day) if day else None,
        window=(date.fromordinal(slot.first), date.fromordinal(slot.last)),
        shift_days=day - slot.nominal if day else 0,
        trace=explain.trace(slot, day, around),
        unplaced_reason="" if day else explain.unplaced_reason(slot, around),
    )


def _warnings(
    sessions: Sequence[PlannedSession],
    anchor: Anchor | None,
    course: Course,
    calendar: Calendar,
    beyond: int,
) -> Iterator[PlanWarning]:
    for weekday in sorted(calendar.closed_weekdays & set(course.weekdays or ())):
        text = f"The preferred {WEEKDAYS[weekday]} is a day on which the clinic is closed."
        yield PlanWarning("preferred_day_closed", text)
    for session in sessions:
        if session.placed_on is None:
            text = f"Session {session.number} has no date. {session.unplaced_reason}"
            yield PlanWarning("unplaced", text, session.number)
    yield from _wide_gaps(sessions, anchor)
    if beyond:
        text = f"{beyond} more sessions of the course lie after the planned weeks."
        yield PlanWarning("beyond_horizon", text)


def _wide_gaps(sessions: Sequence[PlannedSession], anchor: Anchor | None) -> Iterator[PlanWarning]:
    days = [(s.placed_on, s.phase, s.number) for s in sessions if s.placed_on is not None]
    stands = [(date.fromordinal(anchor.day), anchor.phase, 0)] if anchor else []
    for (last, last_phase, _), (day, phase, number) in pairwise([*stands, *days]):
        limits = (last_phase.max_gap_days, phase.max_gap_days)
        if None in limits or (day - last).days <= (limit := max(filter(None, limits))):
            continue
        text = (
            f"Session {number} on {say(day)} comes {(day - last).days} days after the one "
            f"before it; the maximum is {limit} days."
        )
        yield PlanWarning("max_gap", text, number)
