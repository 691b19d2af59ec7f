"""How a number is written."""

from decimal import Decimal


def plain(value: Decimal) -> str:
    """Leave out the zeros behind a number: a database gives 56 as 56.00."""
    return f"{value.normalize():f}"
