import pytest

from monitoring.alerts import alerts, of_latest
from monitoring.readings import Settings
from monitoring.tests.builders import bp, reading


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


@pytest.mark.parametrize("systolic", [(120, 190), (190, 120)])
def test_of_two_sets_with_the_same_time_both_count(systolic):
    sets = [bp(20, 200, 80), *(bp(40, value, 80) for value in systolic)]
    assert [alert.value for alert in of_latest(sets, None, Settings())] == [190]
