"""Other medicines of a visit and what each class does to the clock by default: read from data."""

from dataclasses import dataclass

from clinic.provenance import Certainty, Source
from monitoring.knowledge import rows
from monitoring.readings import Effect
from patients.medicines import knowledge
from patients.medicines.resolver import resolve

RANK: dict[Effect, int] = {"none": 0, "recheck": 1, "restart": 2}
EFFECTS: dict[Effect, str] = {
    "none": "None",
    "recheck": "Recheck, and observe so many minutes more",
    "restart": "Observation starts again, with a recheck",
}


@dataclass(frozen=True, slots=True)
class DrugClass:
    code: str
    words: str
    effect: Effect
    minutes: int
    source: Source
    acts_as: tuple[str, ...] = ()  # classes of medicines that propose it
    contains: tuple[str, ...] = ()  # ingredients that propose it whatever else is in the drug
    names: tuple[str, ...] = ()  # ingredients that propose it when nothing else is in the drug

    @property
    def told(self) -> str:
        """Say its words and its default, as a form offers it."""
        by_default = {
            "none": "no effect on the clock",
            "recheck": f"{self.minutes} min more",
            "restart": "starts observation again",
        }
        return f"{self.words}: {by_default[self.effect]}"

    def is_less(self, effect: Effect, minutes: int) -> bool:
        """Whether this effect asks for less than the default, which only a prescriber chooses.

        A recheck asks for less the sooner it ends; a restart's recheck comes later by more minutes.
        """
        if RANK[effect] != RANK[self.effect]:
            return RANK[effect] < RANK[self.effect]
        if effect == "recheck":
            return minutes < self.minutes
        return effect == "restart" and minutes > self.minutes


CLASSES = {
    row["code"]: DrugClass(
        row["code"],
        row["words"],
        row["effect"],
        row["minutes"],
        Source(row["source"], Certainty(row["certainty"])),
        tuple(row.get("acts_as", ())),
        tuple(row.get("contains", ())),
        tuple(row.get("names", ())),
    )
    for row in rows("given_medicines")
}
UNKNOWN = CLASSES["other"]


def proposed(drug: str) -> DrugClass | None:
    """Return the kind that a medicine's name speaks for, the first of the list; None: unknown.

    A proposal for a person to check: of a name that isn't understood nothing is proposed.
    """
    reading = resolve(drug)
    if not reading.taken or not reading.is_understood:
        return None
    contents = {each.name for each in reading.taken}
    for found in CLASSES.values():
        wanted = frozenset().union(*(knowledge.members(each) for each in found.acts_as))
        if reading.classes & wanted or contents & {*found.contains}:
            return found
        if found.names and contents <= {*found.names}:
            return found
    return UNKNOWN
