"""Other times for one visit that ask for nobody's decision: for its patient to choose from."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from django.core.exceptions import ValidationError

from clinic import clock
from clinic.audit import Actor
from clinic.models import Chair
from sessions.lifecycle import Status
from sessions.models import TreatmentSession
from sessions.services import making_up, moving
from sessions.services.calendar import STEP, hours_of
from sessions.services.moving import Seat, Warnings
from sessions.services.places import Occupancy

EVERY = 2 * STEP  # half-hours: a list that fits on a phone
NO_WARNINGS = Warnings((), ())
TAKEN = "This time is not free any more. Choose another one."


def free_seats(
    treatment_session: TreatmentSession, *, earliest: datetime, until: date
) -> list[Seat]:
    """Return seats that keep gaps, treatment week, opening hours and chairs: five queries.

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
        is_late = own is None and making_up.lapse(treatment_session, day, neighbours)
        is_barred = is_late or treatment_session.patient.not_treatable(day)
        if found is not None and not is_barred and (day == own or not found.all):
            yield day
        day += timedelta(days=1)


def move_as_offered(
    treatment_session: TreatmentSession,
    starts_at: datetime,
    *,
    schedule_rev: int,
    earliest: datetime,
    until: date,
    by: Actor,
) -> TreatmentSession:
    """Give a planned session, locked to move, one of its free seats; the link permits it.

    The patient chose it. `schedule_rev` is that of the booking which the patient saw.
    """
    is_as_seen = treatment_session.schedule_rev == schedule_rev
    if treatment_session.status != Status.PLANNED or not is_as_seen:
        raise ValidationError(TAKEN, code="changed")
    seat = _seat(treatment_session, starts_at, earliest, until)
    moving.take_seat(treatment_session, seat, reason="", by=by)
    return treatment_session


def make_up_as_offered(
    missed: TreatmentSession, starts_at: datetime, *, earliest: datetime, until: date, by: Actor
) -> TreatmentSession:
    """Book one of the free seats for a missed session, locked to move; return what is new.

    The patient chose it, and the link permits it where the protocol asks nobody about a missed
    session.
    """
    if making_up.obstacle(missed, clock.now()) or making_up.asked_first(missed):
        raise ValidationError(TAKEN, code="changed")
    return making_up.take_seat(missed, _seat(missed, starts_at, earliest, until), by=by)


def _seat(
    treatment_session: TreatmentSession, starts_at: datetime, earliest: datetime, until: date
) -> Seat:
    seats = free_seats(treatment_session, earliest=earliest, until=until)
    seat = next((seat for seat in seats if seat.starts_at == starts_at), None)
    if seat is None:
        raise ValidationError(TAKEN, code="taken")
    return seat
