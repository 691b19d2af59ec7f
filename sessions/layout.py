"""Lay a course out in treatment weeks: which session belongs to which week and nominal day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import combinations, count, islice, pairwise

from sessions.placement import Slot
from sessions.plans import Course, say, say_weekdays
from sessions.specs import (
    DAYS_OF_WEEK,
    MAX_WEEKS,
    PhaseSpec,
    PlanningError,
    check_day_gaps,
    rhythm_weeks,
)


def lay_out(phases: tuple[PhaseSpec, ...], course: Course) -> tuple[Slot, ...]:
    """Return every slot of the course, an open end up to the last week that can be planned."""
    _check_rhythms(phases, course)
    return tuple(_slots(phases, course))


def nominal_days(phase: PhaseSpec, course: Course) -> tuple[int, ...]:
    """Return the phase's days of the treatment week, taken from the preferred weekdays if given.

    A phase with fewer days than the course has weekdays uses those nearest to its own pattern.
    """
    if course.weekdays is None:
        return phase.nominal_days
    offered = sorted((wd - course.starts_on.weekday()) % DAYS_OF_WEEK + 1 for wd in course.weekdays)
    choices = combinations(offered, len(phase.nominal_days))
    return min(choices, key=lambda days: (_distance(days, phase), _unevenness(days), days))


def check_weekdays(phases: tuple[PhaseSpec, ...], course: Course) -> None:
    """Raise PlanningError unless the preferred weekdays fit day 1, the rhythm and the gaps."""
    weekdays = course.weekdays
    if weekdays is None:
        return
    if len(set(weekdays)) != len(weekdays) or not set(weekdays) <= set(range(DAYS_OF_WEEK)):
        raise PlanningError("weekdays", "Preferred weekdays are different days, Monday to Sunday.")
    wanted = max(phase.days_per_week for phase in phases)
    if len(weekdays) != wanted:
        raise PlanningError(
            "weekdays_count",
            f"The protocol needs {wanted} weekday{'s' if wanted > 1 else ''}; "
            f"{len(weekdays)} given.",
        )
    if course.starts_on.weekday() not in weekdays:
        raise PlanningError("start_not_preferred", _say_start_not_preferred(course, weekdays))
    for phase in phases:
        check_day_gaps(phase, nominal_days(phase, course))


def _say_start_not_preferred(course: Course, weekdays: tuple[int, ...]) -> str:
    names = say_weekdays(weekdays)
    text = f"Day 1, {say(course.starts_on)}, is not one of the preferred weekdays ({names})."
    wait = min((weekday - course.starts_on.weekday()) % DAYS_OF_WEEK for weekday in weekdays)
    try:
        following = course.starts_on + timedelta(days=wait)
    except OverflowError:
        return text
    return f"{text} The next such day is {say(following)}."


def _slots(phases: tuple[PhaseSpec, ...], course: Course) -> Iterator[Slot]:
    numbers = count(1)
    start = course.starts_on.toordinal()
    next_week = 1
    ended: PhaseSpec | None = None
    for phase in phases:
        seats = islice(_seats(phase, course, next_week), phase.count)
        for number_in_phase, (week, day) in enumerate(seats, start=1):
            if week > MAX_WEEKS:
                if phase.count is None:
                    return
                raise PlanningError(
                    "too_long", f"The course is longer than {MAX_WEEKS} weeks; shorten its phases."
                )
            first = start + DAYS_OF_WEEK * (week - 1)
            nominal = first + day - 1
            yield Slot(next(numbers), phase, number_in_phase, week, first, nominal, ended)
            next_week = _week_after(phase, course, week)
            ended = None
        ended = phase


def _seats(phase: PhaseSpec, course: Course, week: int) -> Iterator[tuple[int, int]]:
    days = nominal_days(phase, course)
    while True:
        for day in days:
            yield week, day
        week = _week_after(phase, course, week)


def _week_after(phase: PhaseSpec, course: Course, week: int) -> int:
    """Return the phase's next week; a change of rhythm starts a new count in its own week."""
    if phase.per_week:
        return week + 1
    if not phase.rhythm_choices:
        return week + (phase.every_weeks or 1)
    rhythm = course.rhythm or phase.rhythm_choices[0]
    changes = sorted(course.rhythm_changes, key=lambda change: change.from_week)
    for change in changes:
        if change.from_week <= week:
            rhythm = change.rhythm
    coming = [change.from_week for change in changes if change.from_week > week]
    return min([week + rhythm_weeks(rhythm), *coming])


def _check_rhythms(phases: tuple[PhaseSpec, ...], course: Course) -> None:
    chosen = [change.rhythm for change in course.rhythm_changes]
    chosen += [course.rhythm] if course.rhythm else []
    offers = [phase.rhythm_choices for phase in phases if phase.rhythm_choices]
    for rhythm in chosen:
        if not offers:
            raise PlanningError("rhythm_not_offered", "The protocol leaves no rhythm to choose.")
        for choices in offers:
            if rhythm not in choices:
                raise PlanningError(
                    "rhythm_not_offered",
                    f"“{rhythm}” is not offered; choose {' or '.join(choices)}.",
                )
    weeks = [change.from_week for change in course.rhythm_changes]
    if len(set(weeks)) != len(weeks) or any(not 1 <= week <= MAX_WEEKS for week in weeks):
        raise PlanningError("rhythm_change", "Each change of rhythm starts in a week of its own.")


def _distance(days: tuple[int, ...], phase: PhaseSpec) -> int:
    return sum(abs(a - b) for a, b in zip(days, phase.nominal_days, strict=True))


def _unevenness(days: tuple[int, ...]) -> int:
    return sum((b - a) ** 2 for a, b in pairwise((*days, days[0] + DAYS_OF_WEEK)))
