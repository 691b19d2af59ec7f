"""Reading typed numbers: plain digits, one decimal point, nothing else, nothing reinterpreted."""

import re
from collections.abc import Mapping
from decimal import Decimal

from django.core.exceptions import ValidationError

from monitoring.readings import MEASURES, BloodPressure, Measured

WHOLE = r"(?:0|[1-9][0-9]{0,3})"
NARROWEST_PULSE_PRESSURE = 15  # mm Hg; less is far more often a slip than a patient


def parse_int(text: str) -> int:
    if not re.fullmatch(WHOLE, text):
        raise ValidationError("Type a whole number in plain digits, such as 84.", code="format")
    return int(text)


def parse_decimal(text: str, places: int) -> Decimal:
    decimals = rf"(?:\.[0-9]{{1,{places}}})?" if places else ""
    if not re.fullmatch(WHOLE + decimals, text):
        raise ValidationError(
            "Type a number in plain digits with a point, such as 36.5 (decimals at most: "
            f"{places}).",
            code="format",
        )
    return Decimal(text)


def parse_measure(name: str, text: str) -> Measured:
    """Read one measure of MEASURES; outside its hard limits it is refused."""
    measure = MEASURES[name]
    value = parse_decimal(text, measure.places) if measure.places else parse_int(text)
    if not measure.holds(value):
        low, high = measure.hard
        raise ValidationError(
            f"{value} can't be a {measure.label}: type {low} to {high} {measure.unit}, "
            "or say why it was not obtained.",
            code="limits",
        )
    return value


def parse_bp(text: str) -> BloodPressure:
    parts = text.split("/")
    if len(parts) != 2 or not all(re.fullmatch(WHOLE, part) for part in parts):
        raise ValidationError("Type both numbers with a slash, such as 120/80.", code="format")
    systolic, diastolic = (parse_int(part) for part in parts)
    if systolic <= diastolic:
        raise ValidationError(
            "The higher number comes first, such as 120/80: check the order.", code="order"
        )
    parse_measure("systolic", parts[0])
    parse_measure("diastolic", parts[1])
    return BloodPressure(systolic, diastolic)


def doubtful(values: Mapping[str, Measured | None]) -> tuple[str, ...]:
    """Return a sentence for each value that is possible but rare: to be confirmed once."""
    sentences = [
        f"{value} is rare for {MEASURES[name].label}: check it and confirm, or correct it."
        for name, value in values.items()
        if name in MEASURES and value is not None and not MEASURES[name].is_usual(value)
    ]
    systolic, diastolic = values.get("systolic"), values.get("diastolic")
    if systolic is None or diastolic is None:
        return tuple(sentences)
    if systolic - diastolic < NARROWEST_PULSE_PRESSURE:
        sentences.append(f"{systolic}/{diastolic} lie very close: confirm both, or correct them.")
    return tuple(sentences)
