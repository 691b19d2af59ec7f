"""Row locks in one order: patient, course, chairs, sessions, contact, consent, message, task."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import Model, QuerySet

from clinic.models.scoping import VersionedRow
from clinic.statements import columns, made, table

M = TypeVar("M", bound=Model)


class StaleVersionError(ValidationError):
    """Somebody saved this row after the page was opened (INV-9)."""

    def __init__(self) -> None:
        super().__init__(
            "Someone else changed this while the page was open. Your entries are kept below; "
            "compare them with the current values, then save again.",
            code="stale",
        )


def share(queryset: QuerySet[Model]) -> list[int]:
    """Lock rows FOR SHARE, by key, and return their keys: readers may share, writers wait."""
    sql, params = queryset.order_by("pk").values("pk").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(f"{sql} FOR SHARE", params)
        return [row[0] for row in cursor.fetchall()]


def exclusive(model: type[M], pk: int) -> M:
    """Lock one row FOR UPDATE and read it as it is under the lock; nothing is joined to it.

    Its `locked_at` is when the lock was held, for `clock.now`.
    """
    sql = f"""
        WITH locked AS MATERIALIZED (SELECT * FROM {table(model)} WHERE id = %s FOR UPDATE)
        SELECT *, clock_timestamp() AS locked_at FROM locked
    """
    row = next(iter(model._default_manager.raw(sql, [pk])), None)
    if row is None:
        raise model.DoesNotExist  # type: ignore[attr-defined]  # every model has its own
    return row


@dataclass(frozen=True, slots=True)
class Read:
    """A SELECT of one model: what follows the table's name, with the lock at its end."""

    model: type[Model]
    rest: str
    params: Sequence[Any]

    @property
    def sql(self) -> str:
        return f"SELECT {columns(self.model)} FROM {table(self.model)} {self.rest}"


def in_turn(*reads: Read) -> list[list[Any]]:
    """Run the reads one after the other, in one round trip, and return the rows of each.

    The order is kept, and each sees what was committed while the one before it waited: the server
    runs them as statements of their own.
    """
    found: list[list[Any]] = []
    with connection.cursor() as cursor:
        cursor.execute(
            ";".join(read.sql for read in reads),
            [value for read in reads for value in read.params],
        )
        for read in reads:
            found.append([made(read.model, row) for row in cursor.fetchall()])
            cursor.nextset()
    return found


def check_version(row: VersionedRow, version: int | None) -> None:
    """Refuse an edit that was based on another version of the locked row."""
    if version is None or row.version != version:
        raise StaleVersionError
