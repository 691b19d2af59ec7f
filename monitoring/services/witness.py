"""The second person of an override: somebody else of this clinic who may witness one."""

from django.http import HttpRequest

from clinic import second_person
from clinic.models import User
from clinic.second_person import Purpose, Typed
from sessions.models import TreatmentSession

WITNESS = "monitoring.witness_override"
UNKNOWN = (
    "No second person could be confirmed. It has to be somebody else of this clinic who may "
    "witness an override, with their own name and password, and their code if they use one."
)
OVERRIDE = Purpose(
    "override",
    WITNESS,
    UNKNOWN,
    one_holds="treatment_sessions.override_gate",
    lacking="One of the two has to be a prescriber.",
)


def confirm(
    request: HttpRequest, treatment_session: TreatmentSession, typed: Typed, *, by: User
) -> User:
    """Return the second person; a refusal is on record before it is shown, and never says why.

    That one of the two has to be a prescriber is said first: the code works once, and nobody
    learns from it whether a password was right.
    """
    return second_person.confirm(request, treatment_session, OVERRIDE, typed, by=by)


def check_one_may(second: User, by: User, treatment_session: TreatmentSession) -> None:
    second_person.check_one_holds(OVERRIDE, (by, second), treatment_session.clinic_id)


def may_witness(second: User, by: User, treatment_session: TreatmentSession) -> bool:
    return second_person.may_be(second, by, OVERRIDE, treatment_session.clinic_id)
