"""What a patient takes that is serotonergic: a proposal for the Hunter check, never its answer."""

from collections.abc import Iterable
from dataclasses import dataclass

from patients.medicines import knowledge
from patients.medicines.resolver import resolve

SEROTONERGIC = "serotonergic"


@dataclass(frozen=True, slots=True)
class Exposure:
    named: tuple[str, ...]  # with where each is from
    unread: tuple[str, ...]

    @property
    def words(self) -> str:
        parts = []
        if self.named:
            parts.append(f"For yes: {'; '.join(self.named)}. Ask, then choose.")
        else:
            parts.append("None is on record: ask, also for what is bought without prescription.")
        if self.unread:
            parts.append(f"Not recognised, check by hand: {'; '.join(self.unread)}.")
        return " ".join(parts)


def exposure(medicines: Iterable[tuple[str, str]]) -> Exposure:
    """Judge medicines, each with where it is from: ("Zoloft 50 mg", "chart")."""
    wanted = knowledge.members(SEROTONERGIC)
    named, unread = [], []
    for text, origin in dict.fromkeys(medicines):
        reading = resolve(text)
        if reading.classes & wanted:
            named.append(f"{text} ({origin})")
        elif not reading.is_understood:
            unread.append(f"{text} ({origin})")
    return Exposure(tuple(named), tuple(unread))
