"""What the chart holds of a FHIR record: imported rows follow their source.

A weight or height, on which a dose may rest, is never overwritten: another value is another row.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from patients.fhir.records import (
    AllergyData,
    ConditionData,
    MeasureData,
    MedicationData,
    PatientRecord,
)
from patients.models import Allergy, BodyMeasure, Condition, Medication
from patients.models.chart import ChartRow

LONGEST_NOTE = 300


@dataclass(frozen=True, slots=True)
class RowKind:
    label: str
    model: type[ChartRow]
    items: Callable[[PatientRecord], Iterable[Any]]
    values: Callable[[Any], dict[str, Any]]
    fields: tuple[str, ...]
    in_place: bool = True  # or else a changed row is replaced by a new one


def _condition(data: ConditionData) -> dict[str, Any]:
    return {
        "text": data.text,
        "code": data.code,
        "code_system": data.system,
        "clinical_status": _status(data.clinical_status),
        "onset_on": data.onset_on,
        "abated_on": data.abated_on,
        "note": _note(
            _unless_stated(data.clinical_status), _doubt(data.verification_status), data.dates_note
        ),
    }


def _medication(data: MedicationData) -> dict[str, Any]:
    return {
        "text": data.text,
        "code": data.code,
        "code_system": data.system,
        "status": _status(data.status),
        "started_on": data.started_on,
        "stopped_on": data.stopped_on,
        "note": _note(data.dosage, _unless_stated(data.status), data.dates_note),
    }


def _allergy(data: AllergyData) -> dict[str, Any]:
    return {
        "text": data.text,
        "code": data.code,
        "code_system": data.system,
        "category": data.category,
        "criticality": data.criticality,
        "reaction": data.reaction,
        "status": _status(data.status),
        "note": _note(_unless_stated(data.status), _doubt(data.verification_status)),
    }


def _measure(data: MeasureData) -> dict[str, Any]:
    return {"kind": data.kind, "value": data.value, "observed_at": data.observed_at}


def _status(stated: str) -> str:
    """Not stated counts as active: it shows until someone says otherwise."""
    return stated or "active"


def _unless_stated(status: str) -> str:
    return "" if status else "status not stated"


def _doubt(verification_status: str) -> str:
    return "" if verification_status in {"", "confirmed"} else verification_status


def _note(*parts: str) -> str:
    text = "; ".join(part for part in parts if part)
    return text if len(text) <= LONGEST_NOTE else f"{text[: LONGEST_NOTE - 1]}…"


_CODED = ("text", "code", "code_system", "note")
KINDS = (
    RowKind(
        "Conditions",
        Condition,
        lambda record: record.conditions,
        _condition,
        (*_CODED, "clinical_status", "onset_on", "abated_on"),
    ),
    RowKind(
        "Medicines",
        Medication,
        lambda record: record.medications,
        _medication,
        (*_CODED, "status", "started_on", "stopped_on"),
    ),
    RowKind(
        "Allergies",
        Allergy,
        lambda record: record.allergies,
        _allergy,
        (*_CODED, "category", "criticality", "reaction", "status"),
    ),
    RowKind(
        "Weight and height",
        BodyMeasure,
        lambda record: record.measures,
        _measure,
        ("kind", "value", "observed_at"),
        in_place=False,
    ),
)
