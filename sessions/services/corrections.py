"""Correct what was recorded as given: a new row supersedes, both stay visible (INV-5)."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError

from clinic import audit, clock, entries
from clinic.audit import acting
from clinic.entries import Submission
from clinic.locks import StaleVersionError
from clinic.models import User
from sessions.models import Dose, InfusionEvent, TreatmentSession
from sessions.models.protocol import Route
from sessions.services import steps
from sessions.services.doses import GIVE, Device, check_device, check_time
from sessions.services.infusions import check_vial


@dataclass(frozen=True, slots=True)
class Drip:
    """What was typed to correct an infusion; its rates, pauses and stop stay as recorded."""

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
    with acting(by):
        entries.claim(entry, by)
        treatment_session = _lock(wrong, Route.NASAL, device.reason, by=by)
        now, given_at = clock.now(), device.given_at or wrong.given_at
        check_time(treatment_session, given_at, now, device.reason)
        check_device(treatment_session, device, now)
        return _supersede(
            wrong,
            treatment_session,
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
    with acting(by):
        entries.claim(entry, by)
        treatment_session = _lock(wrong, Route.IV, drip.reason, by=by)
        now, given_at = clock.now(), drip.given_at or wrong.given_at
        check_time(treatment_session, given_at, now, drip.reason)
        _check_order_of_steps(wrong, given_at)
        check_vial(drip.lot, drip.dose_mg, drip.concentration_mg_ml)
        return _supersede(
            wrong,
            treatment_session,
            dose_mg=drip.dose_mg,
            concentration_mg_ml=drip.concentration_mg_ml,
            lot=drip.lot.strip(),
            given_at=given_at,
            recorded_at=now,
            reason=drip.reason.strip(),
            entered_in_error=entered_in_error,
        )


def _lock(wrong: Dose, route: str, reason: str, *, by: User) -> TreatmentSession:
    """Lock the session of a dose that stands, for a correction by somebody who may give doses."""
    treatment_session = steps.lock_open(wrong.treatment_session_id)
    if not by.may(GIVE, treatment_session.clinic_id):
        raise PermissionDenied(GIVE)
    if Dose.objects.filter(supersedes=wrong).exists():
        raise StaleVersionError
    if wrong.route != route:
        raise ValidationError("A device and an infusion are each corrected in their own form.")
    if not reason.strip():
        raise ValidationError({"reason": "Say why it is corrected."})
    return treatment_session


def _check_order_of_steps(wrong: Dose, given_at: datetime) -> None:
    """Refuse a start after the next step of the same infusion."""
    of_it = InfusionEvent.objects.filter(
        treatment_session=wrong.treatment_session_id, dose__number=wrong.number
    )
    after = of_it.exclude(kind=InfusionEvent.Kind.START).order_by("at", "pk").first()
    if after is not None and given_at > after.at:
        text = f"This is after “{after.get_kind_display().lower()}”. Check the time."
        raise ValidationError({"given_at": text})


def _supersede(wrong: Dose, treatment_session: TreatmentSession, **corrected: Any) -> Dose:
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
    audit.record("dose.corrected", subject=treatment_session, dose=str(dose.public_id))
    return dose
