"""Closed days and what is booked on them: every such session becomes work for the front desk."""

from collections.abc import Iterable
from datetime import datetime
from functools import reduce
from operator import or_
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import Q

from clinic import audit, clock
from clinic.audit import acting
from clinic.models import Clinic, Closure, User
from clinic.refusals import refused_kindly
from clinic.times import day_bounds
from patients.models import Task
from patients.services import tasks
from sessions.lifecycle import Status
from sessions.models import TreatmentSession
from sessions.models.session import TreatmentSessionQuerySet
from sessions.services import asks, steps
from sessions.services.booking import lock_chairs

CHANGE = "clinic.change_closure"
OPEN_AGAIN = "The clinic is open on that day after all."


def save(closure: Closure, *, by: User) -> list[TreatmentSession]:
    """Close these days; return the sessions booked on them, each with its task.

    Bookings queue behind it: one under way is counted, a later one keeps clear of the days.
    """
    with refused_kindly(), acting(by):
        _check_may(closure.clinic, by)
        lock_chairs(closure.clinic)
        closure.save()
        now = clock.now()
        _reconcile(closure.clinic, by=by, now=now)
        return list(booked_on(closure, now))


def remove(closure: Closure, *, by: User) -> None:
    """Open the days again; nobody needs to find other dates any more."""
    with acting(by):
        _check_may(closure.clinic, by)
        lock_chairs(closure.clinic)
        closure.delete()
        _reconcile(closure.clinic, by=by, now=clock.now())


def _check_may(clinic: Clinic, by: User) -> None:
    if not by.may(CHANGE, clinic.pk):
        raise PermissionDenied(CHANGE)


def booked_on(closure: Closure, now: datetime) -> TreatmentSessionQuerySet:
    """Return the planned sessions on these days that are still to come, in their order."""
    return _to_come(closure.clinic, [closure], now)


def _to_come(
    clinic: Clinic, closures: Iterable[Closure], now: datetime
) -> TreatmentSessionQuerySet:
    rows = TreatmentSession.objects.planned().filter(
        _in_days_of(closures, clinic), clinic=clinic, ends_at__gt=now
    )
    return rows.select_related(
        "patient", "clinic", "course__protocol", "phase", "chair__room"
    ).order_by("starts_at", "pk")


def _in_days_of(closures: Iterable[Closure], clinic: Clinic) -> Q:
    return reduce(or_, (_days(closure, clinic) for closure in closures), Q(pk__in=()))


def _days(closure: Closure, clinic: Clinic) -> Q:
    begin, end = day_bounds(clinic, closure.starts_on, closure.ends_on)
    return Q(starts_at__gte=begin, starts_at__lt=end)


def _reconcile(clinic: Clinic, *, by: User, now: datetime) -> None:
    """Ask once for each session on a closed day, and no more for one whose day is open again."""
    today = now.astimezone(clinic.zone).date()
    closures = Closure.objects.filter(clinic=clinic, ends_on__gte=today)
    keys = _to_come(clinic, closures, now).values_list("pk", flat=True)
    booked = steps.lock_all(pk__in=list(keys), status=Status.PLANNED)
    waiting = Task.objects.open().filter(clinic=clinic, dedupe_key__startswith=asks.CLOSED_DAY)
    asked = {asks.session_of_key(key): key for key in waiting.values_list("dedupe_key", flat=True)}
    free = _open_again(clinic, asked)
    tasks.close_for(by=by, note=OPEN_AGAIN, dedupe_key__in=[asked[str(pk)] for pk in free])
    for treatment_session in sorted(booked, key=lambda row: row.starts_at):
        if str(treatment_session.public_id) not in asked:
            asks.to_leave_a_closed_day(treatment_session, now)
    audit.record("clinic.closures_changed", subject=clinic, sessions=len(booked))


def _open_again(clinic: Clinic, public_ids: Iterable[str]) -> Iterable[UUID]:
    """Return which of these sessions are still planned, and on no closed day, past ones too."""
    closed = _in_days_of(Closure.objects.filter(clinic=clinic), clinic)
    rows = TreatmentSession.objects.planned().filter(public_id__in=list(public_ids))
    return rows.exclude(closed).values_list("public_id", flat=True)
