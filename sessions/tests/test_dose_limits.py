from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions.limits import Limits, agree, cautions, over_cap, too_fast
from sessions.models import DosingPolicy

USUAL = DosingPolicy().limits


@pytest.mark.parametrize(
    ("per_kg", "minutes", "unusual"),
    [
        ("0.5", 40, []),
        ("0.1", 2, []),
        ("0.75", 100, []),
        ("0.099", 40, ["0.099 mg/kg"]),
        ("0.751", 40, ["0.751 mg/kg"]),
        ("0.5", 1, ["1 minutes"]),
        ("0.5", 101, ["101 minutes"]),
        ("1.5", 180, ["1.5 mg/kg", "180 minutes"]),
        (None, 40, ["not known for which weight"]),
        ("0.5", None, ["over how many minutes"]),
        (None, None, ["which weight", "how many minutes"]),
    ],
)
def test_what_is_beyond_the_usual_range(per_kg, minutes, unusual: list[str]) -> None:
    found = cautions(per_kg and Decimal(per_kg), minutes, USUAL)
    assert len(found) == len(unusual)
    assert all(words in said for said, words in zip(found, unusual, strict=True))


@given(
    st.decimals("0.001", "2", places=3),
    st.integers(1, 480),
    st.decimals("0.001", "1", places=3),
    st.decimals("1", "2", places=3),
    st.integers(1, 100),
    st.integers(100, 480),
)
def test_the_range_is_the_clinics_own(dose, minutes, low, high, shortest, longest) -> None:
    limits = Limits(low, high, shortest, longest)
    usual = low <= dose <= high and shortest <= minutes <= longest
    assert (cautions(dose, minutes, limits) == ()) == usual


@pytest.mark.parametrize(
    ("mg", "highest", "refused"),
    [("50", None, False), ("50", "50", False), ("50.1", "50", True), ("2000", None, False)],
)
def test_a_cap_holds_where_the_clinic_has_one(mg: str, highest: str | None, refused: bool) -> None:
    limits = Limits(Decimal(0), Decimal(2), 1, 480, Decimal(highest) if highest else None)
    assert bool(over_cap(Decimal(mg), limits)) == refused


@pytest.mark.parametrize(
    ("rate", "per_ml", "kg", "refused"),
    [
        ("2100", "1", "70", False),
        ("2100.1", "1", "70", True),
        ("210.1", "10", "70", True),
        ("9999", "1", None, False),
    ],
)
def test_a_rate_above_the_ceiling_is_refused(rate, per_ml, kg, refused: bool) -> None:
    assert bool(too_fast(Decimal(rate), Decimal(per_ml), kg and Decimal(kg))) == refused


@pytest.mark.parametrize(
    ("typed", "same"),
    [("52.5", True), ("52.6", True), ("52.4", True), ("52.7", False), ("5.25", False)],
)
def test_two_people_may_differ_by_rounding_alone(typed: str, same: bool) -> None:
    assert agree(Decimal(typed), Decimal("52.5")) == same
