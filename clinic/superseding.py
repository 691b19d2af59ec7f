"""Rows that are never changed: a correction is another row, which names what it supersedes."""

from collections.abc import Iterable
from typing import Any


def last_of_each(rows: Iterable[Any]) -> list[Any]:
    """Return each row by what superseded it last."""
    found = list(rows)
    superseded = {row.supersedes_id for row in found}
    return [row for row in found if row.pk not in superseded]


def standing(rows: Iterable[Any]) -> list[Any]:
    """Leave out what was corrected, undone or entered in error, as the query sets' `standing`."""
    return [row for row in last_of_each(rows) if not row.entered_in_error]
