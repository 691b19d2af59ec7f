"""What of a chart speaks for a rule, in words that a person can check."""

from collections.abc import Iterable
from dataclasses import dataclass

from patients.screening.rules import NOT_KNOWN, POSSIBLE, PRESENT

CLARITY = (PRESENT, POSSIBLE, NOT_KNOWN)
SAYS = {PRESENT: "On the chart", POSSIBLE: "To be decided", NOT_KNOWN: "Not known"}


@dataclass(frozen=True, slots=True)
class Evidence:
    kind: str  # condition, allergy, measure, person
    text: str  # as the chart has it
    matched: str  # the words or the code of it
    why: str

    def __str__(self) -> str:
        matched = f" ({self.matched})" if self.matched else ""
        return f"{self.text}{matched}. {self.why}".strip()


@dataclass(frozen=True, slots=True)
class Suggestion:
    rule: str
    says: str  # present, possible or not known
    evidence: tuple[Evidence, ...]

    @property
    def label(self) -> str:
        return SAYS[self.says]

    @property
    def speaks_for_it(self) -> bool:
        """Say whether there is evidence; that something is not known is none."""
        return self.says != NOT_KNOWN

    def __str__(self) -> str:
        return " ".join(map(str, self.evidence))


def merged(rule: str, said: Iterable[tuple[str, Evidence]]) -> Suggestion:
    """Put the evidence for one rule together; the clearest decides what it says."""
    ordered = sorted(said, key=lambda each: CLARITY.index(each[0]))
    return Suggestion(rule, ordered[0][0], tuple(dict.fromkeys(each for _, each in ordered)))
