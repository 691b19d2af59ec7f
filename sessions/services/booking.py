"""From planned dates to booked chairs: all or nothing, whoever else is booking."""

from collections.abc import Callable, Iterable
from datetime import date, datetime

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError

from clinic import audit, clock, entries
from clinic.audit import acting
from clinic.entries import Submission
from clinic.models import Chair, Clinic, User
from clinic.refusals import refused_kindly
from clinic.roles import Role
from patients.models import Patient, Task
from patients.services import tasks
from sessions import ports
from sessions.models import TreatmentCourse, TreatmentSession
from sessions.plans import TraceStep
from sessions.services.drafts import Choice, Draft, DraftRow, Pin, draft

__all__ = ["Choice", "Draft", "DraftRow", "Pin", "book", "draft", "refusals_for"]

BOOK = "treatment_sessions.book_course"
NO_DATE = "No visit gets a date. If the record is wrong, correct the patient's details first."


def book(
    choice: Choice,
    *,
    by: User,
    accept_unplaced: bool = False,
    shown: str = "",
    entry: Submission | None = None,
    shown_at: Callable[[TreatmentCourse], str] = lambda course: "",
) -> TreatmentCourse:
    """Plan again under lock and book every chair, or refuse and book none.

    Sessions that find no day need `accept_unplaced`; they become a task. `shown` is the fingerprint
    of the preview: other dates or chairs than those are not booked. A repeated submission ends
    where `shown_at` says.
    """
    with refused_kindly(), acting(by, entry):
        patient = (
            Patient.objects.select_for_update(no_key=True, of=("self",))
            .select_related("clinic")
            .get(pk=choice.patient.pk)
        )
        if not by.may(BOOK, patient.clinic_id):
            raise PermissionDenied(BOOK)
        lock_chairs(choice.clinic)
        now = clock.now()
        reasons = refusals_for(patient, now)
        if reasons:
            raise ValidationError(reasons, code="not_treatable")
        made = draft(choice, now=now)
        _check_draft(made, accept_unplaced=accept_unplaced, shown=shown)
        course = _create_course(choice, made, by)
        create_sessions(course, made.booked, by=by.username)
        ask_about_dates(course, made.rows, now)
        audit.record("course.booked", subject=course, sessions=len(made.booked))
        entries.finish(entry, shown_at(course))
        return course


def refusals_for(patient: Patient, now: datetime) -> list[str]:
    """Return why no course can be booked for this patient; empty when one can."""
    reasons = patient.not_treatable(now.astimezone(patient.clinic.zone).date())
    if patient.merged_into_id is not None:
        reasons.append("This record was merged into another one. Book there.")
    if TreatmentCourse.objects.running().filter(patient=patient).exists():
        reasons.append("This patient has a running course already.")
    return reasons


def check_treatable(patient: Patient, day: date) -> None:
    """Refuse a date for a patient whom nobody may treat then."""
    if reasons := patient.not_treatable(day):
        raise ValidationError([*reasons, NO_DATE], code="not_treatable")


def lock_chairs(clinic: Clinic) -> None:
    """Lock every chair of the clinic in key order: bookings queue here instead of deadlocking."""
    chairs = Chair.objects.filter(room__clinic=clinic).order_by("pk")
    list(chairs.select_for_update(no_key=True, of=("self",)).values_list("pk"))


def _check_draft(made: Draft, *, accept_unplaced: bool, shown: str) -> None:
    if made.conflicts:
        first = made.conflicts[0]
        raise ValidationError(
            f"Session {first.planned.number} can't be booked: {first.conflict} "
            "Look at the conflicts below and choose again.",
            code="conflict",
        )
    if not made.booked:
        raise ValidationError("Not one session finds a day.", code="nothing_to_book")
    if made.unplaced and not accept_unplaced:
        raise ValidationError(
            {"accept_unplaced": "Some sessions find no day. Confirm that you will see to them."}
        )
    if shown and shown != made.fingerprint:
        raise ValidationError(
            "Chairs or hours changed since these dates were shown. Nothing was booked; "
            "the dates below are the ones that are possible now.",
            code="changed",
        )


def _create_course(choice: Choice, made: Draft, by: User) -> TreatmentCourse:
    until = choice.starts_on + settings.PLANNING_HORIZON if made.plan.open_ended else None
    return TreatmentCourse.objects.create(
        patient=choice.patient,
        clinic=choice.clinic,
        protocol=choice.protocol,
        starts_on=choice.starts_on,
        weekdays=list(choice.weekdays),
        time_of_day=choice.time_of_day,
        chair=choice.chair,
        rhythm=choice.rhythm,
        planned_until=until,
        created_by=by,
    )


def create_sessions(
    course: TreatmentCourse, rows: Iterable[DraftRow], *, by: str
) -> list[TreatmentSession]:
    """Write the rows that have a chair, inside `acting`, and tell those who wait for bookings."""
    phases = {phase.order: phase for phase in course.protocol.phases.all()}
    now = clock.now()
    sessions = TreatmentSession.objects.bulk_create(
        TreatmentSession(
            course=course,
            patient_id=course.patient_id,
            clinic_id=course.clinic_id,
            phase=phases[row.planned.phase.order],
            number=row.planned.number,
            number_in_phase=row.planned.number_in_phase,
            week=row.planned.week,
            nominal_on=row.planned.nominal_on,
            window_from=row.planned.window[0],
            window_to=row.planned.window[1],
            chair=row.chair,
            starts_at=row.interval[0],
            ends_at=row.interval[1],
            scheduled_at=now,
            trace=[traced(step, by=by) for step in row.trace],
        )
        for row in rows
    )
    ports.booked(sessions)
    return sessions


def traced(step: TraceStep, *, by: str) -> dict[str, str]:
    """Return a step as a session keeps it."""
    anchor = step.anchor.isoformat() if step.anchor else ""
    return {"rule": step.rule, "text": step.text, "anchor": anchor, "by": by}


def unplaced_key(course: TreatmentCourse, number: int | str) -> str:
    """Return the key of the task that asks for this number's date."""
    return f"unplaced:{course.public_id}:{number}"


def ask_about_dates(course: TreatmentCourse, rows: Iterable[DraftRow], now: datetime) -> None:
    """A number without a date or chair is not dropped: the front desk finds it a place."""
    for row in rows:
        if row.chair is not None:
            continue
        number = row.planned.number
        tasks.ask(
            Task.Kind.UNPLACED_SESSIONS,
            patient=course.patient,
            role=Role.FRONT_DESK,
            text=f"Session {number} has no date: {row.conflict or row.planned.unplaced_reason}"[
                :300
            ],
            due_at=now,
            dedupe_key=unplaced_key(course, number),
            source=course,
        )
