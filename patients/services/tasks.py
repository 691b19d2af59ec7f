"""Work that waits for a person."""

from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError

from clinic import audit, clock, entries
from clinic.audit import acting
from clinic.entries import Submission
from clinic.models import User
from clinic.roles import Role
from patients.models import Patient, Task

CLOSE = "patients.close_task"


def ask(
    kind: Task.Kind,
    *,
    patient: Patient,
    role: Role,
    text: str,
    due_at: datetime,
    dedupe_key: str,
    source: Any = None,
) -> Task:
    """Open a task inside the caller's transaction; the same cause asks once."""
    task, _ = Task.objects.get_or_create(
        dedupe_key=dedupe_key,
        defaults={
            "clinic_id": patient.clinic_id,
            "patient": patient,
            "kind": kind,
            "role": role,
            "text": text,
            "due_at": due_at,
            "source_kind": source._meta.label_lower if source is not None else "",
            "source_id": getattr(source, "public_id", None),
        },
    )
    return task


def close(pk: int, *, by: User, note: str, entry: Submission | None = None) -> Task:
    """Close a task that somebody has seen to, with what was done."""
    with acting(by):
        entries.claim(entry, by)
        task = Task.objects.select_for_update().get(pk=pk)
        if not by.may(CLOSE, task.clinic_id):
            raise PermissionDenied(CLOSE)
        if task.closed_at is not None:
            raise ValidationError("This task was closed already.", code="closed")
        if not note.strip():
            raise ValidationError({"note": "Say what was done."})
        _close(task, by, note.strip())
        return task


def close_for(*, by: User | None, note: str, **cause: Any) -> None:
    """Close the open tasks of a cause that is settled, inside the transaction that settled it.

    Whoever may settle the cause may close its tasks; nobody is named where a schedule did. They
    come last in the order of locks.
    """
    settled = Task.objects.open().filter(**cause).order_by("pk")
    for task in settled.select_for_update():
        _close(task, by, note)


def _close(task: Task, by: User | None, note: str) -> None:
    task.closed_at, task.closed_by, task.closing_note = clock.now(), by, note
    task.save(update_fields=["closed_at", "closed_by", "closing_note"])
    audit.record("task.closed", subject=task)
