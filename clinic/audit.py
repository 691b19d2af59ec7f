"""Acting on clinical records: no actor, no write; named events; reads of charts."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass
from typing import Any, Literal

from django.db import connection, transaction

from clinic import entries
from clinic.entries import Submission
from clinic.models import AuditEvent, User

READ_FOLD_MINUTES = 10  # repeated reads of one page are one event in this time


@dataclass(frozen=True, slots=True)
class Actor:
    kind: Literal["user", "patient_link", "system"]
    id: int | None
    label: str


class NoActorError(RuntimeError):
    """A clinical write was tried outside `acting`."""


_current: ContextVar[Actor | None] = ContextVar("actor", default=None)


def system(name: str) -> Actor:
    return Actor(kind="system", id=None, label=name)


def actor_of(by: User | Actor) -> Actor:
    return by if isinstance(by, Actor) else Actor("user", by.pk, by.username)


@contextmanager
def acting(by: User | Actor, entry: Submission | None = None) -> Iterator[Actor]:
    """Open a transaction in which `by` is the author of every write.

    The actor lives in the transaction, so it can't leak to the next user of the connection. Inside
    another `acting` it is a savepoint; the outer author returns when it ends. The key of a person's
    `entry` is claimed along with it, in one statement.
    """
    actor, outer = actor_of(by), _current.get()
    nested = connection.in_atomic_block
    with transaction.atomic():
        if entry is not None and isinstance(by, User):
            entries.claim(entry, by, actor=_told(actor))
        elif actor != outer or not nested:
            _tell_database(actor)
        if actor == outer and nested:
            yield actor
            return
        token = _current.set(actor)
        try:
            yield actor
        finally:
            _current.reset(token)
        if nested:
            _tell_database(outer)


def _tell_database(actor: Actor | None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('taper.actor', %s, true)", [_told(actor)])


def _told(actor: Actor | None) -> str:
    return "" if actor is None else json.dumps(asdict(actor))


def current() -> Actor:
    actor = _current.get()
    if actor is None:
        raise NoActorError("Open `acting(user)` before writing clinical records.")
    return actor


def record(event: str, *, subject: Any = None, **detail: Any) -> AuditEvent:
    """Add a named event about `subject`, a row that may carry `clinic_id` and `patient_id`."""
    actor = current()
    meta = getattr(subject, "_meta", None)
    return AuditEvent.objects.create(
        event=event,
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_label=actor.label,
        clinic_id=getattr(subject, "clinic_id", None),
        patient_id=_patient_id(subject),
        table_name=meta.db_table if meta else "",
        row_id=str(subject.pk) if meta else "",
        detail=detail,
    )


def _patient_id(subject: Any) -> int | None:
    if getattr(getattr(subject, "_meta", None), "label", "") == "patients.Patient":
        return subject.pk
    return getattr(subject, "patient_id", None)


def read(user: User, page: str, subject: Any) -> None:
    """Record that the user looked at a patient's data: once per page, patient and ten minutes."""
    actor = actor_of(user)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO clinic_auditevent
                (event, actor_kind, actor_id, actor_label,
                 clinic_id, patient_id, table_name, row_id, detail)
            SELECT %(event)s, %(kind)s, %(actor)s, %(label)s,
                   %(clinic)s, %(patient)s, %(table)s, %(row)s, '{}'
            WHERE NOT EXISTS (
                SELECT 1 FROM clinic_auditevent
                WHERE patient_id = %(patient)s AND actor_id = %(actor)s AND event = %(event)s
                  AND at > clock_timestamp() - make_interval(mins => %(fold)s)
            )
            """,
            {
                "event": f"{page}.read",
                "kind": actor.kind,
                "actor": actor.id,
                "label": actor.label,
                "clinic": subject.clinic_id,
                "patient": _patient_id(subject),
                "table": subject._meta.db_table,
                "row": str(subject.pk),
                "fold": READ_FOLD_MINUTES,
            },
        )
