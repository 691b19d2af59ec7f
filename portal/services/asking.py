"""A patient asks for another time, for a new one, or to call a visit off."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial

from django.core.exceptions import ValidationError

from clinic import audit, clock
from clinic.audit import acting
from clinic.refusals import refused_kindly
from clinic.roles import Role
from patients.models import Task
from patients.services import tasks
from portal.models import ChangeRequest
from portal.services import deciding
from portal.services.visitor import PATIENT, LinkOverError, answering, check_link
from portal.services.visits import of_link
from reminders.links import Purpose
from reminders.models import Message, MessagePolicy
from sessions import ports
from sessions.models import TreatmentSession
from sessions.services import alternatives, making_up, moving
from sessions.services.alternatives import free_seats
from sessions.services.asks import when

Kind = ChangeRequest.Kind
KINDS = {
    Purpose.RESCHEDULE: Kind.RESCHEDULE,
    Purpose.CANCEL: Kind.CANCEL,
    Purpose.REBOOK: Kind.REBOOK,
}
AS_PLANNED = "The patient comes as planned."
CALLED_OFF_INSTEAD = "The patient wants to call the visit off instead."


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


def offered(treatment_session: TreatmentSession, bounds: Bounds, now: datetime) -> list[datetime]:
    """Return the times to choose from; none where a person has to decide about a missed visit."""
    is_missed = treatment_session.status == TreatmentSession.Status.NO_SHOW
    if is_missed and making_up.obstacle(treatment_session, now):
        return []
    seats = free_seats(treatment_session, earliest=bounds.earliest, until=bounds.until)
    return [seat.starts_at for seat in seats]


def open_request(message: Message) -> ChangeRequest | None:
    if message.treatment_session_id is None:
        return None
    rows = ChangeRequest.objects.open().filter(treatment_session=message.treatment_session_id)
    return rows.first()


def is_moved_by(message: Message) -> bool:
    """Whether the visit lies now where the patient asked for it by this very mail."""
    if message.treatment_session is None:
        return False
    rows = ChangeRequest.objects.filter(
        message=message, kind=Kind.RESCHEDULE, decision=ChangeRequest.Decision.ACCEPTED
    )
    return rows.filter(wanted_at=message.treatment_session.starts_at).exists()


def ask(
    message: Message,
    purpose: Purpose,
    *,
    wanted_at: datetime | None = None,
    words: str = "",
    kind: ChangeRequest.Kind | None = None,
) -> ChangeRequest:
    """Write the request with its task, or book at once where clinic and protocol allow that.

    Asked again while one is open, that one is returned; only calling off comes before another time.
    Without a time the clinic calls. `kind` is what is asked for, if not what the link is for.
    """
    kind = kind or KINDS[purpose]
    policy = MessagePolicy.of(message.clinic_id)
    if wanted_at is not None and _is_unseen(message, kind, policy):
        return _book(message, purpose, wanted_at, words, policy)
    with answering(message, purpose) as (locked, now):
        standing = open_request(locked)
        if standing is not None and (kind != Kind.CANCEL or standing.kind == Kind.CANCEL):
            return standing
        session = locked.treatment_session
        if kind == Kind.REBOOK and session is not None and session.stand_in:
            raise ValidationError(alternatives.TAKEN, code="booked")
        if wanted_at is not None:
            _check_offered(locked, policy, wanted_at, now)
        if standing is not None:
            deciding.settle(ChangeRequest.objects.open().filter(pk=standing.pk), CALLED_OFF_INSTEAD)
        request = _write(locked, kind, wanted_at, words, now)
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


def take_back(message: Message, purpose: Purpose) -> None:
    """Let go of another time that was asked for, unless somebody has decided; the visit stays."""
    with answering(message, purpose) as (locked, _):
        standing = open_request(locked)
        if standing is not None and standing.kind == Kind.RESCHEDULE:
            deciding.settle(ChangeRequest.objects.open().filter(pk=standing.pk), AS_PLANNED)


def _is_unseen(message: Message, kind: ChangeRequest.Kind, policy: MessagePolicy) -> bool:
    """Whether a time that the patient chose is booked without a look."""
    session = message.treatment_session
    if not policy.auto_accept_moves or session is None or kind == Kind.CANCEL:
        return False
    return kind == Kind.RESCHEDULE or not making_up.asked_first(session)


def _check_offered(
    message: Message, policy: MessagePolicy, wanted_at: datetime, now: datetime
) -> None:
    session = message.treatment_session
    if session is None:
        raise LinkOverError
    bounds = Bounds.of(session, policy, now)
    if bounds.are_over(now) or wanted_at not in offered(session, bounds, now):
        raise ValidationError(alternatives.TAKEN, code="taken")


def _book(
    message: Message, purpose: Purpose, wanted_at: datetime, words: str, policy: MessagePolicy
) -> ChangeRequest:
    if message.treatment_session_id is None:
        raise LinkOverError
    with refused_kindly(), acting(PATIENT):
        session = moving.lock(message.treatment_session_id)
        now = clock.now()
        check_link(message, purpose, now)
        standing = open_request(message)
        if standing is not None:
            return standing
        bounds = Bounds.of(session, policy, now)
        if bounds.are_over(now):
            raise ValidationError(alternatives.TAKEN, code="late")
        kind = KINDS[purpose]
        request = _write(message, kind, wanted_at, words, now, accepted=True)
        take = (
            alternatives.make_up_as_offered
            if kind == Kind.REBOOK
            else partial(alternatives.move_as_offered, schedule_rev=message.schedule_rev)
        )
        booked = take(session, wanted_at, earliest=bounds.earliest, until=bounds.until, by=PATIENT)
        ports.notice_wanted(booked)
        if words:
            _ask_to_read(request, booked, now)
        return request


def _ask_to_read(request: ChangeRequest, booked: TreatmentSession, now: datetime) -> None:
    """A person reads what was written with a time that is booked unseen."""
    tasks.ask(
        Task.Kind.CALL,
        patient=booked.patient,
        role=Role.FRONT_DESK,
        text="Read what the patient wrote when choosing another time for session "
        f"{booked.number}: open the request. It is booked.",
        due_at=now,
        dedupe_key=f"{request.task_key}:words",
        source=request,
    )


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
    if request.kind == Kind.CANCEL and session.status == TreatmentSession.Status.NO_SHOW:
        return f"The patient wants no new time instead of {visit}. Call, and decide."
    if request.kind == Kind.CANCEL:
        return f"The patient wants to call off {visit}. Call, and decide."
    what = "a new time instead of" if request.kind == Kind.REBOOK else "another time for"
    if request.wanted_at is None:
        return f"The patient asks for {what} {visit}, and for a call."
    wanted = when(TreatmentSession(clinic=session.clinic, starts_at=request.wanted_at))
    return f"The patient asks for {what} {visit}: {wanted}."
