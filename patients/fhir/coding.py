"""Reading CodeableConcept and Period, the two shapes that most resources share."""

from datetime import date
from typing import Any, NamedTuple

from patients.fhir.report import Unusable
from patients.fhir.text import CODE, SYSTEM, Texts, full_day

RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
SNOMED = "http://snomed.info/sct"
LOINC = "http://loinc.org"


class Concept(NamedTuple):
    text: str
    code: str
    system: str


def concept(value: Any, what: str, texts: Texts, *, prefer: str = SNOMED) -> Concept:
    """Return the words and the best code; words are needed, a code is not."""
    if value is None:
        raise Unusable(f"does not say which {what} it is")
    coding = _best(value.coding or [], prefer)
    words = [value.text, *(each.display for each in [coding, *(value.coding or [])] if each)]
    text = next((line for each in words if (line := texts.line(each, what))), "")
    code = texts.exact(coding.code, f"{what} code", limit=CODE) if coding else ""
    system = texts.exact(coding.system, f"{what} code system", limit=SYSTEM) if coding else ""
    if not text and not code:
        raise Unusable(f"does not say which {what} it is")
    return Concept(text or f"Code {code}", code, system)


def _best(codings: list[Any], prefer: str) -> Any:
    """The preferred code system first, then what a person chose, then the sender's order."""
    coded = [each for each in codings if each.code]
    ranked = sorted(coded, key=lambda each: (each.system != prefer, not each.userSelected))
    return ranked[0] if ranked else None


def code_of(value: Any, allowed: frozenset[str], what: str, texts: Texts) -> str:
    """The code of a status element, "" when not given; a word outside FHIR's list is noted."""
    codes = [each.code for each in (value.coding or []) if each.code] if value else []
    known = [code for code in codes if code in allowed]
    if codes and not known:
        texts.note(f"{what}: not a value that FHIR R4 knows, taken as not stated")
    return known[0] if known else ""


def ended(period: Any, today: date) -> bool:
    """Whether it ended before today; an end like "2019" ended when that year was over."""
    if period is None or period.end is None:
        return False
    end = str(full_day(period.end) or period.end)
    return end < today.isoformat()[: len(end)]
