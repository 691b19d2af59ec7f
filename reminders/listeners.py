"""What the ledger does when something below changes, in the transaction that changes it."""

from clinic import clock
from patients.models import Patient
from reminders import planning
from reminders.kinds import Kind
from sessions.lifecycle import Status
from sessions.models import TreatmentSession


def booked(sessions: list[TreatmentSession]) -> None:
    planning.plan(sessions, clock.now())


def moved(treatment_session: TreatmentSession) -> None:
    planning.plan([treatment_session], clock.now())


def status_changed(treatment_session: TreatmentSession, left: str) -> None:
    planning.plan([treatment_session], clock.now())


def instructions_wanted(treatment_session: TreatmentSession) -> None:
    planning.ask(Kind.INSTRUCTIONS, treatment_session, clock.now())


def notice_wanted(treatment_session: TreatmentSession) -> None:
    """Tell the patient of a new time, or that the visit is off: whoever changed it said so."""
    is_off = treatment_session.status == Status.CANCELLED
    kind = Kind.CALLED_OFF if is_off else Kind.CHANGED
    planning.ask(kind, treatment_session, clock.now())


def contact_changed(patient: Patient) -> None:
    planning.replan(patient, clock.now())
