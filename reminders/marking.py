"""What becomes of a message: sent later, too late, or failed with a task for a person."""

import random
from collections.abc import Sequence
from datetime import datetime

from django.db import connection

from clinic.roles import Role
from patients.models import Task
from patients.services import tasks
from reminders import rules
from reminders.kinds import NEWS, Kind
from reminders.mailer import UndeliveredError
from reminders.models import Message

State = Message.State
TOO_LATE = "It could not go in time."
BY_PHONE = "Call them by phone, and have the address corrected."
LEASE = ("lease_until", "lease_token")
OUTCOME = (
    *("state", "reason", "not_before", "expires_at", "rule_revision", "last_error"),
    *("attempts", "maybe_twice", "sent_at", "sent_to", "message_id"),
    *LEASE,
)
MARK = f"UPDATE reminders_message SET {', '.join(f'{name} = %s' for name in OUTCOME)} WHERE id = %s"


def mark(message: Message) -> None:
    with connection.cursor() as cursor:
        cursor.execute(MARK, [*(getattr(message, name) for name in OUTCOME), message.pk])


def give_back(message: Message) -> None:
    """Let it wait as if this attempt had not begun."""
    message.attempts -= 1
    message.close(State.PLANNED)


def postpone(message: Message, until: datetime, now: datetime) -> None:
    """Let it wait, or end it if it would come too late."""
    if until >= message.expires_at:
        expire(message, now)
    else:
        message.not_before = until
        message.close(State.PLANNED)


def expire(message: Message, now: datetime) -> None:
    """End it; somebody hears of what was tried in vain, and of what has to be known or asked."""
    if message.attempts > 1 or message.kind in {*NEWS, Kind.FOLLOW_UP}:
        fail([message], TOO_LATE, now)
    else:
        message.close(State.EXPIRED)


def undelivered(
    going: Sequence[Message], error: UndeliveredError, address: str, now: datetime
) -> None:
    jitter = random.random()  # noqa: S311  spreads load, hides nothing; a mail stays together
    for message in going:
        message.last_error = error.name
        message.maybe_twice = message.maybe_twice or error.maybe_sent
        message.sent_to = address if error.maybe_sent else message.sent_to
    if error.for_good:
        fail(going, "The mail server refuses this address.", now)
        return
    given_up = [message for message in going if message.attempts >= rules.MOST_ATTEMPTS]
    fail(given_up, "The mail server can't be reached.", now)
    for message in going:
        if message not in given_up:
            try_later(message, now, jitter)


def try_later(message: Message, now: datetime, jitter: float) -> None:
    postpone(message, now + rules.wait_before_next(message.attempts, jitter), now)


def fail(messages: Sequence[Message], reason: str, now: datetime) -> None:
    """End what failed together in one mail, with one task for all of it.

    Calls about one answer that fail one after the other have one open task together.
    """
    for message in messages:
        message.close(State.FAILED, reason)
    if not messages or _is_asked_about(messages[0]):
        return
    first = messages[0]
    tasks.ask(
        Task.Kind.MESSAGE_FAILED,
        patient=first.patient,
        role=Role.NURSE if first.kind == Kind.ON_CALL else Role.FRONT_DESK,
        text=request(messages, reason),
        due_at=now,
        dedupe_key=f"message-failed:{first.public_id}:{first.occurrence}",
        source=first,
    )


def request(messages: Sequence[Message], reason: str) -> str:
    """Return what the task says about messages that failed together."""
    first, more = messages[0], len(messages) - 1
    if first.kind == Kind.ON_CALL:
        return f"The people on call were not reached: {reason} {BY_PHONE}"
    what = f"“{first}” and {more} more were" if more else f"“{first}” was"
    return f"{what} not sent: {reason} Reach the patient otherwise."


def _is_asked_about(message: Message) -> bool:
    if message.kind != Kind.ON_CALL:
        return False
    calls = Message.objects.filter(kind=Kind.ON_CALL, about=message.about)
    same = {"kind": Task.Kind.MESSAGE_FAILED, "source_id__in": calls.values("public_id")}
    return Task.objects.open().filter(**same).exists()
