from datetime import UTC, datetime, timedelta

import pytest

from sessions.trials import Compared, Minutes, Outcome, Raised, Shift, Tally, Values, summary

NINE = datetime(2026, 11, 16, 9, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return NINE + timedelta(minutes=minutes)


def critical(minutes: float, measure: str = "pulse") -> Raised:
    return Raised("critical", measure, at(minutes))


def watched(minutes: float, measure: str = "pulse") -> Raised:
    return Raised("watch", measure, at(minutes))


def outcome(ready: float | None = 120, *opened: str, **values) -> Outcome:
    moment = None if ready is None else at(ready)
    values = {"settled_at": moment, "ready_at": moment, "open": opened, **values}
    return Outcome(**values)


def compared(before: Outcome, after: Outcome) -> Compared:
    return Compared(None, before, after)


@pytest.mark.parametrize(
    ("before", "after", "kind", "minutes"),
    [
        (None, None, "same", 0),
        (120, 120, "same", 0),
        (120, 120.4, "same", 0),
        (120.4, 120, "same", 0),
        (120, 121, "later", 1),
        (120, 90, "earlier", -30),
        (120, 135.6, "later", 16),
        (None, 120, "gained", 0),
        (120, None, "lost", 0),
    ],
)
def test_a_time_shifts(before, after, kind, minutes):
    shift = Shift(None if before is None else at(before), None if after is None else at(after))
    assert (shift.kind, shift.minutes) == (kind, minutes)


@pytest.mark.parametrize(
    ("before", "after", "raised", "dropped"),
    [
        ([], [], [], []),
        ([critical(40)], [critical(40)], [], []),
        ([], [critical(40)], [("critical", "pulse", [40])], []),
        ([critical(40)], [], [], [("critical", "pulse", [40])]),
        ([critical(40)], [critical(60), critical(40)], [("critical", "pulse", [60])], []),
        ([], [critical(60), critical(40)], [("critical", "pulse", [40, 60])], []),
        (
            [watched(40)],
            [critical(40)],
            [("critical", "pulse", [40])],
            [("watch", "pulse", [40])],
        ),
        (
            [critical(40)],
            [critical(40, "SpO2")],
            [("critical", "SpO2", [40])],
            [("critical", "pulse", [40])],
        ),
    ],
)
def test_alerts_under_one_of_the_settings_alone(before, after, raised, dropped):
    row = compared(outcome(alerts=frozenset(before)), outcome(alerts=frozenset(after)))

    def values(rows):
        return [Values(level, what, tuple(map(at, times))) for level, what, times in rows]

    assert (row.raised, row.dropped) == (values(raised), values(dropped))
    assert row.differs == bool(raised or dropped)


@pytest.mark.parametrize(
    ("before", "after", "more", "fewer"),
    [
        ({}, {}, [], []),
        ({("first_dose", at(40)): "40"}, {("first_dose", at(40)): "Peak"}, [], []),
        ({}, {("first_dose", at(40)): "40"}, ["40"], []),
        ({("first_dose", at(40)): "40"}, {}, [], ["40"]),
        ({("first_dose", at(40)): "40"}, {("first_dose", at(45)): "45"}, ["45"], ["40"]),
        ({("first_dose", at(40)): "40"}, {("last_dose", at(40)): "40"}, ["40"], ["40"]),
        ({}, {("last_dose", None): "40"}, ["40"], []),
    ],
)
def test_a_check_is_known_by_its_time(before, after, more, fewer):
    row = compared(outcome(overdue=before), outcome(overdue=after))
    assert (row.newly_overdue, row.overdue_no_more) == (more, fewer)
    assert row.differs == bool(more or fewer)


@pytest.mark.parametrize(
    ("after", "differs"),
    [
        (outcome(120, "SpO2"), False),
        (outcome(121, "SpO2"), True),
        (outcome(None, "SpO2"), True),
        (outcome(120, "SpO2", settled_at=at(90)), True),
        (outcome(120), True),
        (outcome(120, "SpO2", "Escort"), True),
    ],
)
def test_any_difference_makes_a_session_differ(after, differs):
    assert compared(outcome(120, "SpO2"), after).differs == differs


def test_shifts_are_counted_by_their_way_with_their_minutes():
    ready = [(120, 90), (120, 115), (120, 110), (120, 150), (120, None), (None, 100), (90, 90)]
    found = summary([compared(outcome(a), outcome(b)) for a, b in ready]).ready
    assert found.earlier == Minutes(3, 5, 10, 30)
    assert found.later == Minutes(1, 30, 30, 30)
    assert (found.gained, found.lost, found.same) == (1, 1, 1)


def test_no_session_moves_when_none_is_compared():
    found = summary([])
    assert (found.sessions, found.differing, found.ready.earlier, found.alerts) == (0, 0, None, ())


def test_the_departure_is_counted_apart_from_the_first_time_ready():
    rows = [
        compared(outcome(120), outcome(120, "SpO2")),  # ready once, and no more when they left
        compared(outcome(None, "SpO2"), outcome(120)),
        compared(outcome(None, "SpO2"), outcome(None, "Escort")),
        compared(outcome(120), outcome(120)),
    ]
    found = summary(rows)
    assert (found.not_ready_before, found.not_ready_after) == (2, 2)
    assert (found.newly_not_ready, found.newly_ready) == (1, 1)
    assert (found.sessions, found.differing) == (4, 3)


def test_alerts_are_counted_by_value_and_by_session():
    new = outcome(alerts=frozenset({critical(40), critical(60), watched(60, "SpO2")}))
    rows = [compared(outcome(), new), compared(outcome(alerts=frozenset({critical(1)})), outcome())]
    assert summary(rows).alerts == (
        Tally("critical: pulse", 2, 1, 2),
        Tally("watch: SpO2", 1, 0, 1),
    )


def test_overdue_checks_are_counted_by_name():
    late = outcome(overdue={("first_dose", at(40)): "40 minutes"})
    rows = [compared(outcome(), late), compared(late, outcome()), compared(outcome(), late)]
    assert summary(rows).overdue == (Tally("40 minutes", 2, 1, 3),)
