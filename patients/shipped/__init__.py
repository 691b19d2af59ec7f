"""The consent texts that Taper ships: one JSON file each, a start for a clinic's own.

`text` is a list of blocks, which an empty line separates; `statements` are ticked one by one.
"""

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent


def read_all() -> list[dict[str, Any]]:
    """Return the fields of each template."""
    return [read(path) for path in sorted(FOLDER.glob("*.json"))]


def read(path: Path) -> dict[str, Any]:
    values = json.loads(path.read_text(encoding="utf-8"))
    values["text"] = "\n\n".join(values["text"])
    values["statements"] = "\n".join(values["statements"])
    return values
