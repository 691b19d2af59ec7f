from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions.bodyweight import Basis, adjusted_kg, body_mass_index, ideal_kg, said, weights

KILOGRAMS = st.decimals("20", "400", places=1)
CENTIMETERS = st.decimals("100", "230", places=1)
SEXES = st.sampled_from(["female", "male", "other", "unknown", ""])


@pytest.mark.parametrize(
    ("cm", "sex", "kg"),
    [
        ("152.4", "male", "50.0"),
        ("152.4", "female", "45.5"),
        ("177.8", "male", "73.0"),
        ("165.1", "female", "57.0"),
        ("170", "female", "61.4"),
        ("170", "male", "65.9"),
        ("190.5", "male", "84.5"),
    ],
)
def test_the_ideal_weight_follows_devine(cm: str, sex: str, kg: str) -> None:
    assert ideal_kg(Decimal(cm), sex) == Decimal(kg)


@pytest.mark.parametrize(
    ("actual", "ideal", "adjusted"),
    [("100", "60", "76.0"), ("120.5", "61.4", "85.0"), ("60.1", "60", "60.0"), ("60", "60", None)],
)
def test_the_adjusted_weight_lies_between(actual: str, ideal: str, adjusted: str | None) -> None:
    assert adjusted_kg(Decimal(actual), Decimal(ideal)) == (adjusted and Decimal(adjusted))


@pytest.mark.parametrize(
    ("kg", "cm", "bmi"), [("70", "175", "22.9"), ("100", "170", "34.6"), ("90", "173.2", "30.0")]
)
def test_bmi(kg: str, cm: str, bmi: str) -> None:
    assert body_mass_index(Decimal(kg), Decimal(cm)) == Decimal(bmi)


@pytest.mark.parametrize(
    ("kg", "cm", "sex", "words"),
    [
        (None, "170", "male", "No weight"),
        ("80", None, "male", "no height"),
        ("80", "170", "unknown", "administrative sex"),
        ("80", "170", "other", "administrative sex"),
        ("80", "152.3", "female", "begins at 152.4 cm"),
    ],
)
def test_what_cannot_be_computed_says_why(kg, cm, sex: str, words: str) -> None:
    known = weights(kg and Decimal(kg), cm and Decimal(cm), sex)
    assert words in known.missing
    assert (known.ideal, known.adjusted) == (None, None)
    assert [basis for basis, _ in known.offered] == ([Basis.ACTUAL] if kg else [])


def test_everything_known_offers_three_weights() -> None:
    known = weights(Decimal(100), Decimal(170), "male")
    assert known.offered == (
        (Basis.ACTUAL, Decimal(100)),
        (Basis.IDEAL, Decimal("65.9")),
        (Basis.ADJUSTED, Decimal("79.5")),
    )
    assert (known.bmi, known.missing) == (Decimal("34.6"), "")


def test_nobody_light_is_offered_a_heavier_weight() -> None:
    known = weights(Decimal(55), Decimal(180), "male")
    assert known.ideal == Decimal("75.0")
    assert known.offered == ((Basis.ACTUAL, Decimal(55)),)


@given(st.none() | KILOGRAMS, st.none() | CENTIMETERS, SEXES)
def test_no_offered_weight_exceeds_the_actual_one(kg, cm, sex: str) -> None:
    known = weights(kg, cm, sex)
    offered = dict(known.offered)
    assert all(value <= kg for value in offered.values())
    assert bool(offered) == (kg is not None)
    if Basis.ADJUSTED in offered:
        assert offered[Basis.IDEAL] <= offered[Basis.ADJUSTED] <= offered[Basis.ACTUAL]
    assert bool(known.missing) == (known.ideal is None)


def test_a_weight_is_said_in_both_units() -> None:
    assert said(Decimal("82.5")) == "82.5 kg (181.9 lb)"
