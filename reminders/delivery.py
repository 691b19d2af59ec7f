"""Claim, check again under lock, send, mark: each mail in a transaction of its own.

The locks are held while the mail is handed over, so a cancellation either commits first and nothing
is sent, or waits and finds it sent. Order: patient, session, e-mail contact, consent, hold on mail,
opt-outs, messages.
"""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import structlog
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import BooleanField, Case, ExpressionWrapper, F, Q, When

from clinic import clock
from clinic.audit import acting, system
from clinic.locks import Read, in_turn
from clinic.models import Clinic
from clinic.roles import Role
from patients.models import Consent, EmailContact, MailHold, Patient, PatientPolicy, Task
from patients.services import tasks
from reminders import charted, planning, rendering, rules
from reminders.charted import Dates
from reminders.kinds import BY_THE_CHART, NEWS, Kind
from reminders.mailer import Mailer, UndeliveredError
from reminders.models import Message, MessagePolicy, MessageRule, MessageText, OptOut
from reminders.reaching import reach_of, staff_reach
from reminders.rendering import Voice
from reminders.rules import Facts, Reach
from sessions.models import TreatmentSession

log = structlog.get_logger(__name__)

State = Message.State
SWEEP = system("sweep")
BATCH = 20
TOO_LATE = "It could not go in time."
BY_PHONE = "Call them by phone, and have the address corrected."
LOST, INTERRUPTED = "lost", "interrupted"  # not ours any more; cut off by the database
LEASE_LEFT = timedelta(seconds=30)  # with less, the next sweep might already have taken it over
LEASE = ("lease_until", "lease_token")
OUTCOME = (
    *("state", "reason", "not_before", "expires_at", "rule_revision", "last_error"),
    *("attempts", "maybe_twice", "sent_at", "sent_to", "message_id"),
    *LEASE,
)
CALLS_FIRST = Case(When(kind=Kind.ON_CALL, then=0), default=1)
CLAIMED = ("pk", "message_id", "attempts", "kind", "patient_id", "treatment_session_id")
MARK = f"UPDATE reminders_message SET {', '.join(f'{name} = %s' for name in OUTCOME)} WHERE id = %s"


@dataclass(frozen=True, slots=True)
class Claim:
    """A mail that this process may send until the lease ends: its messages, the rows to lock."""

    pks: tuple[int, ...]
    session_ids: tuple[int, ...]
    patient_id: int
    token: UUID


def claim(limit: int = BATCH) -> list[Claim]:
    """Take what is due by the database's clock; what another process holds is left to it.

    Whatever else is due for the same patients comes along, so that it goes in the same mail. What
    was tried before stays in the mail in which it was tried.
    """
    token = uuid4()
    with acting(SWEEP):
        now = clock.now()
        due = (
            Message.objects.due(now)
            .order_by(CALLS_FIRST, "not_before", "pk")
            .select_for_update(skip_locked=True)
        )
        rows = list(due.only(*CLAIMED)[:limit])
        rows += due.filter(_along(rows)).exclude(pk__in=[row.pk for row in rows]).only(*CLAIMED)
        rows = _whole_mails(rows, now)
        mails = _mails(rows)
        for message_id, parts in mails.items():
            others = [part.pk for part in parts if part.message_id != message_id]
            if others:
                Message.objects.filter(pk__in=others).update(message_id=message_id)
        Message.objects.filter(pk__in=[row.pk for row in rows]).update(
            state=State.SENDING,
            attempts=F("attempts") + 1,
            lease_until=now + settings.MESSAGE_LEASE,
            lease_token=token,
            # Left behind in the middle: nobody knows whether that attempt had reached the server.
            maybe_twice=ExpressionWrapper(
                Q(maybe_twice=True) | Q(state=State.SENDING), output_field=BooleanField()
            ),
        )
    return [_claim(parts, token) for parts in mails.values()]


def _along(rows: Iterable[Message]) -> Q:
    """Return what goes in the same mails: the rest of them, and what else is new."""
    fresh = {row.patient_id for row in rows if row.attempts == 0 and row.kind != Kind.ON_CALL}
    same = {row.message_id for row in rows if row.attempts > 0}
    new = Q(patient__in=fresh, attempts=0) & ~Q(kind=Kind.ON_CALL)
    return new | Q(message_id__in=same)


def _whole_mails(rows: Sequence[Message], now: datetime) -> list[Message]:
    """Leave a mail that was tried before while another process holds a part of it."""
    tried = {row.message_id for row in rows if row.attempts > 0}
    if not tried:
        return list(rows)
    others = Message.objects.due(now).filter(message_id__in=tried)
    split = set(
        others.exclude(pk__in=[row.pk for row in rows]).values_list("message_id", flat=True)
    )
    return [row for row in rows if row.attempts == 0 or row.message_id not in split]


def _mails(rows: Iterable[Message]) -> dict[UUID, list[Message]]:
    """Put what was never tried into one mail for each patient; calls to staff go alone."""
    mails: dict[UUID, list[Message]] = {}
    fresh: dict[int, UUID] = {}
    for row in rows:
        message_id = row.message_id
        if row.attempts == 0 and row.kind != Kind.ON_CALL:
            message_id = fresh.setdefault(row.patient_id, message_id)
        mails.setdefault(message_id, []).append(row)
    return mails


def _claim(parts: Sequence[Message], token: UUID) -> Claim:
    return Claim(
        pks=tuple(sorted(part.pk for part in parts)),
        session_ids=tuple(
            sorted({part.treatment_session_id for part in parts if part.treatment_session_id})
        ),
        patient_id=parts[0].patient_id,
        token=token,
    )


def release(claims: Iterable[Claim]) -> None:
    """Give back what was claimed and not tried."""
    for claimed in claims:
        with acting(SWEEP):
            for message in _lock_messages(claimed):
                _give_back(message)
                message.save(update_fields=OUTCOME)


@dataclass(frozen=True, slots=True)
class Locked:
    """What decides about a mail, under lock, and what stands in it."""

    parts: list[Message]
    reach: Reach
    dates: Dates
    voice: Voice
    now: datetime


def send(claimed: Claim, mailer: Mailer) -> list[str]:
    """Send one claimed mail, or say in the ledger why not; return the states of its messages."""
    try:
        with acting(SWEEP):
            locked = _lock_all(claimed)
            if not locked.parts:
                return [LOST]
            _decide(locked, mailer)
            for message in locked.parts:
                _mark(message)
            return [message.state for message in locked.parts]
    except DatabaseError as error:
        # Nothing was written and perhaps nothing sent: when the lease ends it is taken up again.
        log.warning("message.interrupted", messages=claimed.pks, error=type(error).__name__)
        return [INTERRUPTED]
    except Exception as error:
        return _set_aside(claimed, error)


def _lock_all(claimed: Claim) -> Locked:
    """Lock what decides, then the messages that are still ours, and return them with their rows."""
    of_patient = [claimed.patient_id]
    of_clinic = "WHERE clinic_id = (SELECT clinic_id FROM patients_patient WHERE id = %s)"
    (patient,), sessions, contacts, consents, holds, declined, messages, *rest = in_turn(
        Read(Patient, "WHERE id = %s FOR SHARE", of_patient),
        Read(
            TreatmentSession,
            "WHERE id = ANY(%s) ORDER BY id FOR SHARE",
            [list(claimed.session_ids)],
        ),
        Read(EmailContact, "WHERE patient_id = %s FOR SHARE", of_patient),
        Read(Consent, "WHERE patient_id = %s ORDER BY id FOR SHARE", of_patient),
        Read(MailHold, "WHERE patient_id = %s AND lifted_at IS NULL FOR SHARE", of_patient),
        Read(OptOut, "WHERE patient_id = %s AND ended_at IS NULL FOR SHARE", of_patient),
        _ours(claimed),
        Read(MessageRule, of_clinic, of_patient),
        Read(MessageText, f"{of_clinic} AND is_active", of_patient),
        Read(MessagePolicy, of_clinic, of_patient),
        Read(PatientPolicy, of_clinic, of_patient),
        Read(
            Clinic, "WHERE id = (SELECT clinic_id FROM patients_patient WHERE id = %s)", of_patient
        ),
    )
    rules_, texts, policies, patient_policies, (clinic,) = rest
    policy = next(iter(policies), MessagePolicy(clinic_id=clinic.pk))
    by_pk, by_rule = {row.pk: row for row in sessions}, {row.pk: row for row in rules_}
    patient.clinic = clinic
    for consent in consents:
        consent.clinic = clinic
    for message in messages:
        message.patient, message.clinic = patient, clinic
        message.treatment_session = by_pk.get(message.treatment_session_id)
        message.rule = by_rule.get(message.rule_id)
    now = clock.now()
    reach = reach_of(
        patient,
        next(iter(contacts), None),
        consents,
        now,
        held=bool(holds),
        declined=[row.kind for row in declined],
        policy=policy,
    )
    if any(message.kind == Kind.ON_CALL for message in messages):
        reach = staff_reach(clinic, policy)
    crisis_line = next(iter(patient_policies), PatientPolicy()).crisis_line
    is_charted = any(message.kind in BY_THE_CHART for message in messages)
    dates = charted.dates_of({patient.pk} if is_charted else ())
    return Locked(messages, reach, dates, Voice(clinic, policy, texts, crisis_line), now)


def _ours(claimed: Claim) -> Read:
    """Lock the messages that this claim still holds."""
    return Read(
        Message,
        "WHERE id = ANY(%s) AND state = %s AND lease_token = %s ORDER BY id FOR UPDATE",
        [list(claimed.pks), State.SENDING, claimed.token],
    )


def _lock_messages(claimed: Claim) -> list[Message]:
    (found,) = in_turn(_ours(claimed))
    return found


def _mark(message: Message) -> None:
    with connection.cursor() as cursor:
        cursor.execute(MARK, [*(getattr(message, name) for name in OUTCOME), message.pk])


def _decide(locked: Locked, mailer: Mailer) -> None:
    going = [message for message in locked.parts if _may_go(message, locked)]
    if not going:
        return
    for message in locked.parts:
        if message not in going:
            # Mail servers drop a second, other mail with the Message-ID of one they have seen.
            message.message_id = uuid4()
    try:
        mail = rendering.mail(going, locked.reach, locked.now, voice=locked.voice)
        mailer.send(mail)
    except UndeliveredError as error:
        jitter = random.random()  # noqa: S311  spreads load, hides nothing; a mail stays together
        for message in going:
            _undelivered(message, error, locked.reach.address, locked.now, jitter)
    else:
        for message in going:
            message.close(State.SENT)
            message.sent_at, message.sent_to = locked.now, locked.reach.address
            message.last_error = ""


def _may_go(message: Message, locked: Locked) -> bool:
    """Check all again, under lock; what may not go is closed, or waits again."""
    now, reach = locked.now, locked.reach
    if message.lease_until is None or message.lease_until - now < LEASE_LEFT:
        _give_back(message)
        return False
    _settle(message, locked)
    if message.state != State.SENDING:
        return False
    morning = rules.earliest(message.kind, now, message.expires_at, reach)
    if now >= message.expires_at:
        _expire(message, now)
    elif message.not_before > now:
        _give_back(message)  # its rule has changed: it is due later
    elif morning > now:
        message.attempts -= 1
        _postpone(message, morning, now)
    elif message.attempts > rules.MOST_ATTEMPTS:
        fail(message, "Every attempt was cut off.", now)
    else:
        return True
    return False


def _give_back(message: Message) -> None:
    """Let it wait as if this attempt had not begun."""
    message.attempts -= 1
    message.close(State.PLANNED)


def _settle(message: Message, locked: Locked) -> None:
    """Bring it in line with what holds now: its visit, its rule, the patient's wishes."""
    session = message.treatment_session
    if message.kind == Kind.ON_CALL:
        facts: Facts | None = Facts() if charted.is_waited_for(message) else None
    elif session is None:
        facts = charted.facts(message, locked.dates)
    else:
        facts = planning.facts_of(session)
    idle = planning.needless([message]).get(message.pk, "")
    planning.settle(message, session, facts, locked.reach, locked.now, idle)


def _postpone(message: Message, until: datetime, now: datetime) -> None:
    """Let it wait, or end it if it would come too late."""
    if until >= message.expires_at:
        _expire(message, now)
    else:
        message.not_before = until
        message.close(State.PLANNED)


def _expire(message: Message, now: datetime) -> None:
    """End it; somebody hears of what was tried in vain, and of what has to be known or asked."""
    if message.attempts > 1 or message.kind in {*NEWS, Kind.FOLLOW_UP}:
        fail(message, TOO_LATE, now)
    else:
        message.close(State.EXPIRED)


def _set_aside(claimed: Claim, error: Exception) -> list[str]:
    """One mail that can't be written must not stop the others; its parts are tried one by one."""
    log.exception("message.broken", messages=claimed.pks, error=type(error).__name__)
    with acting(SWEEP):
        messages = _lock_messages(claimed)
        for message in messages:
            message.last_error = type(error).__name__
            message.message_id = uuid4() if len(messages) > 1 else message.message_id
            jitter = random.random()  # noqa: S311  as above
            reason = "It can't be written."
            _try_later(message, clock.now(), jitter, most=rules.MOST_BROKEN, reason=reason)
            message.save(update_fields=OUTCOME)
        return [message.state for message in messages] or [LOST]


def _undelivered(
    message: Message, error: UndeliveredError, address: str, now: datetime, jitter: float
) -> None:
    message.last_error = error.name
    message.maybe_twice = message.maybe_twice or error.maybe_sent
    message.sent_to = address if error.maybe_sent else message.sent_to
    if error.for_good:
        fail(message, "The mail server refuses this address.", now)
    else:
        _try_later(
            message,
            now,
            jitter,
            most=rules.MOST_ATTEMPTS,
            reason="The mail server can't be reached.",
        )


def _try_later(message: Message, now: datetime, jitter: float, *, most: int, reason: str) -> None:
    if message.attempts >= most:
        fail(message, reason, now)
        return
    _postpone(message, now + rules.wait_before_next(message.attempts, jitter), now)


def fail(message: Message, reason: str, now: datetime) -> None:
    message.close(State.FAILED, reason)
    if message.kind == Kind.ON_CALL:
        role, text = Role.NURSE, f"The people on call were not reached: {reason} {BY_PHONE}"
    else:
        role = Role.FRONT_DESK
        text = f"“{message}” was not sent: {reason} Reach the patient otherwise."
    tasks.ask(
        Task.Kind.MESSAGE_FAILED,
        patient=message.patient,
        role=role,
        text=text,
        due_at=now,
        dedupe_key=f"message-failed:{message.public_id}:{message.occurrence}",
        source=message,
    )
