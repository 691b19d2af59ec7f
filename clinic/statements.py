"""Statements that never change, parsed and planned once for each connection."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from django.db import connection
from django.db.backends.utils import CursorWrapper


@contextmanager
def prepared() -> Iterator[CursorWrapper]:
    """Open a cursor that binds values on the server and prepares what it executes.

    For constant text alone: each new text is one more plan to keep. See `prepare_threshold` in the
    settings; every other cursor binds on the client and prepares nothing.
    """
    with connection.cursor() as cursor:
        cursor.cursor = psycopg.Cursor(connection.connection)
        yield cursor
