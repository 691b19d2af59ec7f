"""Infusions: one dose row, and events for start, rate, pauses and stop."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.core.exceptions import PermissionDenied, ValidationError

from clinic import audit, clock, entries, times
from clinic.audit import acting
from clinic.entries import Submission
from clinic.models import User
from sessions.lifecycle import Status
from sessions.models import Dose, InfusionEvent, TreatmentSession
from sessions.models.protocol import Route
from sessions.services import authorization, steps
from sessions.services.doses import GIVE, follow_to_dosing

Kind = InfusionEvent.Kind
# What may follow what; the stop ends it.
NEXT: dict[str, set[str]] = {
    Kind.START: {Kind.RATE, Kind.PAUSE, Kind.STOP},
    Kind.RATE: {Kind.RATE, Kind.PAUSE, Kind.STOP},
    Kind.PAUSE: {Kind.RESUME, Kind.STOP},
    Kind.RESUME: {Kind.RATE, Kind.PAUSE, Kind.STOP},
    Kind.STOP: set(),
}


@dataclass(frozen=True, slots=True)
class Infusion:
    """What was typed when an infusion was started."""

    at: datetime
    lot: str
    rate_ml_h: Decimal
    concentration_mg_ml: Decimal
    dose_mg: Decimal
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """What was typed about a running infusion."""

    kind: str
    at: datetime
    rate_ml_h: Decimal | None = None
    given_ml: Decimal | None = None
    reason: str = ""


def start(
    pk: int,
    infusion: Infusion,
    *,
    by: User,
    outside_gate: bool = False,
    entry: Submission | None = None,
) -> Dose:
    with acting(by):
        entries.claim(entry, by)
        treatment_session = steps.lock(pk)
        now = clock.now()
        if not by.may(GIVE, treatment_session.clinic_id):
            raise PermissionDenied(GIVE)
        _check_start(treatment_session, infusion, now, outside_gate=outside_gate)
        order = authorization.standing_order(treatment_session, now)
        dose = Dose.objects.create(
            treatment_session=treatment_session,
            order=order,
            number=treatment_session.doses.filter(supersedes__isnull=True).count() + 1,
            drug=treatment_session.course.protocol.drug,
            route=Route.IV,
            dose_mg=infusion.dose_mg,
            lot=infusion.lot.strip(),
            concentration_mg_ml=infusion.concentration_mg_ml,
            given_at=infusion.at,
            recorded_at=now,
            given_by=by,
            outside_gate=outside_gate,
            reason=infusion.reason.strip(),
        )
        InfusionEvent.objects.create(
            treatment_session=treatment_session,
            dose=dose,
            kind=Kind.START,
            at=infusion.at,
            recorded_at=now,
            by=by,
            rate_ml_h=infusion.rate_ml_h,
            reason=infusion.reason.strip(),
        )
        audit.record("infusion.start", subject=treatment_session, dose=str(dose.public_id))
        follow_to_dosing(treatment_session, dose, by=by, now=now)
        return dose


def _check_start(
    treatment_session: TreatmentSession, infusion: Infusion, now: datetime, *, outside_gate: bool
) -> None:
    times.check_happened(infusion.at, now, field="at", not_before=treatment_session.arrived_at)
    late_after = treatment_session.clinic.late_entry_minutes
    times.check_late_reason(infusion.at, now, late_after, infusion.reason, field="reason")
    if not infusion.lot.strip():
        raise ValidationError({"lot": "Enter the lot from the vial."})
    if outside_gate:
        if not infusion.reason.strip():
            raise ValidationError({"reason": "Say why it was given outside the gate."})
        return
    if treatment_session.status != Status.CLEARED:
        raise ValidationError(
            f"The session is “{treatment_session.get_status_display()}”: no infusion is due now.",
            code="not_due",
        )
    unmet = authorization.missing(treatment_session, now)
    order = authorization.standing_order(treatment_session, now)
    if unmet or order is None:
        raise ValidationError([condition.text for condition in unmet], code="predose")
    if order.route != Route.IV:
        raise ValidationError("The order is for nasal devices, not for an infusion.", code="route")
    if infusion.dose_mg > order.dose_mg:
        raise ValidationError(
            {"dose_mg": f"{order.dose_mg:f} mg is ordered. More needs a new order."},
            code="over_order",
        )


def change(pk: int, change: Change, *, by: User, entry: Submission | None = None) -> InfusionEvent:
    """Record a rate change, pause, resumption or stop of the session's infusion."""
    with acting(by):
        entries.claim(entry, by)
        treatment_session = steps.lock(pk)
        now = clock.now()
        if not by.may(GIVE, treatment_session.clinic_id):
            raise PermissionDenied(GIVE)
        dose = (
            Dose.objects.filter(treatment_session=treatment_session, route=Route.IV)
            .standing()
            .last()
        )
        last = dose.events.order_by("at", "pk").last() if dose else None
        if dose is None or last is None:
            raise ValidationError("No infusion was started.", code="not_started")
        _check_change(treatment_session, change, last, now)
        event = InfusionEvent.objects.create(
            treatment_session=treatment_session,
            dose=dose,
            kind=change.kind,
            at=change.at,
            recorded_at=now,
            by=by,
            rate_ml_h=change.rate_ml_h,
            given_ml=change.given_ml,
            reason=change.reason.strip(),
        )
        audit.record(f"infusion.{change.kind}", subject=treatment_session, dose=str(dose.public_id))
        if change.kind == Kind.STOP and treatment_session.status == Status.DOSING:
            steps.take(treatment_session, Status.MONITORING, by=by, now=now, at=change.at)
        return event


def _check_change(
    treatment_session: TreatmentSession, change: Change, last: InfusionEvent, now: datetime
) -> None:
    if change.kind not in NEXT[last.kind]:
        raise ValidationError(
            f"The infusion is “{last.get_kind_display().lower()}” now: this does not follow.",
            code="order",
        )
    times.check_happened(change.at, now, field="at", not_before=last.at)
    late_after = treatment_session.clinic.late_entry_minutes
    times.check_late_reason(change.at, now, late_after, change.reason, field="reason")
    if change.kind in {Kind.RATE, Kind.RESUME} and not change.rate_ml_h:
        raise ValidationError({"rate_ml_h": "Enter the rate in mL per hour."})
    if change.kind == Kind.STOP and change.given_ml is None:
        raise ValidationError({"given_ml": "Enter the volume given in mL."})
    if change.kind == Kind.PAUSE and not change.reason.strip():
        raise ValidationError({"reason": "Say why it is paused."})
