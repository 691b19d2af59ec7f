"""How a number is rounded and written."""

from decimal import ROUND_HALF_UP, Decimal

TENTH = Decimal("0.1")


def tenths(value: Decimal) -> Decimal:
    return value.quantize(TENTH, rounding=ROUND_HALF_UP)


def plain(value: Decimal) -> str:
    """Leave out the zeros behind a number: a database gives 56 as 56.00."""
    return f"{value.normalize():f}"
