"""The alerts beside a second opinion, with values missing in every position."""

from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from monitoring.alerts import standing
from monitoring.readings import Administration, History, Reading, Settings
from monitoring.tests import second_alerts
from monitoring.tests.builders import START

SHORT = {
    "systolic": "s",
    "diastolic": "d",
    "pulse": "pulse",
    "spo2": "spo2",
    "sedation": "moaas",
    "resp_rate": "rr",
    "temperature": "temp",
    "dissociation": "diss",
}
LIMITS: dict[str, list[int | None]] = {
    "alert_systolic": [180],
    "alert_diastolic": [110],
    "alert_systolic_low": [None, 90],
    "alert_diastolic_low": [None, 50],
    "alert_spo2": [90, 92],
    "alert_moaas": [2],
    "alert_resp_rate": [8],
    "alert_pulse_high": [None, 130],
    "alert_pulse_low": [None, 50],
    "alert_temperature": [None, 39],
    "alert_bp_rise_percent": [None, 25],
    "watch_systolic_rise": [None, 40],
    "watch_diastolic_rise": [None, 25],
    "watch_bp_rise_percent": [None, 20],
    "watch_moaas_drop": [None, 1, 2],
    "watch_spo2_drop": [None, 4],
    "watch_pulse_change": [None, 30],
    "watch_dissociation_minutes": [None, 56, 60],
}
VALUES: dict[str, list[int | Decimal | None]] = {
    "s": [None, 89, 90, 110, 120, 143, 144, 150, 159, 160, 179, 180, 190],
    "d": [None, 49, 50, 70, 80, 95, 96, 104, 105, 109, 110],
    "pulse": [None, 49, 50, 60, 90, 119, 130, 131],
    "spo2": [None, 88, 89, 90, 91, 92, 93, 94, 98],
    "oxygen": [None, 0, 2],
    "moaas": [None, 2, 3, 4, 5],
    "rr": [None, 7, 8, 14],
    "temp": [None, Decimal("38.9"), Decimal("39.0")],
    "diss": [None, 0, 1, 3],
}
TIMES = st.sampled_from([-30, -10, 0, 5, 20, 40, 60, 61, 62])
rows = st.fixed_dictionaries({"t": TIMES} | {k: st.sampled_from(v) for k, v in VALUES.items()})
cases = st.fixed_dictionaries(
    {
        "rows": st.lists(rows, max_size=5),
        "devices": st.sampled_from([[], [0], [0, 5], [20]]),
        "now": st.sampled_from([-5, 40, 60, 61, 90]),
        "symptoms": st.booleans(),
        "limits": st.fixed_dictionaries({k: st.sampled_from(v) for k, v in LIMITS.items()}),
    }
)


def moment(minute):
    return START + timedelta(minutes=minute)


def as_reading(number, row):
    values = {long: row[short] for long, short in SHORT.items()}
    oxygen = None if row["oxygen"] is None else Decimal(row["oxygen"])
    at = moment(row["t"])
    return Reading(id=number, observed_at=at, recorded_at=at, oxygen_l_min=oxygen, **values)


def as_history(case):
    given_at = [moment(minute) for minute in case["devices"]]
    return History(
        readings=tuple(as_reading(*numbered) for numbered in enumerate(case["rows"])),
        administrations=tuple(Administration(at, at, "nasal", at) for at in given_at),
        unresolved_adverse_events=("Headache",) if case["symptoms"] else (),
    )


def found(case):
    return standing(as_history(case), Settings(**case["limits"]), moment(case["now"]))


def answer(case):
    return {(a.level, SHORT[a.measure], a.setting, a.value) for a in found(case)}


@settings(max_examples=600, deadline=None)
@given(cases)
def test_the_alerts_and_the_second_opinion_agree(case):
    assert answer(case) == second_alerts.standing(case)


@settings(max_examples=200, deadline=None)
@given(cases, st.data())
def test_a_value_that_goes_missing_never_turns_an_alert_normal(case, data):
    """Without its baseline a watched value is still shown, as one that nobody can compare."""
    assume(case["devices"])
    shown = {(name, value) for level, name, setting, value in answer(case) if level == "watch"}
    assume(shown)
    blind = deepcopy(case)
    for row in blind["rows"]:
        if row["t"] <= min(case["devices"]):
            row.update(dict.fromkeys(SHORT.values()))
    name, value = data.draw(st.sampled_from(sorted(shown)))
    left = {(name, value) for _, name, _, value in answer(blind)}
    assert (name, value) in left


@settings(max_examples=200, deadline=None)
@given(cases, rows)
def test_a_set_that_leaves_a_measure_out_lifts_no_alert_of_it(case, row):
    later = deepcopy(case)
    nothing = dict.fromkeys(VALUES)
    later["rows"].append({**row, **nothing, "t": case["now"]})
    assert answer(later) == answer(case)


@settings(max_examples=100, deadline=None)
@given(cases, st.randoms(use_true_random=False))
def test_the_order_of_the_records_changes_nothing(case, random):
    history, now = as_history(case), moment(case["now"])
    shuffled = list(history.readings)
    random.shuffle(shuffled)
    turned = replace(history, readings=tuple(shuffled))
    limits = Settings(**case["limits"])
    assert set(standing(turned, limits, now)) == set(standing(history, limits, now))
