"""An emergency: started by one tap, told by one tap for each thing that is done."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError

from clinic import audit, clock
from clinic.audit import acting
from clinic.entries import Submission
from clinic.models import User
from monitoring.models import Emergency, EmergencyAction
from monitoring.services import taps
from sessions.models import TreatmentSession
from sessions.services import steps

RUN = "monitoring.run_emergency"
CODES = taps.codes("emergency", "actions")
HANDED_OVER = "handed_over"
ENDS = taps.ends("emergency", "actions")


def start(pk: int, *, by: User, entry: Submission | None = None) -> Emergency:
    """Start one now, or return the one that runs: two people may press at once."""
    with acting(by, entry):
        treatment_session = steps.lock_for(pk, by, RUN)
        if found := running(treatment_session):
            return found
        emergency = Emergency.objects.create(
            treatment_session=treatment_session,
            started_at=clock.now(treatment_session),
            started_by=by,
        )
        audit.record("emergency.started", subject=treatment_session)
        return emergency


def act(
    emergency: Emergency, code: str, *, by: User, text: str = "", entry: Submission | None = None
) -> EmergencyAction:
    """Record what was done just now; after the end, too, since the record may lag behind."""
    with acting(by, entry):
        treatment_session = steps.lock_for(emergency.treatment_session_id, by, RUN)
        return _tap(emergency, treatment_session, code, by=by, text=text)


def hand_over(treatment_session: TreatmentSession, *, by: User, at: datetime, text: str) -> None:
    """End what runs since the patient was handed over then, inside `acting` under lock."""
    found = running(treatment_session)
    if found:
        at = max(at, found.started_at)
        _tap(found, treatment_session, HANDED_OVER, by=by, text=text, at=at)


def _tap(
    emergency: Emergency, treatment_session: TreatmentSession, code: str, **told: Any
) -> EmergencyAction:
    return taps.tap(
        EmergencyAction, treatment_session, code, among=CODES, emergency=emergency, **told
    )


def undo(action: EmergencyAction, *, by: User, entry: Submission | None = None) -> EmergencyAction:
    with acting(by, entry):
        treatment_session = steps.lock_for(action.treatment_session_id, by, RUN)
        other = running(treatment_session)
        if action.code in ENDS and other and other != action.emergency:
            raise ValidationError("Another emergency runs now: record what is done there.")
        return taps.undo(action, "emergency", treatment_session, by=by)


def running(treatment_session: TreatmentSession) -> Emergency | None:
    over = EmergencyAction.objects.standing().filter(code__in=ENDS).values("emergency")
    found = Emergency.objects.filter(treatment_session=treatment_session)
    return found.exclude(pk__in=over).last()
