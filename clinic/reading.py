"""Several reads in one round trip, each of them locked in its turn."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db import connection
from django.db.models import Model


@dataclass(frozen=True, slots=True)
class Read:
    """A SELECT of one model: what follows the table's name, with the lock at its end."""

    model: type[Model]
    rest: str
    params: Sequence[Any]


def in_turn(*reads: Read) -> list[list[Any]]:
    """Run the reads one after the other and return the rows of each.

    The order is kept (`clinic.locks`), and each sees what was committed while the one before it
    waited: the server runs them as statements of their own. JSON columns are left until asked for.
    """
    found: list[list[Any]] = []
    with connection.cursor() as cursor:
        cursor.execute(
            ";".join(_sql(read.model, read.rest) for read in reads),
            [value for read in reads for value in read.params],
        )
        for read in reads:
            make, names = read.model.from_db, _names(read.model)
            found.append([make(connection.alias, names, row) for row in cursor.fetchall()])
            cursor.nextset()
    return found


@cache
def _sql(model: type[Model], rest: str) -> str:
    quote = connection.ops.quote_name
    columns = ", ".join(quote(field.column) for field in _fields(model))
    return f"SELECT {columns} FROM {quote(model._meta.db_table)} {rest}"


@cache
def _names(model: type[Model]) -> list[str]:
    return [field.attname for field in _fields(model)]


def _fields(model: type[Model]) -> list[Any]:
    """Return the columns that the driver gives as Python has them."""
    return [field for field in model._meta.concrete_fields if not hasattr(field, "from_db_value")]
