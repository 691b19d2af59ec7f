"""Correct what was recorded as given: a new row supersedes, both stay visible (INV-5)."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError

from clinic import audit, clock, times
from clinic.audit import acting
from clinic.entries import Submission
from clinic.locks import StaleVersionError
from clinic.models import User
from clinic.words import explains
from sessions.models import Dose, InfusionEvent, TreatmentSession
from sessions.models.protocol import Route
from sessions.services import steps, wastes
from sessions.services.doses import GIVE, Device, check_device, check_time
from sessions.services.drips import Kind, began, steps_of
from sessions.services.pumps import Change, check_numbers, check_vial


@dataclass(frozen=True, slots=True)
class Drip:
    """What was typed to correct an infusion; its rates, pauses and stop have their own forms."""

    lot: str
    dose_mg: Decimal
    concentration_mg_ml: Decimal
    reason: str
    given_at: datetime | None = None  # None is as it was


def correct_device(
    wrong: Dose,
    device: Device,
    *,
    by: User,
    entered_in_error: bool = False,
    entry: Submission | None = None,
) -> Dose:
    with acting(by, entry):
        treatment_session = _lock(wrong, Route.NASAL, device.reason, by=by)
        now, given_at = clock.now(treatment_session), device.given_at or wrong.given_at
        check_time(treatment_session, given_at, now, device.reason)
        check_device(treatment_session, device, now)
        return _supersede(
            wrong,
            treatment_session,
            by=by,
            estimated_mg=device.estimated_mg,
            outcome=device.outcome,
            lot=device.lot.strip(),
            expires_on=device.expires_on,
            serial=device.serial.strip(),
            given_at=given_at,
            recorded_at=now,
            reason=device.reason.strip(),
            entered_in_error=entered_in_error,
        )


def correct_infusion(
    wrong: Dose,
    drip: Drip,
    *,
    by: User,
    entered_in_error: bool = False,
    entry: Submission | None = None,
) -> Dose:
    with acting(by, entry):
        treatment_session = _lock(wrong, Route.IV, drip.reason, by=by)
        now, given_at = clock.now(treatment_session), drip.given_at or wrong.given_at
        check_time(treatment_session, given_at, now, drip.reason)
        _check_order_of_steps(wrong, given_at)
        check_vial(drip.lot, drip.dose_mg, drip.concentration_mg_ml)
        return _supersede(
            wrong,
            treatment_session,
            by=by,
            dose_mg=drip.dose_mg,
            concentration_mg_ml=drip.concentration_mg_ml,
            lot=drip.lot.strip(),
            given_at=given_at,
            recorded_at=now,
            reason=drip.reason.strip(),
            entered_in_error=entered_in_error,
        )


def correct_step(
    wrong: InfusionEvent, right: Change, *, by: User, entry: Submission | None = None
) -> InfusionEvent:
    """Correct time, rate or volume of a step; what kind of step it was stays."""
    with acting(by, entry):
        treatment_session = _lock_row(wrong, right.reason, by=by)
        if wrong.kind == Kind.START:
            raise ValidationError("The start is corrected with the infusion itself.", code="start")
        now, at = clock.now(treatment_session), right.at or wrong.at
        at = _check_step_time(treatment_session, wrong, at, now)
        check_numbers(right, wrong.dose)
        event = InfusionEvent.objects.create(
            treatment_session=treatment_session,
            dose=wrong.dose,
            kind=wrong.kind,
            at=at,
            recorded_at=now,
            by=by,
            rate_ml_h=right.rate_ml_h if wrong.kind in {Kind.RATE, Kind.RESUME} else None,
            given_ml=right.given_ml if wrong.kind == Kind.STOP else None,
            reason=right.reason.strip(),
            supersedes=wrong,
        )
        wastes.review(treatment_session, by=by, now=now)
        audit.record(
            "infusion.corrected", subject=treatment_session, dose=str(wrong.dose.public_id)
        )
        return event


def _check_step_time(
    treatment_session: TreatmentSession, wrong: InfusionEvent, at: datetime, now: datetime
) -> datetime:
    """Return the time, kept after the step before it; refuse one outside of its neighbours."""
    times.check_happened(at, now, field="at")
    if treatment_session.ended_at is not None and at > treatment_session.ended_at:
        raise ValidationError({"at": "The session had ended by then. Check the time."})
    taken = steps_of(treatment_session, wrong.dose.number)
    place = taken.index(wrong)
    before, after = taken[place - 1], taken[place + 1 :]
    earliest = began(treatment_session, before)
    if at < earliest.replace(second=0, microsecond=0):
        text = f"This is before “{before.get_kind_display().lower()}”. Check the time."
        raise ValidationError({"at": text})
    if after and at > after[0].at:
        text = f"This is after “{after[0].get_kind_display().lower()}”. Check the time."
        raise ValidationError({"at": text})
    return max(at, earliest)


def _lock(wrong: Dose, route: str, reason: str, *, by: User) -> TreatmentSession:
    treatment_session = _lock_row(wrong, reason, by=by)
    if wrong.route != route:
        raise ValidationError("A device and an infusion are each corrected in their own form.")
    return treatment_session


def _lock_row(wrong: Dose | InfusionEvent, reason: str, *, by: User) -> TreatmentSession:
    """Lock the session of a row that stands, for a correction by somebody who may give doses."""
    treatment_session = steps.lock_for(wrong.treatment_session_id, by, GIVE)
    if type(wrong)._default_manager.filter(supersedes=wrong.pk).exists():
        raise StaleVersionError
    if not explains(reason):
        raise ValidationError({"reason": "Say why it is corrected."})
    return treatment_session


def _check_order_of_steps(wrong: Dose, given_at: datetime) -> None:
    """Refuse a start after the next step of the same infusion."""
    after = steps_of(wrong.treatment_session, wrong.number)[1:2]
    if after and given_at > after[0].at:
        text = f"This is after “{after[0].get_kind_display().lower()}”. Check the time."
        raise ValidationError({"given_at": text})


def _supersede(
    wrong: Dose, treatment_session: TreatmentSession, *, by: User, **corrected: Any
) -> Dose:
    """Write the corrected values beside the wrong row; who gave it, and for what order, stays."""
    kept = {
        "order": wrong.order,
        "number": wrong.number,
        "drug": wrong.drug,
        "route": wrong.route,
        "dose_mg": wrong.dose_mg,
        "given_by": wrong.given_by,
        "outside_gate": wrong.outside_gate,
    }
    dose = Dose.objects.create(
        treatment_session=treatment_session, supersedes=wrong, **{**kept, **corrected}
    )
    wastes.review(treatment_session, by=by, now=corrected["recorded_at"])
    audit.record("dose.corrected", subject=treatment_session, dose=str(dose.public_id))
    return dose
