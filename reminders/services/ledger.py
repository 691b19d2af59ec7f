"""What people do with messages: release what is held, end links; and how every such step begins.

Each is under the message's lock. A task that waits for it comes after, in the order of locks.
"""

from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError

from clinic import audit, clock
from clinic.audit import acting
from clinic.entries import Submission
from clinic.models import Clinic, User
from clinic.words import explains
from patients.models import Task
from patients.services import tasks
from reminders.models import Message

VIEW = "reminders.view_message"
RETRY = "reminders.retry_message"
RESEND = "reminders.resend_message"
DISMISS = "reminders.dismiss_message"
RELEASE = "reminders.release_message"
REVOKE = "reminders.revoke_links"

State = Message.State
TOO_LATE = "It is too late for this message."


def release(pk: int, *, reason: str, by: User, entry: Submission | None = None) -> Message:
    """Let a held message go: somebody has looked whether it had gone before."""
    with acting(by, entry):
        message = locked(pk, by, RELEASE)
        reason = explained(reason, "Say why it may go.")
        if message.state != State.HELD:
            raise ValidationError("This message doesn't wait for a look.", code="not_held")
        now = in_time(message)
        _let_go(message, now)
        audit.record("message.released", subject=message, reason=reason)
        close_restored(message.clinic_id, by)
        return message


def release_all(clinic: Clinic, *, reason: str, by: User, entry: Submission | None = None) -> int:
    """Let all go that wait for a look at this clinic; return how many are still of use."""
    with acting(by, entry):
        allow_at(by, RELEASE, clinic.pk)
        reason = explained(reason, "Say why they may go.")
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
        close_restored(clinic.pk, by)
        return released


def _let_go(message: Message, now: datetime) -> None:
    message.close(State.PLANNED)
    message.released_at = now
    message.save()


def revoke_links(pk: int, *, reason: str, by: User, entry: Submission | None = None) -> Message:
    """End the links of a mail that went out, such as one that somebody else has read."""
    with acting(by, entry):
        message = locked(pk, by, REVOKE)
        reason = explained(reason, "Say why its links end.")
        if message.sent_at is None:
            raise ValidationError("It was not sent, so nobody has its links.", code="not_sent")
        if message.links_revoked_at is not None:
            raise ValidationError("Its links have ended already.", code="revoked")
        message.links_revoked_at = clock.now()
        message.save(update_fields=["links_revoked_at"])
        audit.record("message.links_revoked", subject=message, reason=reason)
        return message


def close_restored(clinic_id: int, by: User) -> None:
    """Close the administrator's task when nothing of its clinic waits any more."""
    if not Message.objects.filter(clinic=clinic_id, state=State.HELD).exists():
        cause: dict[str, Any] = {"kind": Task.Kind.RESTORED, "clinic": clinic_id}
        tasks.close_for(by=by, note="Every held message was released or settled.", **cause)


def locked(pk: int, by: User, permission: str, *, with_mail: bool = False) -> Message:
    """Lock a message; `with_mail`: with what failed in the same mail, which shares its task."""
    if with_mail:
        mail = Message.objects.filter(pk=pk).values("message_id")
        same = Message.objects.filter(message_id__in=mail, state=State.FAILED)
        list(same.order_by("pk").select_for_update())
    rows = Message.objects.select_related("treatment_session", "rule", "clinic")
    message = rows.select_for_update(of=("self",)).get(pk=pk)
    allow_at(by, permission, message.clinic_id)
    return message


def allow_at(by: User, permission: str, clinic_id: int) -> None:
    if not by.may(permission, clinic_id):
        raise PermissionDenied(permission)


def in_time(message: Message) -> datetime:
    """Return the time; refuse what would come too late by now."""
    now = clock.now()
    if now >= message.expires_at:
        raise ValidationError(f"{TOO_LATE} Reach the patient otherwise.", code="expired")
    return now


def explained(reason: str, words: str) -> str:
    if not explains(reason):
        raise ValidationError({"reason": words})
    return reason.strip()
