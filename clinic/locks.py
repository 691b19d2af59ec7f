"""Row locks in the one order: course, chairs, sessions, contact and consent, message, task."""

from typing import TypeVar

from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import connection
from django.db.models import Model, QuerySet

from clinic.models.scoping import VersionedRow

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
    """Lock one row FOR UPDATE and read it as it is under the lock; nothing is joined to it."""
    table = connection.ops.quote_name(model._meta.db_table)
    sql = f"SELECT * FROM {table} WHERE id = %s FOR UPDATE"
    row = next(iter(model._default_manager.raw(sql, [pk])), None)
    if row is None:
        raise ObjectDoesNotExist
    return row


def check_version(row: VersionedRow, version: int | None) -> None:
    """Refuse an edit that was based on another version of the locked row."""
    if version is None or row.version != version:
        raise StaleVersionError
