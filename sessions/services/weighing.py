"""What the chart says of the weight that a dose may rest on."""

from dataclasses import dataclass
from datetime import datetime

from patients.models import BodyMeasure
from sessions.bodyweight import Weights, weights
from sessions.models import DosingPolicy, TreatmentCourse

Kind = BodyMeasure.Kind


@dataclass(frozen=True, slots=True)
class Scales:
    """The last weight and height on the chart, however old, and what they make of a dose."""

    weight: BodyMeasure | None
    height: BodyMeasure | None
    is_recent: bool
    weights: Weights
    age: str  # how old a weight may be: "30 days"


def scales_of(course: TreatmentCourse, now: datetime, policy: DosingPolicy) -> Scales:
    """Read weight and height; a dose may rest on a weight of the last days, counted in days."""
    rows = BodyMeasure.objects.standing().filter(patient=course.patient)
    newest = {row.kind: row for row in rows.order_by("observed_at", "pk")}
    weight, height = newest.get(Kind.WEIGHT), newest.get(Kind.HEIGHT)
    zone = course.clinic.zone
    recent = (
        weight is not None
        and (now.astimezone(zone).date() - weight.observed_at.astimezone(zone).date()).days
        <= policy.weight_days
    )
    known = weights(
        weight.value if weight and recent else None,
        height.value if height else None,
        course.patient.sex,
    )
    return Scales(weight, height, recent, known, policy.weight_age)
