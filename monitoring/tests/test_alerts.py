from decimal import Decimal

import pytest

from monitoring.alerts import alerts, standing
from monitoring.readings import Settings
from monitoring.tests.builders import at, bp, device, history, reading, without


@pytest.mark.parametrize(
    ("values", "measures"),
    [
        ({}, []),
        ({"systolic": 179}, []),
        ({"systolic": 180}, ["systolic"]),
        ({"systolic": 190, "diastolic": 110}, ["systolic", "diastolic"]),
        ({"spo2": 90}, []),
        ({"spo2": 89}, ["spo2"]),
        ({"sedation": 3}, []),
        ({"sedation": 2}, ["sedation"]),
        ({"sedation": 0}, ["sedation"]),
        ({"resp_rate": 8}, []),
        ({"resp_rate": 7}, ["resp_rate"]),
        ({"spo2": None, "sedation": None}, []),
    ],
)
def test_critical_values_call_for_help(values, measures):
    found = alerts(reading(40, **values), None, Settings())
    assert [alert.measure for alert in found] == measures


def test_an_alert_tells_the_value_before_the_dose():
    (alert,) = alerts(bp(40, 184, 95), bp(-10, 128, 80), Settings())
    assert alert.text == "Systolic pressure 184 is at or over 180 (before the dose 128)."


# what stands, of a whole session


def standing_of(*sets, now=60.0, limits=None, **values):
    given = history(*sets, **{"administrations": (device(0), device(5)), **values})
    return standing(given, limits or Settings(), at(now))


def told(found):
    return [(alert.level, alert.measure, alert.value, alert.setting) for alert in found]


def test_the_rise_that_the_label_counts_is_watched():
    before = bp(-10, 120, 80)
    assert told(standing_of(before, bp(40, 159, 104))) == []
    assert told(standing_of(before, bp(40, 160, 104))) == [
        ("watch", "systolic", 160, "watch_systolic_rise")
    ]
    (alert,) = standing_of(before, bp(40, 150, 105))
    assert alert.text == (
        "Diastolic pressure 105 is 25 over the 80 before the dose (watched from 25)."
    )


def test_a_critical_value_is_not_watched_as_well():
    found = standing_of(bp(-10, 120, 80), bp(40, 185, 90))
    assert told(found) == [("critical", "systolic", 185, "alert_systolic")]


def test_without_a_baseline_a_value_is_watched_as_one_to_compare_with_nothing():
    found = standing_of(without(reading(-10), "systolic", "diastolic"), bp(40, 130, 80))
    assert [alert.text for alert in found] == [
        "Systolic pressure 130 can't be compared: none is known before the dose.",
        "Diastolic pressure 80 can't be compared: none is known before the dose.",
    ]


def test_a_set_of_one_measure_ends_no_alert_of_another():
    low = reading(40, spo2=86)
    later = without(bp(45, 120, 78), "spo2", "sedation", "dissociation", "pulse")
    assert told(standing_of(reading(-10), low, later)) == [("critical", "spo2", 86, "alert_spo2")]
    assert told(standing_of(reading(-10), low, reading(46))) == []


def test_saturation_on_oxygen_ends_no_alert():
    sets = reading(-10), reading(40, spo2=86), reading(45, spo2=98, oxygen_l_min=Decimal(2))
    assert [alert.value for alert in standing_of(*sets)] == [86]


def test_a_set_dated_ahead_adds_an_alert_at_once_and_ends_none_before_its_time():
    critical, normal = bp(60, 190, 90), bp(62, 130, 80)
    assert told(standing_of(bp(-10, 120, 80), bp(40, 130, 80), critical, now=59))
    sets = bp(-10, 120, 80), critical, normal
    assert [alert.value for alert in standing_of(*sets, now=61)] == [190]
    assert standing_of(*sets, now=62) == ()


def test_of_two_sets_with_the_same_time_both_count():
    sets = bp(-10, 120, 80), bp(40, 190, 80), bp(40, 120, 80, id=2)
    assert [alert.value for alert in standing_of(*sets)] == [190]


IV = Settings(alert_pulse_high=130, alert_pulse_low=50, alert_bp_rise_percent=25)


@pytest.mark.parametrize(
    ("pulse", "setting"),
    [(130, None), (131, "alert_pulse_high"), (50, None), (49, "alert_pulse_low")],
)
def test_an_infusion_has_limits_of_the_pulse(pulse, setting):
    found = standing_of(reading(-10), reading(40, pulse=pulse), limits=IV)
    assert [alert.setting for alert in found] == ([setting] if setting else [])


def test_a_rise_with_symptoms_is_critical_where_the_protocol_says_so():
    sets = bp(-10, 120, 80), bp(40, 150, 80)
    assert standing_of(*sets, limits=IV) == ()
    (alert,) = standing_of(*sets, limits=IV, unresolved_adverse_events=("Headache",))
    assert alert.level == "critical"
    assert alert.text == (
        "Systolic pressure 150 is 25 % over the 120 before the dose (critical from 25 %), "
        "with symptoms: Headache."
    )


def test_an_alert_knows_since_when_its_limit_is_broken():
    sets = bp(-10, 120, 80), bp(20, 190, 80), bp(30, 150, 80), bp(40, 185, 80), bp(50, 182, 80)
    (alert,) = standing_of(*sets)
    assert (alert.value, alert.since) == (182, at(40))
