"""The reviewed list of contraindications and cautions, as it stands in `contraindications.json`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from clinic.provenance import Certainty, Source
from patients.screening.treatment import ANY, Treatment

FILE = Path(__file__).with_name("contraindications.json")
ABSOLUTE, RELATIVE, CAUTION = "absolute", "relative", "caution"
STRICTNESS = (CAUTION, RELATIVE, ABSOLUTE)
PRESENT, POSSIBLE, NOT_KNOWN = "present", "possible", "not_known"
COUNTS = {
    "ever": "the past counts as well",
    "active": "only while it is active",
    "past": "only when it is over",
    "active_else_ask": "when it is over, a person decides",
    "recent": "only within the days named",
}
GROUPS = {
    "general": "Age and allergy",
    "vessels": "Vessels and brain",
    "heart": "Heart and blood pressure",
    "mind": "Mind and seizures",
    "substances": "Alcohol and drugs",
    "breathing": "Breathing",
    "glands": "Glands and metabolism",
    "liver": "Liver",
    "reproduction": "Pregnancy and breastfeeding",
    "eye": "Eye",
    "bladder": "Bladder",
}


@dataclass(frozen=True, slots=True)
class Level:
    level: str
    source: Source
    drug: str = ""
    route: str = ""
    jurisdiction: str = ""

    def applies_to(self, treatment: Treatment) -> bool:
        return (
            self.drug in {"", treatment.drug}
            and self.route in {"", treatment.route}
            and (treatment.jurisdiction == ANY or self.jurisdiction in {"", treatment.jurisdiction})
        )


@dataclass(frozen=True, slots=True)
class Pattern:
    """Words and codes that say the same of a rule."""

    says: str  # present, or possible where a person has to look closer
    counts: str
    words: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()  # look-alikes, which are taken out of a text first
    snomed: frozenset[str] = frozenset()
    icd10: tuple[str, ...] = ()  # beginnings
    within_days: int = 0


@dataclass(frozen=True, slots=True)
class Rule:
    id: str
    group: str
    title: str
    reason: str
    levels: tuple[Level, ...]
    patterns: tuple[Pattern, ...]
    computed: str = ""
    limits: Mapping[str, int] = field(default_factory=dict)
    limits_source: str = ""
    substances: tuple[str, ...] = ()
    excipients: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    risk_counts: bool = False  # "at risk of" says what the rule is about

    def level_for(self, treatment: Treatment) -> Level:
        """Return the strictest level that the labels give for this treatment."""
        fitting = [level for level in self.levels if level.applies_to(treatment)]
        return max(fitting, key=lambda level: STRICTNESS.index(level.level))


@cache
def rules() -> Mapping[str, Rule]:
    """Return every rule by its id, in the order of the file."""
    found = [_rule(row) for row in json.loads(FILE.read_text())]
    by_id = {rule.id: rule for rule in found}
    if len(by_id) != len(found):
        raise ValueError("two rules have one id")
    return by_id


def _rule(row: Mapping[str, Any]) -> Rule:
    rest = {name: value for name, value in row.items() if name not in {"levels", "matches"}}
    if rest["group"] not in GROUPS:
        raise ValueError(f"{rest['id']}: no group {rest['group']}")
    rest["substances"] = tuple(rest.get("substances", ()))
    rest["excipients"] = {k: tuple(v) for k, v in rest.get("excipients", {}).items()}
    levels = tuple(_level(each) for each in row["levels"])
    return Rule(levels=levels, patterns=tuple(_pattern(each) for each in row["matches"]), **rest)


def _level(row: Mapping[str, str]) -> Level:
    rest = {name: row.get(name, "") for name in ("drug", "route", "jurisdiction")}
    if row["level"] not in STRICTNESS:
        raise ValueError(f"no level {row['level']}")
    return Level(row["level"], Source(row["source"], Certainty(row["certainty"])), **rest)


def _pattern(row: Mapping[str, Any]) -> Pattern:
    if row["says"] not in {PRESENT, POSSIBLE} or row["counts"] not in COUNTS:
        raise ValueError(f"{row['says']}, {row['counts']}")
    return Pattern(
        says=row["says"],
        counts=row["counts"],
        words=tuple(row.get("words", ())),
        unless=tuple(row.get("unless", ())),
        snomed=frozenset(row.get("snomed", ())),
        icd10=tuple(row.get("icd10", ())),
        within_days=row.get("within_days", 0),
    )
