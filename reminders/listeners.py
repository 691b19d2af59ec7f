"""What the ledger does when something below changes, in the transaction that changes it."""

from collections.abc import Collection

from clinic import clock
from patients.models import Patient
from reminders import planning
from reminders.kinds import BEFORE, Kind
from reminders.models import Message
from reminders.reaching import reaches_of
from sessions.lifecycle import Status
from sessions.models import TreatmentSession

TELLING = BEFORE | {Kind.CHANGED}  # they tell when the visit is


def booked(sessions: list[TreatmentSession]) -> None:
    missed = [session.makes_up_for for session in sessions if session.makes_up_for is not None]
    planning.plan([*sessions, *missed], clock.now())


def moved(treatment_session: TreatmentSession) -> None:
    """Who was still to be told of an older time is told of this one, whatever the mover said."""
    now = clock.now()
    planning.plan([treatment_session], now)
    if planning.forget_the_new_time(treatment_session, "There is newer news of the visit."):
        planning.ask(Kind.CHANGED, treatment_session, now)


def status_changed(treatment_session: TreatmentSession, left: str) -> None:
    planning.plan([treatment_session], clock.now())
    if left == Status.PLANNED:
        state = treatment_session.get_status_display()
        planning.forget_the_new_time(treatment_session, f"The visit is “{state}” now.")


def instructions_wanted(treatment_session: TreatmentSession) -> None:
    planning.ask(Kind.INSTRUCTIONS, treatment_session, clock.now())


def notice_wanted(treatment_session: TreatmentSession) -> None:
    """Tell the patient of a new time, or that the visit is off: whoever changed it said so."""
    is_off = treatment_session.status == Status.CANCELLED
    kind = Kind.CALLED_OFF if is_off else Kind.CHANGED
    planning.ask(kind, treatment_session, clock.now())


def expects_notice(sessions: Collection[TreatmentSession]) -> bool:
    """Whether a mail about one of these visits is out whose reader can be reached again."""
    told = Message.objects.filter(
        treatment_session__in=sessions, kind__in=TELLING, state=Message.State.SENT
    )
    patients = set(told.values_list("patient", flat=True))
    reaches = reaches_of(patients, clock.now()) if patients else {}
    return any(not reach.obstacle_to(Kind.CHANGED) for reach in reaches.values())


def contact_changed(patient: Patient) -> None:
    planning.replan(patient, clock.now())
