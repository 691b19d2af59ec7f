"""Clinical knowledge as reviewed data: lists in JSON files, each row beside its source.

A row has a code, words for the page, `source` and `certainty`; what else it says is in `more`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from clinic.provenance import Certainty, Source

FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Row:
    code: str
    words: str
    source: Source
    more: Mapping[str, Any]


@cache
def topic(name: str) -> dict[str, tuple[Row, ...]]:
    """Return the lists of a file by their names; KeyError names what a row lacks."""
    text = (FOLDER / f"{name}.json").read_text(encoding="utf-8")
    lists = json.loads(text, parse_float=Decimal)
    return {title: tuple(_row(row) for row in rows) for title, rows in lists.items()}


def topics() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.json"))


def choices(name: str, title: str) -> list[tuple[str, str]]:
    return [(row.code, row.words) for row in topic(name)[title]]


def words_of(name: str, title: str, codes: list[str]) -> list[str]:
    """Return the words of codes; a code that left the list stays readable as itself."""
    known = dict(choices(name, title))
    return [known.get(code, code) for code in codes]


def _row(data: Mapping[str, Any]) -> Row:
    more = dict(data)
    source = Source(more.pop("source"), Certainty(more.pop("certainty")))
    return Row(more.pop("code"), more.pop("words"), source, more)
