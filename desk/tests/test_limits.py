from datetime import UTC, datetime
from typing import Any

import pytest

from clinic.models import User
from desk.flowsheet import flowsheet
from desk.limits import out_of_range
from desk.values import values
from monitoring.evidence import Evidence
from monitoring.readings import Reading, Settings
from monitoring.services import history
from monitoring.tests.visits import Visit

AT = datetime(2026, 11, 23, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("measured", "out"),
    [
        ({"systolic": 140, "diastolic": 90, "spo2": 94, "sedation": 3, "resp_rate": 8}, set()),
        ({"systolic": 141, "diastolic": 90}, {"bp"}),
        ({"systolic": 120, "diastolic": 91}, {"bp"}),
        ({"spo2": 93}, {"spo2"}),
        ({"sedation": 2}, {"sedation"}),
        ({"resp_rate": 7}, {"resp_rate"}),
        ({}, set()),
    ],
)
def test_what_is_out_of_range(measured: dict[str, Any], out: set[str]) -> None:
    assert out_of_range(Reading(1, AT, AT, **measured), Settings()) == out


def test_a_card_and_the_flowsheet_mark_the_same_value(visit: Visit, nurse: User) -> None:
    visit.arrive()
    visit.measure(systolic=150, diastolic=85, spo2=97)
    record = history.load(visit.fresh())
    (column,) = flowsheet(record, (), may_correct=False).columns
    card = values(Evidence(record.history, record.settings, visit.clock.now))
    marked = {value.label: value.out for value in card}
    assert marked == {"BP mmHg": True, "SpO₂ %": False, "MOAA/S": False}
    assert column.cells["bp"].css == "out"
    assert not column.cells["spo2"].css
