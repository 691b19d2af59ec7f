"""Work that waits for a person."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError

from clinic import audit, clock, entries
from clinic.audit import acting
from clinic.entries import Submission
from clinic.models import User
from clinic.roles import Role
from patients.models import Patient, Task


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
    with acting(by):
        entries.claim(entry, by)
        task = Task.objects.select_for_update().get(pk=pk)
        if task.closed_at is not None:
            raise ValidationError("This task was closed already.", code="closed")
        if not note.strip():
            raise ValidationError({"note": "Say what was done."})
        task.closed_at, task.closed_by, task.closing_note = clock.now(), by, note.strip()
        task.save(update_fields=["closed_at", "closed_by", "closing_note"])
        audit.record("task.closed", subject=task)
        return task
