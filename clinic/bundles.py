"""What hangs on one row, read in one statement that is put together and planned once.

A page that shows a row with a dozen lists around it spends most of its time on building SQL and on
planning joins. A bundle is written as query sets, like everything else; each becomes a subquery of
its own, its rows come as JSON and are made into instances of their models again. A field that was
not named is deferred: asked for all the same, it costs a query, and it is never wrong.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from functools import cached_property
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db import DEFAULT_DB_ALIAS, models
from django.db.models import F, Func, Model, QuerySet, Subquery

from clinic.statements import Given, read_one, text_of


def _as_stored(value: Any) -> Any:
    """Return a JSON column with floats, as its model reads it, where the bundle read decimals."""
    return json.loads(json.dumps(value, default=float))


FROM_JSON: Mapping[str, Callable[[Any], Any]] = {
    "DateTimeField": datetime.fromisoformat,
    "DateField": date.fromisoformat,
    "TimeField": time.fromisoformat,
    "UUIDField": UUID,
    "DecimalField": Decimal,
    "JSONField": _as_stored,
}
SAME_IN_JSON = frozenset(
    {
        "BigAutoField",
        "BigIntegerField",
        "BooleanField",
        "CharField",
        "ForeignKey",
        "OneToOneField",
        "PositiveIntegerField",
        "PositiveSmallIntegerField",
        "SlugField",
        "TextField",
    }
)


def all_fields(model: type[Model], *but: str) -> list[str]:
    return [field.name for field in model._meta.concrete_fields if field.name not in but]


def person(at: str) -> list[str]:
    """Return what the name of a member of staff is written from."""
    return [f"{at}__{name}" for name in ("first_name", "last_name", "username")]


def attach(row: Model, found: Mapping[str, Any], *names: str) -> None:
    """Let the row have these parts as what its relations of the same names lead to."""
    for name in names:
        field: Any = row._meta.get_field(name)
        field.set_cached_value(row, found[name])


class JSONArray(Func):
    function = "jsonb_build_array"
    output_field = models.JSONField()


def _conversion(field: Any) -> Callable[[Any], Any] | None:
    """Return what makes a value of this field from its JSON; None where JSON has it as it is."""
    one = getattr(field, "base_field", field)  # of an array
    kind = one.get_internal_type()
    if kind in SAME_IN_JSON:
        return None
    if one is field and kind in FROM_JSON:
        return FROM_JSON[kind]
    raise TypeError(f"{field} is a {kind}: say in FROM_JSON how a bundle makes it from JSON.")


class Shape:
    """Where each field of a model, and of the rows joined to it, stands in the JSON array."""

    def __init__(self, model: Any, names: Iterable[str], paths: list[str], at: str = "") -> None:
        """Add to `paths` what the statement selects for these names."""
        self.model = model
        own, joined = {"id"}, dict[str, list[str]]()
        for name in names:
            first, _, rest = name.partition("__")
            if rest:
                joined.setdefault(first, []).append(rest)
            else:
                own.add(model._meta.get_field(first).attname)
        relations = {name: model._meta.get_field(name) for name in joined}
        own |= {field.attname for field in relations.values() if field.concrete}
        fields = [field for field in model._meta.concrete_fields if field.attname in own]
        self.names = frozenset(field.attname for field in fields)
        self.begin, self.end = len(paths), len(paths) + len(fields)
        self.key = self.begin + [field.attname for field in fields].index("id")
        converts = ((place, _conversion(field)) for place, field in enumerate(fields))
        self.convert = [(place, convert) for place, convert in converts if convert]
        paths += [at + field.attname for field in fields]
        self.joined = [
            (field, Shape(field.related_model, joined[name], paths, f"{at}{name}__"))
            for name, field in relations.items()
        ]

    def make(self, values: Sequence[Any]) -> Any:
        """Return the instance, or None where a join found nothing."""
        if values[self.key] is None:
            return None
        own = list(values[self.begin : self.end])
        for place, convert in self.convert:
            if own[place] is not None:
                own[place] = convert(own[place])
        row = self.model.from_db(DEFAULT_DB_ALIAS, self.names, own)
        for field, shape in self.joined:
            field.set_cached_value(row, shape.make(values))
        return row


class Many:
    """The rows of a query set that refers to the bundle's row by OuterRef, with these fields."""

    def __init__(self, rows: QuerySet[Any], *names: str) -> None:
        paths: list[str] = []
        self.shape = Shape(rows.model, names, paths)
        self.rows = rows.values_list(JSONArray(*map(F, paths)))

    @property
    def expression(self) -> Any:
        return ArraySubquery(self.rows)

    def make(self, found: Any) -> Any:
        return [self.shape.make(values) for values in found]


class One(Many):
    """The first of them, or None."""

    @property
    def expression(self) -> Any:
        return Subquery(self.rows[:1])

    def make(self, found: Any) -> Any:
        return None if found is None else self.shape.make(found)


def together(*groups: Mapping[str, Many]) -> dict[str, Many]:
    """Return the parts of several groups; TypeError where two have one name."""
    parts: dict[str, Many] = {}
    for group in groups:
        if twice := parts.keys() & group.keys():
            raise TypeError(f"two parts of a bundle are called {', '.join(sorted(twice))}")
        parts |= group
    return parts


class Bundle:
    """Parts around one row of a model, whose key is given as `key`."""

    def __init__(self, model: Any, parts: Mapping[str, Many]) -> None:
        self.model, self.parts = model, parts

    def read(self, key: int, **given: Any) -> dict[str, Any]:
        """Return the parts by their names; DoesNotExist without the row."""
        found = read_one(self._text, {"key": key, **given})
        if found is None:
            raise self.model.DoesNotExist
        values = json.loads(found[0], parse_float=Decimal)
        parts = zip(self.parts.items(), values, strict=True)
        return {name: part.make(value) for (name, part), value in parts}

    @cached_property
    def _text(self) -> str:
        whole = JSONArray(*(part.expression for part in self.parts.values()))
        key = Given("key", models.BigIntegerField())
        return text_of(self.model._default_manager.filter(pk=key).order_by().values_list(whole))
