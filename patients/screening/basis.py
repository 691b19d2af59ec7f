"""What a screen rested on: the rows of the chart by their meaning, to be compared later."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from patients.medicines.resolver import resolve
from patients.screening.wording import plain

CONDITIONS, MEDICINES, ALLERGIES = "conditions", "medicines", "allergies"
KINDS = (CONDITIONS, MEDICINES, ALLERGIES)
NAMED = 4  # of what changed; the chart has the others


class ConditionRow(Protocol):
    text: str
    onset_on: date | None

    @property
    def is_active(self) -> bool: ...


class AllergyRow(Protocol):
    text: str

    @property
    def is_active(self) -> bool: ...

    @property
    def says_none_known(self) -> bool: ...


class MedicineRow(Protocol):
    text: str

    def is_current(self, today: date) -> bool: ...


@dataclass(frozen=True, slots=True, order=True)
class Fact:
    """One thing that the chart says. Spelling, codes, notes and older dates are not part of it.

    Medicines are compared by what is in them: see `contents`.
    """

    kind: str
    name: str  # in plain words, as texts are compared
    text: str  # as the chart has it
    is_active: bool = True
    onset_on: str = ""  # of conditions, so that a new event of the same name is seen

    @property
    def meaning(self) -> tuple[str, str, bool]:
        return self.kind, self.name, self.is_active

    def as_json(self) -> list[Any]:
        return [self.kind, self.name, self.text, self.is_active, self.onset_on]


def facts(
    conditions: Iterable[ConditionRow],
    medicines: Iterable[MedicineRow],
    allergies: Iterable[AllergyRow],
    today: date,
) -> list[Fact]:
    """Return what standing rows say; of medicines and allergies only what holds today."""
    found = {
        *(
            Fact(CONDITIONS, plain(row.text), row.text, row.is_active, _iso(row.onset_on))
            for row in conditions
        ),
        *(Fact(MEDICINES, plain(row.text), row.text) for row in medicines if row.is_current(today)),
        *(
            Fact(ALLERGIES, plain(row.text), row.text)
            for row in allergies
            if row.is_active and not row.says_none_known
        ),
    }
    return sorted(found)


def _iso(day: date | None) -> str:
    return day.isoformat() if day else ""


def digest(found: Iterable[Fact]) -> str:
    """Identify what a page showed: any difference of the rows is another digest."""
    return hashlib.sha256(json.dumps([each.as_json() for each in found]).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Reasks:
    """Which changes of the chart ask for a new screen; a clinic's setting."""

    conditions: bool = True
    medicines: bool = True
    stopped_medicines: bool = True
    allergies: bool = True


def changes(
    rested_on: Iterable[Iterable[Any]], now: Iterable[Fact], since: date, reasks: Reasks
) -> list[str]:
    """Say what changed since the screen: "medicines changed since the screen: + tramadol".

    What was resolved, or taken off as wrong, asks for nothing: the screen saw more than there is.
    An event that was known asks again when it happened again, on a day from `since` on.
    """
    before = [Fact(*row) for row in rested_on]
    now = list(now)
    return [
        f"{kind} changed since the screen: {_few(said)}"
        for kind in KINDS
        if getattr(reasks, kind) and (said := _changed(kind, before, now, since, reasks))
    ]


def _few(said: list[str]) -> str:
    more = [f"and {len(said) - NAMED} more"] if len(said) > NAMED else []
    return ", ".join([*said[:NAMED], *more])


def _changed(
    kind: str, before: list[Fact], now: list[Fact], since: date, reasks: Reasks
) -> list[str]:
    before = [fact for fact in before if fact.kind == kind]
    now = [fact for fact in now if fact.kind == kind]
    if kind == MEDICINES:
        ended = _missing(before, now) if reasks.stopped_medicines else []
        return [f"+ {fact.text}" for fact in _missing(now, before)] + [
            f"− {fact.text}" for fact in ended
        ]
    old = {fact.meaning for fact in before}
    seen = {(fact.name, fact.onset_on) for fact in before}
    return [f"+ {fact.text}" for fact in now if _is_new(fact, old) or _again(fact, seen, since)]


def _missing(these: list[Fact], those: list[Fact]) -> list[Fact]:
    """Return the medicines with something in them that the others don't have."""
    known = frozenset().union(*(contents(fact.text) for fact in those))
    return [fact for fact in these if not contents(fact.text) <= known]


def contents(text: str) -> frozenset[str]:
    """Say what a line of medicines stands for, whatever its brand and strength.

    Each ingredient with its route; the words themselves where a part of them isn't understood.
    """
    reading = resolve(text)
    if not reading.is_understood:
        return frozenset({plain(text)})
    return frozenset(f"{each.name} {each.route}" for each in reading.taken)


def _is_new(fact: Fact, old: set[tuple[str, str, bool]]) -> bool:
    """Say whether it was not seen; what is over was seen while it was active."""
    kind, name, is_active = fact.meaning
    return fact.meaning not in old and (is_active or (kind, name, True) not in old)


def _again(fact: Fact, seen: set[tuple[str, str]], since: date) -> bool:
    """Say whether an event of a known name happened again."""
    return fact.onset_on >= since.isoformat() and (fact.name, fact.onset_on) not in seen
