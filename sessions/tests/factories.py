"""Courses and sessions for tests, made with the shipped protocols through the services."""

from datetime import datetime, time, timedelta
from typing import Any

from django.utils import timezone

from clinic.audit import acting
from clinic.models import Chair, User
from clinic.tests.factories import TESTS
from patients.models import Patient
from sessions.lifecycle import Status
from sessions.models import DoseOrder, Protocol, TreatmentCourse, TreatmentSession
from sessions.services import publishing, steps


def shipped(key: str = "esketamine-trd-us") -> Protocol:
    """Return the shipped protocol, loading all of them once per test database state."""
    if not Protocol.objects.filter(key=key).exists():
        publishing.load_shipped()
    return Protocol.objects.get(key=key, status=Protocol.Status.PUBLISHED)


def make_course(
    patient: Patient, by: User, *, key: str = "esketamine-trd-us", **values: Any
) -> TreatmentCourse:
    today = timezone.now().astimezone(patient.clinic.zone).date()
    values = {"starts_on": today, "weekdays": [0, 3], "time_of_day": time(10), **values}
    with acting(TESTS):
        return TreatmentCourse.objects.create(
            patient=patient, clinic=patient.clinic, protocol=shipped(key), created_by=by, **values
        )


def make_order(course: TreatmentCourse, by: User, *, mg: int = 56, **values: Any) -> DoseOrder:
    values = {"valid_from": course.starts_on - timedelta(days=30), **values}
    with acting(TESTS):
        return DoseOrder.objects.create(
            course=course,
            patient=course.patient,
            clinic=course.clinic,
            drug=course.protocol.drug,
            route=course.protocol.route,
            dose_mg=mg,
            prescriber=by,
            ordered_at=timezone.now(),
            **values,
        )


def make_session(
    course: TreatmentCourse,
    *,
    starts_at: datetime | None = None,
    number: int = 1,
    chair: Chair | None = None,
    **values: Any,
) -> TreatmentSession:
    """Make one booked session of the course, by default starting now, on the first chair."""
    starts_at = starts_at or timezone.now().replace(second=0, microsecond=0)
    day = starts_at.astimezone(course.clinic.zone).date()
    chair = chair or Chair.objects.bookable_at(course.clinic).earliest("pk")
    defaults = {
        "phase": course.protocol.phases.first(),
        "number_in_phase": number,
        "week": 1,
        "nominal_on": day,
        "window_from": day,
        "window_to": day + timedelta(days=6),
        "ends_at": starts_at + timedelta(minutes=course.protocol.visit_minutes),
        "status": Status.PLANNED,
    }
    with acting(TESTS):
        return TreatmentSession.objects.create(
            course=course,
            patient=course.patient,
            clinic=course.clinic,
            number=number,
            chair=chair,
            starts_at=starts_at,
            **{**defaults, **values},
        )


def take_step(pk: int, to_status: Status, *, by: User, **values: Any) -> TreatmentSession:
    """Take one step with the version of now, as somebody would who has just opened the page."""
    version = TreatmentSession.objects.get(pk=pk).version
    return steps.change_status(pk, to_status, by=by, version=version, **values)
