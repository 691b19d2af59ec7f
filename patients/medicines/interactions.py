"""Which medicines together, or with the treatment, a clinician should know of.

The rules are rows of `data/rules.json`; this evaluates them. Pure: no database, no clock. Only
medicines that are taken now are passed in.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from clinic.provenance import Source
from patients.medicines import knowledge
from patients.medicines.reading import Reading


class Severity(StrEnum):
    HIGH = "high"
    MODERATE = "moderate"
    INFORMATION = "information"


ORDER = tuple(Severity)


@dataclass(frozen=True, slots=True)
class Context:
    """The treatment: which drug, by which route."""

    drug: str  # esketamine, ketamine
    route: str  # nasal, iv

    def __str__(self) -> str:
        return f"{self.drug}/{self.route}"


@dataclass(frozen=True, slots=True)
class Rule:
    id: str
    title: str
    tier: int  # 1: the label says so
    severity: Severity
    interrupts: bool
    when: Mapping[str, Any]
    contexts: frozenset[str] | None  # None: every treatment
    why: str
    do: str
    source: Source

    def applies_to(self, context: Context) -> bool:
        return self.contexts is None or str(context) in self.contexts


@dataclass(frozen=True, slots=True)
class Alert:
    rule: Rule
    ingredients: tuple[str, ...]  # names, sorted
    medicines: tuple[str, ...]  # the texts that caused it

    @property
    def identity(self) -> tuple[str, tuple[str, ...], str]:
        """What an acknowledgement is for: another ingredient or severity asks again."""
        return self.rule.id, self.ingredients, self.rule.severity.value


@cache
def rules() -> tuple[Rule, ...]:
    return tuple(_rule(row) for row in knowledge.read("rules")["rules"])


def _rule(row: dict[str, Any]) -> Rule:
    contexts = None if row["contexts"] == "all" else frozenset(row["contexts"])
    return Rule(
        id=row["id"],
        title=row["title"],
        tier=row["tier"],
        severity=Severity(row["severity"]),
        interrupts=row["interrupts"],
        when=row["when"],
        contexts=contexts,
        why=row["why"],
        do=row["do"],
        source=knowledge.source_of("rules", row),
    )


def evaluate(readings: Iterable[Reading], context: Context) -> list[Alert]:
    """Return the alerts of a set of current medicines, the severest first."""
    classes: dict[str, frozenset[str]] = {}
    texts: dict[str, list[str]] = {}
    for reading in readings:
        for each in reading.taken:
            classes[each.name] = classes.get(each.name, frozenset()) | each.classes
            texts.setdefault(each.name, []).append(reading.text)
    alerts = []
    for rule in rules():
        if rule.applies_to(context) and (found := _causes(rule.when, classes)):
            names = tuple(sorted(found))
            said = dict.fromkeys(text for name in names for text in texts[name])
            alerts.append(Alert(rule, names, tuple(said)))
    return sorted(alerts, key=lambda alert: (ORDER.index(alert.rule.severity), alert.rule.tier))


def _causes(when: Mapping[str, Any], classes: Mapping[str, frozenset[str]]) -> set[str]:
    """Return the ingredients that fulfil a rule, none if it isn't fulfilled."""
    left_out = _having(classes, when.get("except", ()))
    if "any" in when:
        return _having(classes, when["any"]) - left_out
    if "pair" in when:
        one, other = (_having(classes, each) for each in when["pair"])
        return one | other if one and other and len(one | other) > 1 else set()
    if "at_least" in when:
        found = _having(classes, when["of"]) - left_out
        return found if len(found) >= when["at_least"] else set()
    among = _having(classes, when["among"])
    return among & _having(classes, when["lone"]) if len(among) == 1 else set()


def _having(classes: Mapping[str, frozenset[str]], wanted: Iterable[str]) -> set[str]:
    ids = frozenset().union(*(knowledge.members(each) for each in wanted)) if wanted else ()
    return {name for name, has in classes.items() if has.intersection(ids)}
