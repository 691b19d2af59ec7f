"""Vital signs: recorded, or corrected with a reason."""

from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError

from clinic import audit, clock, times
from clinic.audit import acting
from clinic.entries import Submission
from clinic.locks import StaleVersionError
from clinic.models import User
from clinic.words import explains
from monitoring.entry import doubtful
from monitoring.models import VitalSigns
from monitoring.readings import MEASURES, said
from monitoring.services import critical
from sessions.models import TreatmentSession
from sessions.services import steps

RECORD = "monitoring.record_vitals"


@dataclass(frozen=True, slots=True)
class Measured:
    """One set as it was typed; None is not obtained."""

    systolic: int | None = None
    diastolic: int | None = None
    pulse: int | None = None
    spo2: int | None = None
    respiratory_rate: int | None = None
    sedation: int | None = None
    dissociation: int | None = None
    oxygen_l_min: Decimal | None = None
    temperature: Decimal | None = None
    not_obtained: str = ""
    note: str = ""

    @property
    def measures(self) -> dict[str, Any]:
        """Return the numbers under the names of the rules."""
        values = {k: v for k, v in asdict(self).items() if k not in {"not_obtained", "note"}}
        return {"resp_rate": values.pop("respiratory_rate"), **values}


def record_vitals(
    pk: int,
    measured: Measured,
    *,
    by: User,
    observed_at: datetime | None = None,
    late_reason: str = "",
    confirmed: bool = False,
    entry: Submission | None = None,
) -> VitalSigns:
    """Record one set; without a time it was taken now, by the database's clock."""
    with acting(by, entry):
        treatment_session = steps.lock_open(pk)
        now = clock.now(treatment_session)
        _allow(by, treatment_session)
        at = observed_at or now
        _check_time(treatment_session, at, now)
        late_after = by.clinic(treatment_session.clinic_id).late_entry_minutes
        times.check_late_reason(at, now, late_after, late_reason, field="late_reason")
        _check_measured(measured, confirmed=confirmed)
        vitals = VitalSigns.objects.create(
            treatment_session=treatment_session,
            observed_at=at,
            recorded_at=now,
            recorded_by=by,
            late_reason=late_reason.strip(),
            **asdict(measured),
        )
        audit.record("vitals.recorded", subject=treatment_session, vitals=str(vitals.public_id))
        critical.follow(treatment_session, by=by, now=now)
        return vitals


def correct_vitals(
    wrong: VitalSigns,
    measured: Measured,
    *,
    by: User,
    observed_at: datetime,
    reason: str,
    entered_in_error: bool = False,
    confirmed: bool = False,
    entry: Submission | None = None,
) -> VitalSigns:
    """Add a set that supersedes; both stay. Entered in error keeps the values, and none count."""
    with acting(by, entry):
        treatment_session = steps.lock_open(wrong.treatment_session_id)
        now = clock.now(treatment_session)
        _allow(by, treatment_session)
        if VitalSigns.objects.filter(supersedes=wrong).exists():
            raise StaleVersionError
        if not explains(reason):
            raise ValidationError({"reason": "Say why it is corrected."})
        if entered_in_error:
            measured, observed_at = measured_of(wrong), wrong.observed_at
        else:
            _check_time(treatment_session, observed_at, now)
            _check_measured(measured, confirmed=confirmed)
        vitals = VitalSigns.objects.create(
            treatment_session=treatment_session,
            observed_at=observed_at,
            recorded_at=now,
            recorded_by=by,
            late_reason=wrong.late_reason,
            supersedes=wrong,
            reason=reason.strip(),
            entered_in_error=entered_in_error,
            **asdict(measured),
        )
        audit.record("vitals.corrected", subject=treatment_session, vitals=str(vitals.public_id))
        critical.follow(treatment_session, by=by, now=now)
        return vitals


def measured_of(row: VitalSigns) -> Measured:
    return Measured(**{name: getattr(row, name) for name in Measured.__dataclass_fields__})


def _allow(by: User, treatment_session: TreatmentSession) -> None:
    if not by.may(RECORD, treatment_session.clinic_id):
        raise PermissionDenied(RECORD)


def _check_time(treatment_session: TreatmentSession, at: datetime, now: datetime) -> None:
    if treatment_session.arrived_at is None:
        raise ValidationError(
            "The patient has not arrived: check them in first.", code="not_arrived"
        )
    times.check_happened(at, now, field="observed_at", not_before=treatment_session.arrived_at)
    if treatment_session.ended_at is not None and at > treatment_session.ended_at:
        raise ValidationError(
            {"observed_at": "The patient had left by then. Enter when it was taken."}
        )


def _check_measured(measured: Measured, *, confirmed: bool) -> None:
    values = {name: value for name, value in measured.measures.items() if value is not None}
    if not values and not said(measured.not_obtained):
        raise ValidationError(
            {"not_obtained": "Enter what was measured, or say why nothing was obtained."}
        )
    for name, value in values.items():
        if not MEASURES[name].holds(value):
            raise ValidationError(f"{value} can't be a {MEASURES[name].label}.", code="limits")
    rare = doubtful(values)
    if rare and not confirmed:
        raise ValidationError({"confirmed": list(rare)}, code="confirm")
