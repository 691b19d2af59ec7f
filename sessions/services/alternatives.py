"""Other times for one visit that ask for nobody's decision: for its patient to choose from."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from django.core.exceptions import ValidationError

from clinic.audit import Actor, acting
from clinic.models import Chair
from clinic.refusals import refused_kindly
from sessions.lifecycle import Status
from sessions.models import TreatmentSession
from sessions.services import moving, steps
from sessions.services.booking import lock_chairs
from sessions.services.calendar import STEP, hours_of
from sessions.services.extending import lock_course
from sessions.services.moving import Seat, Warnings
from sessions.services.places import Occupancy

EVERY = 2 * STEP  # half-hours: a list that fits on a phone
NO_WARNINGS = Warnings((), ())
TAKEN = "This time is not free any more. Choose another one."


def free_seats(
    treatment_session: TreatmentSession, *, earliest: datetime, until: date
) -> list[Seat]:
    """Return seats that keep gap, treatment week, opening hours and chairs: five queries.

    On the day that the visit has already, only the time is new; what a person decided about that
    day stands.
    """
    hours = hours_of(treatment_session.clinic)
    days = list(_days(treatment_session, earliest.astimezone(hours.zone).date(), until))
    if not days:
        return []
    protocol = treatment_session.course.protocol
    length = timedelta(minutes=protocol.visit_minutes)
    occupancy = Occupancy.around(
        treatment_session.clinic,
        treatment_session.patient,
        days,
        leaving_out=frozenset({treatment_session.pk}),
    )
    bookable = Chair.objects.bookable_at(treatment_session.clinic).serving(protocol.route)
    chairs = list(bookable.select_related("room"))
    found = []
    for day in days:
        if not hours.calendar.is_open(day):
            continue
        for number, starts_at in enumerate(hours.starts(day, length)):
            ends_at = starts_at + length
            if number % (EVERY // STEP) or starts_at < earliest:
                continue
            if starts_at == treatment_session.starts_at or occupancy.patient_is_busy(
                starts_at, ends_at
            ):
                continue
            chair = occupancy.free_chair(chairs, treatment_session.chair, starts_at, ends_at)
            if chair is not None:
                found.append(Seat(starts_at, ends_at, chair, NO_WARNINGS))
    return found


def _days(treatment_session: TreatmentSession, first: date, until: date) -> Iterator[date]:
    neighbours = moving.neighbours_of(treatment_session)
    own = treatment_session.day if treatment_session.status == Status.PLANNED else None
    week = treatment_session.window_from, treatment_session.window_to
    if own is not None:
        week = min(week[0], own), max(week[1], own)
    day = max(first, week[0])
    while day <= min(until, week[1]):
        try:
            found = moving.warnings_of(treatment_session, day, neighbours)
        except ValidationError:
            found = None  # another session of the course is on this day
        if found is not None and (day == own or not found.all):
            yield day
        day += timedelta(days=1)


def move_as_offered(
    pk: int, starts_at: datetime, *, schedule_rev: int, earliest: datetime, until: date, by: Actor
) -> TreatmentSession:
    """Give a planned session one of its free seats, chosen by the patient; the link permits it.

    `schedule_rev` is that of the booking which the patient saw.
    """
    with refused_kindly(), acting(by):
        of = TreatmentSession.objects.values("course_id").get(pk=pk)
        course = lock_course(of["course_id"])
        lock_chairs(course.clinic)
        treatment_session = steps.lock(pk)
        is_as_seen = treatment_session.schedule_rev == schedule_rev
        if treatment_session.status != Status.PLANNED or not is_as_seen:
            raise ValidationError(TAKEN, code="changed")
        seats = free_seats(treatment_session, earliest=earliest, until=until)
        seat = next((seat for seat in seats if seat.starts_at == starts_at), None)
        if seat is None:
            raise ValidationError(TAKEN, code="taken")
        moving.take_seat(treatment_session, seat, reason="", by=by)
        return treatment_session
