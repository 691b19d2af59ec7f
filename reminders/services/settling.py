"""Settle what failed or is held, with how its reader heard of it; its task is closed with it.

What failed as one mail has one task, which stays until the last of its messages is settled.
"""

from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from clinic import audit
from clinic.audit import acting
from clinic.entries import Submission
from clinic.models import User
from patients.models import Task
from patients.services import tasks
from reminders.kinds import Kind
from reminders.models import Message
from reminders.services.ledger import DISMISS, allow_at, close_restored, explained, locked

State = Message.State
SETTLING = [how for how in Message.How if how != Message.How.RETRIED]
NOTE_LENGTH = 240 - max(len(f"{how.label}: ") for how in SETTLING)
"""Characters: what was done has to fit into the task's closing note behind how."""


def dismiss(
    pk: int, *, how: str, reason: str, by: User, entry: Submission | None = None
) -> Message:
    """Settle a failed or held message with how the patient heard of it, and close its task."""
    with acting(by, entry):
        message = locked(pk, by, DISMISS, with_mail=True)
        if message.state not in {State.FAILED, State.HELD}:
            raise ValidationError(
                "Only a message that failed, or waits for a look, can be settled.", code="not_open"
            )
        _settle(message, how, reason, by)
        return message


def settle_task(
    pk: int, *, how: str, reason: str, by: User, entry: Submission | None = None
) -> None:
    """Close the task of a failed mail, and with it settle the messages that the mail held."""
    with acting(by, entry):
        task = Task.objects.get(pk=pk)
        allow_at(by, DISMISS, task.clinic_id)
        if task.kind != Task.Kind.MESSAGE_FAILED:
            raise ValidationError("This task is not about a failed message.", code="kind")
        note = _note(how, reason)
        failed = _failed_with(task)
        for message in failed:
            _settle(message, how, reason, by)
        if not failed and task.closed_at is not None:
            raise ValidationError("This task was closed already.", code="closed")
        tasks.close_for(by=by, note=note, pk=pk)


def _settle(message: Message, how: str, reason: str, by: User) -> None:
    note = _note(how, reason)
    mark_settled(message, how, reason.strip(), by)
    audit.record("message.dismissed", subject=message, how=how)
    close_task_of(message, by, note)
    close_restored(message.clinic_id, by)


def mark_settled(message: Message, how: str, note: str, by: User) -> None:
    message.settled_how, message.settled_note, message.settled_by = how, note, by
    message.close(State.DISMISSED, message.reason)
    message.save()


def _note(how: str, reason: str) -> str:
    if how not in SETTLING:
        raise ValidationError({"how": "Say how the patient was reached."})
    return f"{Message.How(how).label}: {explained(reason, 'Say what was done.')}"


def _tasks_of_mail(message_id: UUID) -> QuerySet[Task]:
    """Return the open tasks about messages of this mail: one that failed as a whole has one."""
    parts = Message.objects.filter(message_id=message_id)
    return Task.objects.open().filter(
        kind=Task.Kind.MESSAGE_FAILED, source_id__in=parts.values("public_id")
    )


def _failed_with(task: Task) -> list[Message]:
    """Lock and return what has failed and is asked about by this task and no other one."""
    about = Message.objects.filter(public_id=task.source_id).first() if task.source_id else None
    if about is None:
        return []
    others = _tasks_of_mail(about.message_id).exclude(pk=task.pk)
    failed = _failed_mail(about.message_id)
    if about.kind == Kind.ON_CALL:
        failed = Message.objects.filter(kind=about.kind, about=about.about, state=State.FAILED)
    return list(
        failed.exclude(public_id__in=others.values("source_id")).order_by("pk").select_for_update()
    )


def _failed_mail(message_id: UUID) -> QuerySet[Message]:
    return Message.objects.filter(message_id=message_id, state=State.FAILED)


def close_task_of(message: Message, by: User, note: str) -> None:
    """Close its task; the last one of a mail stays while another message of it waits."""
    waiting = set(_failed_mail(message.message_id).values_list("public_id", flat=True))
    asked = dict(_tasks_of_mail(message.message_id).values_list("pk", "source_id"))
    done = sorted(pk for pk, source_id in asked.items() if source_id not in waiting)
    if waiting and len(done) == len(asked):
        done = done[1:]
    tasks.close_for(by=by, note=note, pk__in=done)
