"""A prescriber's decision that the patient may be treated, and until when."""

from dataclasses import dataclass
from datetime import date

from django.core.exceptions import ValidationError

from clinic import audit, clock, entries
from clinic.audit import acting
from clinic.entries import Submission
from clinic.models import User
from patients.models import SafetyScreen
from patients.rules import months_later
from patients.services.register import check_alive, locked

SCREEN = "patients.screen_patient"
USUAL_MONTHS, LONGEST_MONTHS = 6, 12
CLEARED = SafetyScreen.Outcome.CLEARED


@dataclass(frozen=True, slots=True)
class Decision:
    outcome: str
    valid_until: date
    findings: str = ""


def screen(
    patient_pk: int, decision: Decision, *, by: User, entry: Submission | None = None
) -> SafetyScreen:
    """Record the screen; the latest one counts, earlier ones stay."""
    with acting(by):
        entries.claim(entry, by)
        patient = locked(patient_pk, by=by, permission=SCREEN)
        check_alive(patient)
        now = clock.now()
        today = now.astimezone(patient.clinic.zone).date()
        _check(decision, patient.not_treatable(today), today)
        row = SafetyScreen.objects.create(
            patient=patient,
            clinic_id=patient.clinic_id,
            outcome=decision.outcome,
            findings=decision.findings,
            valid_until=decision.valid_until,
            screened_by=by,
            screened_at=now,
        )
        audit.record("screen.recorded", subject=row, outcome=row.outcome)
        return row


def _check(decision: Decision, not_treatable: list[str], today: date) -> None:
    if decision.outcome == CLEARED and not_treatable:
        raise ValidationError({"outcome": " ".join(not_treatable)})
    if decision.outcome != CLEARED and not decision.findings:
        raise ValidationError({"findings": "Say what speaks against treatment."})
    if decision.valid_until < today:
        raise ValidationError({"valid_until": "This day has passed."})
    if decision.valid_until > months_later(today, LONGEST_MONTHS):
        raise ValidationError(
            {"valid_until": f"A screen is valid for {LONGEST_MONTHS} months at most."}
        )
