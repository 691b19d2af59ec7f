"""Let a message go once more: one that failed, or one that was sent and never came.

Either way it is a row of its own: another mail, with links of its own.
"""

from datetime import datetime

from django.core.exceptions import ValidationError

from clinic import audit
from clinic.audit import acting
from clinic.entries import Submission
from clinic.models import User
from reminders import charted, reconciling
from reminders.kinds import Kind, may_go
from reminders.models import Message, MessagePolicy
from reminders.reaching import reaches_of, staff_reach
from reminders.rules import Reach
from reminders.services.ledger import RESEND, RETRY, explained, in_time, locked
from reminders.services.settling import close_task_of, mark_settled

State = Message.State
SAME_ADDRESS = "It came back from this address. Correct the address first, or settle the message."
ALREADY = "It goes once more already: the copy stands in the ledger."
AGAIN = "#"  # between the key of a message and the number of its repetition


def try_again(pk: int, *, by: User, entry: Submission | None = None) -> Message:
    """Plan a failed message anew, as a row of its own, and settle the one that failed.

    It goes to the address that is on the chart by then, as another mail with links of its own: a
    copy that turns up late, or at the wrong address, opens nothing. What came back goes only to
    another address.
    """
    with acting(by, entry):
        failed = locked(pk, by, RETRY, with_mail=True)
        if failed.settled_how == Message.How.RETRIED:
            raise ValidationError(ALREADY, code="already")
        if failed.state != State.FAILED:
            raise ValidationError("Only a failed message can be tried again.", code="not_failed")
        now = in_time(failed)
        if failed.bounced_at is not None and _reach_of(failed, now).address == failed.sent_to:
            raise ValidationError(SAME_ADDRESS, code="same_address")
        copy = _repeat(failed, f"Tried again. {failed.reason}", by, now)
        mark_settled(failed, Message.How.RETRIED, "It goes as a new mail.", by)
        audit.record("message.tried_again", subject=copy)
        close_task_of(failed, by, "The message is tried again.")
        return copy


def resend(pk: int, *, reason: str, by: User, entry: Submission | None = None) -> Message:
    """Plan another copy of a message that was sent and, as the patient says, never came.

    It is a row of its own, one for each that was sent: of two people who ask, one gets it.
    """
    with acting(by, entry):
        sent = locked(pk, by, RESEND)
        reason = explained(reason, "Say why it goes once more.")
        if sent.state != State.SENT:
            raise ValidationError("Only a sent message can be sent once more.", code="not_sent")
        if sent.kind == Kind.ON_CALL:
            raise ValidationError(
                "Calls to staff repeat by themselves until somebody takes the task.", code="on_call"
            )
        copy = _repeat(sent, reason, by, in_time(sent))
        audit.record("message.sent_once_more", subject=copy)
        return copy


def _repeat(message: Message, reason: str, by: User, now: datetime) -> Message:
    """Write its copy, unless that would be wrong or useless now, or stands there already."""
    refusal = _out_of_use(message, now)
    if refusal:
        raise ValidationError(refusal, code="out_of_use")
    copy = _copy(message, reason, by, now)
    if not _written(copy):
        raise ValidationError(ALREADY, code="already")
    return copy


def _reach_of(message: Message, now: datetime) -> Reach:
    """Return how its reader is reached now."""
    if message.kind == Kind.ON_CALL:
        return staff_reach(message.clinic, MessagePolicy.of(message.clinic_id))
    return reaches_of({message.patient_id}, now)[message.patient_id]


def _out_of_use(message: Message, now: datetime) -> str:
    """Say why it would be wrong or useless now; nothing when it still holds."""
    session = message.treatment_session
    if session is not None and message.schedule_rev != session.schedule_rev:
        return "The session was moved since: the messages of its new time go by themselves."
    if session is not None and not may_go(message.kind, session.status):
        return f"{reconciling.not_now(session.status)} This message doesn't fit any more."
    if session is None and not _is_wanted(message):
        return reconciling.SETTLED
    obstacle = _reach_of(message, now).obstacle_to(message.kind)
    return f"It can't go: {obstacle} Mend that on the chart first." if obstacle else ""


def _is_wanted(message: Message) -> bool:
    if message.kind == Kind.ON_CALL:
        return charted.is_waited_for(message)
    return charted.facts(message, charted.dates_of({message.patient_id})) is not None


def _copy(message: Message, reason: str, by: User, now: datetime) -> Message:
    number = message.occurrence + 1
    return Message(
        clinic_id=message.clinic_id,
        patient_id=message.patient_id,
        treatment_session_id=message.treatment_session_id,
        kind=message.kind,
        rule_id=message.rule_id,
        rule_revision=message.rule_revision,
        about=message.about,
        channel=message.channel,
        occurrence=number,
        schedule_rev=message.schedule_rev,
        not_before=now,
        expires_at=message.expires_at,
        released_at=now,
        asked_by=by,
        asked_reason=reason,
        dedupe_key=f"{message.dedupe_key.partition(AGAIN)[0]}{AGAIN}{number}",
    )


def _written(message: Message) -> bool:
    """Write it unless its key is taken; say whether it is this one that stands there now."""
    Message.objects.bulk_create([message], ignore_conflicts=True)
    found = Message.objects.get(dedupe_key=message.dedupe_key)
    message.pk = found.pk
    return found.public_id == message.public_id
