"""Past sessions under other settings, in minutes after the first dose; the patient left at 130."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from monitoring import replay
from monitoring.conditions import SHORT
from monitoring.discharge import RULES, gate
from monitoring.evidence import Evidence
from monitoring.readings import History, Medicine, Settings
from monitoring.tests.builders import SETTINGS, assessment, at, bp, history, reading
from sessions.trials import Outcome, Raised

LEFT = at(130)
SETS = tuple(reading(minutes) for minutes in (-10, 40, 60, 90, 120))


def until(whole: History, moment: datetime) -> History:
    """Return what of a history was known by then; all of it was written when it happened."""
    given = whole.assessment
    return replace(
        whole,
        readings=tuple(r for r in whole.readings if r.recorded_at <= moment),
        administrations=tuple(a for a in whole.administrations if a.recorded_at <= moment),
        medicines=tuple(m for m in whole.medicines if m.recorded_at <= moment),
        assessment=given if given and given.at <= moment else None,
    )


def judged(whole: History, settings: Settings, left_at: datetime = LEFT) -> Outcome:
    times = [r.recorded_at for r in whole.readings]
    times += [a.recorded_at for a in whole.administrations]
    times += [m.recorded_at for m in whole.medicines]
    times += [whole.assessment.at] if whole.assessment else []
    both = replay.compare(lambda at: until(whole, at), times, left_at, SETTINGS, settings)
    assert both[0] == replay.judge(lambda at: until(whole, at), times, left_at, SETTINGS)
    return both[1]


def minute(moment: datetime | None) -> float | None:
    return None if moment is None else (moment - at(0)) / timedelta(minutes=1)


@pytest.mark.parametrize(
    ("changed", "settled", "ready"),
    [
        ({}, 125, 125),  # the second device came at 5
        ({"min_minutes_after_last_dose": 60}, 65, 125),
        ({"min_minutes_after_last_dose": 100}, 105, 125),
        ({"min_minutes_after_last_dose": 123}, 128, None),  # assessed before that was over
        ({"min_minutes_after_last_dose": 125}, 130, None),
        ({"min_minutes_after_last_dose": 126}, None, None),
        ({"spo2_min": 97}, 125, 125),
        ({"spo2_min": 98}, None, None),
        ({"recent_minutes": 2}, None, None),
        ({"recent_minutes": 5}, 125, 125),
        ({"peak_window_from": 41, "peak_window_to": 59}, None, None),
        ({"escort_required": False}, 125, 125),
        ({"bp_discharge_systolic": 120}, None, None),
    ],
)
def test_when_a_session_would_have_been_ready(changed, settled, ready):
    found = judged(history(*SETS), replace(SETTINGS, **changed))
    assert (minute(found.settled_at), minute(found.ready_at)) == (settled, ready)


@pytest.mark.parametrize(("required", "ready"), [(True, None), (False, 125)])
def test_time_and_values_do_not_wait_for_the_escort(required, ready):
    found = judged(history(*SETS, escort=None), replace(SETTINGS, escort_required=required))
    assert (minute(found.settled_at), minute(found.ready_at)) == (125, ready)


def test_time_and_values_do_not_wait_for_the_assessment():
    found = judged(history(*SETS, assessment=None), SETTINGS)
    assert (minute(found.settled_at), minute(found.ready_at)) == (125, None)


@pytest.mark.parametrize(
    ("changed", "opened"),
    [({}, ()), ({"recent_minutes": 10}, ()), ({"recent_minutes": 9}, ("spo2", "bp_high"))],
)
def test_the_departure_is_judged_by_itself(changed, opened):
    found = judged(history(*SETS), replace(SETTINGS, **changed))
    assert minute(found.ready_at) == 125  # when the last set was five minutes old
    assert {SHORT[code] for code in opened} <= set(found.open)
    assert bool(found.open) == bool(opened)


def test_a_later_reading_does_not_hold_up_an_earlier_time():
    whole = history(*SETS, reading(128), assessment=assessment(125))
    found = judged(whole, SETTINGS)
    assert minute(found.ready_at) == 125
    assert found.open == (SHORT["assessment"],)  # it came before the last reading


def test_what_is_open_at_the_departure_is_said_in_few_words_without_a_value():
    found = judged(history(*SETS), replace(SETTINGS, spo2_min=98, min_minutes_after_last_dose=200))
    assert found.open == (SHORT["minimum_time"], SHORT["spo2"], SHORT["assessment"])


def test_every_condition_of_the_gate_has_its_few_words():
    empty = Evidence(History(), SETTINGS, LEFT)
    without_dose = gate(History(), SETTINGS, LEFT).conditions
    codes = {rule(empty).code for rule in RULES} | {found.code for found in without_dose}
    assert codes <= SHORT.keys()


@pytest.mark.parametrize(
    ("changed", "raised"),
    [
        ({}, set()),
        ({"alert_systolic": 150}, {("critical", "systolic pressure", 40)}),
        ({"alert_systolic": 151, "watch_systolic_rise": 26}, {("watch", "systolic pressure", 40)}),
        ({"watch_systolic_rise": 27}, set()),
        (
            {"alert_systolic": 120},
            {("critical", "systolic pressure", m) for m in (-10, 40, 60, 90, 120)},
        ),
        ({"alert_spo2": 97}, set()),
        ({"alert_pulse_high": 71}, {("critical", "pulse", m) for m in (-10, 40, 60, 90, 120)}),
    ],
)
def test_which_values_would_have_been_alerts(changed, raised):
    sets = (SETS[0], bp(40, 150, 78), *SETS[2:])
    found = judged(history(*sets), replace(SETTINGS, **changed))
    assert found.alerts == {Raised(level, what, at(m)) for level, what, m in raised}


@pytest.mark.parametrize(
    ("changed", "late"),
    [
        ({}, set()),
        ({"overdue_after_minutes": 1}, {"40 minutes"}),
        ({"overdue_after_minutes": 3}, set()),
        (
            {"checks": (*SETTINGS.checks, replace(SETTINGS.checks[1], label="50", minute=50))},
            {"50"},
        ),
    ],
)
def test_which_checks_would_have_been_overdue(changed, late):
    sets = (SETS[0], reading(43), *SETS[2:])
    found = judged(history(*sets), replace(SETTINGS, **changed))
    assert set(found.overdue.values()) == late


@pytest.mark.parametrize("settings", [SETTINGS, replace(SETTINGS, min_minutes_after_last_dose=0)])
def test_without_a_dose_nobody_is_ready(settings):
    found = judged(history(*SETS, administrations=()), settings)
    assert (found.settled_at, found.ready_at, found.open) == (None, None, (SHORT["no_dose"],))


def test_a_medicine_moves_the_end_of_the_minimum_time():
    given: dict[str, Any] = {"words": "Labetalol 20 mg", "recorded_at": at(95)}
    medicine = Medicine(1, at=at(95), effect="recheck", minutes=31, **given)
    found = judged(history(*SETS, medicines=(medicine,)), SETTINGS)
    assert minute(found.settled_at) == 126
