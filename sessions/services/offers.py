"""Which doses the protocol offers this patient in the next session of his course."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.conf import settings

from patients.models import BodyMeasure
from sessions import protocols
from sessions.dosing import DEFAULT_MG_PER_ML, DoseChoice, DosingError, dose_options
from sessions.lifecycle import HOLDING
from sessions.models import DoseOrder, TreatmentCourse


@dataclass(frozen=True, slots=True)
class Offer:
    number: int
    choices: tuple[DoseChoice, ...]
    weight: BodyMeasure | None  # the latest on the chart, however old
    weight_is_recent: bool
    refusal: str = ""
    refused_for: str = ""  # the code of the `DosingError`

    @property
    def recent_kg(self) -> Decimal | None:
        return self.weight.value if self.weight and self.weight_is_recent else None

    @property
    def mg(self) -> frozenset[Decimal]:
        return frozenset(choice.mg for choice in self.choices if choice.mg is not None)


def offer_for(
    course: TreatmentCourse,
    *,
    now: datetime,
    weight_kg: Decimal | None = None,
    mg_per_ml: Decimal = DEFAULT_MG_PER_ML,
) -> Offer:
    """Return the doses of the next session; without a weight, for a recent one on the chart."""
    coming = course.sessions.filter(status__in=HOLDING).order_by("number")
    upcoming = coming.select_related("phase").first()
    number = upcoming.number if upcoming else 1
    on = (upcoming.starts_at if upcoming else now).astimezone(course.clinic.zone).date()
    phases = course.protocol.phases.prefetch_related("doses")
    phase = phases.get(pk=upcoming.phase_id) if upcoming else phases.first()
    weight = latest_weight(course)
    recent = weight is not None and is_recent(weight, course, now)
    if phase is None:
        return Offer(number, (), weight, recent)
    standing = standing_order(course)
    try:
        choices = dose_options(
            protocols.phase_spec(phase),
            number,
            course.patient.age(on),
            weight_kg or (weight.value if weight and recent else None),
            last_mg=standing.dose_mg if standing else None,
            mg_per_ml=mg_per_ml,
        )
    except DosingError as error:
        return Offer(number, (), weight, recent, error.message, error.code)
    return Offer(number, choices, weight, recent)


def latest_weight(course: TreatmentCourse) -> BodyMeasure | None:
    weights = BodyMeasure.objects.standing().filter(patient=course.patient)
    return weights.filter(kind=BodyMeasure.Kind.WEIGHT).first()


def is_recent(weight: BodyMeasure, course: TreatmentCourse, now: datetime) -> bool:
    """Whether a dose may be computed from it, counted in days of the clinic."""
    zone = course.clinic.zone
    age = now.astimezone(zone).date() - weight.observed_at.astimezone(zone).date()
    return age.days <= settings.TREATMENT_WEIGHT_DAYS


def weight_days() -> str:
    days = settings.TREATMENT_WEIGHT_DAYS
    return "1 day" if days == 1 else f"{days} days"


def standing_order(course: TreatmentCourse) -> DoseOrder | None:
    """Return the order that holds now, whatever its dates."""
    return course.dose_orders.filter(superseded_at__isnull=True).first()
