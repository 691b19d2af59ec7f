"""How unusual an infusion is: what lies beyond the doses that were reported, and the clinic's cap.

Beyond the usual range a dose needs a reason and a second person; the ceilings of `dosing` stay.
"""

from dataclasses import dataclass
from decimal import Decimal

from clinic.numbers import TENTH, plain
from sessions.dosing import FASTEST_MG_PER_KG_MIN


@dataclass(frozen=True, slots=True)
class Limits:
    """A clinic's usual range of an infusion, both ends included, and its highest dose if any."""

    low_mg_per_kg: Decimal
    high_mg_per_kg: Decimal
    low_minutes: int
    high_minutes: int
    highest_mg: Decimal | None = None


def cautions(mg_per_kg: Decimal | None, minutes: int | None, limits: Limits) -> tuple[str, ...]:
    """Say what is beyond the usual range; an unknown number is never a usual one."""
    found = []
    if mg_per_kg is None:
        found.append("It is not known for which weight the dose was ordered.")
    elif not limits.low_mg_per_kg <= mg_per_kg <= limits.high_mg_per_kg:
        usual = f"{plain(limits.low_mg_per_kg)} to {plain(limits.high_mg_per_kg)} mg/kg"
        found.append(f"{plain(mg_per_kg)} mg/kg is outside the usual {usual}.")
    if minutes is None:
        found.append("It is not known over how many minutes the dose was ordered.")
    elif not limits.low_minutes <= minutes <= limits.high_minutes:
        usual = f"{limits.low_minutes} to {limits.high_minutes} minutes"
        found.append(f"{minutes} minutes is outside the usual {usual}.")
    return tuple(found)


def over_cap(mg: Decimal, limits: Limits) -> str:
    """Say what to do about a dose above the clinic's highest one; empty for others."""
    if limits.highest_mg is None or mg <= limits.highest_mg:
        return ""
    highest = plain(limits.highest_mg)
    return (
        f"{plain(mg)} mg is above the clinic's highest dose of {highest} mg for one infusion. "
        "Order less; an administrator can change the setting."
    )


def too_fast(rate_ml_h: Decimal, mg_per_ml: Decimal, weight_kg: Decimal | None) -> str:
    """Refuse a pump rate above the hard ceiling; of an unknown weight nothing can be said."""
    if not weight_kg or rate_ml_h * mg_per_ml <= FASTEST_MG_PER_KG_MIN * weight_kg * 60:
        return ""
    return (
        f"{plain(rate_ml_h)} mL/h is more than {FASTEST_MG_PER_KG_MIN} mg/kg a minute. "
        "Check the rate and the concentration."
    )


def agree(typed: Decimal, calculated: Decimal) -> bool:
    """Whether two people mean the same number: they may differ by one tenth, from rounding."""
    return abs(typed - calculated) <= TENTH
