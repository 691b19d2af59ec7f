"""Reviewed clinical knowledge as data: each row beside its source and how sure that is."""

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent


def rows(name: str) -> list[dict[str, Any]]:
    """Return the rows of one list, as its file has them."""
    found: list[dict[str, Any]] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return found
