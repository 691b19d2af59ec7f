"""Hostile and ordinary lines of medication lists, each with what it has to be read as."""

from pathlib import Path
from typing import NamedTuple


class Expected(NamedTuple):
    text: str
    ingredients: dict[str, str]  # name: route, or "" where it doesn't matter
    status: str
    reason: str


def expected() -> list[Expected]:
    return [_row(line) for line in _lines("medicine_texts.txt")]


def alerting() -> list[tuple[str, frozenset[str]]]:
    """Texts with the rules that they raise alone; a star where the alert interrupts."""
    rows = [line.rpartition("|") for line in _lines("medicine_alerts.txt")]
    return [
        (text.strip(), frozenset(r.strip() for r in rules.split(",") if r.strip()))
        for text, _, rules in rows
    ]


def _lines(file: str) -> list[str]:
    lines = (Path(__file__).parent / "data" / file).read_text("utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def _row(line: str) -> Expected:
    text, ingredients, status = (part.strip() for part in line.rsplit("|", 2))
    names = [each.strip().partition("@") for each in ingredients.split(",") if each.strip()]
    state, _, reason = status.partition(" ")
    return Expected(text, {name: route for name, _, route in names}, state, reason)
