"""Between the chair and the door: whether the escort was reached, driving, waiting elsewhere."""

from dataclasses import dataclass

from django.core.exceptions import ValidationError

from clinic import audit, clock
from clinic.audit import acting
from clinic.entries import Submission
from clinic.models import User
from clinic.words import explains
from monitoring.models import DischargePolicy, Escort, WayHomeNote
from monitoring.models.discharge import Instructions
from monitoring.readings import said
from monitoring.services import history
from sessions.lifecycle import PRESENT, Status
from sessions.models import ChairStay, TreatmentSession
from sessions.services import steps

RECORD = "monitoring.record_escort"
WAIT = steps.SIT
WAITED_FOR = {"escort", "driving", "assessment"}  # what may still be open outside the chair


@dataclass(frozen=True, slots=True)
class Leaving:
    """Who stood at the door, and how the patient got the instructions."""

    collected_kind: str
    collected_by: str
    instructions: str


def check_kind(kind: str, clinic_id: int, *, field: str) -> None:
    """Refuse a way home that the clinic does not accept."""
    accepted = DischargePolicy.of(clinic_id).accepted
    if kind not in accepted:
        words = " or ".join(Escort.Kind(each).label.lower() for each in accepted) or "nothing"
        raise ValidationError({field: f"This clinic accepts {words}: an administrator sets that."})


def check_leaving(
    leaving: Leaving, treatment_session: TreatmentSession, *, escort_required: bool
) -> None:
    if escort_required and not leaving.collected_kind:
        text = "Nobody is at the door: wait for the ride, or name who takes the patient home."
        raise ValidationError({"collected": text})
    if leaving.collected_kind:
        check_kind(leaving.collected_kind, treatment_session.clinic_id, field="collected_kind")
        if not said(leaving.collected_by):
            raise ValidationError({"collected_by": "Name who stands at the door."})
    if leaving.instructions not in Instructions.values:
        raise ValidationError({"instructions": "Say how the patient got the instructions."})


def note(
    pk: int, kind: str, text: str, *, by: User, entry: Submission | None = None
) -> WayHomeNote:
    """Record one thing that happened on the way home, with words."""
    with acting(by, entry):
        treatment_session = steps.lock_for(pk, by, RECORD)
        if treatment_session.status not in {Status.PLANNED, *PRESENT}:
            raise ValidationError("The session has ended.", code="over")
        if kind not in WayHomeNote.Kind.values:
            raise ValidationError({"kind": "Choose what happened."})
        if not explains(text):
            raise ValidationError({"note": "Say it in words: who was called, what was agreed."})
        row = WayHomeNote.objects.create(
            treatment_session=treatment_session, kind=kind, note=text.strip(), by=by, at=clock.now()
        )
        audit.record("way_home.noted", subject=treatment_session, kind=kind)
        return row


def wait_outside(pk: int, *, by: User, entry: Submission | None = None) -> ChairStay:
    """Let the patient wait for the ride outside the chair, once only the way home is open."""
    with acting(by, entry):
        treatment_session = steps.lock_open(pk)
        now = clock.now()
        gate = history.load(treatment_session).gate(now)
        if treatment_session.status != Status.MONITORING:
            raise ValidationError("Only a monitored patient waits for a ride.", code="not_due")
        still = [c.text for c in gate.unmet if c.code not in WAITED_FOR]
        if still:
            text = "The patient still has to be watched in the chair."
            raise ValidationError([text, *still], code="discharge")
        place = DischargePolicy.of(treatment_session.clinic_id).waiting_place
        return steps.sit_down(treatment_session, place=place, reason="Waits for the ride", by=by)
