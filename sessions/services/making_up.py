"""Make up for a missed session: its number gets a new date, and the missed one stays on record."""

from collections.abc import Iterable
from datetime import date, datetime, time

from django.core.exceptions import PermissionDenied, ValidationError

from clinic import audit, clock
from clinic.audit import Actor, acting, actor_of
from clinic.entries import Submission
from clinic.locks import check_version
from clinic.models import Chair, User
from clinic.refusals import refused_kindly
from patients.models import Task
from patients.services import tasks
from sessions import ports
from sessions.lifecycle import Status
from sessions.models import ProtocolPhase, TreatmentCourse, TreatmentSession
from sessions.models.session import BELOW_GAP
from sessions.plans import TraceStep, say
from sessions.services import moving
from sessions.services.asks import when
from sessions.services.booking import traced
from sessions.services.moving import Seat
from sessions.specs import MISSED_RULES

MADE_UP = "made_up"
GOES_ON, PRESCRIBER = "continue", "prescriber_decides"  # rules for missed sessions


def refusal(missed: TreatmentSession) -> str:
    """Say why nobody may give it a new date; nothing when staff may."""
    if missed.status != Status.NO_SHOW:
        return f"The session is “{missed.get_status_display()}”: only a missed one gets a new date."
    if missed.course.status != TreatmentCourse.Status.ACTIVE:
        return "This course has ended."
    again = missed.stand_in
    return f"It has a new date already: {when(again)}." if again else ""


def obstacle(missed: TreatmentSession, now: datetime) -> str:
    """Say why a patient is offered no new date, so that a person has to see to it."""
    today = now.astimezone(missed.clinic.zone).date()
    if reasons := missed.patient.not_treatable(today):
        return " ".join(reasons)
    if reason := refusal(missed):
        return reason
    if missed.made_up_by.exists():
        return "It had a new date once, which came to nothing."
    if missed.phase.missed_rule == PRESCRIBER:
        return f"The protocol says: {MISSED_RULES[PRESCRIBER]}"
    if missed.window_to < today:
        return f"Its treatment week is over ({_week(missed)})."
    return ""


def asked_first(missed: TreatmentSession) -> str:
    """Say what the protocol wants asked before a new date; nothing where it just goes on."""
    rule = missed.phase.missed_rule
    return "" if rule == GOES_ON else f"The protocol says: {MISSED_RULES[rule]}"


def why_none(missed: TreatmentSession, now: datetime) -> str:
    """Say to staff why the page may have offered no time at all."""
    first = max(now.astimezone(missed.clinic.zone).date(), missed.window_from)
    return (
        obstacle(missed, now)
        or lapse(missed, first, moving.neighbours_of(missed))
        or f"What is offered lies in its treatment week ({_week(missed)}), within opening hours, "
        "and keeps the gaps and their order."
    )


def lapse(missed: TreatmentSession, day: date, neighbours: Iterable[TreatmentSession]) -> str:
    """Say that the day is further from the session before it than the phases allow."""
    zone = missed.clinic.zone
    before = [other for other in neighbours if other.number < missed.number]
    last = max(before, key=lambda other: other.starts_at, default=None)
    limit = _widest(missed.phase, last.phase) if last else None
    if last is None or limit is None:
        return ""
    days = (day - last.starts_at.astimezone(zone).date()).days
    if days <= limit:
        return ""
    return f"{say(day)} is {days} days after session {last.number}; the maximum gap is {limit}."


def _widest(one: ProtocolPhase, other: ProtocolPhase) -> int | None:
    limits = [phase.max_gap_days for phase in (one, other) if phase.max_gap_days is not None]
    return max(limits) if len(limits) == 2 else None


def _week(missed: TreatmentSession) -> str:
    return f"{say(missed.window_from)} to {say(missed.window_to)}"


def blank(missed: TreatmentSession) -> TreatmentSession:
    """Return the session that makes up for this one, unsaved and without a date."""
    return TreatmentSession(
        course=missed.course,
        patient=missed.patient,
        clinic=missed.clinic,
        phase=missed.phase,
        number=missed.number,
        number_in_phase=missed.number_in_phase,
        week=missed.week,
        nominal_on=missed.nominal_on,
        window_from=missed.window_from,
        window_to=missed.window_to,
        makes_up_for=missed,
    )


def make_up(
    pk: int,
    *,
    day: date,
    wall_time: time,
    chair: Chair | None = None,
    reason: str = "",
    notify: bool = False,
    by: User,
    version: int | None,
    entry: Submission | None = None,
) -> moving.Move:
    """Book a new session of the course for a missed one; the rules are those of a move."""
    with refused_kindly(), acting(by, entry):
        missed = moving.lock(pk)
        if not by.may(moving.MOVE, missed.clinic_id):
            raise PermissionDenied(moving.MOVE)
        if reason_not := refusal(missed):
            raise ValidationError(reason_not, code="not_missed")
        check_version(missed, version)
        session = blank(missed)
        usual = chair or missed.chair
        seat = moving.seat(session, day, wall_time, usual, wanted=chair, reason=reason, by=by)
        _book(session, seat, reason=reason, by=by)
        if notify:
            ports.notice_wanted(session)
        return moving.Move(session, seat.warnings.all)


def take_seat(missed: TreatmentSession, seat: Seat, *, by: Actor) -> TreatmentSession:
    """Book the seat that its patient chose among those that were offered, under lock."""
    session = blank(missed)
    _book(session, seat, reason="", by=by)
    return session


def _book(session: TreatmentSession, seat: Seat, *, reason: str, by: User | Actor) -> None:
    missed = session.makes_up_for
    if missed is None:
        raise ValueError("It makes up for no session.")
    session.starts_at, session.ends_at, session.chair = seat.starts_at, seat.ends_at, seat.chair
    session.scheduled_at = clock.now()
    actor = actor_of(by)
    hand = "Booked by the patient" if actor.kind == "patient_link" else "Booked by hand"
    rule = BELOW_GAP if seat.warnings.below_gap else MADE_UP
    step = TraceStep(rule, f"{hand} instead of {when(missed)}, which was missed.", missed.day)
    session.trace = [traced(step, by=actor.label) | {"reason": reason.strip()}]
    session.save()
    audit.record("session.made_up", subject=session, reason=reason.strip())
    ports.booked([session])
    call = {"kind": Task.Kind.NO_SHOW, "source_id": missed.public_id}
    note = f"A new date was booked: {when(session)}."
    tasks.close_for(by=by if isinstance(by, User) else None, note=note, **call)
