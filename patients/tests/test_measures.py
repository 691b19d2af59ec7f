"""Units of weight and height, and when a value is asked for twice."""

from decimal import Decimal

import pytest

from patients.measures import doubt, in_base_unit, in_both_units, is_possible


@pytest.mark.parametrize(
    ("kind", "number", "unit", "value"),
    [
        ("weight", "180", "lb", "81.65"),
        ("weight", "80.5", "kg", "80.50"),
        ("height", "70", "in", "177.80"),
    ],
)
def test_values_are_held_in_kg_and_cm(kind: str, number: str, unit: str, value: str) -> None:
    assert in_base_unit(kind, Decimal(number), unit) == Decimal(value)


def test_a_height_in_meters_is_not_possible() -> None:
    assert not is_possible("height", Decimal("1.80"))


@pytest.mark.parametrize(
    ("value", "previous", "asks"),
    [
        ("88", "80", False),
        ("88.01", "80", True),
        ("72", "80", False),
        ("71.99", "80", True),
        ("80", None, False),
        ("180", None, True),
        ("35", None, True),
    ],
)
def test_a_change_of_more_than_a_tenth_is_asked_for(
    value: str, previous: str | None, asks: bool
) -> None:
    before = Decimal(previous) if previous else None
    assert bool(doubt("weight", Decimal(value), before)) == asks


def test_the_question_names_both_units() -> None:
    assert in_both_units("weight", Decimal(180)) == "180 kg (396.8 lb)"
    assert "125% more" in doubt("weight", Decimal(180), Decimal(80))
