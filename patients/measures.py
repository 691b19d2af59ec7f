"""Weight and height as typed: units, and when a value is asked for twice; pure."""

from decimal import ROUND_HALF_UP, Decimal

from clinic.numbers import plain

LARGEST_SILENT_CHANGE = Decimal("0.10")  # since the last value; more is asked for once
# Outside these a first value is asked for once: mostly another unit was meant.
USUAL = {"weight": (Decimal(40), Decimal(150)), "height": (Decimal(135), Decimal(210))}
# What the chart holds, in kg and cm; a number outside it mostly has the wrong unit.
POSSIBLE = {"weight": (2, 400), "height": (30, 260)}
UNITS = {
    "weight": {"kg": Decimal(1), "lb": Decimal("0.45359237")},
    "height": {"cm": Decimal(1), "in": Decimal("2.54")},
}
BASE_UNIT = {"weight": "kg", "height": "cm"}
OTHER_UNIT = {"weight": "lb", "height": "in"}


def in_base_unit(kind: str, number: Decimal, unit: str) -> Decimal:
    """Return kilograms or centimeters, as the chart holds them."""
    return (number * UNITS[kind][unit]).quantize(Decimal("0.01"), ROUND_HALF_UP)


def is_possible(kind: str, value: Decimal) -> bool:
    low, high = POSSIBLE[kind]
    return low <= value <= high


def in_both_units(kind: str, value: Decimal) -> str:
    """Say a value so that a mistaken unit shows: "180 kg (396.8 lb)"."""
    base, other = BASE_UNIT[kind], OTHER_UNIT[kind]
    rounded = value.quantize(Decimal("0.01"), ROUND_HALF_UP)
    in_other = (value / UNITS[kind][other]).quantize(Decimal("0.1"), ROUND_HALF_UP)
    return f"{plain(rounded)} {base} ({plain(in_other)} {other})"


def doubt(kind: str, value: Decimal, previous: Decimal | None) -> str:
    """Return why this value should be confirmed, or nothing."""
    said = in_both_units(kind, value)
    if previous is None:
        low, high = USUAL[kind]
        return "" if low <= value <= high else f"{said} is unusual for an adult."
    change = (value - previous) / previous
    if abs(change) <= LARGEST_SILENT_CHANGE:
        return ""
    direction = "more" if change > 0 else "less"
    return (
        f"{said} is {abs(change):.0%} {direction} than the last value, "
        f"{in_both_units(kind, previous)}."
    )
