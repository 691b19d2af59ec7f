"""Claim, check again under lock, send, mark: each message in a transaction of its own.

The locks are held while the mail is handed over, so a cancellation either commits first and nothing
is sent, or waits and finds it sent. Order: patient, session, e-mail contact, consent, hold on mail,
message.
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import structlog
from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, connection
from django.db.models import BooleanField, ExpressionWrapper, F, Q

from clinic import audit, clock
from clinic.audit import acting, system
from clinic.locks import Read, in_turn
from clinic.models import Clinic, User
from clinic.roles import Role
from patients.models import Consent, EmailContact, MailHold, Patient, PatientPolicy, Task
from patients.services import tasks
from reminders import planning, rendering, rules
from reminders.mailer import Mailer, UndeliveredError
from reminders.models import Message
from reminders.rules import Reach
from sessions.models import TreatmentSession

log = structlog.get_logger(__name__)

State = Message.State
SWEEP = system("sweep")
BATCH = 20
LOST, INTERRUPTED = "lost", "interrupted"  # not ours any more; cut off by the database
LEASE_LEFT = timedelta(seconds=30)  # with less, the next sweep might already have taken it over
LEASE = ("lease_until", "lease_token")
OUTCOME = (
    *("state", "reason", "not_before", "last_error", "maybe_twice", "sent_at", "sent_to"),
    *LEASE,
)
MARK = f"UPDATE reminders_message SET {', '.join(f'{name} = %s' for name in OUTCOME)} WHERE id = %s"
OF_CLINIC = "(SELECT clinic_id FROM reminders_message WHERE id = %s)"


@dataclass(frozen=True, slots=True)
class Claim:
    """A message that this process may send until the lease ends, and the rows to lock with it."""

    pk: int
    session_id: int
    patient_id: int
    token: UUID


def claim(limit: int = BATCH) -> list[Claim]:
    """Take what is due by the database's clock; what another process holds is left to it."""
    token = uuid4()
    with acting(SWEEP):
        now = clock.now()
        due = Message.objects.due(now).order_by("not_before", "pk")[:limit]
        rows = due.select_for_update(skip_locked=True).values_list(
            "pk", "treatment_session_id", "patient_id"
        )
        claims = [Claim(*row, token) for row in rows]
        Message.objects.filter(pk__in=[claimed.pk for claimed in claims]).update(
            state=State.SENDING,
            attempts=F("attempts") + 1,
            lease_until=now + settings.MESSAGE_LEASE,
            lease_token=token,
            # Left behind in the middle: nobody knows whether that attempt had reached the server.
            maybe_twice=ExpressionWrapper(
                Q(maybe_twice=True) | Q(state=State.SENDING), output_field=BooleanField()
            ),
        )
    return claims


def release(claims: Iterable[Claim]) -> None:
    """Give back what was claimed and not tried."""
    for claimed in claims:
        with acting(SWEEP):
            message = _lock_message(claimed)
            if message is not None:
                message.attempts -= 1
                message.close(State.PLANNED)
                message.save(update_fields=[*OUTCOME, "attempts"])


def send(claimed: Claim, mailer: Mailer) -> str:
    """Send one claimed message, or say in the ledger why not; return the state it is in now."""
    try:
        with acting(SWEEP):
            locked = _lock_all(claimed)
            if locked is None:
                return LOST
            message, reach, crisis_line, now = locked
            _decide(message, reach, mailer, crisis_line, now)
            _mark(message)
            return message.state
    except DatabaseError as error:
        # Nothing was written and perhaps nothing sent: when the lease ends it is taken up again.
        log.warning("message.interrupted", message=claimed.pk, error=type(error).__name__)
        return INTERRUPTED
    except Exception as error:
        return _set_aside(claimed, error)


def _lock_all(claimed: Claim) -> tuple[Message, Reach, str, datetime] | None:
    """Lock what decides, then the message if it is still ours, and return it with its rows."""
    (patient,), (session,), contacts, consents, holds, messages, (clinic,), policies = in_turn(
        Read(Patient, "WHERE id = %s FOR SHARE", [claimed.patient_id]),
        Read(TreatmentSession, "WHERE id = %s FOR SHARE", [claimed.session_id]),
        Read(EmailContact, "WHERE patient_id = %s FOR SHARE", [claimed.patient_id]),
        Read(Consent, "WHERE patient_id = %s ORDER BY id FOR SHARE", [claimed.patient_id]),
        Read(
            MailHold,
            "WHERE patient_id = %s AND lifted_at IS NULL FOR SHARE",
            [claimed.patient_id],
        ),
        _ours(claimed),
        Read(Clinic, f"WHERE id = {OF_CLINIC}", [claimed.pk]),
        Read(PatientPolicy, f"WHERE clinic_id = {OF_CLINIC}", [claimed.pk]),
    )
    if not messages:
        return None
    (message,) = messages
    message.patient, message.treatment_session = patient, session
    message.clinic = patient.clinic = clinic
    for consent in consents:
        consent.clinic = clinic
    now = clock.now()
    contact = next(iter(contacts), None)
    reach = planning.reach_of(patient, contact, consents, now, held=bool(holds))
    return message, reach, next(iter(policies), PatientPolicy()).crisis_line, now


def _ours(claimed: Claim) -> Read:
    """Lock the message, if this claim still holds it."""
    return Read(
        Message,
        "WHERE id = %s AND state = %s AND lease_token = %s FOR UPDATE",
        [claimed.pk, State.SENDING, claimed.token],
    )


def _lock_message(claimed: Claim) -> Message | None:
    (found,) = in_turn(_ours(claimed))
    return found[0] if found else None


def _mark(message: Message) -> None:
    with connection.cursor() as cursor:
        cursor.execute(MARK, [*(getattr(message, name) for name in OUTCOME), message.pk])


def _decide(
    message: Message, reach: Reach, mailer: Mailer, crisis_line: str, now: datetime
) -> None:
    if message.lease_until is None or message.lease_until - now < LEASE_LEFT:
        message.close(State.PLANNED)
        return
    if now >= message.expires_at:
        message.close(State.EXPIRED)
    elif obstacle := _obstacle(message, reach):
        message.close(State.SUPPRESSED, obstacle)
    elif (morning := rules.next_waking(now, reach.zone)) > now:
        _postpone(message, morning)
    elif message.attempts > rules.MOST_ATTEMPTS:
        _fail(message, "Every attempt was cut off.", now)
    else:
        _write_and_send(message, reach, mailer, crisis_line, now)


def _obstacle(message: Message, reach: Reach) -> str:
    session = message.treatment_session
    if message.schedule_rev != session.schedule_rev:
        return planning.MOVED
    if not rules.may_go(message.kind, session.status):
        return planning.not_now(session.status)
    return reach.obstacle


def _postpone(message: Message, until: datetime) -> None:
    """Let it wait, or end it if it would come too late."""
    if until >= message.expires_at:
        message.close(State.EXPIRED)
    else:
        message.not_before = until
        message.close(State.PLANNED)


def _write_and_send(
    message: Message, reach: Reach, mailer: Mailer, crisis_line: str, now: datetime
) -> None:
    try:
        mailer.send(
            rendering.mail(message, reach.address, reach.zone, now, crisis_line=crisis_line)
        )
    except UndeliveredError as error:
        _undelivered(message, error, now)
    else:
        message.close(State.SENT)
        message.sent_at, message.sent_to, message.last_error = now, reach.address, ""


def _set_aside(claimed: Claim, error: Exception) -> str:
    """One message that can't be written must not stop the others."""
    log.exception("message.broken", message=claimed.pk, error=type(error).__name__)
    with acting(SWEEP):
        message = _lock_message(claimed)
        if message is None:
            return LOST
        message.last_error = type(error).__name__
        _try_later(message, clock.now(), most=rules.MOST_BROKEN, reason="It can't be written.")
        message.save(update_fields=OUTCOME)
        return message.state


def _undelivered(message: Message, error: UndeliveredError, now: datetime) -> None:
    message.last_error = error.name
    message.maybe_twice = message.maybe_twice or error.maybe_sent
    if error.for_good:
        _fail(message, "The mail server refuses this address.", now)
    else:
        _try_later(
            message, now, most=rules.MOST_ATTEMPTS, reason="The mail server can't be reached."
        )


def _try_later(message: Message, now: datetime, *, most: int, reason: str) -> None:
    if message.attempts >= most:
        _fail(message, reason, now)
        return
    jitter = random.random()  # noqa: S311  spreads load, hides nothing
    _postpone(message, now + rules.wait_before_next(message.attempts, jitter))


def _fail(message: Message, reason: str, now: datetime) -> None:
    message.close(State.FAILED, reason)
    tasks.ask(
        Task.Kind.MESSAGE_FAILED,
        patient=message.patient,
        role=Role.FRONT_DESK,
        text=f"“{message.get_kind_display()}” was not sent: {reason} Reach the patient otherwise.",
        due_at=now,
        dedupe_key=_failure_key(message),
        source=message,
    )


def _failure_key(message: Message) -> str:
    return f"message-failed:{message.public_id}:{message.occurrence}"


def try_again(pk: int, *, by: User) -> Message:
    """Plan a failed message anew, and close the task that it had opened."""
    with acting(by):
        message = Message.objects.select_for_update().get(pk=pk)
        if not by.may("reminders.retry_message", message.clinic_id):
            raise PermissionDenied("reminders.retry_message")
        if message.state != State.FAILED:
            raise ValidationError("Only a failed message can be tried again.", code="not_failed")
        if clock.now() >= message.expires_at:
            raise ValidationError("It is too late for this message.", code="expired")
        key = _failure_key(message)
        message.close(State.PLANNED)
        message.attempts, message.not_before = 0, min(message.not_before, clock.now())
        message.occurrence += 1
        message.save(update_fields=[*OUTCOME, "attempts", "occurrence"])
        audit.record("message.tried_again", subject=message)
        tasks.close_for(by=by, note="The message is tried again.", dedupe_key=key)
        return message
