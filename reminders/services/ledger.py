"""What people do with messages: try again, send once more, settle, release, end the links.

Each under the message's lock. A task that waits for it comes after, in the order of locks.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet

from clinic import audit, clock
from clinic.audit import acting
from clinic.entries import Submission
from clinic.models import Clinic, User
from clinic.words import explains
from patients.models import Task
from patients.services import tasks
from reminders import charted, planning
from reminders.kinds import Kind, may_go
from reminders.models import Message, MessagePolicy
from reminders.reaching import reaches_of, staff_reach
from reminders.rules import Reach

VIEW = "reminders.view_message"
RETRY = "reminders.retry_message"
RESEND = "reminders.resend_message"
DISMISS = "reminders.dismiss_message"
RELEASE = "reminders.release_message"
REVOKE = "reminders.revoke_links"

State = Message.State
TOO_LATE = "It is too late for this message."
SAME_ADDRESS = "It came back from this address. Correct the address first, or settle the message."
ALREADY = "It goes once more already: the copy stands in the ledger."
AGAIN = "#"  # between the key of a message and the number of its repetition
SETTLING = [how for how in Message.How if how != Message.How.RETRIED]
NOTE_LENGTH = 240 - max(len(f"{how.label}: ") for how in SETTLING)
"""Characters: what was done has to fit into the task's closing note behind how."""


def try_again(pk: int, *, by: User, entry: Submission | None = None) -> Message:
    """Plan a failed message anew, as a row of its own, and settle the one that failed.

    It goes to the address that is on the chart by then, as another mail with links of its own: a
    copy that turns up late, or at the wrong address, opens nothing. What came back goes only to
    another address.
    """
    with acting(by, entry):
        failed = _locked(pk, by, RETRY, with_mail=True)
        if failed.settled_how == Message.How.RETRIED:
            raise ValidationError(ALREADY, code="already")
        if failed.state != State.FAILED:
            raise ValidationError("Only a failed message can be tried again.", code="not_failed")
        now = _in_time(failed)
        if failed.bounced_at is not None and _reach_of(failed, now).address == failed.sent_to:
            raise ValidationError(SAME_ADDRESS, code="same_address")
        refusal = _out_of_use(failed, now)
        if refusal:
            raise ValidationError(refusal, code="out_of_use")
        copy = _copy(failed, f"Tried again. {failed.reason}", by, now)
        if not _written(copy):
            raise ValidationError(ALREADY, code="already")
        _dismiss(failed, Message.How.RETRIED, "It goes as a new mail.", by)
        audit.record("message.tried_again", subject=copy)
        _close_task_of(failed, by, "The message is tried again.")
        return copy


def _reach_of(message: Message, now: datetime) -> Reach:
    """Return how its reader is reached now."""
    if message.kind == Kind.ON_CALL:
        return staff_reach(message.clinic, MessagePolicy.of(message.clinic_id))
    return reaches_of({message.patient_id}, now)[message.patient_id]


def resend(pk: int, *, reason: str, by: User, entry: Submission | None = None) -> Message:
    """Plan another copy of a message that was sent and, as the patient says, never came.

    It is a row of its own, one for each that was sent: of two people who ask, one gets it.
    """
    with acting(by, entry):
        sent = _locked(pk, by, RESEND)
        _explained(reason, "Say why it goes once more.")
        if sent.state != State.SENT:
            raise ValidationError("Only a sent message can be sent once more.", code="not_sent")
        if sent.kind == Kind.ON_CALL:
            raise ValidationError(
                "Calls to staff repeat by themselves until somebody takes the task.", code="on_call"
            )
        now = _in_time(sent)
        refusal = _out_of_use(sent, now)
        if refusal:
            raise ValidationError(refusal, code="out_of_use")
        copy = _copy(sent, reason.strip(), by, now)
        if not _written(copy):
            raise ValidationError(ALREADY, code="already")
        audit.record("message.sent_once_more", subject=copy)
        return copy


def _out_of_use(message: Message, now: datetime) -> str:
    """Say why it would be wrong or useless now; nothing when it still holds."""
    session = message.treatment_session
    if session is not None and message.schedule_rev != session.schedule_rev:
        return "The session was moved since: the messages of its new time go by themselves."
    if session is not None and not may_go(message.kind, session.status):
        return f"{planning.not_now(session.status)} This message doesn't fit any more."
    if session is None and not _is_wanted(message):
        return planning.SETTLED
    obstacle = _reach_of(message, now).obstacle_to(message.kind)
    return f"It can't go: {obstacle} Mend that on the chart first." if obstacle else ""


def _is_wanted(message: Message) -> bool:
    if message.kind == Kind.ON_CALL:
        return charted.is_waited_for(message)
    return charted.facts(message, charted.dates_of({message.patient_id})) is not None


def _copy(sent: Message, reason: str, by: User, now: datetime) -> Message:
    number = sent.occurrence + 1
    return Message(
        clinic_id=sent.clinic_id,
        patient_id=sent.patient_id,
        treatment_session_id=sent.treatment_session_id,
        kind=sent.kind,
        rule_id=sent.rule_id,
        rule_revision=sent.rule_revision,
        about=sent.about,
        channel=sent.channel,
        occurrence=number,
        schedule_rev=sent.schedule_rev,
        not_before=now,
        expires_at=sent.expires_at,
        released_at=now,
        asked_by=by,
        asked_reason=reason,
        dedupe_key=f"{sent.dedupe_key.partition(AGAIN)[0]}{AGAIN}{number}",
    )


def _written(message: Message) -> bool:
    """Write it unless its key is taken; say whether it is this one that stands there now."""
    Message.objects.bulk_create([message], ignore_conflicts=True)
    found = Message.objects.get(dedupe_key=message.dedupe_key)
    message.pk = found.pk
    return found.public_id == message.public_id


def dismiss(
    pk: int, *, how: str, reason: str, by: User, entry: Submission | None = None
) -> Message:
    """Settle a failed or held message with how the patient heard of it, and close its task."""
    with acting(by, entry):
        message = _locked(pk, by, DISMISS, with_mail=True)
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
        _allow(by, DISMISS, task.clinic_id)
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
    _dismiss(message, how, reason.strip(), by)
    audit.record("message.dismissed", subject=message, how=how)
    _close_task_of(message, by, note)
    _close_restored(message.clinic_id, by)


def _dismiss(message: Message, how: str, note: str, by: User) -> None:
    message.settled_how, message.settled_note, message.settled_by = how, note, by
    message.close(State.DISMISSED, message.reason)
    message.save()


def _note(how: str, reason: str) -> str:
    if how not in SETTLING:
        raise ValidationError({"how": "Say how the patient was reached."})
    return f"{Message.How(how).label}: {_explained(reason, 'Say what was done.')}"


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
    return list(
        _failed_mail(about.message_id)
        .exclude(public_id__in=others.values("source_id"))
        .order_by("pk")
        .select_for_update()
    )


def _failed_mail(message_id: UUID) -> QuerySet[Message]:
    return Message.objects.filter(message_id=message_id, state=State.FAILED)


def _close_task_of(message: Message, by: User, note: str) -> None:
    """Close its task; the last one of a mail stays while another message of it waits."""
    waiting = set(_failed_mail(message.message_id).values_list("public_id", flat=True))
    asked = dict(_tasks_of_mail(message.message_id).values_list("pk", "source_id"))
    settled = sorted(pk for pk, source_id in asked.items() if source_id not in waiting)
    if waiting and len(settled) == len(asked):
        settled = settled[1:]
    tasks.close_for(by=by, note=note, pk__in=settled)


def release(pk: int, *, reason: str, by: User, entry: Submission | None = None) -> Message:
    """Let a held message go: somebody has looked whether it had gone before."""
    with acting(by, entry):
        message = _locked(pk, by, RELEASE)
        reason = _explained(reason, "Say why it may go.")
        if message.state != State.HELD:
            raise ValidationError("This message doesn't wait for a look.", code="not_held")
        now = _in_time(message)
        _let_go(message, now)
        audit.record("message.released", subject=message, reason=reason)
        _close_restored(message.clinic_id, by)
        return message


def release_all(clinic: Clinic, *, reason: str, by: User, entry: Submission | None = None) -> int:
    """Let all go that wait for a look at this clinic; return how many are still of use."""
    with acting(by, entry):
        _allow(by, RELEASE, clinic.pk)
        reason = _explained(reason, "Say why they may go.")
        held = Message.objects.filter(clinic=clinic, state=State.HELD).order_by("pk")
        now, released = clock.now(), 0
        for message in held.select_for_update():
            if message.expires_at <= now:
                message.close(State.EXPIRED, message.reason)
                message.save()
                continue
            _let_go(message, now)
            released += 1
        audit.record("message.all_released", subject=clinic, reason=reason, number=released)
        _close_restored(clinic.pk, by)
        return released


def _let_go(message: Message, now: datetime) -> None:
    message.close(State.PLANNED)
    message.released_at = now
    message.save()


def revoke_links(pk: int, *, reason: str, by: User, entry: Submission | None = None) -> Message:
    """End the links of a mail that went out, such as one that somebody else has read."""
    with acting(by, entry):
        message = _locked(pk, by, REVOKE)
        reason = _explained(reason, "Say why its links end.")
        if message.sent_at is None:
            raise ValidationError("It was not sent, so nobody has its links.", code="not_sent")
        if message.links_revoked_at is not None:
            raise ValidationError("Its links have ended already.", code="revoked")
        message.links_revoked_at = clock.now()
        message.save(update_fields=["links_revoked_at"])
        audit.record("message.links_revoked", subject=message, reason=reason)
        return message


def _close_restored(clinic_id: int, by: User) -> None:
    """Close the administrator's task when nothing of its clinic waits any more."""
    if not Message.objects.filter(clinic=clinic_id, state=State.HELD).exists():
        cause: dict[str, Any] = {"kind": Task.Kind.RESTORED, "clinic": clinic_id}
        tasks.close_for(by=by, note="Every held message was released or settled.", **cause)


def _locked(pk: int, by: User, permission: str, *, with_mail: bool = False) -> Message:
    """Lock a message; `with_mail`: with what failed in the same mail, which shares its task."""
    if with_mail:
        mail = Message.objects.filter(pk=pk).values("message_id")
        same = Message.objects.filter(message_id__in=mail, state=State.FAILED)
        list(same.order_by("pk").select_for_update())
    rows = Message.objects.select_related("treatment_session", "rule", "clinic")
    message = rows.select_for_update(of=("self",)).get(pk=pk)
    _allow(by, permission, message.clinic_id)
    return message


def _allow(by: User, permission: str, clinic_id: int) -> None:
    if not by.may(permission, clinic_id):
        raise PermissionDenied(permission)


def _in_time(message: Message) -> datetime:
    now = clock.now()
    if now >= message.expires_at:
        raise ValidationError(f"{TOO_LATE} Reach the patient otherwise.", code="expired")
    return now


def _explained(reason: str, words: str) -> str:
    if not explains(reason):
        raise ValidationError({"reason": words})
    return reason.strip()
