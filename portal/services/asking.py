"""A patient asks for another time, for a new one, or to call a visit off."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.core.exceptions import ValidationError

from clinic import audit, clock
from clinic.audit import acting
from clinic.roles import Role
from patients.models import Task
from patients.services import tasks
from portal.models import ChangeRequest
from portal.services.visitor import PATIENT, LinkOverError, answering
from portal.services.visits import of_link
from reminders import links
from reminders.links import Purpose
from reminders.models import Message, MessagePolicy
from sessions import ports
from sessions.models import TreatmentSession
from sessions.services import alternatives
from sessions.services.alternatives import free_seats
from sessions.services.asks import when

Kind = ChangeRequest.Kind
KINDS = {
    Purpose.RESCHEDULE: Kind.RESCHEDULE,
    Purpose.CANCEL: Kind.CANCEL,
    Purpose.REBOOK: Kind.REBOOK,
}


@dataclass(frozen=True, slots=True)
class Bounds:
    """Between when another time may lie, and until when it may be asked for."""

    earliest: datetime
    until: date
    ask_by: datetime | None  # None: at any time

    @classmethod
    def of(
        cls, treatment_session: TreatmentSession, policy: MessagePolicy, now: datetime
    ) -> "Bounds":
        notice = timedelta(hours=policy.ask_until_hours)
        today = now.astimezone(treatment_session.clinic.zone).date()
        is_ahead = treatment_session.status == TreatmentSession.Status.PLANNED
        return cls(
            earliest=now + notice,
            until=today + timedelta(days=policy.offered_days),
            ask_by=treatment_session.starts_at - notice if is_ahead else None,
        )

    def are_over(self, now: datetime) -> bool:
        return self.ask_by is not None and now > self.ask_by


def offered(treatment_session: TreatmentSession, bounds: Bounds) -> list[datetime]:
    seats = free_seats(treatment_session, earliest=bounds.earliest, until=bounds.until)
    return [seat.starts_at for seat in seats]


def open_request(message: Message) -> ChangeRequest | None:
    if message.treatment_session_id is None:
        return None
    rows = ChangeRequest.objects.open().filter(treatment_session=message.treatment_session_id)
    return rows.first()


def ask(
    message: Message, purpose: Purpose, *, wanted_at: datetime | None = None, words: str = ""
) -> ChangeRequest:
    """Write the request with its task, or move the visit at once where the clinic allows that.

    Asked again while one is open, that one is returned. Without a time the clinic calls.
    """
    policy = MessagePolicy.of(message.clinic_id)
    if wanted_at is not None and purpose == Purpose.RESCHEDULE and policy.auto_accept_moves:
        return _move(message, wanted_at, words, policy)
    with answering(message, purpose) as (locked, now):
        standing = open_request(locked)
        if standing is not None:
            return standing
        if wanted_at is not None:
            _check_offered(locked, policy, wanted_at, now)
        request = _write(locked, KINDS[purpose], wanted_at, words, now)
        tasks.ask(
            Task.Kind.REQUEST,
            patient=locked.patient,
            role=Role.FRONT_DESK,
            text=_task_text(request, locked),
            due_at=now,
            dedupe_key=request.task_key,
            source=request,
        )
        return request


def _check_offered(
    message: Message, policy: MessagePolicy, wanted_at: datetime, now: datetime
) -> None:
    session = message.treatment_session
    if session is None:
        raise LinkOverError
    bounds = Bounds.of(session, policy, now)
    if bounds.are_over(now) or wanted_at not in offered(session, bounds):
        raise ValidationError(alternatives.TAKEN, code="taken")


def _move(
    message: Message, wanted_at: datetime, words: str, policy: MessagePolicy
) -> ChangeRequest:
    session = message.treatment_session
    if session is None:
        raise LinkOverError
    with acting(PATIENT):
        now, found = clock.now(), links.of(message.public_id)
        if found is None or not links.stands(found, Purpose.RESCHEDULE, now):
            raise LinkOverError
        bounds = Bounds.of(session, policy, now)
        if bounds.are_over(now):
            raise ValidationError(alternatives.TAKEN, code="late")
        moved = alternatives.move_as_offered(
            session.pk,
            wanted_at,
            schedule_rev=message.schedule_rev,
            earliest=bounds.earliest,
            until=bounds.until,
            by=PATIENT,
        )
        request = _write(message, Kind.RESCHEDULE, wanted_at, words, now, accepted=True)
        ports.notice_wanted(moved)
        return request


def _write(
    message: Message,
    kind: ChangeRequest.Kind,
    wanted_at: datetime | None,
    words: str,
    now: datetime,
    *,
    accepted: bool = False,
) -> ChangeRequest:
    request = ChangeRequest.objects.create(
        **of_link(message),
        kind=kind,
        schedule_rev=message.schedule_rev,
        wanted_at=wanted_at,
        words=words,
        asked_at=now,
        decision=ChangeRequest.Decision.ACCEPTED if accepted else "",
        decided_at=now if accepted else None,
    )
    audit.record(f"visit.{kind}_asked", subject=request)
    return request


def _task_text(request: ChangeRequest, message: Message) -> str:
    session = message.treatment_session
    if session is None:
        raise LinkOverError
    visit = f"session {session.number} ({when(session)})"
    if request.kind == Kind.CANCEL:
        return f"The patient wants to call off {visit}. Call, and decide."
    what = "a new time instead of" if request.kind == Kind.REBOOK else "another time for"
    if request.wanted_at is None:
        return f"The patient asks for {what} {visit}, and for a call."
    wanted = when(TreatmentSession(clinic=session.clinic, starts_at=request.wanted_at))
    return f"The patient asks for {what} {visit}: {wanted}."
