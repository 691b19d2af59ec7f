"""Nasal devices: one row each, with time, lot and outcome."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.core.exceptions import ValidationError

from clinic import audit, clock, times
from clinic.audit import acting
from clinic.entries import Submission
from clinic.locks import StaleVersionError
from clinic.models import User
from clinic.numbers import plain
from clinic.words import explains
from sessions.dosing import MG_PER_DEVICE, whole_devices
from sessions.lifecycle import Status
from sessions.models import Dose, DoseOrder, DosingPolicy, MonitoringTemplate, TreatmentSession
from sessions.models.protocol import Route
from sessions.services import asks, authorization, checks, steps

GIVE = authorization.GIVE


@dataclass(frozen=True, slots=True)
class Device:
    """What was typed about one device."""

    lot: str
    given_at: datetime | None = None  # None is now, by the database's clock
    outcome: str = Dose.Outcome.COMPLETE
    estimated_mg: Decimal | None = None
    expires_on: date | None = None
    serial: str = ""
    reason: str = ""
    number: int | None = None  # which one the page asked for


def devices_ordered(order: DoseOrder) -> int:
    """Return how many devices hold the ordered dose; none hold an infusion's."""
    return whole_devices(order.dose_mg) if order.route == Route.NASAL else 0


def record_device(
    pk: int,
    device: Device,
    *,
    by: User,
    outside_gate: bool = False,
    entry: Submission | None = None,
) -> Dose:
    """Record one device. The first turns the session to dosing, the last to monitoring.

    Outside the gate the dose is recorded whatever is missing: it has been given.
    """
    with acting(by, entry):
        treatment_session = steps.lock_for(pk, by, GIVE)
        now = clock.now(treatment_session)
        check_route(treatment_session, Route.NASAL)
        given_at = device.given_at or now
        device = replace(device, given_at=given_at)
        check_time(treatment_session, given_at, now, device.reason)
        check_device(treatment_session, device, now)
        number = next_number(treatment_session)
        if device.number not in {None, number}:
            raise StaleVersionError
        given = list(Dose.objects.filter(treatment_session=treatment_session).standing())
        order = authorization.standing_order(treatment_session, now)
        if outside_gate:
            if not explains(device.reason):
                raise ValidationError({"reason": "Say why it was given outside the gate."})
        else:
            _authorize(treatment_session, device, given, order, by=by, now=now)
        dose = _write(
            treatment_session, device, order, number, by=by, now=now, outside_gate=outside_gate
        )
        _advance(treatment_session, [*given, dose], order, by=by, now=now)
        return dose


def check_route(treatment_session: TreatmentSession, route: Route) -> None:
    """Refuse what can't be a dose of this course, also outside the gate.

    Observation, signature and the count of doses rest on the route of its protocol.
    """
    of_course = Route(treatment_session.course.protocol.route)
    if of_course != route:
        raise ValidationError(
            f"This course is given as {of_course.label.lower()}: this is no dose of it. "
            "If it was given all the same, record it as an adverse event.",
            code="route",
        )


def next_number(treatment_session: TreatmentSession) -> int:
    return treatment_session.doses.filter(supersedes__isnull=True).count() + 1


def effective(given: Iterable[Dose]) -> list[Dose]:
    """Leave out devices that gave nothing of the order: faulty or refused ones."""
    return [
        dose for dose in given if dose.outcome not in {Dose.Outcome.FAULTY, Dose.Outcome.REFUSED}
    ]


def check_device(treatment_session: TreatmentSession, device: Device, now: datetime) -> None:
    if not device.lot.strip():
        raise ValidationError({"lot": "Enter the lot from the device."})
    if device.estimated_mg is not None and not 0 <= device.estimated_mg <= MG_PER_DEVICE:
        raise ValidationError(
            {"estimated_mg": f"A device holds {MG_PER_DEVICE} mg: 0 to {MG_PER_DEVICE}."}
        )
    today = now.astimezone(treatment_session.clinic.zone).date()
    if device.expires_on is not None and device.expires_on < today and not explains(device.reason):
        raise ValidationError({"expires_on": "This device is past its expiry date."})


def check_time(
    treatment_session: TreatmentSession, given_at: datetime, now: datetime, reason: str
) -> None:
    times.check_happened(given_at, now, field="given_at", not_before=treatment_session.arrived_at)
    late_after = treatment_session.clinic.late_entry_minutes
    times.check_late_reason(given_at, now, late_after, reason, field="reason")
    if treatment_session.ended_at is not None and given_at > treatment_session.ended_at:
        raise ValidationError({"given_at": "The session had ended by then. Check the time."})


def _authorize(
    treatment_session: TreatmentSession,
    device: Device,
    given: list[Dose],
    order: DoseOrder | None,
    *,
    by: User,
    now: datetime,
) -> None:
    if treatment_session.status not in {Status.CLEARED, Status.DOSING}:
        raise ValidationError(
            f"The session is “{treatment_session.get_status_display()}”: no device is due now.",
            code="not_due",
        )
    unmet = authorization.missing(treatment_session, now)
    if unmet or order is None:
        raise ValidationError([condition.text for condition in unmet], code="predose")
    _check_count(given, order, device, by=by, clinic_id=treatment_session.clinic_id)
    _check_second(treatment_session, given, order, device)
    _check_rest(treatment_session, given, device)


def _check_count(
    given: list[Dose], order: DoseOrder, device: Device, *, by: User, clinic_id: int
) -> None:
    """Allow the ordered devices, and one more for each faulty one when a prescriber orders it."""
    ordered = devices_ordered(order)
    used = [dose for dose in given if dose.outcome != Dose.Outcome.REFUSED]
    if len(used) < ordered:
        return
    if len(effective(used)) >= ordered:
        raise ValidationError(
            f"{plain(order.dose_mg)} mg is ordered: all {ordered} devices are recorded. "
            "A further device needs a new order.",
            code="all_given",
        )
    if not by.may("treatment_sessions.order_dose", clinic_id) or not explains(device.reason):
        raise ValidationError(
            {"reason": "A prescriber orders the replacement of a faulty device, with a reason."}
        )


def _check_second(
    treatment_session: TreatmentSession, given: list[Dose], order: DoseOrder, device: Device
) -> None:
    """Ask for the second check where the clinic wants one; it holds for all devices of a dose."""
    first = min((dose.given_at for dose in given), default=device.given_at)
    if first is not None:
        policy = DosingPolicy.of(treatment_session.clinic_id)
        checks.require(treatment_session, order, policy, first)


def _check_rest(treatment_session: TreatmentSession, given: list[Dose], device: Device) -> None:
    """Between two devices the patient rests five minutes (clinical 1.2); less asks for a reason."""
    given_at = [dose.given_at for dose in given if dose.outcome != Dose.Outcome.REFUSED]
    if not given_at or device.given_at is None or explains(device.reason):
        return
    template = MonitoringTemplate.objects.get(protocol_id=treatment_session.course.protocol_id)
    rest = timedelta(minutes=template.rest_between_devices_minutes)
    if device.given_at - max(given_at) < rest:
        raise ValidationError(
            {
                "reason": f"Less than {template.rest_between_devices_minutes} minutes since the "
                "last device. Wait, or say why it was given."
            },
            code="rest",
        )


def _write(
    treatment_session: TreatmentSession,
    device: Device,
    order: DoseOrder | None,
    number: int,
    *,
    by: User,
    now: datetime,
    outside_gate: bool,
) -> Dose:
    protocol = treatment_session.course.protocol
    dose = Dose.objects.create(
        treatment_session=treatment_session,
        order=order,
        number=number,
        drug=protocol.drug,
        route=Route.NASAL,
        dose_mg=MG_PER_DEVICE,
        estimated_mg=device.estimated_mg,
        outcome=device.outcome,
        lot=device.lot.strip(),
        expires_on=device.expires_on,
        serial=device.serial.strip(),
        given_at=device.given_at or now,
        recorded_at=now,
        given_by=by,
        outside_gate=outside_gate,
        reason=device.reason.strip(),
    )
    audit.record("dose.recorded", subject=treatment_session, dose=str(dose.public_id))
    if outside_gate:
        treatment_session.outside_gate = True
        treatment_session.save(update_fields=["outside_gate"])
        asks.to_review(treatment_session, now, f"Device {dose.number} was given outside the gate")
    return dose


def _advance(
    treatment_session: TreatmentSession,
    given: list[Dose],
    order: DoseOrder | None,
    *,
    by: User,
    now: datetime,
) -> None:
    """Let the status follow what has happened; a refused device has not begun anything."""
    if given[-1].outcome == Dose.Outcome.REFUSED:
        return
    follow_to_dosing(treatment_session, given[-1], by=by, now=now)
    complete = order is not None and len(effective(given)) >= devices_ordered(order)
    if treatment_session.status == Status.DOSING and complete:
        steps.take(treatment_session, Status.MONITORING, by=by, now=now, at=given[-1].given_at)


def follow_to_dosing(
    treatment_session: TreatmentSession, dose: Dose, *, by: User, now: datetime
) -> None:
    """Take the steps up to dosing after a dose; the guard was asked, or the dose is outside it."""
    way = [Status.PLANNED, Status.CHECKED_IN, Status.CLEARED, Status.DOSING]
    if treatment_session.status not in way:
        return
    for status in way[way.index(Status(treatment_session.status)) + 1 :]:
        steps.take(
            treatment_session,
            status,
            by=by,
            now=now,
            at=dose.given_at,
            reason=dose.reason,
            outside_gate=dose.outside_gate and status == Status.CLEARED,
            guarded=False,
        )
