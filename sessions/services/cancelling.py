"""Take planned sessions off the calendar: chosen ones, those of a day, the rest of a course."""

from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied, ValidationError

from clinic import audit, clock, entries
from clinic.audit import acting
from clinic.entries import Submission
from clinic.models import Clinic, User
from clinic.times import day_bounds
from clinic.words import explains
from sessions import ports
from sessions.lifecycle import Status
from sessions.models import TreatmentSession
from sessions.models.session import TreatmentSessionQuerySet
from sessions.services import asks, steps
from sessions.services.extending import lock_course

CANCEL = "treatment_sessions.cancel_session"


def cancel_planned(
    *, reason: str, by: User, now: datetime, notify: bool = False, **which: Any
) -> list[TreatmentSession]:
    """Cancel and return those of the sessions that are still planned under the lock.

    The caller holds their courses, inside `acting`. A patient who is checked in meanwhile stays.
    """
    planned = steps.lock_all(status=Status.PLANNED, **which)
    for treatment_session in planned:
        steps.take(treatment_session, Status.CANCELLED, by=by, now=now, reason=reason)
        if notify:
            ports.notice_wanted(treatment_session)
    return planned


def cancel_sessions(
    keys: Collection[int],
    *,
    reason: str,
    notify: bool = False,
    by: User,
    entry: Submission | None = None,
) -> int:
    """Cancel these planned sessions, or none of them; return how many.

    For each of them the front desk is asked to call the patient.
    """
    with acting(by, entry):
        _check_reason(reason)
        _lock_courses(pk__in=keys)
        now = clock.now()
        cancelled = cancel_planned(pk__in=keys, reason=reason, by=by, now=now, notify=notify)
        if len(cancelled) < len(set(keys)):
            raise ValidationError(
                "Nothing was cancelled: not every session is still planned. Choose again.",
                code="not_planned",
            )
        _ask_to_call(cancelled, now)
        return len(cancelled)


def sessions_of(clinic: Clinic, day: date) -> TreatmentSessionQuerySet:
    """Return every session that is booked on this day, whatever became of it."""
    return TreatmentSession.objects.filter(**_on(clinic, day)).select_related(
        "patient", "clinic", "course__protocol", "phase", "chair__room"
    )


def _on(clinic: Clinic, day: date) -> dict[str, Any]:
    begin, end = day_bounds(clinic, day, day)
    return {"clinic": clinic, "starts_at__gte": begin, "starts_at__lt": end}


def cancel_day(
    clinic: Clinic,
    day: date,
    shown: Collection[UUID],
    *,
    reason: str,
    notify: bool = False,
    by: User,
    entry: Submission | None = None,
    shown_at: str = "",
) -> list[TreatmentSession]:
    """Cancel and return the sessions of a day that were shown and are still planned.

    Who was booked on the day since, or is here already, stays. For each cancelled session the front
    desk is asked to call the patient. A repeated submission ends where `shown_at` says.
    """
    if not by.may(CANCEL, clinic.pk):
        raise PermissionDenied(CANCEL)
    with acting(by, entry):
        _check_reason(reason)
        those = {**_on(clinic, day), "public_id__in": shown}
        _lock_courses(**those)
        now = clock.now()
        cancelled = cancel_planned(**those, reason=reason, by=by, now=now, notify=notify)
        _ask_to_call(cancelled, now)
        count = len(cancelled)
        audit.record("clinic.day_cancelled", subject=clinic, day=day.isoformat(), sessions=count)
        entries.finish(entry, shown_at)
        return cancelled


def _ask_to_call(cancelled: Iterable[TreatmentSession], now: datetime) -> None:
    for treatment_session in sorted(cancelled, key=lambda row: row.starts_at):
        asks.to_look_after_a_cancellation(treatment_session, now)


def _check_reason(reason: str) -> None:
    if not explains(reason):
        raise ValidationError({"reason": "Say why."}, code="reason")


def _lock_courses(**which: Any) -> None:
    planned = TreatmentSession.objects.planned().filter(**which).order_by("course_id")
    for course_id in planned.values_list("course_id", flat=True).distinct():
        lock_course(course_id)
