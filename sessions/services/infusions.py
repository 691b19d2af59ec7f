"""Infusions: one dose row, and events for start, rate, pauses and stop."""

from dataclasses import replace
from datetime import datetime

from django.core.exceptions import ValidationError

from clinic import audit, clock, times
from clinic.audit import acting
from clinic.entries import Submission
from clinic.models import User
from clinic.numbers import plain
from clinic.words import explains
from sessions.lifecycle import Status
from sessions.limits import over_cap
from sessions.models import Dose, DoseOrder, DosingPolicy, InfusionEvent, TreatmentSession
from sessions.models.protocol import Route
from sessions.services import asks, authorization, checks, steps
from sessions.services.doses import GIVE, check_route, follow_to_dosing, next_number
from sessions.services.drips import NEXT, Kind, began, ran, steps_of
from sessions.services.pumps import (
    ABOVE_0,
    Change,
    Infusion,
    check_as_checked,
    check_as_ran,
    check_numbers,
    check_rate,
    check_vial,
)

OUTSIDE_WITHOUT_REASON = "Say why it was given outside the gate."


def start(
    pk: int,
    infusion: Infusion,
    *,
    by: User,
    outside_gate: bool = False,
    entry: Submission | None = None,
) -> Dose:
    with acting(by, entry):
        treatment_session = steps.lock_for(pk, by, GIVE)
        now = clock.now(treatment_session)
        check_route(treatment_session, Route.IV)
        at = infusion.at or now
        infusion = replace(infusion, at=at)
        _check_typed(treatment_session, infusion, at, now)
        order = authorization.standing_order(treatment_session, now)
        if not outside_gate:
            _authorize(treatment_session, infusion, order, at, now)
        elif not explains(infusion.reason):
            raise ValidationError({"reason": OUTSIDE_WITHOUT_REASON})
        dose = _write(
            treatment_session, infusion, order, by=by, at=at, now=now, outside_gate=outside_gate
        )
        follow_to_dosing(treatment_session, dose, by=by, now=now)
        return dose


def _check_typed(
    treatment_session: TreatmentSession, infusion: Infusion, at: datetime, now: datetime
) -> None:
    times.check_happened(at, now, field="at", not_before=treatment_session.arrived_at)
    late_after = treatment_session.clinic.late_entry_minutes
    times.check_late_reason(at, now, late_after, infusion.reason, field="reason")
    if infusion.rate_ml_h <= 0:
        raise ValidationError({"rate_ml_h": ABOVE_0})
    check_vial(infusion.lot, infusion.dose_mg, infusion.concentration_mg_ml)


def _authorize(
    treatment_session: TreatmentSession,
    infusion: Infusion,
    order: DoseOrder | None,
    at: datetime,
    now: datetime,
) -> None:
    if treatment_session.status != Status.CLEARED:
        raise ValidationError(
            f"The session is “{treatment_session.get_status_display()}”: no infusion is due now.",
            code="not_due",
        )
    unmet = authorization.missing(treatment_session, now)
    if unmet or order is None:
        raise ValidationError([condition.text for condition in unmet], code="predose")
    if infusion.dose_mg > order.dose_mg:
        raise ValidationError(
            {"dose_mg": f"{plain(order.dose_mg)} mg is ordered. More needs a new order."},
            code="over_order",
        )
    policy = DosingPolicy.of(treatment_session.clinic_id)
    if refusal := over_cap(infusion.dose_mg, policy.limits):
        raise ValidationError({"dose_mg": refusal}, code="over_cap")
    differs = infusion.concentration_mg_ml != order.concentration_mg_ml
    if differs and not explains(infusion.reason):
        text = "This is not the ordered concentration. Correct it, or say why."
        raise ValidationError({"concentration_mg_ml": text})
    numbers = (infusion.rate_ml_h, infusion.dose_mg, infusion.concentration_mg_ml)
    check_rate(*numbers, order, infusion.reason)
    if check := checks.require(treatment_session, order, policy, at):
        check_as_checked(infusion, check)


def _write(
    treatment_session: TreatmentSession,
    infusion: Infusion,
    order: DoseOrder | None,
    *,
    by: User,
    at: datetime,
    now: datetime,
    outside_gate: bool,
) -> Dose:
    dose = Dose.objects.create(
        treatment_session=treatment_session,
        order=order,
        number=next_number(treatment_session),
        drug=treatment_session.course.protocol.drug,
        route=Route.IV,
        dose_mg=infusion.dose_mg,
        lot=infusion.lot.strip(),
        concentration_mg_ml=infusion.concentration_mg_ml,
        given_at=at,
        recorded_at=now,
        given_by=by,
        outside_gate=outside_gate,
        reason=infusion.reason.strip(),
    )
    InfusionEvent.objects.create(
        treatment_session=treatment_session,
        dose=dose,
        kind=Kind.START,
        at=at,
        recorded_at=now,
        by=by,
        rate_ml_h=infusion.rate_ml_h,
        reason=infusion.reason.strip(),
    )
    audit.record("infusion.start", subject=treatment_session, dose=str(dose.public_id))
    if outside_gate:
        _mark_outside_gate(treatment_session, now, "An infusion was started outside the gate")
    return dose


def _mark_outside_gate(treatment_session: TreatmentSession, now: datetime, what: str) -> None:
    treatment_session.outside_gate = True
    treatment_session.save(update_fields=["outside_gate"])
    asks.to_review(treatment_session, now, what)


def current(treatment_session: TreatmentSession) -> tuple[Dose, list[InfusionEvent]] | None:
    """Return the last infusion as it stands, with its steps, which hang on its first row."""
    doses = Dose.objects.filter(treatment_session=treatment_session, route=Route.IV)
    dose = doses.standing().last()
    if dose is None:
        return None
    return dose, steps_of(treatment_session, dose.number)


def change(
    pk: int,
    change: Change,
    *,
    by: User,
    outside_gate: bool = False,
    entry: Submission | None = None,
) -> InfusionEvent:
    """Record a rate change, pause, resumption or stop of the session's infusion.

    To resume, or to go faster, is to give more: it needs what a dose needs, or has happened already
    outside the gate. To pause, to slow down and to stop is always right.
    """
    with acting(by, entry):
        treatment_session = steps.lock_for(pk, by, GIVE)
        now = clock.now(treatment_session)
        found = current(treatment_session)
        if found is None or not found[1]:
            raise ValidationError("No infusion was started.", code="not_started")
        dose, events = found
        at = change.at or now
        earliest = began(treatment_session, events[-1])
        _check_change(treatment_session, change, at, events[-1], earliest, dose, now)
        gives_more = _gives_more(change, events)
        if gives_more:
            _check_gate(treatment_session, change, dose, now, outside_gate=outside_gate)
        at = max(at, earliest)  # a time typed in minutes keeps the order of the steps
        if change.kind == Kind.STOP and dose.concentration_mg_ml:
            check_as_ran(change, ran(dose, events, at))
        event = InfusionEvent.objects.create(
            treatment_session=treatment_session,
            dose=events[0].dose,
            kind=change.kind,
            at=at,
            recorded_at=now,
            by=by,
            rate_ml_h=change.rate_ml_h if change.kind in {Kind.RATE, Kind.RESUME} else None,
            given_ml=change.given_ml if change.kind == Kind.STOP else None,
            reason=change.reason.strip(),
        )
        audit.record(f"infusion.{change.kind}", subject=treatment_session, dose=str(dose.public_id))
        if gives_more and outside_gate:
            happened = "resumed" if event.kind == Kind.RESUME else "sped up"
            what = f"The infusion was {happened} outside the gate"
            _mark_outside_gate(treatment_session, now, what)
        if change.kind == Kind.STOP and treatment_session.status == Status.DOSING:
            steps.take(treatment_session, Status.MONITORING, by=by, now=now, at=at)
        return event


def _check_change(
    treatment_session: TreatmentSession,
    change: Change,
    at: datetime,
    last: InfusionEvent,
    earliest: datetime,
    dose: Dose,
    now: datetime,
) -> None:
    if change.kind not in NEXT[last.kind]:
        raise ValidationError(
            f"The infusion is “{last.get_kind_display().lower()}” now: this does not follow.",
            code="order",
        )
    times.check_happened(at, now, field="at")
    if at < earliest.replace(second=0, microsecond=0):
        text = f"This is before “{last.get_kind_display().lower()}”. Check the time."
        raise ValidationError({"at": text})
    late_after = treatment_session.clinic.late_entry_minutes
    times.check_late_reason(at, now, late_after, change.reason, field="reason")
    check_numbers(change, dose)
    if change.kind == Kind.PAUSE and not explains(change.reason):
        raise ValidationError({"reason": "Say why it is paused."})


def _gives_more(change: Change, events: list[InfusionEvent]) -> bool:
    if change.kind == Kind.RESUME:
        return True
    running = next((event.rate_ml_h for event in reversed(events) if event.rate_ml_h), None)
    faster = change.rate_ml_h and running and change.rate_ml_h > running
    return change.kind == Kind.RATE and bool(faster)


def _check_gate(
    treatment_session: TreatmentSession,
    change: Change,
    dose: Dose,
    now: datetime,
    *,
    outside_gate: bool,
) -> None:
    if outside_gate:
        if not explains(change.reason):
            raise ValidationError({"reason": OUTSIDE_WITHOUT_REASON})
        return
    if unmet := authorization.missing(treatment_session, now):
        raise ValidationError([condition.text for condition in unmet], code="predose")
    if change.rate_ml_h and dose.concentration_mg_ml and dose.order:
        numbers = (change.rate_ml_h, dose.dose_mg, dose.concentration_mg_ml)
        check_rate(*numbers, dose.order, change.reason)
