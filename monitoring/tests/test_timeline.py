from dataclasses import replace

import pytest

from monitoring.readings import Administration, Check, Settings
from monitoring.tests.builders import SETTINGS, at, bp, device, reading
from monitoring.timeline import due, next_due

DEVICES = (device(0), device(5))
BEFORE = reading(-10)


def states(*readings, now=125.0, missed=None, given=DEVICES, settings=SETTINGS) -> list[str]:
    return [c.state for c in due(settings, given, readings, missed or {}, at(now))]


def state_of(label, *readings, now=125.0, **values) -> tuple[str, object]:
    checks = due(SETTINGS, DEVICES, readings, values.get("missed", {}), at(now))
    found = next(check for check in checks if check.label == label)
    return found.state, found.settled_by


@pytest.mark.parametrize(
    ("now", "state"),
    [
        (40 - 1 / 60, "upcoming"),
        (40, "due"),
        (45 - 1 / 60, "due"),
        (45, "overdue"),
        (120, "overdue"),
    ],
)
def test_a_check_is_due_and_overdue_to_the_second(now, state):
    assert state_of("40 minutes", BEFORE, now=now) == (state, None)


def test_a_day_as_planned_settles_every_check():
    day = [BEFORE, reading(41), reading(58), reading(91), reading(125)]
    assert states(*day) == ["done"] * 5


@pytest.mark.parametrize(
    ("minute", "expected"),
    [
        (10, ["overdue", "overdue"]),
        (29, ["overdue", "overdue"]),
        (30, ["done", "overdue"]),
        (45, ["done", "overdue"]),
        (46, ["late", "overdue"]),
        (55, ["late", "overdue"]),
        (60, ["overdue", "done"]),
    ],
)
def test_a_reading_settles_the_earliest_open_check(minute, expected):
    assert states(BEFORE, reading(minute))[1:3] == expected


def test_each_reading_settles_one_check_and_each_check_takes_one():
    assert states(BEFORE, reading(40), reading(41), now=70)[:3] == ["done", "done", "overdue"]


def test_a_check_that_closed_is_settled_no_more():
    assert state_of("40 minutes", BEFORE, reading(80))[0] == "overdue"


def test_a_check_is_not_settled_too_early():
    assert state_of("40 minutes", BEFORE, reading(10))[0] == "overdue"


def test_a_set_without_blood_pressure_settles_nothing():
    assert state_of("40 minutes", bp(40, None, None))[0] == "overdue"


@pytest.mark.parametrize(("reason", "state"), [("Asleep", "missed"), (" ", "overdue")])
def test_a_missed_check_needs_words(reason, state):
    assert state_of("40 minutes", missed={"40 minutes": reason})[0] == state


def test_a_reading_from_the_future_settles_nothing():
    assert state_of("40 minutes", reading(42), now=41)[0] == "due"


def test_a_reading_after_the_dose_is_no_baseline():
    assert states(reading(1), now=10)[0] == "overdue"


def test_before_the_dose_the_baseline_waits_from_arrival_without_being_overdue():
    baseline, *later = due(SETTINGS, (), (), {}, at(60), arrived_at=at(0))
    assert (baseline.state, baseline.due_at) == ("due", at(0))
    assert {(check.state, check.due_at) for check in later} == {("upcoming", None)}


def test_another_device_moves_the_checks_after_the_last_dose():
    def leaving(*given):
        return due(SETTINGS, given, (), {}, at(20))[-1].due_at

    assert leaving(device(0)) == at(120)
    assert leaving(device(0), device(12)) == at(132)


def test_checks_after_an_infusion_get_their_time_when_it_ends():
    settings = Settings(checks=(Check("Start", "infusion_start"), Check("End", "infusion_end", 15)))
    running = (Administration(at(0), None, "iv", at(0)),)
    ended = (Administration(at(0), at(40), "iv", at(40)),)
    assert [c.due_at for c in due(settings, running, (), {}, at(10))] == [at(0), None]
    assert [c.due_at for c in due(settings, ended, (), {}, at(50))] == [at(0), at(55)]


def test_two_checks_at_the_same_time_take_a_reading_each():
    settings = replace(
        SETTINGS, checks=(Check("First", "first_dose", 60), Check("Last", "last_dose", 55))
    )
    assert states(reading(60), settings=settings) == ["done", "overdue"]
    assert states(reading(60), reading(61), settings=settings) == ["done", "done"]


def test_the_next_check_is_the_one_waiting_longest():
    late = next_due(due(SETTINGS, DEVICES, (BEFORE, reading(61)), {}, at(70)))
    assert late is not None
    assert late.label == "40 minutes"
    in_time = next_due(due(SETTINGS, DEVICES, (BEFORE, reading(40)), {}, at(41)))
    assert in_time is not None
    assert in_time.due_at == at(60)


def test_nothing_is_next_when_all_is_settled():
    day = [BEFORE, reading(41), reading(58), reading(91), reading(125)]
    assert next_due(due(SETTINGS, DEVICES, day, {}, at(126))) is None


# boundaries

SECOND = 1 / 60
DRIP = Settings(
    checks=(
        Check("Before", "before_dose"),
        Check("15 minutes", "infusion_start", 15),
        Check("30 minutes", "infusion_start", 30, every_minutes=15),
        Check("End", "infusion_end"),
        Check("15 after", "infusion_end", 15),
    )
)


def drip(ended: float | None = None) -> tuple[Administration, ...]:
    end = None if ended is None else at(ended)
    return (Administration(at(0), end, "iv", at(ended or 0)),)


def times(now: float, *, ended: float | None = None) -> list[tuple[str, float | None]]:
    found = due(DRIP, drip(ended), (), {}, at(now))
    return [
        (c.label, (c.due_at - at(0)).total_seconds() / 60 if c.due_at else None) for c in found[1:]
    ]


@pytest.mark.parametrize(
    ("taken", "state"),
    [(45, "done"), (45 + SECOND, "late"), (60 - SECOND, "late")],
)
def test_a_set_is_in_time_up_to_the_moment_in_which_it_becomes_overdue(taken, state):
    assert state_of("40 minutes", BEFORE, reading(taken))[0] == state


@pytest.mark.parametrize(("taken", "settles"), [(30 - SECOND, False), (30, True)])
def test_a_check_opens_ten_minutes_before(taken, settles):
    assert (state_of("40 minutes", BEFORE, reading(taken))[1] is not None) == settles


@pytest.mark.parametrize(("taken", "settles"), [(60 - SECOND, True), (60, False)])
def test_a_check_closes_when_the_next_one_is_due(taken, settles):
    assert (state_of("40 minutes", BEFORE, reading(taken))[1] is not None) == settles


@pytest.mark.parametrize(
    ("now", "state"), [(0, "due"), (5 - SECOND, "due"), (5, "overdue"), (200, "overdue")]
)
def test_a_missing_baseline_is_overdue_after_the_first_dose(now, state):
    assert state_of("Before the dose", now=now)[0] == state


@pytest.mark.parametrize(
    ("now", "state"),
    [(125 - SECOND, "upcoming"), (125, "due"), (130 - SECOND, "due"), (130, "overdue")],
)
def test_the_last_check_counts_from_the_last_device(now, state):
    assert state_of("Before leaving", now=now)[0] == state


def test_a_running_infusion_is_checked_again_and_again_and_the_next_one_is_known():
    first = [("15 minutes", 15), ("30 minutes", 30)]
    after = [("End", None), ("15 after", None)]
    assert times(30 - SECOND) == [*first, *after]
    assert times(30) == [*first, ("Infusion, 45 min", 45), *after]
    again = [("Infusion, 45 min", 45), ("Infusion, 60 min", 60)]
    assert times(45) == [*first, *again, *after]


@pytest.mark.parametrize(("ended", "again"), [(45, 0), (45 + SECOND, 1), (60, 1)])
def test_what_falls_on_the_end_of_an_infusion_is_the_ends_check(ended, again):
    found = [label for label, _ in times(200, ended=ended)]
    assert sum(label.startswith("Infusion") for label in found) == again


def test_an_infusion_that_ends_early_moves_no_check_after_its_start():
    assert times(60, ended=20) == [
        ("15 minutes", 15),
        ("End", 20),
        ("30 minutes", 30),
        ("15 after", 35),
    ]


@pytest.mark.parametrize(
    ("now", "state"),
    [(35 - SECOND, "upcoming"), (35, "due"), (40 - SECOND, "due"), (40, "overdue")],
)
def test_checks_after_an_infusion_are_due_to_the_second(now, state):
    found = due(DRIP, drip(20), (), {}, at(now))
    assert next(check.state for check in found if check.label == "15 after") == state


def test_a_forgotten_infusion_asks_for_a_day_at_most():
    assert len(times(60 * 24 * 30)) == 4 + (24 * 60 - 31) // 15


def test_only_a_check_of_a_running_infusion_is_repeated():
    with pytest.raises(ValueError, match="only a check of a running infusion"):
        Check("Later", "first_dose", 40, every_minutes=15)
