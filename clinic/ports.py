"""A typed registry through which a lower app asks or tells the apps above it."""

from collections.abc import Callable
from typing import Generic, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class MissingGuardError(RuntimeError):
    """A guard that must exist has no registrant: the answer is no."""


class Guard(Generic[P, R]):
    """One question with exactly one app to answer it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._answer: Callable[P, R] | None = None

    def register(self, answer: Callable[P, R]) -> Callable[P, R]:
        self._answer = answer
        return answer

    @property
    def is_registered(self) -> bool:
        return self._answer is not None

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        if self._answer is None:
            raise MissingGuardError(self.name)
        return self._answer(*args, **kwargs)


class Listeners(Generic[P]):
    """Those who are told, in the transaction, in the order of registration; errors propagate."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._told: list[Callable[P, None]] = []

    def register(self, told: Callable[P, None]) -> Callable[P, None]:
        if told not in self._told:
            self._told.append(told)
        return told

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> None:
        for told in self._told:
            told(*args, **kwargs)


class Contributors(Generic[P, R]):
    """Those who add their part to one answer, each under its own name."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.parts: dict[str, Callable[P, R]] = {}

    def register(self, name: str, part: Callable[P, R]) -> None:
        self.parts[name] = part

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> dict[str, R]:
        return {name: part(*args, **kwargs) for name, part in sorted(self.parts.items())}


given_away: Contributors[[str], str] = Contributors("given_away")
"""A warning of what a text that patients get gives away of the treatment; empty: nothing."""
