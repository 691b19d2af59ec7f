"""Endings that aren't a discharge: handed over, left against advice, left unnoticed."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError

from clinic import clock, times
from clinic.audit import acting
from clinic.entries import Submission
from clinic.locks import check_version
from clinic.models import User
from clinic.roles import Role
from clinic.words import explains
from monitoring.models import AgainstAdvice, EmergencyPolicy, LeftUnnoticed, SearchStep, Transfer
from monitoring.readings import said
from monitoring.services import emergencies, taps
from patients.models import Task
from patients.services import tasks
from patients.services.holds import hold_mail
from sessions.lifecycle import Status
from sessions.models import TreatmentSession
from sessions.services import steps

RUN = "treatment_sessions.run_session"
SEARCH_CODES = taps.codes("unnoticed", "steps")
SEARCH_ENDS = taps.ends("unnoticed", "steps")
GIVEN_UP = "given_up"
BEFORE_DOSE = {Status.CHECKED_IN, Status.CLEARED}
HELD = "Transferred to emergency care: a person calls first."
UNNOTICED = "Left unnoticed"


@dataclass(frozen=True, slots=True)
class HandOver:
    to_where: str
    taken_by: str = ""
    condition: str = ""
    told: str = ""


@dataclass(frozen=True, slots=True)
class Departure:
    reason: str
    has_capacity: str = ""
    informed: str = ""
    paper: str = ""
    escort: str = ""


def transfer(
    pk: int,
    hand_over: HandOver,
    *,
    by: User,
    version: int | None,
    at: datetime | None = None,
    entry: Submission | None = None,
) -> Transfer:
    """End the session by handing the patient over; `after_step` holds mail and asks for a call."""
    with acting(by, entry):
        treatment_session = steps.lock(pk)
        check_version(treatment_session, version)
        if not said(hand_over.to_where):
            raise ValidationError({"to_where": "Say where the patient was taken."})
        now = clock.now(treatment_session)
        at = _checked(at, now, treatment_session)
        reason = f"To {hand_over.to_where.strip()}"
        steps.take(treatment_session, Status.TRANSFERRED, by=by, now=now, at=at, reason=reason)
        return Transfer.objects.create(
            treatment_session=treatment_session,
            handed_over_at=at,
            recorded_by=by,
            recorded_at=now,
            **{name: text.strip() for name, text in asdict(hand_over).items()},
        )


def leave(
    pk: int,
    departure: Departure,
    *,
    by: User,
    version: int | None,
    at: datetime | None = None,
    entry: Submission | None = None,
) -> AgainstAdvice:
    with acting(by, entry):
        treatment_session = steps.lock(pk)
        check_version(treatment_session, version)
        now = clock.now(treatment_session)
        at = _checked(at, now, treatment_session)
        to_status = Status.LEFT_AGAINST_ADVICE
        steps.take(treatment_session, to_status, by=by, now=now, at=at, reason=departure.reason)
        if departure.has_capacity == AgainstAdvice.Known.NO:
            _ask_a_prescriber(treatment_session, now)
        return AgainstAdvice.objects.create(
            treatment_session=treatment_session,
            left_at=at,
            recorded_by=by,
            recorded_at=now,
            **{name: text.strip() for name, text in asdict(departure).items()},
        )


def is_gone(
    pk: int,
    *,
    by: User,
    version: int | None,
    last_seen_at: datetime | None = None,
    last_seen_where: str = "",
    entry: Submission | None = None,
) -> LeftUnnoticed:
    """Record outside the gate that nobody knows where the patient is, and ask for a search."""
    with acting(by, entry):
        treatment_session = steps.lock(pk)
        check_version(treatment_session, version)
        now = clock.now(treatment_session)
        seen_at = _checked(last_seen_at, now, treatment_session, field="last_seen_at")
        before = treatment_session.status in BEFORE_DOSE
        to_status = Status.LEFT_BEFORE_DOSE if before else Status.LEFT_AGAINST_ADVICE
        where = last_seen_where.strip()
        reason = f"{UNNOTICED}, last seen {where}" if where else UNNOTICED
        steps.take(treatment_session, to_status, by=by, now=now, reason=reason, outside_gate=True)
        found = LeftUnnoticed.objects.create(
            treatment_session=treatment_session,
            last_seen_at=seen_at,
            last_seen_where=where,
            recorded_by=by,
            recorded_at=now,
        )
        _ask_to_find(treatment_session, find_key(treatment_session), now)
        return found


def find_key(treatment_session: TreatmentSession) -> str:
    return f"find:{treatment_session.public_id}"


def _ask_to_find(treatment_session: TreatmentSession, key: str, now: datetime) -> None:
    tasks.ask(
        Task.Kind.FIND,
        patient=treatment_session.patient,
        role=Role.NURSE,
        text=f"Left session {treatment_session.number} unnoticed: find the patient.",
        due_at=now,
        dedupe_key=key,
        source=treatment_session,
    )


def _ask_a_prescriber(treatment_session: TreatmentSession, now: datetime) -> None:
    """Whoever was not able to decide may not be safe alone: a prescriber is asked at once."""
    tasks.ask(
        Task.Kind.CALL,
        patient=treatment_session.patient,
        role=Role.PRESCRIBER,
        text=f"Left session {treatment_session.number} unable to decide: reach the patient now.",
        due_at=now,
        dedupe_key=f"unable:{treatment_session.public_id}",
        source=treatment_session,
    )


def search(
    found: LeftUnnoticed,
    code: str,
    *,
    by: User,
    text: str = "",
    entry: Submission | None = None,
) -> SearchStep:
    """Record what was tried just now; what ends the search closes it and its task."""
    with acting(by, entry):
        treatment_session = steps.lock_for(found.treatment_session_id, by, RUN)
        if not is_open(found):
            raise ValidationError("The search is over. Undo its end to go on.", code="over")
        if code == GIVEN_UP and not explains(text):
            raise ValidationError("Say why the search ends without the patient.", code="why")
        row = taps.tap(
            SearchStep,
            treatment_session,
            code,
            among=SEARCH_CODES,
            by=by,
            text=text,
            search=found,
        )
        if code in SEARCH_ENDS:
            of_search = {"kind": Task.Kind.FIND, "source_id": treatment_session.public_id}
            tasks.close_for(by=by, note="The search is over.", **of_search)
        return row


def undo_search(step: SearchStep, *, by: User, entry: Submission | None = None) -> SearchStep:
    """Take a slip back; without its end the search goes on, with a task again."""
    with acting(by, entry):
        treatment_session = steps.lock_for(step.treatment_session_id, by, RUN)
        error = taps.undo(step, "search", treatment_session, by=by)
        if step.code in SEARCH_ENDS:
            key = f"{find_key(treatment_session)}:{error.pk}"
            _ask_to_find(treatment_session, key, clock.now())
        return error


def is_open(found: LeftUnnoticed) -> bool:
    over = SearchStep.objects.standing().filter(search=found, code__in=SEARCH_ENDS)
    return not over.exists()


def open_end(treatment_session: TreatmentSession) -> str:
    """Answer `sessions.ports.open_end`: what has to end before the record closes."""
    found = LeftUnnoticed.objects.filter(treatment_session=treatment_session).first()
    if found and is_open(found):
        return "The search for the patient is open: record how it ended, then sign."
    if emergencies.running(treatment_session):
        return "An emergency runs: record its end, then sign."
    return ""


def after_step(treatment_session: TreatmentSession, left: str) -> None:
    """Told of every step, inside its transaction: whoever was transferred gets a call, no mail.

    An emergency that runs ends with the hand-over, at its time.
    """
    if treatment_session.status != Status.TRANSFERRED:
        return
    now = clock.now()
    step = treatment_session.status_changes.select_related("by").latest("pk")
    if step.by is not None:
        emergencies.hand_over(treatment_session, by=step.by, at=step.at, text=step.reason)
    hold_mail(treatment_session.patient, HELD, now)
    tasks.ask(
        Task.Kind.CALL,
        patient=treatment_session.patient,
        role=Role.NURSE,
        text=f"Transferred from session {treatment_session.number}: ask how the patient is, then "
        "lift the hold on mail.",
        due_at=next_morning(treatment_session, now),
        dedupe_key=f"transferred:{treatment_session.public_id}",
        source=treatment_session,
    )


def next_morning(treatment_session: TreatmentSession, now: datetime) -> datetime:
    """Return the clinic's hour for such calls on its next day."""
    at = EmergencyPolicy.of(treatment_session.clinic_id).call_after_transfer_at
    day = now.astimezone(treatment_session.clinic.zone).date() + timedelta(days=1)
    return datetime.combine(day, at, treatment_session.clinic.zone)


def _checked(
    at: datetime | None, now: datetime, treatment_session: TreatmentSession, field: str = "at"
) -> datetime:
    """Return when it was, without a time now; refuse what lies ahead or before the arrival."""
    at = at or now
    times.check_happened(at, now, field=field, not_before=treatment_session.arrived_at)
    return at
