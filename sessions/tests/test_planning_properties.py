"""What holds for every plan, and an independent exhaustive search that must agree."""

from datetime import date, timedelta
from itertools import pairwise, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessions.planning import (
    Calendar,
    Course,
    PhaseSpec,
    PlannedSession,
    PlanningError,
    plan,
)

PATTERNS: dict[int, list[tuple[int, ...]]] = {
    1: [(1,)],
    2: [(1, 4), (1, 5), (1, 3)],
    3: [(1, 3, 5), (1, 4, 6)],
}
MONDAY = date(2026, 3, 2)
START = st.dates(date(2026, 1, 1), date(2026, 12, 31))


@st.composite
def phase_specs(draw, order=1, max_count=8, open_end=False):
    gap = draw(st.integers(1, 2))
    count = None if open_end else draw(st.integers(1, max_count))
    if draw(st.booleans()):
        weeks = draw(st.sampled_from([1, 2, 4]))
        return PhaseSpec("Phase", order, (1,), every_weeks=weeks, count=count, min_gap_days=gap)
    per_week = draw(st.integers(1, 3))
    pattern = draw(st.sampled_from(PATTERNS[per_week]))
    return PhaseSpec("Phase", order, pattern, per_week=per_week, count=count, min_gap_days=gap)


@st.composite
def courses(draw, max_phases=3, max_count=8):
    """Phases, course and calendar with an open day 1."""
    count = draw(st.integers(1, max_phases))
    phases = tuple(draw(phase_specs(order, max_count)) for order in range(1, count + 1))
    start = draw(START)
    weekdays = draw(st.frozensets(st.integers(0, 6), max_size=5)) - {start.weekday()}
    offsets = draw(st.frozensets(st.integers(1, 70), max_size=30))
    closed = frozenset(start + timedelta(days=offset) for offset in offsets)
    return phases, Course(start), Calendar(weekdays, closed)


def needed_gap(one, other):
    return max(one.phase.min_gap_days, other.phase.min_gap_days)


def day_of(session: PlannedSession) -> date:
    assert session.placed_on is not None
    return session.placed_on


@settings(max_examples=200, deadline=None)
@given(courses())
def test_every_plan_keeps_the_rules(case):
    phases, course, calendar = case
    planned = plan(phases, course, calendar)
    assert [session.number for session in planned.sessions] == list(
        range(1, sum(phase.count for phase in phases) + 1)
    )
    for session in planned.placed:
        first, last = session.window
        assert calendar.is_open(day_of(session))
        assert first <= day_of(session) <= last
        assert first == course.starts_on + timedelta(days=7 * (session.week - 1))
        assert session.shift_days == (day_of(session) - session.nominal_on).days
    for one, other in pairwise(planned.placed):
        assert (day_of(other) - day_of(one)).days >= needed_gap(one, other)
    for session in planned.unplaced:
        assert session.unplaced_reason
        assert session.trace[-1].text == session.unplaced_reason


@settings(max_examples=200, deadline=None)
@given(courses())
def test_no_session_could_be_added_or_come_nearer_alone(case):
    phases, course, calendar = case
    sessions = plan(phases, course, calendar).sessions
    for index, session in enumerate(sessions[1:], start=1):
        before = [s for s in sessions[:index] if s.placed_on][-1]
        after = next((s for s in sessions[index + 1 :] if s.placed_on), None)
        limit = abs(session.shift_days) if session.placed_on else 7
        for offset in range(7):
            day = session.window[0] + timedelta(days=offset)
            fits = (day - day_of(before)).days >= needed_gap(before, session) and (
                after is None or (day_of(after) - day).days >= needed_gap(after, session)
            )
            nearer = abs((day - session.nominal_on).days) < limit
            assert not (calendar.is_open(day) and fits and nearer)


@settings(max_examples=150, deadline=None)
@given(courses(max_phases=2, max_count=2))
def test_the_plan_is_the_best_of_all_placements(case):
    phases, course, calendar = case
    planned = plan(phases, course, calendar)
    chosen = [session.placed_on for session in planned.sessions]
    assert chosen == best_by_exhaustion(planned.sessions, calendar)


def best_by_exhaustion(sessions, calendar):
    options = [[sessions[0].nominal_on]]
    for session in sessions[1:]:
        week = [session.window[0] + timedelta(days=offset) for offset in range(7)]
        options.append([day for day in week if calendar.is_open(day)] + [None])
    valid = [days for days in product(*options) if keeps_gaps(sessions, days)]
    return list(min(valid, key=lambda days: cost(sessions, days)))


def keeps_gaps(sessions, days):
    placed = [(s, day) for s, day in zip(sessions, days, strict=True) if day]
    return all((b - a).days >= needed_gap(one, two) for (one, a), (two, b) in pairwise(placed))


def cost(sessions, days):
    placed = [day for day in days if day]
    shift = sum(
        abs((day - s.nominal_on).days) for s, day in zip(sessions, days, strict=True) if day
    )
    squares = sum((b - a).days ** 2 for a, b in pairwise(placed))
    return days.count(None), shift, squares, [day or date.max for day in days]


@settings(max_examples=100, deadline=None)
@given(courses(max_phases=2), st.data())
def test_a_longer_horizon_moves_no_date(case, data):
    phases, course, calendar = case
    last = data.draw(phase_specs(order=9, open_end=True))
    short, long = sorted(data.draw(st.tuples(st.integers(1, 12), st.integers(1, 30))))
    few = planned_days((*phases, last), course, calendar, short)
    many = planned_days((*phases, last), course, calendar, long)
    assert many[: len(few)] == few


def planned_days(phases, course, calendar, weeks):
    within = Course(course.starts_on, horizon_weeks=weeks)
    return [session.placed_on for session in plan(phases, within, calendar).sessions]


@settings(max_examples=100, deadline=None)
@given(courses(), st.integers(1, 10))
def test_replanning_with_the_planned_dates_given_changes_nothing(case, given_count):
    phases, course, calendar = case
    sessions = plan(phases, course, calendar).sessions
    given_days = tuple(s.placed_on for s in sessions[:given_count] if s.placed_on)
    rest = plan(
        phases, course, calendar, after=given_days, first_number=len(sessions[:given_count]) + 1
    )
    assert [s.placed_on for s in rest.sessions] == [s.placed_on for s in sessions[given_count:]]


@settings(max_examples=50, deadline=None)
@given(courses())
def test_the_same_input_gives_the_same_plan(case):
    assert plan(*case) == plan(*case)


@settings(max_examples=100, deadline=None)
@given(st.dates(), st.integers(-5, 600), st.one_of(st.none(), st.dates()))
def test_any_dates_give_a_plan_or_a_planning_error(start, weeks, until):
    phases = (PhaseSpec("Open", 1, (1, 4), per_week=2),)
    try:
        planned = plan(phases, Course(start, horizon_weeks=weeks, until=until), Calendar())
    except PlanningError:
        return
    assert planned.sessions[0].placed_on == start


@settings(max_examples=100, deadline=None)
@given(st.frozensets(st.integers(0, 6), min_size=3, max_size=3), START)
def test_preferred_weekdays_are_kept_on_an_open_calendar_or_refused(weekdays, start):
    phases = (PhaseSpec("Thrice", 1, (1, 3, 5), per_week=3, count=6),)
    course = Course(start, weekdays=tuple(weekdays))
    if start.weekday() not in weekdays or any((day + 1) % 7 in weekdays for day in weekdays):
        with pytest.raises(PlanningError):
            plan(phases, course, Calendar())
    else:
        planned = plan(phases, course, Calendar())
        assert {day_of(session).weekday() for session in planned.sessions} == weekdays
