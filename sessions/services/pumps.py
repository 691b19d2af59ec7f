"""What may be typed about a pump: its vial, rate and volume."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.core.exceptions import ValidationError

from clinic.numbers import plain
from clinic.words import explains
from sessions.dosing import rate_ml_h, volume_ml
from sessions.drip_totals import Totals
from sessions.limits import agree, too_fast
from sessions.models import Dose, DoseCheck, DoseOrder
from sessions.services.drips import Kind

ABOVE_0 = "Enter a number above 0."
SPARE = Decimal("1.1")  # of the volume that holds the dose: the line is filled, pumps are not exact
APART = Decimal("0.2")  # of that volume: by more, the pump and the recorded steps don't agree


@dataclass(frozen=True, slots=True)
class Infusion:
    """What was typed when an infusion was started; no time is now, by the database's clock."""

    lot: str
    rate_ml_h: Decimal
    concentration_mg_ml: Decimal
    dose_mg: Decimal
    at: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """What was typed about a running infusion."""

    kind: str
    at: datetime | None = None
    rate_ml_h: Decimal | None = None
    given_ml: Decimal | None = None
    reason: str = ""


def ordered_rate(order: DoseOrder) -> Decimal | None:
    """Return the pump rate in mL/h that gives the ordered dose in the ordered minutes."""
    if not order.infusion_minutes or not order.concentration_mg_ml:
        return None
    ml = volume_ml(order.dose_mg, order.concentration_mg_ml)
    return rate_ml_h(ml, order.infusion_minutes)


def check_vial(lot: str, dose_mg: Decimal, concentration_mg_ml: Decimal) -> None:
    if not lot.strip():
        raise ValidationError({"lot": "Enter the lot from the vial."})
    if dose_mg <= 0:
        raise ValidationError({"dose_mg": ABOVE_0})
    if concentration_mg_ml <= 0:
        raise ValidationError({"concentration_mg_ml": ABOVE_0})


def check_rate(
    rate: Decimal, dose_mg: Decimal, concentration: Decimal, order: DoseOrder, reason: str
) -> None:
    """Refuse a rate beyond the ceiling; ask why it gives the dose in fewer minutes than ordered."""
    if refusal := too_fast(rate, concentration, order.weight_kg):
        raise ValidationError({"rate_ml_h": refusal}, code="too_fast")
    if not order.infusion_minutes or explains(reason):
        return
    ordered = rate_ml_h(volume_ml(dose_mg, concentration), order.infusion_minutes)
    if rate > ordered and not agree(rate, ordered):
        text = f"{plain(dose_mg)} mg in {order.infusion_minutes} minutes are {ordered} mL/h."
        raise ValidationError({"rate_ml_h": f"{text} Correct the rate, or say why it is faster."})


def check_as_checked(infusion: Infusion, check: DoseCheck) -> None:
    """Refuse to start what is not what the second person has checked."""
    checked = {
        "dose_mg": (infusion.dose_mg, check.dose_mg, "mg"),
        "concentration_mg_ml": (infusion.concentration_mg_ml, check.concentration_mg_ml, "mg/mL"),
        "rate_ml_h": (infusion.rate_ml_h, check.rate_ml_h, "mL/h"),
    }
    wrong = {
        name: f"{plain(second)} {unit} was checked by {check.checked_by}. "
        "Start that, or have this checked."
        for name, (number, second, unit) in checked.items()
        if second is not None and number != second
    }
    if wrong:
        raise ValidationError(wrong)


def check_numbers(change: Change, dose: Dose) -> None:
    """Refuse a running infusion without its rate, and a stopped one without its volume."""
    if change.kind in {Kind.RATE, Kind.RESUME} and not change.rate_ml_h:
        raise ValidationError({"rate_ml_h": "Enter the rate in mL per hour."})
    if change.kind == Kind.STOP:
        _check_volume(change, dose)


def _check_volume(change: Change, dose: Dose) -> None:
    if change.given_ml is None:
        raise ValidationError({"given_ml": "Enter the volume given in mL, as the pump shows it."})
    if not dose.concentration_mg_ml:
        return
    prepared = volume_ml(dose.dose_mg, dose.concentration_mg_ml)
    if change.given_ml > prepared * SPARE and not explains(change.reason):
        text = f"{plain(dose.dose_mg)} mg are {prepared} mL. Check the volume, or say why."
        raise ValidationError({"given_ml": text})


def check_as_ran(change: Change, by_rates: Totals) -> None:
    """Ask why a volume is far from what the recorded rates gave by then (proposed, no source)."""
    if change.given_ml is None or explains(change.reason):
        return
    ran = by_rates.by_rates_ml
    if abs(change.given_ml - ran) > by_rates.prepared_ml * APART:
        text = f"By the rates {plain(ran)} mL have run. Check the volume and the time, or say why."
        raise ValidationError({"given_ml": text})
