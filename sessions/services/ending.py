"""How a course ends: by its last session, or stopped with a reason."""

from django.core.exceptions import PermissionDenied, ValidationError

from clinic import audit, clock
from clinic.audit import acting
from clinic.entries import Submission
from clinic.locks import check_version
from clinic.models import User
from clinic.words import explains
from patients.models import Task
from patients.services import tasks
from sessions import ports
from sessions.lifecycle import HOLDING, TOOK_PLACE
from sessions.models import TreatmentCourse, TreatmentSession
from sessions.services.cancelling import cancel_planned
from sessions.services.drafts import choice_of
from sessions.services.extending import lock_course, slots_of

STOP = "treatment_sessions.stop_course"


def stop_course(
    pk: int, *, reason: str, by: User, version: int | None, entry: Submission | None = None
) -> int:
    """Stop the course and cancel what is still planned; return how many sessions that were.

    A session that has begun goes on to its own end.
    """
    with acting(by, entry):
        course = lock_course(pk)
        if not by.may(STOP, course.clinic_id):
            raise PermissionDenied(STOP)
        check_version(course, version)
        if course.status != TreatmentCourse.Status.ACTIVE:
            raise ValidationError("This course has ended already.", code="ended")
        if not explains(reason):
            raise ValidationError({"reason": "Say why the course stops."})
        now = clock.now()
        course.status, course.stop_reason = TreatmentCourse.Status.STOPPED, reason.strip()
        course.version += 1
        course.save(update_fields=["status", "stop_reason", "version"])
        why = f"Course stopped: {reason.strip()}"[:240]
        count = len(cancel_planned(course=course, reason=why, by=by, now=now))
        _close_date_tasks(course, by)
        audit.record("course.stopped", subject=course, sessions=count)
        ports.course_ended(course)
        return count


def _close_date_tasks(course: TreatmentCourse, by: User) -> None:
    """Nobody needs to look for dates of a stopped course any more."""
    unplaced = {"kind": Task.Kind.UNPLACED_SESSIONS, "source_id": course.public_id}
    tasks.close_for(by=by, note="The course was stopped.", **unplaced)


def complete_after(treatment_session: TreatmentSession, left: str) -> None:
    """Complete the course with its last session; told of every step, inside its transaction.

    The session is locked already and the course comes before it in the order of locks, so one that
    somebody else holds is left to the hourly run.
    """
    if treatment_session.status in TOOK_PLACE:
        courses = TreatmentCourse.objects.running().filter(pk=treatment_session.course_id)
        for course in courses.select_for_update(no_key=True, skip_locked=True, of=("self",)):
            complete(course)


def complete(course: TreatmentCourse) -> bool:
    """Complete a locked course when every session it counts has a row and the last took place.

    A last session that was cancelled or missed leaves the course open for a person to decide.
    """
    if course.status != TreatmentCourse.Status.ACTIVE or course.planned_until is not None:
        return False
    rows = list(course.sessions.values_list("number", "status"))
    if not rows or any(status in HOLDING for _, status in rows):
        return False
    numbers = {number for number, _ in rows}  # a missed session and its new date share one
    last = {status for number, status in rows if number == max(numbers)}
    if last.isdisjoint(TOOK_PLACE) or len(numbers) < len(slots_of(choice_of(course))):
        return False
    course.status = TreatmentCourse.Status.COMPLETED
    course.version += 1
    course.save(update_fields=["status", "version"])
    audit.record("course.completed", subject=course)
    ports.course_ended(course)
    return True
