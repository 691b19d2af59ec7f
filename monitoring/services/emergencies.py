"""An emergency: started by one tap, told by one tap for each thing that is done."""

from django.core.exceptions import PermissionDenied, ValidationError

from clinic import audit, clock, entries
from clinic.audit import acting
from clinic.entries import Submission
from clinic.models import User
from monitoring.models import Emergency, EmergencyAction
from monitoring.services import taps
from sessions.models import TreatmentSession
from sessions.services import steps

RUN = "monitoring.run_emergency"
ENDS = taps.ends("emergency", "actions")


def start(pk: int, *, by: User, entry: Submission | None = None) -> Emergency:
    """Start one now, or return the one that runs: two people may press at once."""
    with acting(by):
        entries.claim(entry, by)
        treatment_session = _lock(pk, by)
        if found := running(treatment_session):
            return found
        emergency = Emergency.objects.create(
            treatment_session=treatment_session, started_at=clock.now(), started_by=by
        )
        audit.record("emergency.started", subject=treatment_session)
        return emergency


def act(
    emergency: Emergency, code: str, *, by: User, text: str = "", entry: Submission | None = None
) -> EmergencyAction:
    """Record what was done just now; after the end, too, since the record may lag behind."""
    with acting(by):
        entries.claim(entry, by)
        treatment_session = _lock(emergency.treatment_session_id, by)
        return taps.tap(
            EmergencyAction, treatment_session, code, by=by, text=text, emergency=emergency
        )


def undo(action: EmergencyAction, *, by: User, entry: Submission | None = None) -> EmergencyAction:
    with acting(by):
        entries.claim(entry, by)
        treatment_session = _lock(action.treatment_session_id, by)
        other = running(treatment_session)
        if action.code in ENDS and other and other != action.emergency:
            raise ValidationError("Another emergency runs now: record what is done there.")
        return taps.undo(action, "emergency", treatment_session, by=by)


def running(treatment_session: TreatmentSession) -> Emergency | None:
    over = EmergencyAction.objects.standing().filter(code__in=ENDS).values("emergency")
    found = Emergency.objects.filter(treatment_session=treatment_session)
    return found.exclude(pk__in=over).last()


def _lock(pk: int, by: User) -> TreatmentSession:
    treatment_session = steps.lock_open(pk)
    if not by.may(RUN, treatment_session.clinic_id):
        raise PermissionDenied(RUN)
    return treatment_session
