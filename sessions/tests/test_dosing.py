from decimal import Decimal

import pytest

from sessions.dosing import (
    DoseChoice,
    DosingError,
    devices_for,
    dose_options,
    infusion,
    whole_devices,
)
from sessions.shipped import read_all
from sessions.specs import DoseOption, PhaseSpec

PROTOCOLS = {protocol.key: protocol for protocol in read_all()}


def phase(key, index=0):
    return PROTOCOLS[key].phases[index]


def milligrams(choice: DoseChoice) -> int:
    assert choice.mg is not None
    return int(choice.mg)


def offered(key, number, age, index=0, **kwargs):
    return [milligrams(c) for c in dose_options(phase(key, index), number, age, None, **kwargs)]


def default(key, number, age, index=0):
    choices = dose_options(phase(key, index), number, age, None)
    return [milligrams(choice) for choice in choices if choice.is_default]


@pytest.mark.parametrize(("mg", "devices"), [("28", 1), ("56", 2), ("84", 3), ("56.0", 2)])
def test_devices_reconcile_with_the_dose(mg, devices):
    assert devices_for(Decimal(mg)) == devices


@pytest.mark.parametrize("mg", ["0", "-28", "14", "112", "28.1", "NaN", "Infinity", "1e40"])
def test_a_dose_that_devices_cannot_give_is_refused(mg):
    with pytest.raises(DosingError, match="choose 28, 56 or 84"):
        devices_for(Decimal(mg))


@pytest.mark.parametrize(
    ("weight", "mg", "ml", "rate"),
    [
        ("70", "35.0", "35.0", "52.5"),
        ("70.1", "35.1", "35.1", "52.7"),
        ("82.5", "41.3", "41.3", "62.0"),
    ],
)
def test_an_infusion_rounds_half_up_to_tenths(weight, mg, ml, rate):
    given = infusion(Decimal("0.5"), Decimal(weight), 40)
    assert (given.mg, given.ml, given.ml_per_hour) == (Decimal(mg), Decimal(ml), Decimal(rate))


def test_another_concentration_changes_volume_and_rate_only():
    given = infusion(Decimal("0.5"), Decimal(80), 40, Decimal("0.8"))
    assert (given.mg, given.ml, given.ml_per_hour) == (Decimal(40), Decimal(50), Decimal(75))


@pytest.mark.parametrize(
    ("per_kg", "weight", "minutes", "per_ml", "code"),
    [
        ("0.5", "19.9", 40, "1", "weight"),
        ("0.5", "500.1", 40, "1", "weight"),
        ("0.5", "NaN", 40, "1", "weight"),
        ("0", "70", 40, "1", "dose"),
        ("1e30", "70", 40, "1", "dose"),
        ("0.5", "70", 0, "1", "minutes"),
        ("0.5", "70", 40, "0", "concentration"),
        ("0.5", "70", 40, "100", "concentration"),
        ("0.001", "20", 40, "99", "concentration"),
    ],
)
def test_an_absurd_infusion_is_refused(per_kg, weight, minutes, per_ml, code):
    with pytest.raises(DosingError) as error:
        infusion(Decimal(per_kg), Decimal(weight), minutes, Decimal(per_ml))
    assert error.value.code == code


@pytest.mark.parametrize(
    ("number", "age", "mg"),
    [
        (1, 64, [56]),
        (2, 64, [56, 84]),
        (1, 65, [28]),
        (2, 65, [28, 56, 84]),
    ],
)
def test_eu_induction_depends_on_age_and_first_session(number, age, mg):
    assert offered("esketamine-trd-eu", number, age) == mg


def test_from_65_the_dose_rises_by_one_device_and_may_always_fall():
    key = "esketamine-trd-eu"
    assert offered(key, 2, 70, last_mg=Decimal(28)) == [28, 56]
    assert offered(key, 9, 70, index=1, last_mg=Decimal(84)) == [28, 56, 84]
    assert offered(key, 2, 40, last_mg=Decimal(28)) == [56, 84]


def test_us_day_1_offers_84_mg_with_a_caution():
    first = dose_options(phase("esketamine-trd-us"), 1, 70, None)
    assert [(milligrams(c), bool(c.caution)) for c in first] == [(56, False), (84, True)]
    second = dose_options(phase("esketamine-trd-us"), 2, 70, None)
    assert [(milligrams(c), bool(c.caution)) for c in second] == [(56, False), (84, False)]


def test_emergency_starts_at_84_and_may_be_reduced():
    assert offered("esketamine-emergency-eu", 1, 40) == [84]
    assert offered("esketamine-emergency-eu", 2, 40) == [84, 56]


def test_an_unknown_age_offers_every_band_and_no_default():
    choices = dose_options(phase("esketamine-trd-eu"), 1, None, None)
    assert [(milligrams(c), c.needs, c.is_default) for c in choices] == [
        (56, ("age",), False),
        (28, ("age",), False),
    ]


def test_an_infusion_says_dose_volume_and_rate():
    (choice,) = dose_options(phase("ketamine-iv-twice-weekly"), 1, 40, Decimal("70.0"))
    assert choice.label == "0.5 mg/kg over 40 min: 35.0 mg = 35.0 mL at 52.5 mL/h"
    assert choice.devices is None


def test_a_label_has_no_trailing_zeros():
    spray = DoseOption(mg=Decimal("56.00"))
    drip = DoseOption(mg_per_kg=Decimal("0.500"), minutes=40)
    spec = PhaseSpec("Any", 1, (1,), every_weeks=1, doses=(spray, drip))
    labels = [choice.label for choice in dose_options(spec, 1, 40, None)]
    assert labels == ["56 mg (2 devices)", "0.5 mg/kg over 40 min"]


def test_an_unknown_weight_is_named_and_no_dose_is_invented():
    (choice,) = dose_options(phase("ketamine-iv-twice-weekly"), 1, 40, None)
    assert (choice.mg, choice.infusion, choice.needs) == (None, None, ("weight",))


@pytest.mark.parametrize(("age", "weight", "code"), [(-1, None, "age"), (40, "1000", "weight")])
def test_an_absurd_patient_is_refused(age, weight, code):
    only = PhaseSpec("Any", 1, (1,), every_weeks=1, doses=(DoseOption(mg=Decimal(28)),))
    with pytest.raises(DosingError) as error:
        dose_options(only, 1, age, weight and Decimal(weight))
    assert error.value.code == code


def test_an_option_without_an_amount_is_refused():
    empty = PhaseSpec("Any", 1, (1,), every_weeks=1, doses=(DoseOption(),))
    with pytest.raises(DosingError, match="needs mg or mg per kg"):
        dose_options(empty, 1, 40, None)


@pytest.mark.parametrize("key", [key for key in PROTOCOLS if key != "taper"])
@pytest.mark.parametrize("age", [18, 64, 65, 90])
@pytest.mark.parametrize("number", [1, 2])
def test_every_label_protocol_has_exactly_one_default_dose(key, age, number):
    for spec in PROTOCOLS[key].phases:
        choices = dose_options(spec, number, age, Decimal(70))
        assert sum(choice.is_default for choice in choices) == 1


def test_more_than_three_devices_are_refused() -> None:
    with pytest.raises(DosingError, match="highest dose is 84 mg"):
        whole_devices(Decimal(112))


@pytest.mark.parametrize(("mg_per_kg", "minutes"), [("5", 40), ("2", 1), ("0.6", 1)])
def test_an_infusion_too_strong_or_too_fast_is_refused(mg_per_kg: str, minutes: int) -> None:
    with pytest.raises(DosingError):
        infusion(Decimal(mg_per_kg), Decimal(70), minutes)
