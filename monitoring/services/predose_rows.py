"""What a dose of a visit rests on besides the chart, in the session's one statement."""

from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from typing import Any

from django.db.models import OuterRef

from clinic.bundles import Bundle, Many, One, all_fields, person, together
from monitoring.models import PreDoseCheck, PreDosePolicy, PregnancyAnswer
from monitoring.models.events import Outcome
from monitoring.readings import first_dose_at
from monitoring.services import history_rows
from monitoring.services.history import Record
from monitoring.today import Today
from monitoring.trouble import Trouble, troubles
from patients.models import BodyMeasure
from sessions.models import DosingPolicy, TreatmentSession


def read(treatment_session: TreatmentSession) -> dict[str, Any]:
    """Read the history along with it."""
    return _bundle().read(treatment_session.pk)


@cache
def _bundle() -> Bundle:
    return Bundle(TreatmentSession, together(history_rows.parts(), parts()))


def parts() -> dict[str, Many]:
    """Return what the check rests on besides the history, for a session's bundle."""
    of_patient, of_clinic = {"patient": OuterRef("patient")}, {"clinic": OuterRef("clinic")}
    of_sessions = {"treatment_session__patient": OuterRef("patient")}
    earlier = PreDoseCheck.objects.filter(**of_sessions).exclude(treatment_session=OuterRef("pk"))
    weights = BodyMeasure.objects.standing().filter(kind=BodyMeasure.Kind.WEIGHT, **of_patient)
    policies = PreDosePolicy.objects.filter(**of_clinic)
    return {
        "predose_checks": Many(
            PreDoseCheck.objects.filter(treatment_session=OuterRef("pk")),
            *all_fields(PreDoseCheck),
            *person("completed_by"),
            *person("decided_by"),
        ),
        "predose_policy": One(policies, *all_fields(PreDosePolicy)),
        "dosing": One(DosingPolicy.objects.filter(**of_clinic), *all_fields(DosingPolicy)),
        "private": One(PregnancyAnswer.objects.filter(**of_sessions), "answer", "asked_at"),
        "lookup": One(earlier.exclude(pdmp=""), "pdmp", "completed_at"),
        "weight": One(weights, "value", "observed_at"),
    }


def today_of(record: Record, found: Mapping[str, Any], now: datetime) -> Today:
    """Put together what a dose rests on, from a bundle with these parts and the history's."""
    treatment_session = record.treatment_session
    check = next(iter(found["predose_checks"]), None)
    this_visit = check and is_of_visit(check, treatment_session.arrived_at)
    zone, private, weight = treatment_session.clinic.zone, found["private"], found["weight"]
    patient, dosing = treatment_session.patient, found["dosing"] or DosingPolicy()
    return Today(
        check=check if this_visit else None,
        visit=record.of_visit(),
        first_dose=first_dose_at(record.administrations),
        settings=record.settings,
        policy=found["predose_policy"] or PreDosePolicy(),
        on=today(treatment_session, now),
        birth_date=patient.birth_date,
        sex=patient.sex,
        pregnancy=private,
        pregnancy_on=private.asked_at.astimezone(zone).date() if private else None,
        weighed_on=weight.observed_at.astimezone(zone).date() if weight else None,
        weight_days=dosing.weight_days,
        history=record.history,
        goes_on=_goes_on(record),
    )


def _goes_on(record: Record) -> tuple[Trouble, ...]:
    return troubles(
        (event for event in record.standing_events if event.resolved_at is None),
        worst=record.grave,
        panics=[row.pk for row in record.incidents.panics],
        no_better={
            row.event_id: row.pk
            for row in record.incidents.event_follow_ups
            if row.outcome == Outcome.NOT_RESOLVED
        },
    )


def is_of_visit(check: PreDoseCheck, arrived_at: datetime | None) -> bool:
    return arrived_at is not None and check.completed_at >= arrived_at


def today(treatment_session: TreatmentSession, now: datetime) -> date:
    return now.astimezone(treatment_session.clinic.zone).date()
