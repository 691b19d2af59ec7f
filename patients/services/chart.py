"""What is known of the patient's body and medicines: added, ended, entered in error."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TypeVar

from django.core.exceptions import PermissionDenied, ValidationError

from clinic import audit, clock
from clinic.audit import acting
from clinic.entries import Submission
from clinic.models import User
from clinic.times import check_happened
from clinic.words import explains
from patients import measures
from patients.models import Allergy, BodyMeasure, Condition, Medication, Patient
from patients.models.chart import ERROR_FIELDS, NO_KNOWN_ALLERGY, SNOMED, ChartRow
from patients.services.register import locked

CHART = "patients.change_chart"
Row = TypeVar("Row", bound=ChartRow)


@dataclass(frozen=True, slots=True)
class Measured:
    kind: str
    number: Decimal
    unit: str
    observed_at: datetime

    @property
    def value(self) -> Decimal:
        return measures.in_base_unit(self.kind, self.number, self.unit)


class DoubtfulMeasureError(ValidationError):
    """A value far from the last one: saved once the same value is confirmed."""

    def __init__(self, doubt: str) -> None:
        super().__init__(f"{doubt} Check the unit, then confirm.", code="doubtful")


def add_medication(
    patient_pk: int,
    *,
    by: User,
    text: str,
    started_on: date | None = None,
    note: str = "",
    entry: Submission | None = None,
) -> Medication:
    with acting(by, entry):
        patient = locked(patient_pk, by=by, permission=CHART)
        _check_day(patient, started_on, "started_on")
        row = Medication(text=text, started_on=started_on, note=note)
        return _added(row, patient, "medication.added")


def stop_medication(
    pk: int, *, by: User, stopped_on: date, entry: Submission | None = None
) -> Medication:
    with acting(by, entry):
        row = _locked_row(Medication, pk, by)
        if row.status == "stopped":
            raise ValidationError("This medicine was stopped already.", code="stopped")
        _check_day(row.patient, stopped_on, "stopped_on")
        if row.started_on is not None and stopped_on < row.started_on:
            raise ValidationError({"stopped_on": "This is before it was started."})
        row.status, row.stopped_on = "stopped", stopped_on
        return _changed(row, "medication.stopped", "status", "stopped_on")


def add_condition(
    patient_pk: int,
    *,
    by: User,
    text: str,
    onset_on: date | None = None,
    note: str = "",
    entry: Submission | None = None,
) -> Condition:
    with acting(by, entry):
        patient = locked(patient_pk, by=by, permission=CHART)
        _check_day(patient, onset_on, "onset_on")
        row = Condition(text=text, onset_on=onset_on, note=note)
        return _added(row, patient, "condition.added")


def resolve_condition(
    pk: int, *, by: User, abated_on: date, entry: Submission | None = None
) -> Condition:
    with acting(by, entry):
        row = _locked_row(Condition, pk, by)
        if not row.is_active:
            raise ValidationError("This condition is not active any more.", code="resolved")
        _check_day(row.patient, abated_on, "abated_on")
        if row.onset_on is not None and abated_on < row.onset_on:
            raise ValidationError({"abated_on": "This is before its onset."})
        row.clinical_status, row.abated_on = "resolved", abated_on
        return _changed(row, "condition.resolved", "clinical_status", "abated_on")


def add_allergy(
    patient_pk: int,
    *,
    by: User,
    text: str,
    criticality: str = "",
    reaction: str = "",
    note: str = "",
    entry: Submission | None = None,
) -> Allergy:
    with acting(by, entry):
        patient = locked(patient_pk, by=by, permission=CHART)
        for none_known in _active_allergies(patient, code=NO_KNOWN_ALLERGY):
            none_known.status = "inactive"
            _changed(none_known, "allergies.none_known_ended", "status")
        row = Allergy(text=text, criticality=criticality, reaction=reaction, note=note)
        return _added(row, patient, "allergy.added")


def no_known_allergies(
    patient_pk: int, *, by: User, note: str = "", entry: Submission | None = None
) -> Allergy:
    """Record that the patient was asked and no allergy is known; a later allergy ends it."""
    with acting(by, entry):
        patient = locked(patient_pk, by=by, permission=CHART)
        if _active_allergies(patient):
            raise ValidationError(
                "The chart has an answer already. Mark a wrong allergy as entered in error.",
                code="answered",
            )
        row = Allergy(
            text="No known allergies", code=NO_KNOWN_ALLERGY, code_system=SNOMED, note=note
        )
        return _added(row, patient, "allergies.none_known")


def _active_allergies(patient: Patient, **which: str) -> list[Allergy]:
    rows = Allergy.objects.standing().filter(patient=patient, status="active")
    return list(rows.filter(**which))


def add_measure(
    patient_pk: int,
    measured: Measured,
    *,
    by: User,
    confirmed: Decimal | None = None,
    entry: Submission | None = None,
) -> BodyMeasure:
    """Record a weight or height; `confirmed` is the value in kg or cm that the user confirmed."""
    with acting(by, entry):
        patient = locked(patient_pk, by=by, permission=CHART)
        value = measured.value
        _check_measure(measured, patient)
        doubt = measures.doubt(measured.kind, value, _last(patient, measured))
        if doubt and confirmed != value:
            raise DoubtfulMeasureError(doubt)
        row = BodyMeasure(kind=measured.kind, value=value, observed_at=measured.observed_at)
        return _added(row, patient, "measure.added")


def enter_in_error(
    model: type[Row], pk: int, *, by: User, reason: str, entry: Submission | None = None
) -> Row:
    """Take a row out of use; it stays on the record with the reason."""
    with acting(by, entry):
        row = _locked_row(model, pk, by)
        if not explains(reason):
            raise ValidationError({"reason": "Say why this is wrong."})
        row.mark_error(reason, at=clock.now(), by_pk=by.pk)
        return _changed(row, f"{row._meta.model_name}.entered_in_error", *ERROR_FIELDS)


def _locked_row(model: type[Row], pk: int, by: User) -> Row:
    row = (
        model.objects.select_for_update(of=("self",)).select_related("patient", "clinic").get(pk=pk)
    )
    if not by.may(CHART, row.clinic_id):
        raise PermissionDenied(CHART)
    if row.entered_in_error:
        raise ValidationError("This was marked as entered in error already.", code="in_error")
    return row


def _added(row: Row, patient: Patient, event: str) -> Row:
    row.patient, row.clinic = patient, patient.clinic
    row.save()
    audit.record(event, subject=row)
    return row


def _changed(row: Row, event: str, *fields: str) -> Row:
    row.changed_here = True
    row.save(update_fields=[*fields, "changed_here"])
    audit.record(event, subject=row)
    return row


def _check_day(patient: Patient, day: date | None, field: str) -> None:
    if day is None:
        return
    if day > clock.now().astimezone(patient.clinic.zone).date():
        raise ValidationError({field: "This day lies ahead. Enter when it happened."})
    if day < patient.birth_date:
        raise ValidationError({field: "This is before the birth date."})


def _check_measure(measured: Measured, patient: Patient) -> None:
    if not measures.is_possible(measured.kind, measured.value):
        low, high = measures.POSSIBLE[measured.kind]
        unit = measures.BASE_UNIT[measured.kind]
        raise ValidationError(
            {"number": f"Enter {low} to {high} {unit}, or the same in the other unit."}
        )
    check_happened(measured.observed_at, clock.now(), field="observed_at")
    if measured.observed_at.astimezone(patient.clinic.zone).date() < patient.birth_date:
        raise ValidationError({"observed_at": "This is before the birth date."})


def _last(patient: Patient, measured: Measured) -> Decimal | None:
    return (
        BodyMeasure.objects.standing()
        .filter(patient=patient, kind=measured.kind, observed_at__lte=measured.observed_at)
        .values_list("value", flat=True)
        .first()
    )
