"""Dose orders: one stands per course, a new one supersedes it."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.core.exceptions import PermissionDenied, ValidationError

from clinic import audit, clock
from clinic.audit import acting
from clinic.entries import Submission
from clinic.locks import StaleVersionError
from clinic.models import User
from clinic.numbers import plain
from clinic.words import explains
from sessions.bodyweight import Basis
from sessions.dosing import DEFAULT_MG_PER_ML, DosingError, infusion, whole_devices
from sessions.limits import cautions, over_cap
from sessions.models import DoseOrder, DosingPolicy, TreatmentCourse
from sessions.models.protocol import Route
from sessions.services.extending import lock_course
from sessions.services.offers import offer_for
from sessions.services.weighing import Scales, scales_of

ORDER = "treatment_sessions.order_dose"
SECOND_CHECK = "It also needs a second person's check before it is given."


@dataclass(frozen=True, slots=True)
class OrderedDose:
    """What the prescriber typed. `dose_mg` is the total of one session."""

    dose_mg: Decimal
    valid_from: date
    valid_until: date | None = None
    mg_per_kg: Decimal | None = None
    weight_kg: Decimal | None = None
    weight_basis: str = ""
    infusion_minutes: int | None = None
    concentration_mg_ml: Decimal | None = None
    reason: str = ""


def order_dose(
    course_pk: int,
    ordered: OrderedDose,
    *,
    by: User,
    replaces: str | None = None,
    entry: Submission | None = None,
) -> DoseOrder:
    """Order a dose for the sessions from `valid_from` on.

    A dose that the protocol does not offer this patient, or that is beyond the clinic's usual
    range, needs a reason. `replaces` is the public id of the order that stood when the page was
    opened, or "".
    """
    with acting(by, entry):
        course = lock_course(course_pk)
        if not by.may(ORDER, course.clinic_id):
            raise PermissionDenied(ORDER)
        standing = DoseOrder.objects.filter(course=course, superseded_at__isnull=True)
        _check_standing(standing.first(), replaces)
        now = clock.now()
        _check(course, ordered)
        actual_kg = None
        if course.protocol.route == Route.IV:
            policy = DosingPolicy.of(course.clinic_id)
            scales = scales_of(course, now, policy)
            _check_weight(course, ordered, scales)
            _check_range(ordered, policy)
            actual_kg = scales.weights.actual
        _check_offered(course, ordered, now)
        standing.update(superseded_at=now)
        order = DoseOrder.objects.create(
            course=course,
            patient_id=course.patient_id,
            clinic_id=course.clinic_id,
            drug=course.protocol.drug,
            route=course.protocol.route,
            dose_mg=ordered.dose_mg,
            mg_per_kg=ordered.mg_per_kg,
            weight_kg=ordered.weight_kg,
            weight_basis=ordered.weight_basis,
            actual_kg=actual_kg,
            infusion_minutes=ordered.infusion_minutes,
            concentration_mg_ml=ordered.concentration_mg_ml,
            valid_from=ordered.valid_from,
            valid_until=ordered.valid_until,
            prescriber=by,
            ordered_at=now,
            reason=ordered.reason.strip(),
        )
        audit.record("dose.ordered", subject=course, dose_mg=str(order.dose_mg))
        return order


def _check_standing(standing: DoseOrder | None, replaces: str | None) -> None:
    """Refuse an order written while somebody else ordered: his would vanish unseen."""
    if replaces is not None and replaces != (str(standing.public_id) if standing else ""):
        raise StaleVersionError


def _check(course: TreatmentCourse, ordered: OrderedDose) -> None:
    if course.status != TreatmentCourse.Status.ACTIVE:
        raise ValidationError("This course has ended: nothing can be ordered for it.", code="ended")
    if ordered.valid_until is not None and ordered.valid_until < ordered.valid_from:
        raise ValidationError({"valid_until": "The last day can't be before the first."})
    if course.protocol.route == Route.NASAL:
        _check_devices(ordered.dose_mg)
    if course.protocol.route == Route.IV and not (
        ordered.infusion_minutes and ordered.concentration_mg_ml
    ):
        raise ValidationError(
            {"infusion_minutes": "An infusion needs its minutes and its concentration."}
        )
    if course.protocol.route == Route.IV:
        _check_infusion(ordered)


def _check_infusion(ordered: OrderedDose) -> None:
    """Refuse what no reason makes right: a dose or a rate beyond the ceilings of `dosing`."""
    if not (ordered.mg_per_kg and ordered.weight_kg and ordered.infusion_minutes):
        raise ValidationError({"weight_kg": "An infusion is ordered in mg/kg for a weight."})
    try:
        given = infusion(
            ordered.mg_per_kg,
            ordered.weight_kg,
            ordered.infusion_minutes,
            ordered.concentration_mg_ml or DEFAULT_MG_PER_ML,
        )
    except DosingError as error:
        field = {"weight": "weight_kg", "minutes": "infusion_minutes"}.get(error.code, "dose_mg")
        raise ValidationError({field: error.message}, code=error.code) from error
    if given.mg != ordered.dose_mg:
        text = (
            f"{plain(ordered.mg_per_kg)} mg/kg for {plain(ordered.weight_kg)} kg are {given.mg} mg."
        )
        raise ValidationError({"dose_mg": text}, code="dose")


def _check_weight(course: TreatmentCourse, ordered: OrderedDose, scales: Scales) -> None:
    """Refuse an infusion for somebody whom nobody has weighed lately, or for a wrong weight.

    The weight that the dose is for may be another than the actual one: a prescriber chooses.
    """
    if scales.weights.actual is None:
        _refuse_old_weight(course, scales)
    if ordered.weight_basis not in Basis.values:
        raise ValidationError({"weight_basis": "Choose the weight that the dose is for."})
    if ordered.weight_basis == Basis.OTHER:
        if not explains(ordered.reason):
            text = "This is none of the weights on the chart. Say why the dose is for it."
            raise ValidationError({"reason": text}, code="other_weight")
        return
    if (ordered.weight_basis, ordered.weight_kg) not in scales.weights.offered:
        text = "Weight or height on the chart have changed. Look at the doses below once more."
        raise ValidationError({"weight_basis": text}, code="weight_changed")


def _refuse_old_weight(course: TreatmentCourse, scales: Scales) -> None:
    text = f"Weigh the patient and record it on the chart: at most {scales.age} ago. "
    if scales.weight is None:
        raise ValidationError({"weight_kg": f"{text}No weight is on record."}, code="no_weight")
    on = scales.weight.observed_at.astimezone(course.clinic.zone)
    last = f"The last one, {plain(scales.weight.value)} kg, is of {on:%d %b %Y}."
    raise ValidationError({"weight_kg": text + last}, code="old_weight")


def _check_range(ordered: OrderedDose, policy: DosingPolicy) -> None:
    """Refuse a dose above the clinic's cap; beyond the usual range ask why."""
    if refusal := over_cap(ordered.dose_mg, policy.limits):
        raise ValidationError(refusal, code="over_cap")
    unusual = cautions(ordered.mg_per_kg, ordered.infusion_minutes, policy.limits)
    if unusual and not explains(ordered.reason):
        text = [*unusual, f"Say why it is right. {SECOND_CHECK}"]
        raise ValidationError({"reason": text}, code="unusual")


def _check_devices(dose_mg: Decimal) -> None:
    try:
        whole_devices(dose_mg)
    except DosingError as error:
        raise ValidationError({"dose_mg": error.message}, code=error.code) from error


def _check_offered(course: TreatmentCourse, ordered: OrderedDose, now: datetime) -> None:
    """Ask why, when the dose is none that the protocol offers this patient for this weight."""
    if explains(ordered.reason):
        return
    concentration = ordered.concentration_mg_ml or DEFAULT_MG_PER_ML
    offer = offer_for(course, now=now, weight_kg=ordered.weight_kg, mg_per_ml=concentration)
    if course.protocol.route == Route.IV:
        is_offered = (ordered.dose_mg, ordered.infusion_minutes) in offer.infusions
        offered = [choice.label for choice in offer.choices]
    else:
        is_offered = ordered.dose_mg in offer.mg
        offered = [f"{plain(mg)} mg" for mg in sorted(offer.mg)]
    if not is_offered:
        known = ", ".join(offered) or "none"
        raise ValidationError(
            {"reason": f"The protocol offers {known} for this patient. Say why another dose."}
        )
