"""The second check of a dose: another person computes it before it is given."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.core.exceptions import ValidationError

from clinic import audit, clock, second_person
from clinic.audit import acting
from clinic.entries import Submission
from clinic.models import User
from clinic.numbers import plain
from clinic.second_person import Purpose
from sessions.dosing import rate_ml_h, volume_ml, whole_devices
from sessions.lifecycle import Status
from sessions.limits import agree, cautions, over_cap
from sessions.models import DoseCheck, DoseOrder, DosingPolicy, TreatmentSession
from sessions.models.protocol import Route
from sessions.services import authorization, steps
from sessions.services.authorization import GIVE

CHECK = "treatment_sessions.check_dose"
UNKNOWN = (
    "No second person could be confirmed. It has to be a nurse or prescriber of this clinic who "
    "did not prepare the dose, nor order it where it is beyond the usual range, with their own "
    "name and password, and their code if they use one."
)
SECOND_CHECK = Purpose("dose_check", CHECK, UNKNOWN)
NEEDED = (
    "A second person checks this dose first: use “Second check”, then start. What was given "
    "already is recorded outside the gate."
)


@dataclass(frozen=True, slots=True)
class Prepared:
    """What was drawn up; of nasal devices, how much was ordered."""

    dose_mg: Decimal
    concentration_mg_ml: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Counted:
    """What the second person worked out alone."""

    volume_ml: Decimal | None = None
    rate_ml_h: Decimal | None = None
    devices: int | None = None


def due_in(route: str) -> frozenset[Status]:
    """Return in which states a check is of use: an infusion starts once, devices follow."""
    return frozenset({Status.CLEARED} if route == Route.IV else {Status.CLEARED, Status.DOSING})


def unusual(order: DoseOrder, policy: DosingPolicy) -> tuple[str, ...]:
    """Say what of an infusion's order is beyond the clinic's usual range."""
    if order.route != Route.IV:
        return ()
    return cautions(order.mg_per_kg, order.infusion_minutes, policy.limits)


def is_asked_for(order: DoseOrder, policy: DosingPolicy) -> bool:
    """Whether this order is given after a second check alone; beyond the usual range always."""
    return policy.asks_for_check(order.route) or bool(unusual(order, policy))


def other_than(order: DoseOrder, policy: DosingPolicy) -> tuple[int, ...]:
    """Return who can't be the second person: beyond the usual range, the order's own prescriber."""
    return (order.prescriber_id,) if unusual(order, policy) else ()


def valid(
    made: Iterable[DoseCheck], order: DoseOrder, policy: DosingPolicy, at: datetime
) -> DoseCheck | None:
    """Return the last check of this order that holds then; a refused one ends those before it."""
    last = max(made, key=lambda check: check.pk, default=None)
    if last is None or not last.agrees or last.order_id != order.pk:
        return None
    begins = last.checked_at.replace(second=0, microsecond=0)
    ends = last.checked_at + timedelta(minutes=policy.check_minutes)
    return last if begins <= at <= ends else None


def valid_now(
    treatment_session: TreatmentSession, order: DoseOrder, now: datetime
) -> DoseCheck | None:
    made = DoseCheck.objects.filter(treatment_session=treatment_session)
    return valid(made, order, DosingPolicy.of(treatment_session.clinic_id), now)


def require(
    treatment_session: TreatmentSession,
    order: DoseOrder,
    policy: DosingPolicy,
    at: datetime,
) -> DoseCheck | None:
    """Return the check that lets a dose be given then, None where none is asked for."""
    if not is_asked_for(order, policy):
        return None
    made = DoseCheck.objects.filter(treatment_session=treatment_session)
    if found := valid(made.select_related("checked_by"), order, policy, at):
        return found
    raise ValidationError([*unusual(order, policy), NEEDED], code="second_check")


def record(
    pk: int,
    prepared: Prepared,
    counted: Counted,
    second: User,
    *,
    by: User,
    entry: Submission | None = None,
) -> DoseCheck:
    """Put the second person's numbers beside the calculated ones; what differs is kept, too."""
    with acting(by, entry):
        treatment_session = steps.lock_for(pk, by, GIVE)
        now = clock.now(treatment_session)
        if treatment_session.status not in due_in(treatment_session.course.protocol.route):
            state = treatment_session.get_status_display()
            raise ValidationError(f"The session is “{state}”: no dose is due now.", code="not_due")
        order = authorization.standing_order(treatment_session, now)
        if order is None:
            raise ValidationError("No dose order stands today. A prescriber orders the dose.")
        policy = DosingPolicy.of(treatment_session.clinic_id)
        clinic_id, others = treatment_session.clinic_id, other_than(order, policy)
        if not second_person.may_be(second, by, SECOND_CHECK, clinic_id, others):
            raise ValidationError({"second_username": UNKNOWN}, code="second_person")
        _check_prepared(prepared, order, policy)
        right = calculated(order, prepared)
        differences = compare(right, counted)
        check = DoseCheck.objects.create(
            treatment_session=treatment_session,
            order=order,
            drug=order.drug,
            route=order.route,
            dose_mg=prepared.dose_mg,
            concentration_mg_ml=prepared.concentration_mg_ml,
            volume_ml=right.volume_ml,
            rate_ml_h=right.rate_ml_h,
            devices=right.devices,
            typed_volume_ml=counted.volume_ml,
            typed_rate_ml_h=counted.rate_ml_h,
            typed_devices=counted.devices,
            agrees=not differences,
            differences=list(differences),
            cautions=list(unusual(order, policy)),
            prepared_by=by,
            checked_by=second,
            checked_at=now,
        )
        audit.record(
            "dose.checked", subject=treatment_session, agrees=check.agrees, by=second.username
        )
        return check


def calculated(order: DoseOrder, prepared: Prepared) -> Counted:
    """Return volume and rate, or devices, as the second person has to find them."""
    if order.route != Route.IV:
        return Counted(devices=whole_devices(prepared.dose_mg))
    if not prepared.concentration_mg_ml or not order.infusion_minutes:
        raise ValidationError({"concentration_mg_ml": "Enter the concentration of the bag."})
    ml = volume_ml(prepared.dose_mg, prepared.concentration_mg_ml)
    return Counted(ml, rate_ml_h(ml, order.infusion_minutes))


def compare(right: Counted, counted: Counted) -> tuple[str, ...]:
    """Say each number in which the two differ; a missing one differs."""
    return tuple(
        [
            *_differs("volume", "mL", right.volume_ml, counted.volume_ml),
            *_differs("rate", "mL/h", right.rate_ml_h, counted.rate_ml_h),
            *_differs("number of devices", "", right.devices, counted.devices, exactly=True),
        ]
    )


def _differs(
    what: str,
    unit: str,
    right: Decimal | int | None,
    typed: Decimal | int | None,
    *,
    exactly: bool = False,
) -> Sequence[str]:
    if right is None:
        return []
    if typed is None:
        return [f"The {what} was not entered."]
    if typed == right or (not exactly and agree(Decimal(typed), Decimal(right))):
        return []
    off = abs(Decimal(typed) - Decimal(right))
    given, wanted, apart = (
        f"{plain(Decimal(number))} {unit}".strip() for number in (typed, right, off)
    )
    return [f"The {what} was entered as {given}, calculated as {wanted}: {apart} apart."]


def _check_prepared(prepared: Prepared, order: DoseOrder, policy: DosingPolicy) -> None:
    if not 0 < prepared.dose_mg <= order.dose_mg:
        text = f"{plain(order.dose_mg)} mg is ordered. More needs a new order."
        raise ValidationError({"dose_mg": text}, code="over_order")
    if order.route == Route.IV and (refusal := over_cap(prepared.dose_mg, policy.limits)):
        raise ValidationError({"dose_mg": refusal}, code="over_cap")
    if prepared.concentration_mg_ml is not None and prepared.concentration_mg_ml <= 0:
        raise ValidationError({"concentration_mg_ml": "Enter a number above 0."})
