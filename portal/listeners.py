"""What patients asked for follows what becomes of the visit, and of their address and consent."""

from collections.abc import Collection

from django.db.models import F, Q, QuerySet

from clinic import clock
from patients.models import Patient
from portal.models import ChangeRequest
from portal.services import deciding, unreached, visits
from sessions.lifecycle import Status
from sessions.models import TreatmentCourse, TreatmentSession


def moved(treatment_session: TreatmentSession) -> None:
    deciding.settle(_about(treatment_session), "The visit has another time now.")


def booked(sessions: list[TreatmentSession]) -> None:
    for session in sessions:
        if session.makes_up_for is not None:
            deciding.settle(_about(session.makes_up_for), "A new date was booked.")


def status_changed(treatment_session: TreatmentSession, left: str) -> None:
    """What was asked before a visit that is missed now stays open: nobody has answered it."""
    if treatment_session.status != Status.NO_SHOW:
        state = treatment_session.get_status_display()
        deciding.settle(_about(treatment_session), f"The visit is “{state}” now.")
    if treatment_session.status == Status.CANCELLED:
        visits.called_off(treatment_session)


def course_ended(course: TreatmentCourse) -> None:
    """What was asked about a missed visit has no date to become any more."""
    state = course.get_status_display().lower()
    rows = ChangeRequest.objects.open().filter(treatment_session__course=course)
    deciding.settle(rows, f"The course is {state}.")


def contact_changed(patient: Patient) -> None:
    unreached.contact_changed(patient, clock.now())


def asked_before(missed: Collection[int]) -> set[int]:
    """Return which of these missed visits had an open request when they were missed."""
    ended = F("treatment_session__ended_at")
    rows = ChangeRequest.objects.filter(treatment_session__in=missed).exclude(
        kind=ChangeRequest.Kind.REBOOK
    )
    unanswered = rows.filter(Q(decided_at__isnull=True) | Q(decided_at__gte=ended))
    return set(unanswered.values_list("treatment_session", flat=True))


def _about(session: TreatmentSession) -> QuerySet[ChangeRequest]:
    return ChangeRequest.objects.open().filter(treatment_session=session)
