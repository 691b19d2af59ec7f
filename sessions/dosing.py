"""Doses as a nurse prepares them: nasal devices for mg, or mg, mL and mL/h for mg per kg.

Infusions round half up, each figure from the rounded one before it, so that what is drawn up, what
is written and what the pump is set to agree: mg to 0.1, mL to 0.1, rate to 0.1 mL/h.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from clinic.numbers import plain, tenths
from sessions.bounds import OLDEST_AGE
from sessions.specs import DoseOption, PhaseSpec

MG_PER_DEVICE = Decimal(28)  # one single-use device, two sprays (clinical 1.2)
MOST_DEVICES = 3
LIGHTEST_KG = Decimal(20)
HEAVIEST_KG = Decimal(500)
HIGHEST_MG_PER_KG = Decimal(2)  # far above the 0.1 to 0.75 reported (clinical 4); a slip beyond
FASTEST_MG_PER_KG_MIN = Decimal("0.5")  # faster risks respiratory depression (label, clinical 4)
LONGEST_MINUTES = 480
DEFAULT_MG_PER_ML = Decimal(1)
UNDILUTED_MG_PER_ML = Decimal(100)


class DosingError(ValueError):
    """A dose that can't be prepared; `code` is stable, the message is a sentence for the user."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Infusion:
    mg: Decimal
    ml: Decimal
    ml_per_hour: Decimal
    minutes: int
    mg_per_kg: Decimal
    weight_kg: Decimal
    mg_per_ml: Decimal


@dataclass(frozen=True, slots=True)
class DoseChoice:
    """One dose offered for one session; `needs` names what is still unknown: "age", "weight"."""

    option: DoseOption
    label: str
    mg: Decimal | None
    devices: int | None
    infusion: Infusion | None
    is_default: bool
    needs: tuple[str, ...]

    @property
    def caution(self) -> str:
        return self.option.caution

    @property
    def source(self) -> str:
        return self.option.source


def devices_for(mg: Decimal) -> int:
    """Return the number of 28 mg devices: 28 mg is 1, 56 mg is 2, 84 mg is 3."""
    for devices in range(1, MOST_DEVICES + 1):
        if mg == devices * MG_PER_DEVICE:
            return devices
    raise DosingError("devices", f"{mg} mg can't be given with 28 mg devices: choose 28, 56 or 84.")


def whole_devices(mg: Decimal) -> int:
    """Return the number of devices of a dose that a prescriber chose; three at most."""
    devices, rest = divmod(mg, MG_PER_DEVICE)
    if rest or devices < 1:
        text = f"Devices hold {MG_PER_DEVICE} mg each: order a multiple of {MG_PER_DEVICE} mg."
        raise DosingError("devices", text)
    if devices > MOST_DEVICES:
        most = MOST_DEVICES * MG_PER_DEVICE
        raise DosingError("devices", f"The highest dose is {most} mg, {MOST_DEVICES} devices.")
    return int(devices)


def infusion(
    mg_per_kg: Decimal,
    weight_kg: Decimal,
    minutes: int,
    mg_per_ml: Decimal = DEFAULT_MG_PER_ML,
) -> Infusion:
    """Return dose, volume and pump rate for the weight that the prescriber chose."""
    check_weight(weight_kg)
    if not (mg_per_kg.is_finite() and 0 < mg_per_kg <= HIGHEST_MG_PER_KG):
        raise DosingError("dose", f"A dose is above 0 and at most {HIGHEST_MG_PER_KG} mg/kg.")
    if not 1 <= minutes <= LONGEST_MINUTES:
        raise DosingError("minutes", f"An infusion lasts 1 to {LONGEST_MINUTES} minutes.")
    if mg_per_kg / minutes > FASTEST_MG_PER_KG_MIN:
        raise DosingError(
            "minutes", f"At most {FASTEST_MG_PER_KG_MIN} mg/kg a minute: give it more slowly."
        )
    if not (mg_per_ml.is_finite() and 0 < mg_per_ml < UNDILUTED_MG_PER_ML):
        raise DosingError(
            "concentration", "The concentration is above 0 and below 100 mg/mL, which is undiluted."
        )
    mg = dose_mg(mg_per_kg, weight_kg)
    ml = volume_ml(mg, mg_per_ml)
    if not ml:
        raise DosingError(
            "concentration", f"{mg} mg at {mg_per_ml} mg/mL is too little to measure."
        )
    rate = rate_ml_h(ml, minutes)
    return Infusion(mg, ml, rate, minutes, mg_per_kg, weight_kg, mg_per_ml)


def dose_mg(mg_per_kg: Decimal, weight_kg: Decimal) -> Decimal:
    """Return the dose for this weight."""
    return tenths(mg_per_kg * weight_kg)


def volume_ml(mg: Decimal, mg_per_ml: Decimal) -> Decimal:
    """Return the volume that holds the dose."""
    return tenths(mg / mg_per_ml)


def rate_ml_h(ml: Decimal, minutes: int) -> Decimal:
    """Return the pump rate that gives the volume in these minutes."""
    return tenths(ml * 60 / minutes)


def check_weight(weight_kg: Decimal) -> None:
    if not (weight_kg.is_finite() and LIGHTEST_KG <= weight_kg <= HEAVIEST_KG):
        raise DosingError("weight", f"A weight is {LIGHTEST_KG} to {HEAVIEST_KG} kg.")


def dose_options(
    phase: PhaseSpec,
    number_in_course: int,
    age: int | None,
    weight_kg: Decimal | None,
    *,
    last_mg: Decimal | None = None,
    mg_per_ml: Decimal = DEFAULT_MG_PER_ML,
) -> tuple[DoseChoice, ...]:
    """Return the doses that the phase offers this patient in this session.

    Of an unknown age every age band is offered, marked as needing the age and never a default.
    With `last_mg` known, an increase larger than the option's step is left out.
    """
    if age is not None and not 0 <= age <= OLDEST_AGE:
        raise DosingError("age", f"An age of {age} years can't be right.")
    if weight_kg is not None:
        check_weight(weight_kg)
    return tuple(
        _choice(option, age, weight_kg, mg_per_ml)
        for option in phase.doses
        if _fits_session(option, number_in_course)
        and _fits_age(option, age)
        and _fits_step(option, last_mg)
    )


def _choice(
    option: DoseOption, age: int | None, weight_kg: Decimal | None, mg_per_ml: Decimal
) -> DoseChoice:
    has_band = option.min_age is not None or option.max_age is not None
    needs = ("age",) if age is None and has_band else ()
    if option.mg is not None:
        return _spray(option, option.mg, needs)
    if option.mg_per_kg is not None:
        return _drip(option, option.mg_per_kg, needs, weight_kg, mg_per_ml)
    raise DosingError("dose", "A dose option needs mg or mg per kg.")


def _spray(option: DoseOption, mg: Decimal, needs: tuple[str, ...]) -> DoseChoice:
    devices = devices_for(mg)
    label = f"{plain(mg)} mg ({devices} device{'s' if devices > 1 else ''})"
    return DoseChoice(option, label, mg, devices, None, option.is_default and not needs, needs)


def _drip(
    option: DoseOption,
    mg_per_kg: Decimal,
    needs: tuple[str, ...],
    weight_kg: Decimal | None,
    mg_per_ml: Decimal,
) -> DoseChoice:
    is_default = option.is_default and not needs
    label = f"{plain(mg_per_kg)} mg/kg over {option.minutes} min"
    if weight_kg is None:
        return DoseChoice(option, label, None, None, None, is_default, (*needs, "weight"))
    given = infusion(mg_per_kg, weight_kg, option.minutes or 0, mg_per_ml)
    label = f"{label}: {given.mg} mg = {given.ml} mL at {given.ml_per_hour} mL/h"
    return DoseChoice(option, label, given.mg, None, given, is_default, needs)


def _fits_session(option: DoseOption, number_in_course: int) -> bool:
    is_first = number_in_course == 1
    return not (option.not_first_session if is_first else option.first_session_only)


def _fits_age(option: DoseOption, age: int | None) -> bool:
    if age is None:
        return True
    low, high = option.min_age, option.max_age
    return (low is None or age >= low) and (high is None or age <= high)


def _fits_step(option: DoseOption, last_mg: Decimal | None) -> bool:
    if option.mg is None or option.step_mg is None or last_mg is None:
        return True
    return option.mg - last_mg <= option.step_mg
