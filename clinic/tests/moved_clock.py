"""Both clocks of the product moved together, the database's and Python's, for tests in a browser.

PostgreSQL looks for `clock_timestamp()` along the search path, so a function of that name in a
schema before pg_catalog is the clock of every new connection, those of the live server included.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import time_machine
from django.db import connection

SCHEMA = """
CREATE SCHEMA moved;
CREATE TABLE moved.by (ahead interval NOT NULL);
INSERT INTO moved.by VALUES ('0');
CREATE FUNCTION moved.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE
    AS 'SELECT pg_catalog.clock_timestamp() + ahead FROM moved.by';
"""


class MovedClock:
    def __init__(self, traveller: time_machine.Traveller) -> None:
        self._traveller = traveller

    def move_to(self, moment: datetime) -> None:
        """Make it this moment everywhere; time goes on from there."""
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE moved.by SET ahead = %s - pg_catalog.clock_timestamp()", [moment]
            )
        self._traveller.move_to(moment)


@contextmanager
def moved_clock(begin: datetime) -> Iterator[MovedClock]:
    database = connection.ops.quote_name(str(connection.settings_dict["NAME"]))
    with connection.cursor() as cursor:
        cursor.execute(SCHEMA)
        cursor.execute(f"ALTER DATABASE {database} SET search_path = moved, pg_catalog, public")
    connection.close()
    try:
        with time_machine.travel(begin, tick=True) as traveller:
            clock = MovedClock(traveller)
            clock.move_to(begin)
            yield clock
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER DATABASE {database} RESET search_path")
            cursor.execute("DROP SCHEMA moved CASCADE")
        connection.close()
