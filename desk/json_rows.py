"""Rows that came as JSON, made into the values and the models that rules ask."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

from django.db.models import Model

from monitoring.readings import Administration, Assessment, Medicine, Reading
from monitoring.watching import Person
from sessions.models.protocol import Route

Made = TypeVar("Made", bound=Model)
Row = Mapping[str, Any]


def made(model: type[Made], found: Row | None, **related: Model) -> Made | None:
    """Make a row of JSON values that the rules can ask; it is never saved."""
    return None if found is None else row_of(model, found, **related)


def row_of(model: type[Made], found: Row, **related: Model) -> Made:
    values = {name: _field(model, name).to_python(value) for name, value in found.items()}
    return model(**values, **related)


def _field(model: type[Model], name: str) -> Any:
    return model._meta.get_field(name)


def last_written(rows: Iterable[Row]) -> datetime | None:
    return max((moment(row["recorded_at"]) for row in rows), default=None)


def medicine(row: Row) -> Medicine:
    return Medicine(
        row["id"],
        f"{row['drug']} {row['dose']}",
        moment(row["given_at"]),
        row["effect"],
        row["minutes"],
        moment(row["recorded_at"]),
    )


def watch_row(row: Row) -> Row:
    return {"kind": row["kind"], "watcher": Person(row["watcher_id"], name(row, "watcher"))}


def name(row: Row, at: str) -> str:
    whole = f"{row[f'{at}__first_name']} {row[f'{at}__last_name']}"
    return whole.strip() or str(row[f"{at}__username"])


def assessment(given: Row) -> Assessment:
    return Assessment(
        name(given, "assessed_by"),
        moment(given["assessed_at"]),
        given["ready"],
        given["decisions"],
        given["by_prescriber"],
    )


def reading(row: Row) -> Reading:
    oxygen, temperature = row["oxygen_l_min"], row["temperature"]
    return Reading(
        row["id"],
        moment(row["observed_at"]),
        moment(row["recorded_at"]),
        row["systolic"],
        row["diastolic"],
        row["pulse"],
        row["spo2"],
        None if oxygen is None else Decimal(str(oxygen)),
        row["respiratory_rate"],
        None if temperature is None else Decimal(str(temperature)),
        row["sedation"],
        row["dissociation"],
        row["not_obtained"],
        row["late_reason"],
    )


def administration(dose: Row, stop: Row | None) -> Administration:
    given_at, route = moment(dose["given_at"]), dose["route"]
    recorded_at = moment(dose["recorded_at"])
    if route == Route.NASAL:
        return Administration(given_at, given_at, route, recorded_at)
    if stop is None:
        return Administration(given_at, None, route, recorded_at)
    recorded_at = max(recorded_at, moment(stop["recorded_at"]))
    return Administration(given_at, moment(stop["at"]), route, recorded_at)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
