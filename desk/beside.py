"""What stands beside the cards: who comes next, and which tasks wait; one query for all."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from django.db.models import BigIntegerField, DateTimeField, Exists, F, OuterRef, QuerySet, Value
from django.db.models.functions import Concat, NullIf, Trim

from clinic.models import Clinic
from clinic.roles import Role
from clinic.statements import Among, Given, as_json, read_one
from patients.models import Task
from patients.naming import initials, list_name
from portal.models import ChangeRequest, Confirmation
from sessions.models import TreatmentSession
from sessions.naming import step_label

ARRIVALS = 8
TASKS = 6
FAILURES = 4
CRISES = 8
CLINIC = Given("clinic", BigIntegerField())
ROLES = "%(roles)s::text[]"


@dataclass(frozen=True, slots=True)
class Arrival:
    public_id: str
    name: str
    initials: str
    step: str
    place: str
    starts_at: datetime
    late: bool
    confirmed: bool
    asks: bool  # for another time, or to call it off


@dataclass(frozen=True, slots=True)
class Waiting:
    """A task as the board shows it."""

    public_id: str
    name: str
    text: str
    due_at: datetime
    taken_by: str = ""


@dataclass(frozen=True, slots=True)
class Beside:
    arrivals: tuple[Arrival, ...]
    tasks: tuple[Waiting, ...]
    failures: tuple[Waiting, ...]
    crises: tuple[Waiting, ...]  # answers of patients that can't wait, for every role


def read(
    clinic: Clinic, roles: Iterable[Role], begin: datetime, end: datetime, now: datetime
) -> Beside:
    """Return who is expected between the two times, and the open tasks of these roles."""
    held = [role.value for role in roles]
    given = {"clinic": clinic.pk, "roles": held, "begin": begin, "end": end}
    arrivals, tasks, failures, crises = read_one(_sql(), given)
    return Beside(
        tuple(_arrival(row, now) for row in arrivals),
        tuple(_waiting(row) for row in tasks),
        tuple(_waiting(row) for row in failures),
        tuple(_waiting(row) for row in crises),
    )


@cache
def _sql() -> str:
    parts = (
        _arrivals()[:ARRIVALS],
        _my_tasks()[:TASKS],
        _failures()[:FAILURES],
        _crises()[:CRISES],
    )
    return f"SELECT {', '.join(map(as_json, parts))}"


def _arrivals() -> QuerySet[Any, Any]:
    begin, end = Given("begin", DateTimeField()), Given("end", DateTimeField())
    planned = TreatmentSession.objects.planned().filter(
        clinic=CLINIC, starts_at__gte=begin, starts_at__lt=end
    )
    return planned.order_by("starts_at", "pk").values(
        "public_id",
        "starts_at",
        "number_in_phase",
        given=F("patient__given_name"),
        family=F("patient__family_name"),
        phase_name=F("phase__name"),
        phase_count=F("phase__count"),
        room=F("chair__room__name"),
        seat=F("chair__name"),
        confirmed=Exists(
            Confirmation.objects.filter(
                treatment_session=OuterRef("pk"), schedule_rev=OuterRef("schedule_rev")
            )
        ),
        asks=Exists(ChangeRequest.objects.open().filter(treatment_session=OuterRef("pk"))),
    )


def _my_tasks() -> QuerySet[Any, Any]:
    mine = Among(F("role"), array=ROLES)
    return _tasks().filter(mine).exclude(kind__in=[Task.Kind.MESSAGE_FAILED, Task.Kind.CRISIS])


def _failures() -> QuerySet[Any, Any]:
    """Every failed message leaves one task; it stays here until somebody has dealt with it."""
    return _tasks().filter(kind=Task.Kind.MESSAGE_FAILED)


def _crises() -> QuerySet[Any, Any]:
    return _shown(Task.objects.open().filter(kind=Task.Kind.CRISIS).urgent_first())


def _tasks() -> QuerySet[Any, Any]:
    return _shown(Task.objects.open())


def _shown(rows: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
    return rows.filter(clinic=CLINIC).values(
        "public_id",
        "text",
        "due_at",
        given=F("patient__given_name"),
        family=F("patient__family_name"),
        taken=NullIf(
            Trim(Concat("taken_by__first_name", Value(" "), "taken_by__last_name")), Value("")
        ),
        login=F("taken_by__username"),
    )


def _arrival(row: dict[str, Any], now: datetime) -> Arrival:
    starts_at = datetime.fromisoformat(row["starts_at"])
    return Arrival(
        public_id=row["public_id"],
        name=list_name(row["given"], row["family"]),
        initials=initials(row["given"], row["family"]),
        step=step_label(row["phase_name"], row["number_in_phase"], row["phase_count"]),
        place=f"{row['room']} · {row['seat']}",
        starts_at=starts_at,
        late=starts_at <= now,
        confirmed=row["confirmed"],
        asks=row["asks"],
    )


def _waiting(row: dict[str, Any]) -> Waiting:
    name = list_name(row["given"] or "", row["family"] or "")
    due_at = datetime.fromisoformat(row["due_at"])
    return Waiting(row["public_id"], name, row["text"], due_at, row["taken"] or row["login"] or "")
