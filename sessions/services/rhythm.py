"""Change the rhythm of a running course, where its protocol leaves that to the prescriber."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection

from clinic import audit, clock
from clinic.audit import acting
from clinic.entries import Submission
from clinic.locks import check_version
from clinic.models import User
from clinic.refusals import refused_kindly
from sessions import ports
from sessions.lifecycle import Status
from sessions.models import TreatmentCourse, TreatmentSession
from sessions.models.session import PLACE
from sessions.plans import TraceStep, say
from sessions.services import asks, steps
from sessions.services.booking import (
    ask_about_dates,
    check_treatable,
    create_sessions,
    lock_chairs,
    traced,
)
from sessions.services.drafts import DraftRow, choice_of
from sessions.services.extending import continue_course, lock_to_book, slots_of

ORDER = "treatment_sessions.order_dose"


def change_rhythm(
    pk: int,
    rhythm: str,
    *,
    notify: bool = False,
    by: User,
    version: int | None,
    entry: Submission | None = None,
) -> int:
    """Let another rhythm hold from now on, all or nothing; return how many sessions moved.

    Planned sessions of later treatment weeks keep their numbers and get new dates.
    """
    with refused_kindly(), acting(by, entry):
        course = lock_to_book(pk)
        if not by.may(ORDER, course.clinic_id):
            raise PermissionDenied(ORDER)
        check_version(course, version)
        if course.status != TreatmentCourse.Status.ACTIVE:
            raise ValidationError("This course has ended.", code="ended")
        lock_chairs(course.clinic)
        now = clock.now()
        today = now.astimezone(course.clinic.zone).date()
        check_treatable(course.patient, today)
        first = _set_rhythm(course, rhythm, today)
        moved = _plan_again(course, first, by=by, now=now, notify=notify)
        course.version += 1
        course.save(update_fields=["rhythm", "rhythm_changes", "planned_until", "version"])
        audit.record("course.rhythm_changed", subject=course, rhythm=rhythm, moved=moved)
        return moved


def _set_rhythm(course: TreatmentCourse, rhythm: str, today: date) -> int:
    """Write the change into the course; return the number of the first session that it concerns.

    It counts from the last session up to this week: after a weekly session, a 2-weekly one comes
    two weeks later.
    """
    this_week = (today - course.starts_on).days // 7 + 1
    free = [slot for slot in slots_of(choice_of(course)) if slot.phase.rhythm_choices]
    if not free or rhythm not in free[0].phase.rhythm_choices:
        raise ValidationError({"rhythm": "The protocol does not offer this rhythm."})
    begun = [slot for slot in free if slot.week <= this_week]
    if not begun:
        course.rhythm, course.rhythm_changes = rhythm, []
        return free[0].number
    last = begun[-1]
    earlier = [change for change in course.rhythm_changes if change[0] < last.week]
    course.rhythm_changes = [*earlier, [last.week, rhythm]]
    return last.number + 1


def _plan_again(
    course: TreatmentCourse, first: int, *, by: User, now: datetime, notify: bool
) -> int:
    choice = choice_of(course)
    rows = steps.lock_all(course=course, number__gte=first)
    later = {row.number for row in rows}
    planned = {row.number: row for row in rows if row.status == Status.PLANNED}
    until = _last_day(course, max(later, default=0))
    if course.planned_until is not None:
        course.planned_until = until
    replaced = frozenset(row.pk for row in planned.values())
    made = continue_course(course, choice, first=first, until=until, now=now, replaced=replaced)
    moved = _move(planned, made.rows, by=by, zone=course.clinic.zone)
    for treatment_session in moved if notify else ():
        ports.notice_wanted(treatment_session)
    added = [row for row in made.rows if row.planned.number not in later]
    create_sessions(course, [row for row in added if row.chair is not None], by=by.username)
    ask_about_dates(course, added, now)
    return len(moved)


def _last_day(course: TreatmentCourse, number: int) -> date:
    """Return how far to plan: as far as before, and far enough for every number that is booked."""
    slots = slots_of(choice_of(course))
    nominal = [date.fromordinal(slot.nominal) for slot in slots if slot.number == number]
    return max([course.planned_until or course.starts_on, *nominal])


def _move(
    planned: Mapping[int, TreatmentSession], rows: Iterable[DraftRow], *, by: User, zone: ZoneInfo
) -> list[TreatmentSession]:
    """Give planned sessions their new dates; one may take another's place, so the check is last."""
    _check_bookings("DEFERRED")
    moved = [
        planned[row.planned.number]
        for row in rows
        if row.planned.number in planned
        and _move_row(planned[row.planned.number], row, by=by, zone=zone)
    ]
    _check_bookings("IMMEDIATE")
    return moved


def _check_bookings(when: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET CONSTRAINTS one_booking_per_chair, one_booking_per_patient {when}")


def _move_row(
    treatment_session: TreatmentSession, row: DraftRow, *, by: User, zone: ZoneInfo
) -> bool:
    if row.chair is None:
        refusal = row.conflict or row.planned.unplaced_reason
        raise ValidationError(
            f"Nothing was changed: session {row.planned.number} can't get its new date. {refusal}",
            code="conflict",
        )
    before = treatment_session.starts_at.astimezone(zone)
    changed = ["week", "nominal_on", "window_from", "window_to"]
    treatment_session.week = row.planned.week
    treatment_session.nominal_on = row.planned.nominal_on
    treatment_session.window_from, treatment_session.window_to = row.planned.window
    if before == row.starts_at:
        treatment_session.save(update_fields=changed)
        return False
    why = TraceStep(
        "rhythm_changed",
        f"Moved from {say(before.date())} {before:%H:%M}: the rhythm changed.",
        before.date(),
    )
    treatment_session.trace += [traced(step, by=by.username) for step in (why, *row.trace)]
    treatment_session.take_place(*row.interval, row.chair, now=clock.now())
    treatment_session.version += 1
    changed += ["trace", *PLACE, "version"]
    treatment_session.save(update_fields=changed)
    asks.off_a_closed_day(treatment_session, by=by)
    ports.moved(treatment_session)
    return True
