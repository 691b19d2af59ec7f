"""Rows for COPY: what varies is given per row, any other column takes its model's default."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from decimal import Decimal
from itertools import islice
from typing import Any

from django.db import connection
from django.db.models import Field, Model

NULL = r"\N"
LINES_AT_ONCE = 5000
AUDITED = "audited"


class Table:
    """One model as the target of COPY."""

    def __init__(self, model: type[Model], varying: str, *, now: datetime, **fixed: Any) -> None:
        """`varying` names the columns that each row brings along, in this order."""
        self.model, self.columns = model, varying.split()
        by_column = {field.column: field for field in model._meta.concrete_fields if field.column}
        wrong = {*self.columns, *fixed} - by_column.keys()
        if wrong:
            raise TypeError(f"{model.__name__} has no {', '.join(sorted(wrong))}")
        rest = {
            column: field
            for column, field in by_column.items()
            if column not in self.columns and not field.primary_key and not _by_database(field)
        }
        values = [fixed[c] if c in fixed else _default(f, now) for c, f in rest.items()]
        self.columns += rest
        self.tail = "".join(f"\t{text(value)}" for value in values) + "\n"
        self.count = 0

    def copy(self, rows: Iterable[tuple[str, ...]]) -> None:
        """Copy rows of ready texts; tabs and backslashes must not occur in them."""
        names = ", ".join(f'"{column}"' for column in self.columns)
        command = f'COPY "{self.model._meta.db_table}" ({names}) FROM STDIN'
        lines = ("\t".join(row) + self.tail for row in rows)
        with connection.cursor() as cursor, cursor.copy(command) as target:
            while chunk := list(islice(lines, LINES_AT_ONCE)):
                self.count += len(chunk)
                target.write("".join(chunk))

    def first_free_id(self) -> int:
        with connection.cursor() as cursor:
            table = self.model._meta.db_table
            cursor.execute(f'SELECT coalesce(max(id), 0) + 1 FROM "{table}"')
            return int(cursor.fetchone()[0])

    def catch_up(self) -> None:
        """Let the sequence go on after the copied ids."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT setval(pg_get_serial_sequence(%s, 'id'), %s, false)",
                [f'"{self.model._meta.db_table}"', self.first_free_id()],
            )


def text(value: Any) -> str:
    """Return a value as COPY reads it."""
    if value is None:
        return NULL
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, str | int | Decimal | date | datetime | time):
        return str(value)
    return json.dumps(value)


def _default(field: "Field[Any, Any]", now: datetime) -> Any:
    if getattr(field, "auto_now_add", False):
        return now
    if field.has_default() or field.null or field.empty_strings_allowed:
        return field.get_default()
    raise TypeError(f"{field} needs a value")


def _by_database(field: "Field[Any, Any]") -> bool:
    return field.has_db_default()


@contextmanager
def unaudited(tables: Iterable[Table]) -> Iterator[None]:
    """Copy without an audit event per row: they would double the database and measure nothing.

    Only the owner of the tables may do this, inside one transaction that keeps others out.
    """
    names = [(t.model._meta.db_table, _audit_trigger(t.model)) for t in tables]
    _alter("DISABLE", names)
    yield
    _alter("ENABLE", names)


def _audit_trigger(model: type[Model]) -> str:
    triggers = model._meta.triggers  # type: ignore[attr-defined]  # pgtrigger's own option
    return next(trigger.get_pgid(model) for trigger in triggers if trigger.name == AUDITED)


def _alter(what: str, names: Iterable[tuple[str, str]]) -> None:
    with connection.cursor() as cursor:
        for table, trigger in names:
            cursor.execute(f'ALTER TABLE "{table}" {what} TRIGGER {trigger}')
