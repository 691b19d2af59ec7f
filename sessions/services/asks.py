"""What the steps of a session ask of people: one task for each cause, closed when it is settled."""

from datetime import datetime, timedelta

from clinic.models import User
from clinic.roles import Role
from patients.models import Task
from patients.services import tasks
from sessions.lifecycle import Status
from sessions.models import TreatmentSession

SIGN_WITHIN = timedelta(days=1)
RECEIVED_A_DOSE = {Status.DOSING, Status.MONITORING}


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
    if treatment_session.is_over and left in RECEIVED_A_DOSE:
        to_sign(treatment_session, now)
    if status == Status.LEFT_AGAINST_ADVICE:
        to_call_who_left(treatment_session, now)
    if status == Status.NO_SHOW:
        to_call_who_stayed_away(treatment_session, now)
    elif left == Status.NO_SHOW:
        call = {"kind": Task.Kind.NO_SHOW, "source_id": treatment_session.public_id}
        tasks.close_for(by=by, note="The patient came after all.", **call)


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
