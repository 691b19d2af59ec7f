"""Which messages the ledger holds for a session: one function settles them, whatever happened.

It runs in the transaction that booked, moved or ended the session or changed the contact, and again
on each sweep for what was overlooked.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Exists, F, OuterRef, QuerySet

from clinic import clock
from clinic.audit import acting, system
from clinic.locks import share
from clinic.models import Clinic
from patients.models import Consent, EmailContact, MailHold, Patient
from reminders import rules
from reminders.models import Message
from reminders.rules import Reach
from sessions.lifecycle import Status
from sessions.models import TreatmentSession

DECIDED = ("state", "reason", "not_before", "expires_at", "lease_until", "lease_token")
MOVED = "The session was moved."
OPEN = (Message.State.PLANNED, Message.State.SENDING)
REVIVABLE = (Message.State.SUPPRESSED, Message.State.CANCELLED)
LOOKED_AHEAD = timedelta(days=5)
LOOKED_BACK = timedelta(days=4)
DUE_SOON = timedelta(hours=1)
REPAIRED_AT_ONCE = 200


def plan(sessions: Iterable[TreatmentSession], now: datetime) -> None:
    """Write what is missing, then bring what is there in line; the sessions are locked."""
    by_pk = {session.pk: session for session in sessions}
    reaches = reaches_of({session.patient_id for session in by_pk.values()}, now)
    # Inserting before locking: an insert may wait for the patient, and must not hold messages then.
    Message.objects.bulk_create(
        (
            message
            for session in by_pk.values()
            for message in _wanted(session, reaches[session.patient_id], now)
        ),
        ignore_conflicts=True,
    )
    messages = _locked(Message.objects.filter(treatment_session__in=by_pk), now)
    _settle(messages, by_pk, reaches, now)


def instruct(session: TreatmentSession, now: datetime) -> None:
    """Write the message with the instructions for the way home, which somebody asked for."""
    reaches = reaches_of({session.patient_id}, now)
    Message.objects.bulk_create(
        _message(rules.INSTRUCTIONS, session, reaches[session.patient_id], now),
        ignore_conflicts=True,
    )


def replan(patient: Patient, now: datetime) -> None:
    """Bring the messages to one patient in line with a changed address, consent or zone."""
    messages = _locked(Message.objects.filter(patient=patient), now)
    by_pk = TreatmentSession.objects.in_bulk({m.treatment_session_id for m in messages})
    _settle(messages, by_pk, reaches_of({patient.pk}, now), now)


def _locked(messages: QuerySet[Message], now: datetime) -> list[Message]:
    """Lock what may still change, by key; a send in flight ends first."""
    changeable = messages.filter(state__in=(*OPEN, *REVIVABLE), expires_at__gt=now)
    return list(changeable.order_by("pk").select_for_update())


def _wanted(session: TreatmentSession, reach: Reach, now: datetime) -> Iterable[Message]:
    for kind in rules.KINDS:
        if rules.may_go(kind, session.status):
            yield from _message(kind, session, reach, now)


def _message(
    kind: str, session: TreatmentSession, reach: Reach, now: datetime
) -> Iterable[Message]:
    """Return the message, unless it is too late for it."""
    window = _window(kind, session, reach, now)
    if window is not None:
        obstacle = reach.obstacle
        yield Message(
            clinic_id=session.clinic_id,
            patient_id=session.patient_id,
            treatment_session=session,
            kind=kind,
            schedule_rev=session.schedule_rev,
            not_before=window.not_before,
            expires_at=window.expires_at,
            state=Message.State.SUPPRESSED if obstacle else Message.State.PLANNED,
            reason=obstacle,
            dedupe_key=f"{session.public_id}:{kind}:email:{session.schedule_rev}",
        )


def _window(
    kind: str, session: TreatmentSession, reach: Reach, now: datetime
) -> rules.Window | None:
    return rules.window(
        kind, starts_at=session.starts_at, ended_at=session.ended_at, zone=reach.zone, now=now
    )


def _settle(
    messages: Iterable[Message],
    by_pk: Mapping[int, TreatmentSession],
    reaches: Mapping[int, Reach],
    now: datetime,
) -> None:
    for message in messages:
        before = _decided(message)
        _adjust(message, by_pk[message.treatment_session_id], reaches[message.patient_id], now)
        if _decided(message) != before:
            message.save(update_fields=DECIDED)


def _decided(message: Message) -> list[object]:
    return [getattr(message, name) for name in DECIDED]


def _adjust(message: Message, session: TreatmentSession, reach: Reach, now: datetime) -> None:
    if message.schedule_rev != session.schedule_rev:
        if message.state in OPEN:
            message.close(Message.State.CANCELLED, MOVED)
    elif not rules.may_go(message.kind, session.status):
        if message.state in OPEN:
            message.close(Message.State.CANCELLED, not_now(session.status))
    elif message.state in OPEN:
        _adjust_open(message, session, reach, now)
    else:
        _revive(message, session, reach, now)


def _adjust_open(message: Message, session: TreatmentSession, reach: Reach, now: datetime) -> None:
    if reach.obstacle:
        message.close(Message.State.SUPPRESSED, reach.obstacle)
    elif message.state == Message.State.PLANNED and message.attempts == 0:
        window = _window(message.kind, session, reach, now)
        if window is not None:  # the patient may live on another clock now
            message.not_before, message.expires_at = window.not_before, window.expires_at


def _revive(message: Message, session: TreatmentSession, reach: Reach, now: datetime) -> None:
    """Plan again what is still in time, or say what stands in its way now."""
    window = _window(message.kind, session, reach, now)
    if window is None:
        return
    if reach.obstacle:
        message.close(Message.State.SUPPRESSED, reach.obstacle)
        return
    message.state, message.reason = Message.State.PLANNED, ""
    message.not_before, message.expires_at = window.not_before, window.expires_at


def not_now(status: str) -> str:
    return f"The session is “{Status(status).label}”."


def reaches_of(patient_ids: Collection[int], now: datetime) -> dict[int, Reach]:
    """Read, for each patient, what decides whether he may be written to."""
    patients = Patient.objects.filter(pk__in=patient_ids).select_related("clinic", "email_contact")
    patients = patients.annotate(mail_held=Exists(_holds()))
    given: dict[int, list[Consent]] = {}
    for consent in _standing_consents().filter(patient__in=patient_ids).select_related("clinic"):
        given.setdefault(consent.patient_id, []).append(consent)
    return {
        patient.pk: reach_of(
            patient,
            getattr(patient, "email_contact", None),
            given.get(patient.pk, ()),
            now,
            held=patient.mail_held,
        )
        for patient in patients
    }


def reach_of(
    patient: Patient,
    contact: EmailContact | None,
    consents: Iterable[Consent],
    now: datetime,
    *,
    held: bool,
) -> Reach:
    zone = ZoneInfo(contact.time_zone) if contact else patient.clinic.zone
    return Reach(
        zone=zone,
        address=contact.address if contact else "",
        verified=contact is not None and contact.verified_at is not None,
        consent=any(c.kind == Consent.Kind.EMAIL and c.stands_at(now) for c in consents),
        deceased=patient.deceased,
        held=held,
    )


def _holds() -> QuerySet[MailHold]:
    """Return what holds mail to the patient of the outer query."""
    return MailHold.objects.filter(patient=OuterRef("pk"), lifted_at__isnull=True)


def _standing_consents() -> QuerySet[Consent]:
    return Consent.objects.of_kind(Consent.Kind.EMAIL).standing()


def repair() -> int:
    """Plan what nobody planned: a forgotten listener shows up here instead of losing mail."""
    with acting(system("sweep")):
        now = clock.now()
        found = overlooked(now)[:REPAIRED_AT_ONCE]
        if found:
            found = share(TreatmentSession.objects.filter(pk__in=found))
            plan(TreatmentSession.objects.filter(pk__in=found), now)
        return len(found)


def overlooked(now: datetime) -> list[int]:
    """Return sessions whose messages are missing, or held back although nothing is in the way."""
    own = Message.objects.filter(
        treatment_session=OuterRef("pk"), schedule_rev=OuterRef("schedule_rev")
    )
    at_clinics = TreatmentSession.objects.filter(
        clinic__in=list(Clinic.objects.values_list("pk", flat=True))
    )
    soonest = now + rules.REMINDERS[rules.REMINDER_24H].useless
    to_remind = at_clinics.between(soonest, now + LOOKED_AHEAD).filter(
        ~Exists(own.filter(kind=rules.REMINDER_24H)),
        status__in=rules.STATUSES[rules.REMINDER_24H],
    )
    to_follow_up = at_clinics.between(now - LOOKED_BACK, now).filter(
        ~Exists(own.filter(kind=rules.FOLLOW_UP)),
        status__in=rules.FOLLOWED_UP,
        ended_at__gt=now - rules.FOLLOW_UP_USEFUL,
    )
    return [
        *to_remind.values_list("pk", flat=True),
        *to_follow_up.values_list("pk", flat=True),
        *_held_back_in_vain(now).values_list("treatment_session", flat=True),
    ]


def _held_back_in_vain(now: datetime) -> QuerySet[Message]:
    """Return messages due soon whose patient may be written to after all."""
    return Message.objects.filter(
        ~Exists(MailHold.objects.filter(patient=OuterRef("patient"), lifted_at__isnull=True)),
        Exists(_standing_consents().filter(patient=OuterRef("patient"))),
        state=Message.State.SUPPRESSED,
        not_before__range=(now - LOOKED_BACK, now + DUE_SOON),
        expires_at__gt=now,
        patient__deceased=False,
        patient__email_contact__verified_at__isnull=False,
        schedule_rev=F("treatment_session__schedule_rev"),
        treatment_session__status__in=[*rules.STATUSES[rules.REMINDER_24H], *rules.FOLLOWED_UP],
    )
