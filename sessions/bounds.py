"""What the planner refuses: input that is absurd, contradicts itself or has no day 1."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from sessions.placement import Anchor, Slot, gap_between
from sessions.plans import Calendar, Course, say
from sessions.specs import DAYS_OF_WEEK, MAX_WEEKS, PhaseSpec, PlanningError, ProtocolSpec

OLDEST_AGE = 130
LAST_DAY = date.max.toordinal()


def check_course(course: Course, calendar: Calendar) -> None:
    weeks, until = course.horizon_weeks, course.until
    if weeks is not None and not 1 <= weeks <= MAX_WEEKS:
        raise PlanningError("horizon", f"The horizon is 1 to {MAX_WEEKS} weeks.")
    if until is not None and not 0 <= (until - course.starts_on).days < MAX_WEEKS * DAYS_OF_WEEK:
        raise PlanningError(
            "horizon", f"The last day to plan lies from day 1 on, within {MAX_WEEKS} weeks."
        )
    if not calendar.closed_weekdays <= set(range(DAYS_OF_WEEK)):
        raise PlanningError("closed_weekdays", "Closed weekdays are 0 (Monday) to 6 (Sunday).")
    age = course.age_on(course.starts_on)
    if age is not None and not 0 <= age <= OLDEST_AGE:
        raise PlanningError("age", f"An age of {age} years on day 1 can't be right.")


def check_age(protocol: ProtocolSpec, course: Course) -> None:
    age = course.age_on(course.starts_on)
    low, high = protocol.min_age, protocol.max_age
    if age is None:
        return
    if low is not None and age < low:
        raise PlanningError("too_young", f"“{protocol.title}” is for patients of {low} or older.")
    if high is not None and age > high:
        raise PlanningError("too_old", f"“{protocol.title}” is for patients under {high + 1}.")


def first_number(wanted: int | None, after: Sequence[date]) -> int:
    if len(set(after)) != len(after):
        raise PlanningError("same_day", "Two sessions stand on the same day.")
    first = len(after) + 1 if wanted is None else wanted
    if first < 1:
        raise PlanningError("first_number", "Sessions are numbered from 1.")
    return first


def anchor(slots: Sequence[Slot], after: Sequence[date], first: int) -> Anchor | None:
    """Return the last standing session; the phase is that of the number before the first one."""
    if not after:
        return None
    index = min(max(first - 2, 0), len(slots) - 1)
    return Anchor(max(after).toordinal(), slots[index].phase)


def check_day_1(
    course: Course,
    calendar: Calendar,
    stands: Anchor | None,
    phase: PhaseSpec,
    not_before: date | None,
) -> None:
    start = course.starts_on
    if not_before is not None and start < not_before:
        raise PlanningError("start_past", f"Day 1, {say(start)}, lies before {say(not_before)}.")
    if not calendar.is_open(start):
        following = next_open_day(calendar, start)
        hint = f"The next open day is {say(following)}" if following else "No open day follows"
        raise PlanningError("start_closed", f"Day 1: {calendar.reason(start)}. {hint}.")
    if stands is None:
        return
    needed = gap_between(stands.phase, phase)
    if start.toordinal() - stands.day < needed:
        last = say(date.fromordinal(stands.day))
        raise PlanningError(
            "start_too_soon",
            f"Day 1, {say(start)}, is not at least {needed} days after the last session ({last}).",
        )


def check_range(slots: Sequence[Slot]) -> None:
    if any(slot.last > LAST_DAY for slot in slots):
        raise PlanningError("date_range", "The course would run past the year 9999.")


def next_open_day(calendar: Calendar, day: date) -> date | None:
    """Return the first open day on or after this one, within a year."""
    for wait in range(min(366, LAST_DAY - day.toordinal()) + 1):
        if calendar.is_open(day + timedelta(days=wait)):
            return day + timedelta(days=wait)
    return None
