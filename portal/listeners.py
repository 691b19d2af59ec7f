"""A request is settled by whoever moves or ends the visit another way."""

from portal.services import deciding
from sessions.models import TreatmentSession


def moved(treatment_session: TreatmentSession) -> None:
    deciding.settle(treatment_session, "The visit has another time now.")


def status_changed(treatment_session: TreatmentSession, left: str) -> None:
    state = treatment_session.get_status_display()
    deciding.settle(treatment_session, f"The visit is “{state}” now.")
