"""Work that waits for a person: asked for, taken, postponed, closed."""

from datetime import date, datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError

from clinic import audit, clock
from clinic.audit import acting
from clinic.entries import Submission
from clinic.models import User
from clinic.roles import Role
from clinic.times import day_bounds
from clinic.words import explains
from patients.models import Patient, Task

CLOSE = "patients.close_task"
SEE_CHART = "patients.view_chart"  # what an answer about self-harm needs, too
LATEST = timedelta(days=365)  # no task is put off further
SETTLED_WITH_CAUSE = {
    Task.Kind.MESSAGE_FAILED: "Say how the patient was reached: open the task and choose.",
    Task.Kind.REQUEST: "Decide the request: accept or decline it, and the task closes.",
    Task.Kind.RESTORED: "It closes by itself when every held message is released or settled.",
}
"""These close with what they are about (`close_for`); a note alone would leave that open."""


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


def ask_clinic(
    kind: Task.Kind, *, clinic_id: int, role: Role, text: str, due_at: datetime, dedupe_key: str
) -> Task:
    """Open a task about no patient, as `ask` does."""
    values = {"kind": kind, "role": role, "text": text, "due_at": due_at, "clinic_id": clinic_id}
    return Task.objects.get_or_create(dedupe_key=dedupe_key, defaults=values)[0]


def close(pk: int, *, by: User, note: str, entry: Submission | None = None) -> Task:
    """Close a task that somebody has seen to, with what was done."""
    with acting(by, entry):
        task = _open(pk, by)
        if task.kind in SETTLED_WITH_CAUSE:
            raise ValidationError(SETTLED_WITH_CAUSE[Task.Kind(task.kind)], code="cause")
        if not explains(note):
            raise ValidationError({"note": "Say what was done."})
        _close(task, by, note.strip())
        return task


def take(pk: int, *, by: User, entry: Submission | None = None) -> Task:
    """Say that this person sees to it; nobody takes it out of another's hands."""
    with acting(by, entry):
        task = _open(pk, by)
        if task.taken_by_id not in {None, by.pk}:
            raise ValidationError(
                f"{task.taken_by} sees to it already. They can release it.", code="taken"
            )
        return _held(task, by, "task.taken")


def release(pk: int, *, by: User, entry: Submission | None = None) -> Task:
    """Give it back to everybody of the role; anybody may, since people go on leave."""
    with acting(by, entry):
        return _held(_open(pk, by), None, "task.released")


def _held(task: Task, by: User | None, event: str) -> Task:
    task.taken_by = by
    task.save(update_fields=["taken_by"])
    audit.record(event, subject=task)
    return task


def postpone(
    pk: int, *, by: User, due_on: date, reason: str, entry: Submission | None = None
) -> Task:
    """Let it be due on a later day; when it was due first stays on the record."""
    with acting(by, entry):
        task = _open(pk, by)
        if task.kind == Task.Kind.CRISIS:
            raise ValidationError("This can't wait. Take it or close it.", code="crisis")
        today = clock.now().astimezone(task.clinic.zone).date()
        if not today < due_on <= today + LATEST:
            raise ValidationError({"due_on": "Choose a day from tomorrow on, within a year."})
        if not explains(reason):
            raise ValidationError({"reason": "Say why it can wait."})
        task.first_due_at = task.first_due_at or task.due_at
        task.due_at = day_bounds(task.clinic, due_on, due_on)[0]
        task.postponed_reason = reason.strip()
        task.save(update_fields=["first_due_at", "due_at", "postponed_reason"])
        audit.record("task.postponed", subject=task)
        return task


def _open(pk: int, by: User) -> Task:
    task = Task.objects.select_for_update(of=("self",)).select_related("clinic").get(pk=pk)
    if not by.may(CLOSE, task.clinic_id):
        raise PermissionDenied(CLOSE)
    if task.kind == Task.Kind.CRISIS and not by.may(SEE_CHART, task.clinic_id):
        raise PermissionDenied(SEE_CHART)
    if task.closed_at is not None:
        raise ValidationError("This task was closed already.", code="closed")
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
