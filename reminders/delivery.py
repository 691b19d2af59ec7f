"""Check a claimed mail again under lock, send, mark: each in a transaction of its own.

The locks are held while the mail is handed over, so a cancellation either commits first and nothing
is sent, or waits and finds it sent. Order: patient, session, e-mail contact, consent, hold on mail,
opt-outs, messages.
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

import structlog
from django.db import DatabaseError

from clinic import clock
from clinic.audit import acting
from clinic.locks import Read, in_turn
from clinic.models import Clinic
from patients.models import Consent, EmailContact, MailHold, Patient, PatientPolicy
from reminders import charted, marking, reconciling, rendering, rules
from reminders.charted import Dates
from reminders.claiming import SWEEP, Claim, held
from reminders.kinds import BY_THE_CHART, Kind
from reminders.mailer import Mailer, UndeliveredError
from reminders.models import Message, MessagePolicy, MessageRule, MessageText, OptOut
from reminders.reaching import reach_of, staff_reach
from reminders.rendering import Voice
from reminders.rules import Facts, Reach
from sessions.models import TreatmentSession

log = structlog.get_logger(__name__)

State = Message.State
LOST, INTERRUPTED = "lost", "interrupted"  # not ours any more; cut off by the database
OF_MESSAGES = "WHERE id IN (SELECT rule_id FROM reminders_message WHERE id = ANY(%s))"
LEASE_LEFT = timedelta(seconds=30)  # with less, the next sweep might already have taken it over


def release(claims: Iterable[Claim]) -> None:
    """Give back what was claimed and not tried."""
    for claimed in claims:
        with acting(SWEEP):
            for message in _lock(claimed):
                marking.give_back(message)
                message.save(update_fields=marking.OUTCOME)


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
                marking.mark(message)
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
        held(claimed),
        Read(MessageRule, OF_MESSAGES, [list(claimed.pks)]),
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
        marking.undelivered(going, error, locked.reach.address, locked.now)
    else:
        for message in going:
            message.close(State.SENT)
            message.sent_at, message.sent_to = locked.now, locked.reach.address
            message.last_error = ""


def _may_go(message: Message, locked: Locked) -> bool:
    """Check all again, under lock; what may not go is closed, or waits again."""
    now, reach = locked.now, locked.reach
    if message.lease_until is None or message.lease_until - now < LEASE_LEFT:
        marking.give_back(message)
        return False
    _reconcile(message, locked)
    if message.state != State.SENDING:
        return False
    morning = rules.earliest(message.kind, now, message.expires_at, reach)
    if now >= message.expires_at:
        marking.expire(message, now)
    elif message.not_before > now:
        marking.give_back(message)  # its rule has changed: it is due later
    elif morning > now:
        message.attempts -= 1
        marking.postpone(message, morning, now)
    elif message.attempts > rules.MOST_ATTEMPTS:
        marking.fail([message], "Every attempt was cut off.", now)
    else:
        return True
    return False


def _reconcile(message: Message, locked: Locked) -> None:
    """Bring it in line with what holds now: its visit, its rule, the patient's wishes."""
    session = message.treatment_session
    if message.kind == Kind.ON_CALL:
        facts: Facts | None = Facts() if charted.is_waited_for(message) else None
    elif session is None:
        facts = charted.facts(message, locked.dates)
    else:
        facts = reconciling.facts_of(session)
    why = reconciling.needless_of([message]).get(message.pk, "")
    reconciling.reconcile(message, session, facts, locked.reach, locked.now, needless=why)


def _set_aside(claimed: Claim, error: Exception) -> list[str]:
    """One mail that can't be written must not stop the others; its parts are tried one by one."""
    log.exception("message.broken", messages=claimed.pks, error=type(error).__name__)
    with acting(SWEEP):
        messages, now = _lock(claimed), clock.now()
        for message in messages:
            message.last_error = type(error).__name__
            message.message_id = uuid4() if len(messages) > 1 else message.message_id
            if message.attempts >= rules.MOST_BROKEN:
                marking.fail([message], "It can't be written.", now)
            else:
                marking.try_later(message, now, random.random())  # noqa: S311  hides nothing
            message.save(update_fields=marking.OUTCOME)
        return [message.state for message in messages] or [LOST]


def _lock(claimed: Claim) -> list[Message]:
    (found,) = in_turn(held(claimed))
    return found
