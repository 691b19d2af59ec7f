"""The Hunter criteria once more, by brute force: written from the paper, not from the module."""

from collections.abc import Iterator
from dataclasses import fields
from decimal import Decimal
from itertools import product
from typing import Any

from monitoring.hunter import Exam

NAMES = [field.name for field in fields(Exam)]
WARM, COOL = Decimal("38.1"), Decimal("38.0")


def complete(exam: dict[str, Any]) -> str:
    """Decide where everything is known, step by step as the paper's table reads."""
    if not exam["exposed"]:
        return "not_applicable"
    if exam["spontaneous_clonus"]:
        return "positive"
    restless = exam["agitation"] or exam["diaphoresis"]
    if exam["inducible_clonus"] and restless:
        return "positive"
    if exam["ocular_clonus"] and restless:
        return "positive"
    if exam["tremor"] and exam["hyperreflexia"]:
        return "positive"
    stiff_and_hot = exam["hypertonia"] and exam["temperature"] > 38
    if stiff_and_hot and (exam["ocular_clonus"] or exam["inducible_clonus"]):
        return "positive"
    return "negative"


def completions(exam: Exam) -> Iterator[tuple[Any, ...]]:
    """Every way in which the unknowns could turn out."""
    known = [getattr(exam, name) for name in NAMES]
    both = [(COOL, WARM) if name == "temperature" else (False, True) for name in NAMES]
    pairs = zip(known, both, strict=True)
    return product(*((value,) if value is not None else turns for value, turns in pairs))


def opinion(exam: Exam) -> tuple[str, set[str]]:
    """Return the answer that holds however the unknowns turn out, and those that change it."""
    answers = {
        values: complete(dict(zip(NAMES, values, strict=True))) for values in completions(exam)
    }
    found = set(answers.values())
    verdict = found.pop() if len(found) == 1 else "indeterminate"
    return verdict, {
        name
        for place, name in enumerate(NAMES)
        if getattr(exam, name) is None and _matters(place, answers)
    }


def _matters(place: int, answers: dict[tuple[Any, ...], str]) -> bool:
    by_the_others: dict[tuple[Any, ...], set[str]] = {}
    for values, answer in answers.items():
        by_the_others.setdefault(values[:place] + values[place + 1 :], set()).add(answer)
    return any(len(found) > 1 for found in by_the_others.values())
