"""Body weight and height out of FHIR Observations, in kg and cm."""

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from patients.fhir.coding import LOINC, SNOMED
from patients.fhir.decode import Json
from patients.fhir.records import MeasureData, MeasureKind
from patients.fhir.report import Unusable
from patients.fhir.text import EARLIEST_YEAR, full_day, instant, tomorrow
from patients.measures import POSSIBLE

# Measured ones only: a dose in mg per kg must not rest on a stated or estimated weight.
_CODES: dict[tuple[str, str], MeasureKind] = {
    (LOINC, "29463-7"): "weight",  # body weight
    (LOINC, "3141-9"): "weight",  # measured
    (LOINC, "8350-1"): "weight",  # with clothes
    (LOINC, "8351-9"): "weight",  # without clothes
    (SNOMED, "27113001"): "weight",
    (LOINC, "8302-2"): "height",  # body height
    (LOINC, "3137-7"): "height",  # measured
    (LOINC, "8308-9"): "height",  # standing
    (LOINC, "8306-3"): "height",  # lying, of infants
    (SNOMED, "50373000"): "height",
    (SNOMED, "1153637007"): "height",
}
_FACTORS: dict[MeasureKind, dict[str, Decimal]] = {
    "weight": {
        **dict.fromkeys(("kg", "kgs", "kilogram", "kilograms"), Decimal(1)),
        **dict.fromkeys(("g", "gram", "grams"), Decimal("0.001")),
        **dict.fromkeys(("[lb_av]", "lb", "lbs", "pound", "pounds"), Decimal("0.45359237")),
        **dict.fromkeys(("[oz_av]", "oz", "ounce", "ounces"), Decimal("0.028349523125")),
        **dict.fromkeys(("[stone_av]", "stone"), Decimal("6.35029318")),
    },
    "height": {
        **dict.fromkeys(("cm", "centimeter", "centimeters", "centimetre"), Decimal(1)),
        **dict.fromkeys(("m", "meter", "meters", "metre", "metres"), Decimal(100)),
        **dict.fromkeys(("mm", "millimeter", "millimeters"), Decimal("0.1")),
        **dict.fromkeys(("[in_i]", "[in_us]", "in", "inch", "inches"), Decimal("2.54")),
        **dict.fromkeys(("[ft_i]", "[ft_us]", "ft", "foot", "feet"), Decimal("30.48")),
    },
}
_LARGEST_NUMBER = Decimal(10) ** 7
_TWO_PLACES = Decimal("0.01")
_SETTLED = {"final", "amended", "corrected"}


def is_measure(resource: Json) -> bool:
    """Whether an Observation, not yet validated, says weight or height; the others aren't read."""
    components = resource.get("component")
    parts = [resource, *(components if isinstance(components, list) else [])]
    return any(_raw_kind(part.get("code")) for part in parts if isinstance(part, dict))


def _raw_kind(code: Any) -> MeasureKind | None:
    codings = code.get("coding") if isinstance(code, dict) else None
    for each in codings if isinstance(codings, list) else ():
        if isinstance(each, dict) and (
            kind := _CODES.get((str(each.get("system")), str(each.get("code"))))
        ):
            return kind
    return None


def measures(resource: Any, source_id: str, *, today: date) -> tuple[MeasureData, ...]:
    """Return the weight or height of an Observation, or both from the parts of a panel."""
    if resource.status == "entered-in-error":
        raise Unusable("was entered in error, says the sender")
    if resource.status not in _SETTLED:
        raise Unusable("is not a final result")
    observed_at = _observed_at(resource, today)
    kind = _kind(resource.code)
    if kind:
        return (MeasureData(source_id, kind, _value(resource, kind), observed_at),)
    parts = [(kind, part) for part in resource.component or [] if (kind := _kind(part.code))]
    given = [(kind, part) for kind, part in parts if part.valueQuantity]
    if not given:
        raise Unusable("holds no value")
    return tuple(
        MeasureData(_part_id(source_id, kind), kind, _value(part, kind), observed_at)
        for kind, part in given
    )


def _part_id(source_id: str, kind: MeasureKind) -> str:
    return f"{source_id}#{kind}" if source_id else ""


def _kind(code: Any) -> MeasureKind | None:
    found = (_CODES.get((each.system or "", each.code or "")) for each in code.coding or [])
    return next((kind for kind in found if kind), None)


def _observed_at(resource: Any, today: date) -> datetime:
    period = resource.effectivePeriod
    moment = resource.effectiveDateTime or resource.effectiveInstant
    if period:
        moment = period.start or period.end
    day = full_day(moment)
    if day is None:
        raise Unusable("does not say on which day it was measured")
    if day.year < EARLIEST_YEAR or day > tomorrow(today):
        raise Unusable("has a date that is not plausible")
    return instant(moment, day)


def _value(measured: Any, kind: MeasureKind) -> Decimal:
    quantity = measured.valueQuantity
    if quantity is None or quantity.value is None:
        raise Unusable(f"holds no {kind}")
    if quantity.comparator:
        raise Unusable(f"says only that the {kind} is above or below a number")
    number = Decimal(str(quantity.value))
    factor = _factor(quantity, kind)
    low, high = POSSIBLE[kind]
    sensible = number.is_finite() and abs(number) < _LARGEST_NUMBER
    if not (sensible and low <= number * factor <= high):
        raise Unusable(f"holds a {kind} that is not plausible; its unit may be wrong")
    return (number * factor).quantize(_TWO_PLACES, ROUND_HALF_UP)


def _factor(quantity: Any, kind: MeasureKind) -> Decimal:
    """Code and unit must agree where both are known: 80 with "kg" and "lb" could be either."""
    known = _FACTORS[kind]
    given = [each.strip().lower() for each in (quantity.code, quantity.unit) if each]
    factors = {known[each] for each in given if each in known}
    if not factors:
        raise Unusable(f"gives the {kind} in no unit that Taper knows")
    if len(factors) > 1:
        raise Unusable(f"gives the {kind} in two units that contradict each other")
    return factors.pop()
