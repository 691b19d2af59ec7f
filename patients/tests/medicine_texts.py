"""Hostile and ordinary lines of medication lists, each with what it has to be read as."""

from pathlib import Path
from typing import NamedTuple


class Expected(NamedTuple):
    text: str
    ingredients: dict[str, str]  # name: route, or "" where it doesn't matter
    status: str
    reason: str


def expected() -> list[Expected]:
    lines = (Path(__file__).parent / "data" / "medicine_texts.txt").read_text("utf-8").splitlines()
    return [_row(line) for line in lines if line and not line.startswith("#")]


def _row(line: str) -> Expected:
    text, ingredients, status = (part.strip() for part in line.rsplit("|", 2))
    names = [each.strip().partition("@") for each in ingredients.split(",") if each.strip()]
    state, _, reason = status.partition(" ")
    return Expected(text, {name: route for name, _, route in names}, state, reason)
