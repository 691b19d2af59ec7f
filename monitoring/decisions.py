"""Which of a prescriber's decisions to go on was the one about some values. Pure.

A decision covers what it was shown, and carries along what earlier ones in the same line covered.
So the words about a value are those of the first decision in the line that covers it.
"""

from collections.abc import Collection, Iterable
from itertools import takewhile
from typing import Protocol, TypeVar


class Deciding(Protocol):
    @property
    def covers(self) -> Collection[str]: ...


T = TypeVar("T", bound=Deciding)


def decision_about(keys: Iterable[str], newest_first: Iterable[T]) -> T | None:
    """Return the decision that was shown these values; None where the newest doesn't stand."""
    wanted = set(keys)
    line = list(takewhile(lambda each: wanted <= set(each.covers), newest_first))
    return line[-1] if wanted and line else None
