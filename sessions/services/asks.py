"""What the steps of a session ask of people: one task for each cause, closed when it is settled."""

from datetime import datetime, timedelta

from clinic.models import Closure, User
from clinic.roles import Role
from patients.models import Task
from patients.services import tasks
from sessions.lifecycle import DOSED, Status
from sessions.models import TreatmentSession
from sessions.models.protocol import Route
from sessions.plans import say

CLOSED_DAY = "closed-day:"
SIGN_WITHIN = timedelta(days=1)


def sign_key(treatment_session: TreatmentSession) -> str:
    return f"sign:{treatment_session.public_id}"


def no_show_key(treatment_session: TreatmentSession) -> str:
    return f"no-show:{treatment_session.public_id}:{treatment_session.version}"


def after_step(
    treatment_session: TreatmentSession, left: str, *, by: User, now: datetime, outside_gate: bool
) -> None:
    """Ask for what the step that was just taken needs, inside its transaction."""
    status = Status(treatment_session.status)
    if outside_gate:
        to_review(treatment_session, now, f"{status.label} was recorded outside the gate")
    if treatment_session.is_over and left in DOSED:
        to_sign(treatment_session, now)
        if waste_is_open(treatment_session):
            to_record_waste(treatment_session, now)
    if status == Status.LEFT_AGAINST_ADVICE:
        to_call_who_left(treatment_session, now)
    if status == Status.NO_SHOW:
        to_call_who_stayed_away(treatment_session, now)
    elif left == Status.NO_SHOW:
        call = {"kind": Task.Kind.NO_SHOW, "source_id": treatment_session.public_id}
        tasks.close_for(by=by, note="The patient came after all.", **call)
    if left == Status.PLANNED:
        off_a_closed_day(treatment_session, by=by)
    elif status == Status.PLANNED and _is_closed(treatment_session, now):
        to_leave_a_closed_day(treatment_session, now)


def _is_closed(treatment_session: TreatmentSession, now: datetime) -> bool:
    """Say whether it is still to come, on a day on which the clinic is closed."""
    day = treatment_session.day
    if day is None or treatment_session.ends_at <= now:
        return False
    rows = Closure.objects.filter(clinic_id=treatment_session.clinic_id)
    return rows.filter(starts_on__lte=day, ends_on__gte=day).exists()


def to_sign(treatment_session: TreatmentSession, now: datetime) -> Task:
    return tasks.ask(
        Task.Kind.SIGNATURE,
        patient=treatment_session.patient,
        role=Role.PRESCRIBER,
        text=f"Session {treatment_session.number} waits for a signature.",
        due_at=now + SIGN_WITHIN,
        dedupe_key=sign_key(treatment_session),
        source=treatment_session,
    )


def to_call_who_stayed_away(treatment_session: TreatmentSession, now: datetime) -> Task:
    return tasks.ask(
        Task.Kind.NO_SHOW,
        patient=treatment_session.patient,
        role=Role.FRONT_DESK,
        text=f"Did not come to session {treatment_session.number}. Call, and find another date.",
        due_at=now,
        dedupe_key=no_show_key(treatment_session),
        source=treatment_session,
    )


def to_call_who_left(treatment_session: TreatmentSession, now: datetime) -> Task:
    return tasks.ask(
        Task.Kind.CALL,
        patient=treatment_session.patient,
        role=Role.NURSE,
        text=f"Left session {treatment_session.number} against advice: call the patient.",
        due_at=now,
        dedupe_key=f"left:{treatment_session.public_id}",
        source=treatment_session,
    )


def to_leave_a_closed_day(treatment_session: TreatmentSession, now: datetime) -> Task:
    """Ask the front desk to move a session that is booked on a day that was closed since."""
    key = f"{CLOSED_DAY}{treatment_session.public_id}:{now.timestamp()}"
    text = f"The clinic is closed on {when(treatment_session)}: move session"
    return tasks.ask(
        Task.Kind.CALL,
        patient=treatment_session.patient,
        role=Role.FRONT_DESK,
        text=f"{text} {treatment_session.number} and call the patient.",
        due_at=now,
        dedupe_key=key,
        source=treatment_session.course,
    )


def session_of_key(dedupe_key: str) -> str:
    """Return the public id of the session in the key of such a task."""
    return dedupe_key.removeprefix(CLOSED_DAY).partition(":")[0]


def off_a_closed_day(treatment_session: TreatmentSession, *, by: User | None) -> None:
    """Close that task: the session was moved, has begun, or has ended."""
    key = f"{CLOSED_DAY}{treatment_session.public_id}:"
    tasks.close_for(by=by, note="It needs no other date any more.", dedupe_key__startswith=key)


def to_look_after_a_cancellation(treatment_session: TreatmentSession, now: datetime) -> Task:
    """Ask the front desk to call somebody whose session the clinic cancelled."""
    text = f"Session {treatment_session.number} of {when(treatment_session)} was cancelled: "
    return tasks.ask(
        Task.Kind.CALL,
        patient=treatment_session.patient,
        role=Role.FRONT_DESK,
        text=f"{text}call the patient, and look at the dates of the course that remain.",
        due_at=now,
        dedupe_key=f"cancelled:{treatment_session.public_id}",
        source=treatment_session.course,
    )


def when(treatment_session: TreatmentSession) -> str:
    """Return "Mon 23 Nov 2026, 10:00", in the clinic's zone."""
    local = treatment_session.starts_at.astimezone(treatment_session.clinic.zone)
    return f"{say(local.date())}, {local:%H:%M}"


def to_account(treatment_session: TreatmentSession, now: datetime, what: str) -> Task:
    """Ask a prescriber about a medicine of which some is missing; once for each state of it."""
    return tasks.ask(
        Task.Kind.UNACCOUNTED,
        patient=treatment_session.patient,
        role=Role.PRESCRIBER,
        text=f"{what}. Look at the waste of session {treatment_session.number}.",
        due_at=now,
        dedupe_key=f"{waste_key(treatment_session)}{what}",
        source=treatment_session,
    )


def to_record_waste(treatment_session: TreatmentSession, now: datetime) -> Task:
    """Ask for the waste of an infusion whose session has ended without it."""
    return tasks.ask(
        Task.Kind.UNACCOUNTED,
        patient=treatment_session.patient,
        role=Role.NURSE,
        text=f"Session {treatment_session.number}: record what was left of the infusion.",
        due_at=now,
        dedupe_key=f"{waste_key(treatment_session)}open",
        source=treatment_session,
    )


def waste_key(treatment_session: TreatmentSession) -> str:
    return f"waste:{treatment_session.public_id}:"


def waste_recorded(treatment_session: TreatmentSession, *, by: User) -> None:
    key = f"{waste_key(treatment_session)}open"
    tasks.close_for(by=by, note="The waste was recorded.", dedupe_key=key)


def accounted(treatment_session: TreatmentSession, *, by: User) -> None:
    key = waste_key(treatment_session)
    tasks.close_for(by=by, note="All of it is accounted for.", dedupe_key__startswith=key)


def waste_is_open(treatment_session: TreatmentSession) -> bool:
    """Whether nobody has said yet what was left of the session's infusion."""
    if treatment_session.course.protocol.route != Route.IV:
        return False
    return not treatment_session.dose_wastes.filter(
        superseded_by__isnull=True, entered_in_error=False
    ).exists()


def to_review(treatment_session: TreatmentSession, now: datetime, what: str) -> Task:
    """Ask a prescriber to look at something that was recorded outside the gate."""
    key = f"outside:{treatment_session.public_id}:{treatment_session.version}:{what}"
    return tasks.ask(
        Task.Kind.OUTSIDE_GATE,
        patient=treatment_session.patient,
        role=Role.PRESCRIBER,
        text=f"{what}. Review session {treatment_session.number}.",
        due_at=now,
        dedupe_key=key[:160],
        source=treatment_session,
    )
