"""Take planned sessions off the calendar: chosen ones, those of a day, the rest of a course."""

from collections.abc import Collection
from datetime import date, datetime, time, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError

from clinic import audit, clock, entries
from clinic.audit import acting
from clinic.entries import Submission
from clinic.models import Clinic, User
from sessions.lifecycle import Status
from sessions.models import TreatmentSession
from sessions.services import steps
from sessions.services.extending import lock_course

CANCEL = "treatment_sessions.cancel_session"
ONE_DAY = timedelta(days=1)


def cancel_planned(*, reason: str, by: User, now: datetime, **which: Any) -> int:
    """Cancel those of the sessions that are still planned under the lock; return how many.

    The caller holds their courses, inside `acting`. A patient who is checked in meanwhile stays.
    """
    planned = steps.lock_all(status=Status.PLANNED, **which)
    for treatment_session in planned:
        steps.take(treatment_session, Status.CANCELLED, by=by, now=now, reason=reason)
    return len(planned)


def cancel_sessions(
    keys: Collection[int], *, reason: str, by: User, entry: Submission | None = None
) -> int:
    """Cancel these planned sessions, or none of them; return how many."""
    with acting(by):
        entries.claim(entry, by)
        _check_reason(reason)
        _lock_courses(pk__in=keys)
        count = cancel_planned(pk__in=keys, reason=reason, by=by, now=clock.now())
        if count < len(set(keys)):
            raise ValidationError(
                "Nothing was cancelled: not every session is still planned. Choose again.",
                code="not_planned",
            )
        return count


def cancel_day(
    clinic: Clinic, day: date, *, reason: str, by: User, entry: Submission | None = None
) -> int:
    """Cancel every planned session of the clinic on a day, or none; return how many."""
    if not by.may(CANCEL, clinic.pk):
        raise PermissionDenied(CANCEL)
    with acting(by):
        entries.claim(entry, by)
        _check_reason(reason)
        that_day = {
            "clinic": clinic,
            "starts_at__gte": datetime.combine(day, time.min, tzinfo=clinic.zone),
            "starts_at__lt": datetime.combine(day + ONE_DAY, time.min, tzinfo=clinic.zone),
        }
        _lock_courses(**that_day)
        count = cancel_planned(**that_day, reason=reason, by=by, now=clock.now())
        audit.record("clinic.day_cancelled", subject=clinic, day=day.isoformat(), sessions=count)
        return count


def _check_reason(reason: str) -> None:
    if not reason.strip():
        raise ValidationError({"reason": "Say why."}, code="reason")


def _lock_courses(**which: Any) -> None:
    planned = TreatmentSession.objects.planned().filter(**which).order_by("course_id")
    for course_id in planned.values_list("course_id", flat=True).distinct():
        lock_course(course_id)
