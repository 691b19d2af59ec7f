"""Forty patients who are being watched at this moment, spread over the two hours after the dose."""

from datetime import datetime, timedelta
from random import Random

from clinic.models import Chair, Clinic, User
from desk.demo.courses import PREPARATION
from desk.demo.gates import settings_of
from desk.demo.places import Staff
from desk.demo.rows import Rows
from desk.demo.script import ORDINARY
from desk.demo.visits import Recorder
from sessions.models import DoseOrder, TreatmentSession

WATCHED = 40
FIRST, APART = timedelta(minutes=8), timedelta(minutes=2, seconds=50)
BASELINE = (122, 76)


def watch(clinic: Clinic, user: User, now: datetime) -> int:
    """Seat the clinic's first patients and tell their visits up to now; return how many."""
    rows, rng = Rows(), Random(0)  # noqa: S311 - the same figures every time
    orders = DoseOrder.objects.filter(clinic=clinic).select_related(
        "course__protocol__monitoring", "patient"
    )
    chairs = Chair.objects.bookable_at(clinic)
    seated = list(zip(orders.order_by("pk")[:WATCHED], chairs, strict=False))
    for place, (order, chair) in enumerate(seated):
        first_dose = now - FIRST - place * APART
        recorder = Recorder(
            rows,
            rows.add(_session(order, clinic, chair, first_dose - PREPARATION)),
            staff=Staff(user, user, user, user),
            settings=settings_of(order.course.protocol.monitoring),
            until=now,
            rng=rng,
        )
        recorder.tell(ORDINARY, first_dose, order, BASELINE)
    rows.write()
    return len(seated)


def _session(
    order: DoseOrder, clinic: Clinic, chair: Chair, starts_at: datetime
) -> TreatmentSession:
    course, number = order.course, order.course.sessions.count() + 1
    today = starts_at.astimezone(clinic.zone).date()
    return TreatmentSession(
        course=course,
        patient=order.patient,
        clinic=clinic,
        phase=course.protocol.phases.get(order=1),
        number=number,
        number_in_phase=number,
        week=1,
        nominal_on=today,
        window_from=today,
        window_to=today + timedelta(days=6),
        chair=chair,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=course.protocol.visit_minutes),
    )
