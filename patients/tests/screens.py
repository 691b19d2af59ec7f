"""Screens for tests: one that clears, with every rule answered, and the plain row of one."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.utils import timezone

from clinic.models import User
from patients.basis import Basis, basis_of
from patients.models import Patient, SafetyScreen
from patients.rules import months_later
from patients.screening.decision import NO, Answer
from patients.screening.evidence import Suggestion
from patients.screening.matching import match
from patients.screening.rules import rules
from patients.screening.treatment import OFFERED, Treatment
from patients.services.screening import Decision

NASAL_US = OFFERED["esketamine-nasal-US"]
NASAL_EU = OFFERED["esketamine-nasal-EU"]
INFUSION = OFFERED["ketamine-iv-any"]


def answers(suggestions: Mapping[str, Suggestion]) -> dict[str, Answer]:
    """Answer every rule with "absent", with a reason where the chart speaks for it."""
    return {
        rule: Answer(NO, "Asked and examined" if rule in suggestions else "") for rule in rules()
    }


def asked(basis: Basis) -> dict[str, str]:
    return {what: "listed" if listed else "none" for what, listed in basis.on_chart.items()}


def clearing(
    patient: Patient, to: Treatment = NASAL_US, *, today: date | None = None, **changes: Any
) -> Decision:
    """Return what a prescriber decides who finds nothing that speaks against treatment."""
    today = today or timezone.localdate(timezone=patient.clinic.zone)
    basis = basis_of(patient, today)
    values = {
        "outcome": "cleared",
        "valid_until": months_later(today, 6),
        "treatment": to,
        "answers": answers(match(basis.chart, to).suggestions),
        "asked": asked(basis),
        **changes,
    }
    return Decision(**values)


def make_screen(
    patient: Patient,
    prescriber: User,
    to: Treatment = NASAL_US,
    *,
    at: datetime | None = None,
    **values: Any,
) -> SafetyScreen:
    """Write the row of a cleared screen that rests on the chart as it is; call it in `acting`."""
    now = timezone.now()
    basis = basis_of(patient, timezone.localdate(timezone=patient.clinic.zone))
    row = {
        "outcome": SafetyScreen.Outcome.CLEARED,
        "screened_at": at or now - timedelta(days=30),
        "valid_until": now.date() + timedelta(days=150),
        "drug": to.drug,
        "route": to.route,
        "jurisdiction": to.jurisdiction,
        "rested_on": [fact.as_json() for fact in basis.facts],
        **{f"{what}_asked": said for what, said in asked(basis).items()},
        **values,
    }
    return SafetyScreen.objects.create(
        patient=patient, clinic=patient.clinic, screened_by=prescriber, **row
    )
