"""Find a date for a session that the planner could not place: its number was kept for it."""

from datetime import date, time

from django.core.exceptions import PermissionDenied, ValidationError

from clinic import audit
from clinic.audit import acting
from clinic.entries import Submission
from clinic.locks import check_version
from clinic.models import Chair, User
from clinic.refusals import refused_kindly
from patients.services import tasks
from sessions import ports
from sessions.models import TreatmentCourse, TreatmentSession
from sessions.models.session import BELOW_GAP
from sessions.plans import TraceStep, say
from sessions.services import moving
from sessions.services.booking import lock_chairs, traced, unplaced_key
from sessions.services.drafts import choice_of
from sessions.services.extending import lock_to_book, slots_of


def missing_session(course: TreatmentCourse, number: int) -> TreatmentSession | None:
    """Return the session of this number, unsaved, if the course counts it and it has no row."""
    slot = next((slot for slot in slots_of(choice_of(course)) if slot.number == number), None)
    if slot is None or course.sessions.filter(number=number).exists():
        return None
    nominal = date.fromordinal(slot.nominal)
    if course.planned_until is not None and nominal > course.planned_until:
        return None
    return TreatmentSession(
        course=course,
        patient=course.patient,
        clinic=course.clinic,
        phase=course.protocol.phases.get(order=slot.phase.order),
        number=number,
        number_in_phase=slot.number_in_phase,
        week=slot.week,
        nominal_on=nominal,
        window_from=date.fromordinal(slot.first),
        window_to=date.fromordinal(slot.last),
    )


def place(
    pk: int,
    number: int,
    *,
    day: date,
    wall_time: time,
    chair: Chair | None = None,
    reason: str = "",
    by: User,
    version: int | None,
    entry: Submission | None = None,
) -> moving.Move:
    """Book a session that has a number and no date; the rules are those of a move."""
    with refused_kindly(), acting(by, entry):
        course = lock_to_book(pk)
        if not by.may(moving.MOVE, course.clinic_id):
            raise PermissionDenied(moving.MOVE)
        check_version(course, version)
        if course.status != TreatmentCourse.Status.ACTIVE:
            raise ValidationError("This course has ended.", code="ended")
        lock_chairs(course.clinic)
        treatment_session = missing_session(course, number)
        if treatment_session is None:
            raise ValidationError(f"Session {number} has its date already.", code="placed")
        usual = chair or course.chair
        seat = moving.seat(
            treatment_session, day, wall_time, usual, wanted=chair, reason=reason, by=by
        )
        treatment_session.starts_at, treatment_session.ends_at = seat.starts_at, seat.ends_at
        treatment_session.chair = seat.chair
        rule = BELOW_GAP if seat.warnings.below_gap else "placed_by_hand"
        step = TraceStep(rule, f"Found by hand: {say(day)} at {wall_time:%H:%M}.", day)
        treatment_session.trace = [traced(step, by=by.username) | {"reason": reason.strip()}]
        treatment_session.save()
        audit.record("session.placed", subject=treatment_session, reason=reason.strip())
        ports.booked([treatment_session])
        tasks.close_for(by=by, note="A date was found.", dedupe_key=unplaced_key(course, number))
        return moving.Move(treatment_session, seat.warnings.all)
