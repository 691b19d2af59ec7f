"""Rows of a session as the plain values that the rules take."""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, cast

from monitoring import readings, way_home
from monitoring.models import (
    DischargeAssessment,
    Escort,
    MedicationGiven,
    VitalSigns,
    WayHomeNote,
)
from monitoring.readings import Administration, Check, Effect, Medicine, Reading, Settings
from sessions.models import Dose, InfusionEvent, MonitoringTemplate
from sessions.models.protocol import Route

SETTING_NAMES = [field.name for field in fields(Settings) if field.name != "checks"]


def settings_of(template: MonitoringTemplate | None, checks: Iterable[Any]) -> Settings:
    numbers: dict[str, Any] = {name: getattr(template, name, None) for name in SETTING_NAMES}
    asked = tuple(
        Check(check.label, check.anchor, check.minute, check.every_minutes) for check in checks
    )
    return Settings(**numbers, checks=asked)


def administrations_of(
    doses: Iterable[Dose], events: Sequence[InfusionEvent]
) -> tuple[Administration, ...]:
    """Turn standing doses into times; a refused device was not given, a faulty one may have been.

    The steps of an infusion hang on the row that was written first, so they are found by number.
    """
    stops = {e.dose.number: e for e in events if e.kind == InfusionEvent.Kind.STOP}
    return tuple(
        _administration(dose, stops.get(dose.number))
        for dose in doses
        if dose.outcome != Dose.Outcome.REFUSED
    )


def _administration(dose: Dose, stop: InfusionEvent | None) -> Administration:
    if dose.route != Route.IV:
        return Administration(dose.given_at, dose.given_at, dose.route, dose.recorded_at)
    if stop is None:
        return Administration(dose.given_at, None, dose.route, dose.recorded_at)
    recorded_at = max(dose.recorded_at, stop.recorded_at)
    return Administration(dose.given_at, stop.at, dose.route, recorded_at)


def reading_of(row: VitalSigns) -> Reading:
    return Reading(
        id=row.pk,
        observed_at=row.observed_at,
        recorded_at=row.recorded_at,
        systolic=row.systolic,
        diastolic=row.diastolic,
        pulse=row.pulse,
        spo2=row.spo2,
        oxygen_l_min=row.oxygen_l_min,
        resp_rate=row.respiratory_rate,
        temperature=row.temperature,
        sedation=row.sedation,
        dissociation=row.dissociation,
        not_obtained=row.not_obtained,
        late_reason=row.late_reason,
    )


def notes_of(rows: Iterable[WayHomeNote]) -> list[way_home.Note]:
    return [way_home.Note(row.kind, row.at) for row in rows]


def escort_of(rows: Iterable[Escort], notes: Iterable[WayHomeNote]) -> readings.Escort | None:
    named = [way_home.Named(row.name, row.phone, row.recorded_at) for row in rows]
    return way_home.escort_of(named, notes_of(notes))


def medicine_of(row: MedicationGiven) -> Medicine:
    effect = cast(Effect, row.effect)
    return Medicine(row.pk, str(row), row.given_at, effect, row.minutes, row.recorded_at)


def drugs_of(rows: Iterable[MedicationGiven]) -> list[tuple[str, datetime]]:
    return [(row.drug, row.given_at) for row in rows]


def assessment_of(row: DischargeAssessment | None) -> readings.Assessment | None:
    if row is None:
        return None
    return readings.Assessment(
        by=str(row.assessed_by),
        at=row.assessed_at,
        ready=row.ready,
        decisions=row.decisions,
        is_prescriber=row.by_prescriber,
    )
