"""How vital signs run after a dose: up at about forty minutes, then back."""

from bisect import bisect
from dataclasses import dataclass
from random import Random

# minutes after the first dose: the part of the full rise that is left
SHAPE = ((0, 0.0), (15, 0.45), (40, 1.0), (60, 0.75), (90, 0.35), (120, 0.1))


@dataclass(frozen=True, slots=True)
class Curve:
    """`rise` in mm Hg at its highest; what does not settle stays as it was at forty minutes."""

    rise: tuple[int, int] = (20, 11)
    settles: bool = True
    clears: bool = True

    def at(self, minute: int, baseline: tuple[int, int], rng: Random) -> dict[str, int]:
        """Return one full set, as the columns of a reading."""
        share = _share(minute) if self.settles else min(1.0, max(0, minute) / 40)
        systolic, diastolic = (
            round(base + rise * share) + rng.randint(-2, 2)
            for base, rise in zip(baseline, self.rise, strict=True)
        )
        return {
            "systolic": systolic,
            "diastolic": diastolic,
            "pulse": 70 + round(10 * share) + rng.randint(-4, 4),
            "spo2": rng.randint(96, 99),
            "respiratory_rate": rng.randint(13, 17),
            "sedation": 4 if 20 <= minute <= 50 else 5,
            "dissociation": self._dissociation(minute),
        }

    def _dissociation(self, minute: int) -> int:
        if minute < 10:
            return 0
        if minute <= 50:
            return 2
        return 1 if minute <= 70 or not self.clears else 0


def _share(minute: int) -> float:
    place = bisect(SHAPE, (minute, 2.0))
    if place == 0:
        return 0.0
    if place == len(SHAPE):
        return SHAPE[-1][1]
    (left, low), (right, high) = SHAPE[place - 1], SHAPE[place]
    return low + (high - low) * (minute - left) / (right - left)
