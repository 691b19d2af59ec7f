"""Row locks in the one order: course, chairs, sessions, e-mail contact and consent, message."""

from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import Model, QuerySet

from clinic.models.scoping import VersionedRow


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


def check_version(row: VersionedRow, version: int | None) -> None:
    """Refuse an edit that was based on another version of the locked row."""
    if version is None or row.version != version:
        raise StaleVersionError
