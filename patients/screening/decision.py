"""Whether a screen may clear a patient: what the answers still lack, in words. No database."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from clinic.words import explains
from patients.screening.evidence import Suggestion
from patients.screening.rules import ABSOLUTE, CAUTION, RELATIVE, Rule
from patients.screening.treatment import Treatment

YES, NO, UNKNOWN = "present", "absent", "not_known"
ANSWERS = {YES: "Present", NO: "Absent", UNKNOWN: "Not known"}
NONE, LISTED = "none", "listed"
ASKED = ("conditions", "medicines", "allergies")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a prescriber says of one rule; blank is no answer."""

    answer: str = ""
    justification: str = ""
    acknowledged: bool = False


@dataclass(frozen=True, slots=True)
class Problem:
    """What stands against clearing, and the part of the answer that would settle it."""

    part: str  # answer, justification, acknowledged, asked
    of: str  # a rule, or what was asked
    text: str

    @property
    def field(self) -> str:
        return f"{self.part}_{self.of}"


def problems(
    rules: Iterable[Rule],
    treatment: Treatment,
    answers: Mapping[str, Answer],
    suggestions: Mapping[str, Suggestion],
    asked: Mapping[str, str],
    on_chart: Mapping[str, bool],
) -> list[Problem]:
    """Return everything that stands against clearing; an empty list clears.

    `asked` says of conditions, medicines and allergies that the patient was asked and that there
    are none, or that they are as listed; `on_chart` whether the chart lists any.
    """
    found = [
        problem
        for rule in rules
        if (
            problem := _of_rule(
                rule,
                rule.level_for(treatment).level,
                answers.get(rule.id, Answer()),
                rule.id in suggestions and suggestions[rule.id].speaks_for_it,
            )
        )
    ]
    return found + _of_asking(asked, on_chart)


def _of_rule(rule: Rule, level: str, given: Answer, has_evidence: bool) -> Problem | None:
    justified = explains(given.justification)
    if given.answer not in ANSWERS:
        return Problem("answer", rule.id, f"Answer: {rule.title}.")
    if given.answer == NO:
        if has_evidence and not justified:
            text = "The chart speaks for it. Say why it is absent all the same."
            return Problem("justification", rule.id, text)
        return None
    if level == ABSOLUTE:
        word = "is present" if given.answer == YES else "is not known: find out first"
        text = f"{rule.title} {word}. This is an absolute contraindication: not cleared."
        return Problem("answer", rule.id, text)
    if level == RELATIVE and not justified:
        return Problem("justification", rule.id, "Say why treatment is right all the same.")
    if level == CAUTION and not given.acknowledged:
        return Problem("acknowledged", rule.id, "Confirm that it is taken into account.")
    return None


def _of_asking(asked: Mapping[str, str], on_chart: Mapping[str, bool]) -> list[Problem]:
    found = []
    for what in ASKED:
        given = asked.get(what, "")
        if given not in {NONE, LISTED}:
            found.append(Problem("asked", what, f"Ask about {what}, and say what was answered."))
        elif given == NONE and on_chart[what]:
            text = f"The chart lists {what}. End what is wrong there, or confirm the list."
            found.append(Problem("asked", what, text))
        elif given == LISTED and not on_chart[what]:
            text = f"The chart lists no {what}. Record them first, or say that there are none."
            found.append(Problem("asked", what, text))
    return found
