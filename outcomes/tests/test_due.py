"""What is due when: pure rules over a course's days and earlier assessments."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcomes.due import Due, History, Rules, Visit, due

D = date(2026, 3, 2)  # a Monday, day 1
RULES = Rules(
    baseline_days=90,
    bladder_days=28,
    liver_days=90,
    liver_for_esketamine=False,
    cognition_months=6,
    audit_c_months=12,
    checks_after_stopping=True,
    spaced_out_days=14,
)


def on(offset: int) -> date:
    return D + timedelta(days=offset)


def history(*days: int, induction: int = 8, ended: int | None = None, **values: Any) -> History:
    """Make a course with doses on these days; the first `induction` of them are its first phase."""
    visits = [Visit(on(day), place < induction, True) for place, day in enumerate(days)]
    ends = on(ended) if ended is not None else None
    return History(
        **{"starts_on": D, "ended_on": ends, "drug": "esketamine", "visits": visits, **values}
    )


def asked(of: History, done: dict[str, list[int]], today: int, **rules: Any) -> dict[str, Due]:
    days = {name: [on(day) for day in offsets] for name, offsets in done.items()}
    changed = Rules(**{**{n: getattr(RULES, n) for n in Rules.__dataclass_fields__}, **rules})
    return {each.instrument: each for each in due(of, days, on(today), changed)}


def test_a_new_course_asks_for_its_baselines() -> None:
    found = asked(history(), {}, -5)
    assert {name: each.due_on for name, each in found.items()} == {
        "audit-c": D,
        "bladder": D,
        "cognition": D,
    }


def test_ketamine_asks_for_liver_tests_too() -> None:
    assert asked(history(drug="ketamine"), {}, 0)["liver"].due_on == D
    assert "liver" in asked(history(), {}, 0, liver_for_esketamine=True)


@pytest.mark.parametrize(("done", "counts"), [(-90, True), (-91, False), (0, True), (5, True)])
def test_a_baseline_counts_from_shortly_before_the_first_day(done: int, counts: bool) -> None:
    found = asked(history(), {"cognition": [done]}, 10)["cognition"]
    assert (found.due_on != D) == counts


@pytest.mark.parametrize(
    ("instrument", "expected"),
    [("cognition", date(2026, 9, 2)), ("audit-c", date(2027, 3, 2)), ("liver", on(90))],
)
def test_what_is_periodic_follows_the_last_one(instrument: str, expected: date) -> None:
    found = asked(history(drug="ketamine"), {instrument: [-40, 0]}, 30)
    assert found[instrument].due_on == expected


@pytest.mark.parametrize(
    ("done", "today", "expected"),
    [
        ([], 0, 0),
        ([0], 0, 28),
        ([0], 2, 28),
        ([0], 3, 3),
        ([0], 8, 3),
        ([0, 3], 7, 7),
        ([0, 3, 7, 10], 12, 38),
        ([-3], 0, 0),
    ],
)
def test_the_bladder_is_asked_about_at_every_session_of_the_induction(
    done: list[int], today: int, expected: int
) -> None:
    found = asked(history(0, 3, 7, 10), {"bladder": done}, today)
    assert found["bladder"].due_on == on(expected)


def test_after_the_induction_the_bladder_is_asked_about_monthly() -> None:
    course = history(0, 3, 7, 14, induction=2)
    assert asked(course, {"bladder": [3]}, 14)["bladder"].due_on == on(31)


@pytest.mark.parametrize(
    ("name", "instrument"),
    [
        ("bladder_days", "bladder"),
        ("liver_days", "liver"),
        ("cognition_months", "cognition"),
        ("audit_c_months", "audit-c"),
    ],
)
def test_a_period_of_zero_asks_never(name: str, instrument: str) -> None:
    assert instrument not in asked(history(drug="ketamine"), {}, 400, **{name: 0})


@pytest.mark.parametrize(
    ("done", "today", "expected"),
    [
        ([], 30, 37),
        ([], 37, 37),
        ([], 40, 37),
        ([], 41, 44),
        ([37], 37, 44),
        ([34], 37, 44),
        ([33], 37, 37),
        ([37, 44], 44, 58),
        ([37, 44, 58], 58, 72),
        ([37, 44, 58, 72], 72, None),
        ([], 80, 72),
        ([], 86, None),
        ([], 400, None),
    ],
)
def test_after_stopping_checks_come_weekly_twice_then_every_two_weeks_twice(
    done: list[int], today: int, expected: int | None
) -> None:
    found = asked(history(0, 14, 30, ended=30), {"withdrawal": done}, today)
    assert list(found) == (["withdrawal"] if expected is not None else [])
    if expected is not None:
        assert found["withdrawal"].due_on == on(expected)


@pytest.mark.parametrize(
    ("days", "anchor"),
    [
        ((0, 7, 14, 28), 14),
        ((0, 7, 14, 21), None),
        ((0, 14, 28, 42), None),
        ((0, 14, 28, 43), None),
        ((0, 14, 28, 56), 28),
        ((0, 28), None),
    ],
)
def test_a_longer_interval_asks_like_stopping(days: tuple[int, ...], anchor: int | None) -> None:
    found = asked(history(*days), {}, days[-2] + 1).get("withdrawal")
    assert (found.due_on if found else None) == (on(anchor + 7) if anchor is not None else None)


def test_a_longer_interval_that_is_only_planned_counts_from_the_last_dose() -> None:
    given_days = [Visit(on(day), False, True) for day in (0, 7, 14)]
    course = history(visits=[*given_days, Visit(on(28), False, False)])
    assert asked(course, {}, 15)["withdrawal"].due_on == on(21)
    ahead = history(visits=[*given_days, Visit(on(21), False, False), Visit(on(42), False, False)])
    assert "withdrawal" not in asked(ahead, {}, 15)


def test_who_never_got_a_dose_is_asked_for_nothing_after_stopping() -> None:
    assert asked(history(ended=10), {}, 12) == {}
    assert asked(history(0, ended=0), {}, 7, checks_after_stopping=False) == {}


@given(
    days=st.lists(st.integers(0, 200), max_size=12, unique=True).map(sorted),
    done=st.dictionaries(
        st.sampled_from(["bladder", "audit-c", "cognition", "liver", "withdrawal"]),
        st.lists(st.integers(-200, 260), max_size=6),
    ),
    today=st.integers(-10, 300),
    ended=st.booleans(),
)
def test_each_instrument_is_asked_for_once_and_doing_it_today_moves_it_on(
    days: list[int], done: dict[str, list[int]], today: int, ended: bool
) -> None:
    course = history(*days, drug="ketamine", ended=max(days, default=0) if ended else None)
    found = asked(course, done, today)
    for name, each in found.items():
        if name == "withdrawal" or today < -90:
            continue
        after = asked(course, {**done, name: [*done.get(name, []), today]}, today)
        assert after[name].due_on > on(today)
        assert each.why
