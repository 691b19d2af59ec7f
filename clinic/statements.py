"""Statements that never change: put together once, parsed and planned once for each connection."""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

import psycopg
from django.db import DEFAULT_DB_ALIAS, NotSupportedError, connection
from django.db.models import BooleanField, Expression, Field, Func, Model, QuerySet
from psycopg import sql

Row = TypeVar("Row", bound=Model)
Values = Mapping[str, Any] | Sequence[Any]


def read_all(text: str, values: Values) -> list[tuple[Any, ...]]:
    """Bind the values on the server and keep the plan of the text for this connection.

    For constant text alone: each new text is one more plan to keep. See `prepare_threshold` in the
    settings; every other cursor binds on the client and prepares nothing. PostgreSQL refuses a plan
    whose columns a migration has changed; the plans go with the connection, or by the rollback.
    """
    try:
        return _read(text, values)
    except NotSupportedError:
        if connection.in_atomic_block:
            raise
        connection.close()
        return _read(text, values)


def read_one(text: str, values: Values) -> Any:
    """Return the first row, or None."""
    return next(iter(read_all(text, values)), None)


def _read(text: str, values: Values) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.cursor = psycopg.Cursor(connection.connection)
        cursor.execute(text, values)
        return cursor.fetchall()


def table(model: type[Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)


@cache
def columns(model: type[Model]) -> str:
    """List the columns that `made` makes an instance from."""
    quote = connection.ops.quote_name
    return ", ".join(f"{table(model)}.{quote(field.column)}" for field in _fields(model))


@cache
def names(model: type[Model]) -> list[str]:
    """Return the attributes for these columns, in their order."""
    return [field.attname for field in _fields(model)]


def made(model: type[Row], values: Sequence[Any]) -> Row:
    """Make an instance; a column that the driver gives otherwise than Python has it is deferred."""
    return model.from_db(DEFAULT_DB_ALIAS, names(model), values)


def _fields(model: type[Model]) -> list[Any]:
    return [field for field in model._meta.concrete_fields if not hasattr(field, "from_db_value")]


class Given(Expression):
    """A value that a query set is given by name when its statement is executed.

    As a subquery it is opaque: any value gets the same plan, so that the plan is kept.
    """

    def __init__(self, name: str, output_field: "Field[Any, Any]") -> None:
        super().__init__(output_field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[()]]:
        return f"(SELECT %({self.name})s::{self.output_field.db_type(connection)})", ()


class Among(Func):
    """Whether a column's value is in an array, which is SQL of ours.

    Unlike a semi-join it is read by the column's index whatever the statistics say.
    """

    template = "%(expressions)s = ANY(%(array)s)"
    output_field = BooleanField()


def text_of(rows: "QuerySet[Any, Any]") -> str:
    """Write a query set as SQL; what is not `Given` is a constant of this code and stands in it."""
    text, values = rows.query.sql_with_params()
    constants = iter(values)

    def literal(_: re.Match[str]) -> str:
        return sql.Literal(next(constants)).as_string().replace("%", "%%")

    return re.sub("%s", literal, text)


def as_json(rows: "QuerySet[Any, Any]") -> str:
    """Write a query set of values as one JSON array of objects."""
    return f"(SELECT coalesce(json_agg(found), '[]') FROM ({text_of(rows)}) AS found)"
