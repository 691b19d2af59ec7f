"""Two safety screens to look at: one clears in spite of a finding, one was outrun by the chart."""

from clinic import clock
from desk.demo.places import Staff
from patients.basis import basis_of
from patients.models import Patient
from patients.rules import months_later
from patients.screening.decision import LISTED, NO, NONE, YES, Answer
from patients.screening.matching import match
from patients.screening.rules import rules
from patients.screening.treatment import OFFERED
from patients.services import chart, screening
from patients.services.screening import Decision

TREATMENT = OFFERED["esketamine-nasal-US"]
HELD = "Known and stable for years; asked about before each dose."


def tell(with_findings: Patient, outrun: Patient, staff: Staff) -> None:
    """Screen both; then one of them tells of something that nobody knew at the screen."""
    chart.add_condition(with_findings.pk, text="Bipolar disorder, depressed", by=staff.nurse)
    for patient in (with_findings, outrun):
        _screen(patient, staff)
    chart.add_condition(outrun.pk, text="Transient ischaemic attack", by=staff.nurse)


def _screen(patient: Patient, staff: Staff) -> None:
    """Clear the patient: what the chart speaks of is present and accounted for, the rest absent."""
    today = clock.now().astimezone(patient.clinic.zone).date()
    basis = basis_of(patient, today)
    suggestions = match(basis.chart, TREATMENT).suggestions
    answers = {
        rule: Answer(YES, HELD, acknowledged=True)
        if rule in suggestions and suggestions[rule].speaks_for_it
        else Answer(NO, "Asked and examined" if rule in suggestions else "")
        for rule in rules()
    }
    decision = Decision(
        outcome=screening.CLEARED,
        valid_until=months_later(today, 3),
        treatment=TREATMENT,
        answers=answers,
        asked={what: LISTED if listed else NONE for what, listed in basis.on_chart.items()},
    )
    screening.screen(patient.pk, decision, by=staff.prescriber)
