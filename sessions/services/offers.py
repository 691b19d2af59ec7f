"""Which doses the protocol offers this patient in the next session of his course."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sessions import protocols
from sessions.dosing import DEFAULT_MG_PER_ML, DoseChoice, DosingError, dose_options
from sessions.lifecycle import HOLDING
from sessions.models import DoseOrder, TreatmentCourse


@dataclass(frozen=True, slots=True)
class Offer:
    number: int
    choices: tuple[DoseChoice, ...]
    refusal: str = ""
    refused_for: str = ""  # the code of the `DosingError`

    @property
    def mg(self) -> frozenset[Decimal]:
        return frozenset(choice.mg for choice in self.choices if choice.mg is not None)

    @property
    def infusions(self) -> frozenset[tuple[Decimal, int]]:
        """Return mg and minutes of each infusion that is offered."""
        drips = (choice.infusion for choice in self.choices if choice.infusion)
        return frozenset((drip.mg, drip.minutes) for drip in drips)

    @property
    def default_mg_per_kg(self) -> Decimal | None:
        return next((c.option.mg_per_kg for c in self.choices if c.is_default), None)


def offer_for(
    course: TreatmentCourse,
    *,
    now: datetime,
    weight_kg: Decimal | None = None,
    mg_per_ml: Decimal = DEFAULT_MG_PER_ML,
) -> Offer:
    """Return the doses of the next session; without a weight, in mg/kg alone."""
    coming = course.sessions.filter(status__in=HOLDING).order_by("starts_at")
    upcoming = coming.select_related("phase").first()
    number = upcoming.number if upcoming else 1
    on = (upcoming.starts_at if upcoming else now).astimezone(course.clinic.zone).date()
    phases = course.protocol.phases.prefetch_related("doses")
    phase = phases.get(pk=upcoming.phase_id) if upcoming else phases.first()
    if phase is None:
        return Offer(number, ())
    standing = standing_order(course)
    try:
        choices = dose_options(
            protocols.phase_spec(phase),
            number,
            course.patient.age(on),
            weight_kg,
            last_mg=standing.dose_mg if standing else None,
            mg_per_ml=mg_per_ml,
        )
    except DosingError as error:
        return Offer(number, (), error.message, error.code)
    return Offer(number, choices)


def standing_order(course: TreatmentCourse) -> DoseOrder | None:
    """Return the order that holds now, whatever its dates."""
    return course.dose_orders.filter(superseded_at__isnull=True).first()
