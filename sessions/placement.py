"""Choose a day for every slot of a course at once: exact, deterministic, stable when extended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from sessions.specs import DAYS_OF_WEEK, PhaseSpec

UNPLACED = date.max.toordinal() + 1

# What is minimised, most important first: sessions without a day, days of shift in sum, squared
# gaps (so the more even spacing wins), then the earlier dates. The last part is the path itself.
Path = tuple[int, int, int, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Slot:
    """One session before it has a date; days are proleptic ordinals, so nothing overflows."""

    number: int
    phase: PhaseSpec
    number_in_phase: int
    week: int
    first: int
    nominal: int
    follows: PhaseSpec | None  # the phase that ended just before this session

    @property
    def last(self) -> int:
        return self.first + DAYS_OF_WEEK - 1

    @property
    def days(self) -> range:
        return range(self.first, self.last + 1)


@dataclass(frozen=True, slots=True)
class Anchor:
    """The last session that stands already, given or booked, and the phase it belongs to."""

    day: int
    phase: PhaseSpec


def gap_between(one: PhaseSpec, other: PhaseSpec) -> int:
    """Return the days two neighbours keep: each phase's minimum gap holds in both directions."""
    return max(one.min_gap_days, other.min_gap_days)


def place(
    slots: Sequence[Slot],
    candidates: Callable[[Slot], Sequence[int]],
    anchor: Anchor | None,
    keep: int,
) -> tuple[int, ...]:
    """Return the best day for each of the first `keep` slots and for some after; else UNPLACED.

    Dynamic programming over the slots in order. What later slots may do depends only on the last
    placed day, so the best path for each such day is kept: the result is the optimum over all
    slots, the ones after `keep` included. The search stops early once every path that is still
    alive agrees on the first `keep` days, because no later slot can change them any more. Either
    way those days don't depend on `keep`: a longer horizon never moves a date already planned.
    """
    phase_on = {anchor.day: anchor.phase} if anchor else {}
    paths: dict[int, Path] = {anchor.day if anchor else 0: (0, 0, 0, ())}
    reach = max((slot.phase.min_gap_days for slot in slots), default=0)
    reach = max(reach, anchor.phase.min_gap_days if anchor else 0)
    for index, slot in enumerate(slots):
        paths = _advance(_prune(paths, slot, reach), slot, candidates(slot), phase_on)
        if index + 1 >= keep and len({path[3][:keep] for path in paths.values()}) == 1:
            break
    return min(paths.values())[3]


def _advance(
    paths: dict[int, Path], slot: Slot, days: Sequence[int], phase_on: dict[int, PhaseSpec]
) -> dict[int, Path]:
    following: dict[int, Path] = {}
    for last, (unplaced, shift, squares, chosen) in paths.items():
        _offer(following, last, (unplaced + 1, shift, squares, (*chosen, UNPLACED)))
        needed = gap_between(slot.phase, phase_on[last]) if last else 0
        for day in days:
            gap = day - last if last else 0
            if gap >= needed:
                moved = shift + abs(day - slot.nominal)
                _offer(following, day, (unplaced, moved, squares + gap * gap, (*chosen, day)))
    phase_on.update(dict.fromkeys(days, slot.phase))
    return following


def _offer(paths: dict[int, Path], last: int, path: Path) -> None:
    if last not in paths or path < paths[last]:
        paths[last] = path


def _prune(paths: dict[int, Path], slot: Slot, reach: int) -> dict[int, Path]:
    """Drop paths that miss more sessions than one whose last day no longer restricts anything."""
    free = [path[0] for last, path in paths.items() if not last or last + reach <= slot.first]
    if not free:
        return paths
    return {last: path for last, path in paths.items() if path[0] <= min(free)}
