"""What the ledger does when something below changes, in the transaction that changes it."""

from clinic import clock
from patients.models import Patient
from reminders import planning
from sessions.models import TreatmentSession


def booked(sessions: list[TreatmentSession]) -> None:
    planning.plan(sessions, clock.now())


def moved(treatment_session: TreatmentSession) -> None:
    planning.plan([treatment_session], clock.now())


def status_changed(treatment_session: TreatmentSession, left: str) -> None:
    planning.plan([treatment_session], clock.now())


def instructions_wanted(treatment_session: TreatmentSession) -> None:
    planning.instruct(treatment_session, clock.now())


def contact_changed(patient: Patient) -> None:
    planning.replan(patient, clock.now())
