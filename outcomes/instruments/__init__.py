"""What is asked between sessions: one JSON file for each instrument, with its source and licence.

An item has options (text and points), or is a number between `low` and `high`, or `words`. How
answers become a result is named by `scoring`; `outcomes.scoring` has one function for each name.
`by_patient` says why a patient may answer it alone, through a link: every item then has options.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from clinic.provenance import Certainty, Source
from clinic.roles import Role

FOLDER = Path(__file__).parent
OWN = "Part of Taper."  # the licence of what nobody else wrote


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    code: str
    text: str
    options: tuple[tuple[str, int], ...] = ()
    unit: str = ""
    low: int | None = None
    high: int | None = None
    words: int = 0  # a line of at most so many characters

    def said(self, value: Any) -> str:
        """Return an answer as people read it."""
        if value is None:
            return "not answered"
        shown = next((text for text, points in self.options if points == value), str(value))
        return f"{shown} {self.unit}".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    key: str
    version: int
    title: str
    about: str
    scoring: str
    role: Role
    attribution: str
    licence: str
    source: Source
    items: tuple[Item, ...]
    by_patient: Source | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_own(self) -> bool:
        """Whether it is by nobody else, so that patients need no attribution."""
        return self.licence == OWN

    @property
    def codes(self) -> list[str]:
        return [item.code for item in self.items]

    @property
    def alarm(self) -> str:
        """Return the item of which any answer above zero can't wait; empty without one."""
        return str(self.settings.get("alarm", ""))


@cache
def registry() -> dict[str, Instrument]:
    """Return every instrument by its key, in the order of the keys."""
    return {each.key: each for each in map(_read, sorted(FOLDER.glob("*.json")))}


def answered_alone() -> dict[str, Instrument]:
    """Return the instruments that a patient may answer alone, by their key."""
    return {key: each for key, each in registry().items() if each.by_patient}


def _read(path: Path) -> Instrument:
    data = json.loads(path.read_text(encoding="utf-8"))
    items = tuple(
        Item(**{**item, "options": tuple((text, n) for text, n in item.get("options", ()))})
        for item in data.pop("items")
    )
    known = {name: data.pop(name) for name in ("key", "version", "title", "about", "scoring")}
    return Instrument(
        **known,
        role=Role(data.pop("role")),
        attribution=data.pop("attribution"),
        licence=data.pop("licence"),
        source=Source(data.pop("source"), Certainty(data.pop("certainty"))),
        items=items,
        by_patient=_why(data.pop("by_patient", None)),
        settings=data,
    )


def _why(given: Mapping[str, str] | None) -> Source | None:
    return Source(given["source"], Certainty(given["certainty"])) if given else None
