"""A prescriber's decision that the patient may be treated, and until when."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from django.core.exceptions import ValidationError

from clinic import audit, clock
from clinic.audit import acting
from clinic.entries import Submission
from clinic.locks import StaleVersionError
from clinic.models import User
from patients.basis import Basis, basis_of
from patients.models import Patient, SafetyScreen, ScreenFinding, ScreenPolicy
from patients.rules import months_later
from patients.screening.decision import ANSWERS, NO, Answer, problems
from patients.screening.evidence import Suggestion
from patients.screening.matching import match
from patients.screening.rules import rules
from patients.screening.treatment import Treatment
from patients.services.register import check_alive, locked

SCREEN = "patients.screen_patient"
CLEARED = SafetyScreen.Outcome.CLEARED


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided, for which treatment, on which answers.

    `seen` is the digest of the chart that the page showed; an empty one skips that comparison.
    """

    outcome: str
    valid_until: date
    treatment: Treatment
    findings: str = ""
    answers: Mapping[str, Answer] = field(default_factory=dict)
    asked: Mapping[str, str] = field(default_factory=dict)
    seen: str = ""


def screen(
    patient_pk: int, decision: Decision, *, by: User, entry: Submission | None = None
) -> SafetyScreen:
    """Record the screen; the latest one counts, earlier ones stay."""
    with acting(by, entry):
        patient = locked(patient_pk, by=by, permission=SCREEN)
        check_alive(patient)
        now = clock.now()
        today = now.astimezone(patient.clinic.zone).date()
        basis = basis_of(patient, today)
        if decision.seen not in {"", basis.digest}:
            raise StaleVersionError
        suggestions = match(basis.chart, decision.treatment).suggestions
        _check_date(decision, ScreenPolicy.of(patient.clinic_id), today)
        _check(decision, patient.not_treatable(today), basis, suggestions)
        row = _write(patient, decision, basis, by, now)
        _write_answers(row, decision, suggestions, by)
        audit.record("screen.recorded", subject=row, outcome=row.outcome)
        return row


def _check_date(decision: Decision, policy: ScreenPolicy, today: date) -> None:
    if decision.valid_until < today:
        raise ValidationError({"valid_until": "This day has passed."})
    if decision.valid_until > months_later(today, policy.longest_months):
        months = policy.longest_months
        raise ValidationError(
            {"valid_until": f"A screen is valid for {months} months at most here."}
        )


def _check(
    decision: Decision,
    not_treatable: list[str],
    basis: Basis,
    suggestions: Mapping[str, Suggestion],
) -> None:
    given = [answer for answer in decision.answers.values() if answer.answer in ANSWERS]
    if decision.outcome != CLEARED:
        if not decision.findings and all(answer.answer == NO for answer in given):
            raise ValidationError({"findings": "Say what speaks against treatment."})
        return
    if not_treatable:
        raise ValidationError({"outcome": " ".join(not_treatable)})
    against = problems(
        rules().values(),
        decision.treatment,
        decision.answers,
        suggestions,
        decision.asked,
        basis.on_chart,
    )
    if against:
        raise ValidationError({problem.field: problem.text for problem in against})


def _write(
    patient: Patient, decision: Decision, basis: Basis, by: User, now: datetime
) -> SafetyScreen:
    return SafetyScreen.objects.create(
        patient=patient,
        clinic_id=patient.clinic_id,
        outcome=decision.outcome,
        findings=decision.findings,
        valid_until=decision.valid_until,
        screened_by=by,
        screened_at=now,
        drug=decision.treatment.drug,
        route=decision.treatment.route,
        jurisdiction=decision.treatment.jurisdiction,
        rested_on=[fact.as_json() for fact in basis.facts],
        **{f"{what}_asked": said for what, said in decision.asked.items()},
    )


def _write_answers(
    row: SafetyScreen, decision: Decision, suggestions: Mapping[str, Suggestion], by: User
) -> None:
    """Write every answer that was given; a cleared screen has one for each rule."""
    ScreenFinding.objects.bulk_create(
        ScreenFinding(
            screen=row,
            rule=rule.id,
            title=rule.title,
            level=rule.level_for(decision.treatment).level,
            answer=given.answer,
            evidence=str(suggestions.get(rule.id, "")),
            justification=given.justification.strip(),
            acknowledged=given.acknowledged,
            decided_by=by,
        )
        for rule in rules().values()
        if (given := decision.answers.get(rule.id)) and given.answer in ANSWERS
    )
