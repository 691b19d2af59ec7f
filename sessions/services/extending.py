"""Courses that run: an open end is planned on, in step with the calendar."""

from collections.abc import Iterable
from datetime import date, datetime

from django.conf import settings

from clinic import audit, clock, locks
from clinic.audit import Actor, acting
from clinic.models import User
from clinic.refusals import refused_kindly
from patients.models import Patient
from sessions import protocols
from sessions.layout import lay_out
from sessions.models import TreatmentCourse
from sessions.models.session import STANDING
from sessions.placement import Slot
from sessions.planning import plan
from sessions.services.booking import ask_about_dates, create_sessions, lock_chairs
from sessions.services.calendar import hours_of
from sessions.services.drafts import Choice, Draft, choice_of, planner_refusals, with_chairs


def lock_course(pk: int) -> TreatmentCourse:
    """Lock the course for this transaction: before its chairs and sessions."""
    return (
        TreatmentCourse.objects.select_for_update(no_key=True, of=("self",))
        .select_related("patient__clinic", "clinic", "protocol", "chair")
        .get(pk=pk)
    )


def lock_to_book(pk: int) -> TreatmentCourse:
    """Lock the course to give it dates; before it the patient, so that no death comes between."""
    of = TreatmentCourse.objects.filter(pk=pk).values("patient_id")
    locks.share(Patient.objects.filter(pk__in=of))
    return lock_course(pk)


def slots_of(choice: Choice) -> tuple[Slot, ...]:
    """Return every session that the course counts, dated or not."""
    spec = protocols.spec_of(protocols.whole().get(pk=choice.protocol.pk))
    with planner_refusals():
        return lay_out(spec.phases, choice.for_planner())


def extend(pk: int, *, by: Actor | User) -> int:
    """Plan an open-ended course on to the horizon; return how many sessions were booked.

    A date that can't be booked keeps its number and becomes a task. Booked dates never move.
    """
    with refused_kindly(), acting(by):
        course = lock_to_book(pk)
        if course.status != TreatmentCourse.Status.ACTIVE or course.planned_until is None:
            return 0
        now = clock.now()
        today = now.astimezone(course.clinic.zone).date()
        horizon = today + settings.PLANNING_HORIZON
        if horizon <= course.planned_until or course.patient.not_treatable(today):
            return 0
        lock_chairs(course.clinic)
        choice = choice_of(course)
        planned = _counted_until(slots_of(choice), course.planned_until)
        made = continue_course(course, choice, first=planned + 1, until=horizon, now=now)
        create_sessions(course, made.booked, by="system")
        ask_about_dates(course, made.rows, now)
        course.planned_until = horizon
        course.save(update_fields=["planned_until"])
        audit.record("course.extended", subject=course, sessions=len(made.booked))
        return len(made.booked)


def _counted_until(slots: Iterable[Slot], day: date) -> int:
    return sum(slot.nominal <= day.toordinal() for slot in slots)


def continue_course(
    course: TreatmentCourse,
    choice: Choice,
    *,
    first: int,
    until: date,
    now: datetime,
    replaced: frozenset[int] = frozenset(),
) -> Draft:
    """Draft session `first` and what follows, keeping the gap to the last session that stands."""
    standing = course.sessions.filter(status__in=STANDING, number__lt=first)
    starts = standing.values_list("starts_at", flat=True)
    days = {starts_at.astimezone(course.clinic.zone).date() for starts_at in starts}
    hours = hours_of(course.clinic)
    spec = protocols.spec_of(protocols.whole().get(pk=course.protocol_id))
    with planner_refusals():
        made = plan(
            spec,
            choice.for_planner(until=until),
            hours.calendar,
            after=sorted(days)[-1:],
            first_number=first,
            not_before=now.astimezone(course.clinic.zone).date(),
        )
    return with_chairs(choice, made, hours, now=now, leaving_out=replaced)
