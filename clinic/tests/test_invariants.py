"""The invariants of docs/architecture.md, and that each is named by a test that holds it."""

import ast
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

APPS = ("clinic", "patients", "sessions", "monitoring", "outcomes", "reminders", "portal", "desk")
INVARIANT = re.compile(r"INV-\d+")


def documented() -> list[str]:
    text = (Path(settings.BASE_DIR) / "docs" / "architecture.md").read_text(encoding="utf-8")
    return re.findall(r"^\| (INV-\d+) \|", text, re.MULTILINE)


def named() -> set[str]:
    """Return what the docstrings of tests name, and those of files that have it for subject."""
    found: set[str] = set()
    for app in APPS:
        for path in (Path(settings.BASE_DIR) / app / "tests").glob("test_*.py"):
            if path != Path(__file__):
                found |= _named_in(ast.parse(path.read_text(encoding="utf-8")))
    return found


def _named_in(module: ast.Module) -> set[str]:
    words = [ast.get_docstring(module) or ""]
    for node in module.body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            words.append(ast.get_docstring(node) or "")
    return set(INVARIANT.findall(" ".join(words)))


def test_ten_invariants_are_documented() -> None:
    assert documented() == [f"INV-{number}" for number in range(1, 11)]


@pytest.mark.parametrize("invariant", documented())
def test_each_invariant_is_named_by_a_test(invariant: str) -> None:
    assert invariant in named()


def test_no_time_is_stored_without_its_zone(db: None) -> None:
    """INV-10 in the database."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns "
            "WHERE table_schema = 'public' AND data_type = 'timestamp without time zone'"
        )
        assert cursor.fetchall() == []
