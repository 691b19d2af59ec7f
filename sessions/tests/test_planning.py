from dataclasses import replace
from datetime import date, timedelta

import pytest

from sessions.planning import (
    Calendar,
    Course,
    PhaseSpec,
    PlanningError,
    RhythmChange,
    next_open_day,
    plan,
)
from sessions.shipped import read_all

MONDAY = date(2026, 3, 2)
OPEN = Calendar()
WEEKENDS = frozenset({5, 6})
WEEKDAYS_ONLY = Calendar(closed_weekdays=WEEKENDS)
TWICE = PhaseSpec("Twice", 1, (1, 4), per_week=2, count=4)
THRICE = PhaseSpec("Thrice", 1, (1, 3, 5), per_week=3, count=6)
WEEKLY = PhaseSpec("Weekly", 2, (1,), every_weeks=1, count=3)
OPEN_END = PhaseSpec("Maintenance", 3, (1,), rhythm_choices=("weekly", "2-weekly"))


def days(planned):
    return [session.placed_on for session in planned.sessions]


def course_days(planned):
    """Days of the course, day 1 is 1; None where a session has no date."""
    start = planned.sessions[0].placed_on
    return [day and (day - start).days + 1 for day in days(planned)]


def announced_decisions(planned):
    return [s.number for s in planned.sessions if any(t.rule == "decision" for t in s.trace)]


def closed(*offsets, weekdays=frozenset()):
    return Calendar(weekdays, frozenset(MONDAY + timedelta(days=offset - 1) for offset in offsets))


def refusal(*args, **kwargs):
    with pytest.raises(PlanningError) as error:
        plan(*args, **kwargs)
    return error.value


def test_us_label_gives_the_days_of_the_trials():
    protocol = next(spec for spec in read_all() if spec.key == "esketamine-trd-us")
    course = Course(MONDAY, rhythm="2-weekly", horizon_weeks=13)
    expected = [1, 4, 8, 11, 15, 18, 22, 25, 29, 36, 43, 50, 57, 71, 85]
    assert course_days(plan(protocol, course, WEEKDAYS_ONLY)) == expected


def test_thrice_weekly_is_days_1_3_5():
    assert course_days(plan((THRICE,), Course(MONDAY), OPEN)) == [1, 3, 5, 8, 10, 12]


def test_taper_lengthens_from_each_phases_own_first_week():
    protocol = next(spec for spec in read_all() if spec.key == "taper")
    weeks = [session.week for session in plan(protocol, Course(MONDAY), OPEN).sessions]
    assert weeks == [1, 2, 3, 4, 5, 7, 9, 11, 13, 17, 21]


def test_an_uneven_count_ends_its_last_week_early():
    phases = (replace(TWICE, count=3), WEEKLY)
    assert course_days(plan(phases, Course(MONDAY), OPEN)) == [1, 4, 8, 15, 22, 29]


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        (date(2026, 3, 2), [1, 4, 8, 11]),
        (date(2026, 3, 3), [1, 4, 8, 11]),
        (date(2026, 3, 4), [1, 3, 8, 10]),  # Saturday is nearest to Friday
        (date(2026, 3, 5), [1, 5, 8, 12]),  # Sunday is nearest to Monday
        (date(2026, 3, 6), [1, 4, 8, 11]),
    ],
)
def test_every_start_weekday_avoids_the_weekend(start, expected):
    assert course_days(plan((TWICE,), Course(start), WEEKDAYS_ONLY)) == expected


def test_of_two_equally_near_days_the_more_evenly_spaced_wins():
    assert course_days(plan((TWICE,), Course(MONDAY), closed(4, weekdays=WEEKENDS)))[1] == 5


def test_of_two_equally_near_and_even_days_the_earlier_wins():
    wide = PhaseSpec("Wide", 1, (1, 4, 7), per_week=3, count=3, min_gap_days=1)
    assert course_days(plan((wide,), Course(MONDAY), closed(4))) == [1, 3, 7]


def test_a_session_makes_room_for_its_neighbour():
    """Wednesday closed: the third session goes to Saturday so that the second fits on Thursday."""
    planned = plan((replace(THRICE, count=3),), Course(MONDAY), closed(3))
    assert course_days(planned) == [1, 4, 6]
    assert planned.sessions[2].trace[-2].rule == "min_gap"


def test_a_thursday_start_thrice_weekly_without_weekends_still_places_all():
    planned = plan((THRICE,), Course(date(2026, 3, 5)), WEEKDAYS_ONLY)
    assert course_days(planned) == [1, 5, 7, 9, 12, 14]


def test_the_gap_holds_across_weeks_and_phases():
    late = closed(8, 9, 10, 11, 12, 13)
    planned = plan((replace(TWICE, count=2), WEEKLY), Course(MONDAY), late)
    assert course_days(planned)[2:4] == [14, 16]


def test_a_larger_gap_of_one_phase_binds_the_neighbouring_phase():
    spaced = replace(WEEKLY, min_gap_days=5)
    planned = plan((replace(TWICE, count=2), spaced), Course(MONDAY), OPEN)
    assert course_days(planned)[:3] == [1, 4, 9]


def test_a_closed_week_leaves_its_sessions_without_a_date_and_says_why():
    planned = plan((TWICE,), Course(MONDAY), closed(*range(8, 15)))
    assert course_days(planned) == [1, 4, None, None]
    assert [session.number for session in planned.unplaced] == [3, 4]
    assert planned.unplaced[0].unplaced_reason == (
        "Every day of treatment week 2 (Mon 9 Mar 2026 to Sun 15 Mar 2026) is closed."
    )
    assert [warning.number for warning in planned.warnings] == [3, 4]


def test_a_gap_that_leaves_no_day_names_both_neighbours():
    planned = plan((replace(THRICE, count=3),), Course(MONDAY), closed(3, weekdays=WEEKENDS))
    assert course_days(planned) == [1, None, 5]
    assert planned.unplaced[0].unplaced_reason == (
        "No open day of treatment week 1 (Mon 2 Mar 2026 to Sun 8 Mar 2026) lies at least 2 days "
        "after session 1 (Mon 2 Mar 2026) and at least 2 days before session 3 (Fri 6 Mar 2026)."
    )


def test_a_moved_session_tells_the_closure_by_name():
    holiday = MONDAY + timedelta(days=3)
    calendar = Calendar(closed=frozenset({holiday}), names={holiday: "Staff training"})
    steps = plan((TWICE,), Course(MONDAY), calendar).sessions[1].trace
    assert [step.rule for step in steps] == ["nominal", "closed", "moved"]
    assert steps[1].text == "Thu 5 Mar 2026 is closed (Staff training)."
    assert steps[2].text.startswith("Moved 1 day later to Fri 6 Mar 2026")


def test_the_window_is_the_treatment_week():
    third = plan((TWICE,), Course(MONDAY), OPEN).sessions[2]
    assert third.window == (date(2026, 3, 9), date(2026, 3, 15))


def test_a_decision_is_announced_on_the_first_session_after_its_phase():
    planned = plan((replace(TWICE, requires_decision=True), WEEKLY), Course(MONDAY), OPEN)
    assert announced_decisions(planned) == [5]


def test_a_decision_is_announced_also_when_only_the_rest_is_planned():
    phases = (replace(TWICE, requires_decision=True), WEEKLY)
    assert announced_decisions(plan(phases, Course(MONDAY), OPEN, first_number=5)) == [5]


def test_a_gap_above_the_maximum_is_a_warning_and_moves_nothing():
    phases = (replace(WEEKLY, max_gap_days=10),)
    planned = plan(phases, Course(MONDAY), closed(8, 9, 10, 11))
    assert course_days(planned) == [1, 12, 15]
    assert planned.warnings[0].text == (
        "Session 2 on Fri 13 Mar 2026 comes 11 days after the one before it; "
        "the maximum is 10 days."
    )


# Preferred weekdays


def test_preferred_weekdays_replace_the_nominal_days():
    planned = plan((TWICE, WEEKLY), Course(date(2026, 3, 3), weekdays=(1, 4)), OPEN)
    assert course_days(planned) == [1, 4, 8, 11, 15, 22, 29]


def test_preferred_weekdays_follow_the_treatment_week_and_not_the_calendar_week():
    planned = plan((TWICE,), Course(date(2026, 3, 5), weekdays=(0, 3)), OPEN)
    assert course_days(planned) == [1, 5, 8, 12]


def test_a_slower_phase_uses_the_preferred_days_nearest_to_its_pattern():
    slower = replace(TWICE, order=2, count=2)
    planned = plan((replace(THRICE, count=3), slower), Course(MONDAY, weekdays=(0, 2, 4)), OPEN)
    assert course_days(planned)[3:] == [8, 12]


def test_a_preferred_day_that_is_always_closed_warns():
    planned = plan((TWICE,), Course(MONDAY, weekdays=(0, 5)), WEEKDAYS_ONLY)
    assert planned.warnings[0].code == "preferred_day_closed"
    assert course_days(planned) == [1, 5, 8, 12]


@pytest.mark.parametrize(
    ("weekdays", "code"),
    [
        ((0,), "weekdays_count"),
        ((0, 2, 4), "weekdays_count"),
        ((1, 3), "start_not_preferred"),
        ((0, 1), "days_too_close"),
        ((0, 6), "days_too_close"),
        ((0, 0), "weekdays"),
        ((0, 7), "weekdays"),
        ((), "weekdays_count"),
    ],
)
def test_weekdays_that_do_not_fit_are_refused(weekdays, code):
    assert refusal((TWICE,), Course(MONDAY, weekdays=weekdays), OPEN).code == code


def test_a_start_off_the_preferred_weekdays_names_the_next_that_fits():
    message = refusal((TWICE,), Course(MONDAY, weekdays=(1, 3)), OPEN).message
    assert message.endswith("(Tuesday and Thursday). The next such day is Tue 3 Mar 2026.")


# Rhythm and horizon


@pytest.mark.parametrize(
    ("rhythm", "weeks"),
    [(None, [3, 4, 5, 6, 7]), ("weekly", [3, 4, 5, 6, 7]), ("2-weekly", [3, 5, 7])],
)
def test_the_course_chooses_the_rhythm_and_the_first_is_the_default(rhythm, weeks):
    planned = plan((TWICE, OPEN_END), Course(MONDAY, rhythm=rhythm, horizon_weeks=7), OPEN)
    assert [session.week for session in planned.sessions[4:]] == weeks


def test_a_change_of_rhythm_counts_from_its_own_week():
    changes = (RhythmChange(6, "2-weekly"), RhythmChange(9, "weekly"))
    course = Course(MONDAY, rhythm="weekly", rhythm_changes=changes, horizon_weeks=10)
    planned = plan((TWICE, OPEN_END), course, OPEN)
    assert [session.week for session in planned.sessions[4:]] == [3, 4, 5, 6, 8, 9, 10]


@pytest.mark.parametrize("phases", [(TWICE, OPEN_END), (TWICE,)])
def test_a_rhythm_that_is_not_offered_is_refused(phases):
    assert refusal(phases, Course(MONDAY, rhythm="4-weekly"), OPEN).code == "rhythm_not_offered"


def test_two_changes_of_rhythm_in_one_week_are_refused():
    changes = (RhythmChange(6, "2-weekly"), RhythmChange(6, "weekly"))
    course = Course(MONDAY, rhythm_changes=changes)
    assert refusal((TWICE, OPEN_END), course, OPEN).code == "rhythm_change"


def test_an_open_end_without_horizon_is_planned_twelve_weeks_on():
    planned = plan((TWICE, OPEN_END), Course(MONDAY), OPEN)
    assert planned.open_ended
    assert planned.sessions[-1].week == 14


def test_a_finite_course_without_horizon_is_planned_whole():
    planned = plan((TWICE, WEEKLY), Course(MONDAY), OPEN)
    assert (planned.open_ended, planned.beyond_horizon) == (False, 0)
    assert len(planned.sessions) == 7


def test_a_horizon_that_cuts_a_finite_course_counts_what_is_left():
    planned = plan((TWICE, WEEKLY), Course(MONDAY, horizon_weeks=3), OPEN)
    assert (len(planned.sessions), planned.beyond_horizon) == (5, 2)
    assert planned.warnings[-1].code == "beyond_horizon"


def test_until_includes_its_own_day():
    course = Course(MONDAY, until=date(2026, 3, 9))
    assert course_days(plan((TWICE,), course, OPEN)) == [1, 4, 8]


# The rest of a course


def test_the_rest_keeps_the_gap_to_what_was_given():
    given = (MONDAY, date(2026, 3, 8))
    planned = plan((TWICE,), Course(MONDAY), OPEN, after=given)
    assert [session.number for session in planned.sessions] == [3, 4]
    assert days(planned) == [date(2026, 3, 10), date(2026, 3, 12)]
    assert (
        planned.sessions[0]
        .trace[-2]
        .text.endswith("2 days after the last session before this plan (Sun 8 Mar 2026).")
    )


def test_a_missed_session_keeps_its_number():
    given = (MONDAY,)
    planned = plan((TWICE,), Course(MONDAY), OPEN, after=given, first_number=3)
    assert days(planned) == [date(2026, 3, 9), date(2026, 3, 12)]


def test_nothing_is_planned_before_the_first_day_of_the_plan():
    tuesday = date(2026, 3, 10)
    planned = plan((TWICE,), Course(MONDAY), OPEN, first_number=2, not_before=tuesday)
    assert days(planned) == [None, tuesday, date(2026, 3, 12)]
    assert "lies before Tue 10 Mar 2026" in planned.unplaced[0].unplaced_reason
    assert planned.sessions[1].trace[-2].rule == "past"


def test_nothing_is_left_after_the_last_session():
    given = tuple(MONDAY + timedelta(days=7 * week) for week in range(4))
    assert plan((TWICE,), Course(MONDAY), OPEN, after=given).sessions == ()


def test_a_new_course_keeps_the_gap_to_an_earlier_one():
    error = refusal((TWICE,), Course(MONDAY), OPEN, after=(date(2026, 3, 1),), first_number=1)
    assert error.code == "start_too_soon"


# Refusals


def test_a_closed_day_1_names_the_next_open_day():
    error = refusal((TWICE,), Course(date(2026, 3, 7)), WEEKDAYS_ONLY)
    assert error.message == (
        "Day 1: Sat 7 Mar 2026 is closed (every Saturday). The next open day is Mon 9 Mar 2026."
    )


def test_a_clinic_that_never_opens_has_no_next_open_day():
    always = Calendar(closed_weekdays=frozenset(range(7)))
    assert next_open_day(always, MONDAY) is None
    assert refusal((TWICE,), Course(MONDAY), always).message.endswith("No open day follows.")


@pytest.mark.parametrize(
    ("course", "code"),
    [
        (Course(MONDAY, horizon_weeks=0), "horizon"),
        (Course(MONDAY, horizon_weeks=521), "horizon"),
        (Course(MONDAY, until=date(2026, 3, 1)), "horizon"),
        (Course(MONDAY, until=date.max), "horizon"),
        (Course(MONDAY, age=131), "age"),
        (Course(MONDAY, birth_date=date(2027, 1, 1)), "age"),
        (Course(date(9999, 12, 20)), "date_range"),
        (Course(date.max), "date_range"),
    ],
)
def test_absurd_input_is_refused(course, code):
    assert refusal((TWICE,), course, OPEN).code == code


def test_a_closed_last_day_of_the_calendar_is_refused_and_does_not_overflow():
    calendar = Calendar(closed=frozenset({date.max}))
    assert refusal((TWICE,), Course(date.max), calendar).code == "start_closed"
    weekday = (date.max.weekday() + 1) % 7
    course = Course(date.max, weekdays=(weekday, (weekday + 3) % 7))
    assert refusal((TWICE,), course, OPEN).code == "start_not_preferred"


def test_the_first_day_of_the_calendar_can_be_planned():
    assert course_days(plan((TWICE,), Course(date.min), OPEN)) == [1, 4, 8, 11]


@pytest.mark.parametrize(
    ("phase", "code"),
    [
        (replace(TWICE, nominal_days=(1,)), "nominal_days"),
        (replace(TWICE, nominal_days=(4, 1)), "nominal_days"),
        (replace(TWICE, nominal_days=(1, 8)), "nominal_days"),
        (replace(TWICE, nominal_days=(2, 5)), "day_1"),
        (replace(TWICE, nominal_days=(1, 2)), "days_too_close"),
        (replace(TWICE, nominal_days=(1, 7)), "days_too_close"),
        (replace(TWICE, per_week=8), "per_week"),
        (replace(TWICE, every_weeks=1), "rhythm"),
        (replace(TWICE, per_week=None), "rhythm"),
        (replace(TWICE, count=0), "count"),
        (replace(TWICE, count=501), "count"),
        (replace(TWICE, min_gap_days=0), "min_gap"),
        (replace(TWICE, max_gap_days=1), "max_gap"),
        (replace(WEEKLY, every_weeks=53), "every_weeks"),
        (replace(WEEKLY, every_weeks=52, count=20), "too_long"),
        (replace(OPEN_END, rhythm_choices=("monthly",)), "rhythm_unknown"),
        (replace(OPEN_END, rhythm_choices=("53-weekly",)), "rhythm_unknown"),
    ],
)
def test_a_phase_that_cannot_be_planned_is_refused(phase, code):
    assert refusal((phase,), Course(MONDAY), OPEN).code == code


def test_only_the_last_phase_may_be_open_ended():
    assert refusal((OPEN_END, WEEKLY), Course(MONDAY), OPEN).code == "open_end"


def test_a_protocol_without_phases_is_refused():
    assert refusal((), Course(MONDAY), OPEN).code == "no_phases"


@pytest.mark.parametrize(("age", "code"), [(17, "too_young"), (65, "too_old")])
def test_an_age_outside_the_protocol_is_refused(age, code):
    emergency = next(spec for spec in read_all() if spec.key == "esketamine-emergency-eu")
    assert refusal(emergency, Course(MONDAY, age=age), OPEN).code == code


def test_age_is_counted_on_the_day_and_a_leap_day_birthday_on_the_first_of_march():
    course = Course(MONDAY, birth_date=date(1960, 2, 29))
    assert course.age_on(date(2025, 2, 28)) == 64
    assert course.age_on(date(2025, 3, 1)) == 65
