"""A clean history in minutes after the first dose, to be spoilt by each test in one point."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from monitoring.readings import (
    Administration,
    Assessment,
    Check,
    Escort,
    History,
    Reading,
    Settings,
)

START = datetime(2026, 11, 16, 15, 0, tzinfo=UTC)
CHECKS = (
    Check("Before the dose", "before_dose"),
    Check("40 minutes", "first_dose", 40),
    Check("60 minutes", "first_dose", 60),
    Check("90 minutes", "first_dose", 90),
    Check("Before leaving", "last_dose", 120),
)
SETTINGS = Settings(checks=CHECKS)
NORMAL: dict[str, Any] = {
    "systolic": 124,
    "diastolic": 78,
    "pulse": 72,
    "spo2": 97,
    "sedation": 5,
    "dissociation": 0,
}


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def reading(minutes: float, **values: Any) -> Reading:
    observed_at = at(minutes)
    fields = NORMAL | {"id": int(minutes * 60), "recorded_at": observed_at} | values
    return Reading(observed_at=observed_at, **fields)


def bp(minutes: float, systolic: int | None, diastolic: int | None, **values: Any) -> Reading:
    return reading(minutes, systolic=systolic, diastolic=diastolic, **values)


def device(minutes: float) -> Administration:
    return Administration(at(minutes), at(minutes), "nasal", at(minutes))


def assessment(minutes: float, **values: Any) -> Assessment:
    fields: dict[str, Any] = {"by": "N. Okafor", "at": at(minutes), "ready": True}
    return Assessment(**fields | values)


def history(*readings: Reading, **values: Any) -> History:
    """Two devices at 0 and 5 minutes, assessed at 125: free to go at 125 and a minute later."""
    fields: dict[str, Any] = {
        "readings": readings or (reading(-10), reading(40), reading(120)),
        "administrations": (device(0), device(5)),
        "escort": Escort(settled=True, name="Sam"),
        "assessment": assessment(125),
    }
    return History(**fields | values)


def without(given: Reading, *measures: str) -> Reading:
    nothing: dict[str, Any] = dict.fromkeys(measures)
    return replace(given, **nothing)
