"""The one clock that services trust: the database's."""

from datetime import datetime
from typing import Any

from django.db import connection


def now(locked: Any = None) -> datetime:
    """Return the database's wall clock, aware, in UTC; not the start of the transaction.

    Of a row that `locks.exclusive` has just locked, it is the moment when the lock was held.
    """
    if locked is not None:
        return locked.locked_at
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]
