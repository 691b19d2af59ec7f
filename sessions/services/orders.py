"""Dose orders: one stands per course, a new one supersedes it."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.core.exceptions import PermissionDenied, ValidationError

from clinic import audit, clock, entries
from clinic.audit import acting
from clinic.entries import Submission
from clinic.locks import StaleVersionError
from clinic.models import User
from sessions.models import DoseOrder, TreatmentCourse
from sessions.models.protocol import Route
from sessions.services.doses import DEVICE_MG

ORDER = "treatment_sessions.order_dose"


@dataclass(frozen=True, slots=True)
class OrderedDose:
    """What the prescriber typed. `dose_mg` is the total of one session."""

    dose_mg: Decimal
    valid_from: date
    valid_until: date | None = None
    mg_per_kg: Decimal | None = None
    weight_kg: Decimal | None = None
    infusion_minutes: int | None = None
    concentration_mg_ml: Decimal | None = None
    reason: str = ""


def order_dose(
    course_pk: int,
    ordered: OrderedDose,
    *,
    by: User,
    offered_mg: frozenset[Decimal],
    replaces: str | None = None,
    entry: Submission | None = None,
) -> DoseOrder:
    """Order a dose for the sessions from `valid_from` on.

    `offered_mg` are the protocol's options for this patient: another dose needs a reason.
    `replaces` is the public id of the order that stood when the page was opened, or "".
    """
    with acting(by):
        entries.claim(entry, by)
        course = (
            TreatmentCourse.objects.select_for_update(no_key=True, of=("self",))
            .select_related("protocol")
            .get(pk=course_pk)
        )
        if not by.may(ORDER, course.clinic_id):
            raise PermissionDenied(ORDER)
        standing = DoseOrder.objects.filter(course=course, superseded_at__isnull=True)
        _check_standing(standing.first(), replaces)
        _check(course, ordered, offered_mg)
        now = clock.now()
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


def _check(course: TreatmentCourse, ordered: OrderedDose, offered_mg: frozenset[Decimal]) -> None:
    if course.status != TreatmentCourse.Status.ACTIVE:
        raise ValidationError("This course has ended: nothing can be ordered for it.", code="ended")
    if course.protocol.route == Route.NASAL and ordered.dose_mg % DEVICE_MG:
        raise ValidationError(
            {"dose_mg": f"Devices hold {DEVICE_MG} mg each: order a multiple of {DEVICE_MG} mg."}
        )
    if course.protocol.route == Route.IV and not (
        ordered.infusion_minutes and ordered.concentration_mg_ml
    ):
        raise ValidationError(
            {"infusion_minutes": "An infusion needs its minutes and its concentration."}
        )
    if ordered.dose_mg not in offered_mg and not ordered.reason.strip():
        offered = ", ".join(f"{mg.normalize():f} mg" for mg in sorted(offered_mg)) or "none"
        raise ValidationError(
            {"reason": f"The protocol offers {offered} for this patient. Say why another dose."}
        )
