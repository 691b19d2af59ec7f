"""The one clock that services trust: the database's."""

from datetime import datetime

from django.db import connection


def now() -> datetime:
    """Return the database's wall clock, aware, in UTC; not the start of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]
