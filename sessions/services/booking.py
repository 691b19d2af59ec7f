"""From planned dates to booked chairs: all or nothing, whoever else is booking."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError

from clinic import audit, clock, entries
from clinic.audit import Actor, acting
from clinic.entries import Submission
from clinic.models import Chair, Clinic, User
from clinic.refusals import refused_kindly
from clinic.roles import Role
from patients.models import Patient, Task
from patients.services import tasks
from sessions import ports, protocols
from sessions.models import Protocol, TreatmentCourse, TreatmentSession
from sessions.planning import Course, Plan, PlannedSession, PlanningError, plan
from sessions.services.calendar import ClinicHours, hours_of
from sessions.services.places import Occupancy

BOOK = "treatment_sessions.book_course"
LATEST_START = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen for a course before its dates are known."""

    patient: Patient
    protocol: Protocol
    starts_on: date
    weekdays: tuple[int, ...]
    time_of_day: time
    chair: Chair | None = None
    rhythm: str = ""

    @property
    def clinic(self) -> Clinic:
        return self.patient.clinic


@dataclass(frozen=True, slots=True)
class DraftRow:
    """One session of the preview: its date and why, and its chair or what is in the way."""

    planned: PlannedSession
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    chair: Chair | None = None
    conflict: str = ""
    alternatives: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    plan: Plan
    rows: tuple[DraftRow, ...]

    @property
    def conflicts(self) -> list[DraftRow]:
        return [row for row in self.rows if row.conflict]

    @property
    def unplaced(self) -> list[DraftRow]:
        return [row for row in self.rows if row.planned.placed_on is None]

    @property
    def is_bookable(self) -> bool:
        return not self.conflicts and any(row.chair for row in self.rows)


def draft(choice: Choice, *, today: date) -> Draft:
    """Plan the course and look for chairs; nothing is written or locked."""
    hours = hours_of(choice.clinic)
    chairs = list(Chair.objects.bookable_at(choice.clinic).select_related("room"))
    made = _plan(choice, hours, today)
    return Draft(made, tuple(_rows(choice, made.sessions, hours, chairs)))


def _plan(choice: Choice, hours: ClinicHours, today: date) -> Plan:
    if choice.starts_on > today + LATEST_START:
        raise ValidationError({"starts_on": "Day 1 can be at most a year ahead."})
    spec = protocols.spec_of(protocols.whole().get(pk=choice.protocol.pk))
    horizon = choice.starts_on + settings.PLANNING_HORIZON
    course = _planner_course(choice, until=horizon if spec.phases[-1].count is None else None)
    try:
        return plan(spec, course, hours.calendar, not_before=today)
    except PlanningError as error:
        raise ValidationError(error.message, code=error.code) from error


def _planner_course(choice: Choice, *, until: date | None) -> Course:
    return Course(
        starts_on=choice.starts_on,
        weekdays=choice.weekdays or None,
        rhythm=choice.rhythm or None,
        birth_date=choice.patient.birth_date,
        until=until,
    )


def _rows(
    choice: Choice, planned: Iterable[PlannedSession], hours: ClinicHours, chairs: list[Chair]
) -> list[DraftRow]:
    planned = list(planned)
    days = [session.placed_on for session in planned if session.placed_on is not None]
    occupancy = Occupancy.around(choice.clinic, choice.patient, days)
    return [_row(choice, session, hours, chairs, occupancy) for session in planned]


def _row(
    choice: Choice,
    session: PlannedSession,
    hours: ClinicHours,
    chairs: list[Chair],
    occupancy: Occupancy,
) -> DraftRow:
    if session.placed_on is None:
        return DraftRow(session)
    length = timedelta(minutes=choice.protocol.visit_minutes)
    starts_at = hours.at(session.placed_on, choice.time_of_day)
    ends_at = starts_at + length
    refusal = hours.refusal(session.placed_on, choice.time_of_day, length)
    if refusal:
        return DraftRow(session, starts_at, ends_at, conflict=refusal)
    if occupancy.patient_is_busy(starts_at, ends_at):
        return DraftRow(
            session, starts_at, ends_at, conflict="The patient has another session at that time."
        )
    chair = occupancy.free_chair(chairs, choice.chair, starts_at, ends_at)
    if chair is None:
        free = occupancy.other_starts(chairs, hours.starts(session.placed_on, length), length)
        return DraftRow(
            session,
            starts_at,
            ends_at,
            conflict="Every chair is taken at that time.",
            alternatives=tuple(
                moment.astimezone(choice.clinic.zone).strftime("%H:%M") for moment in free
            ),
        )
    return DraftRow(session, starts_at, ends_at, chair)


def book(
    choice: Choice,
    *,
    by: User,
    accept_unplaced: bool = False,
    entry: Submission | None = None,
) -> TreatmentCourse:
    """Plan again under lock and book every chair, or refuse and book none.

    Sessions that find no day need `accept_unplaced`; they become a task.
    """
    with refused_kindly(), acting(by):
        entries.claim(entry, by)
        patient = (
            Patient.objects.select_for_update().select_related("clinic").get(pk=choice.patient.pk)
        )
        if not by.may(BOOK, patient.clinic_id):
            raise PermissionDenied(BOOK)
        _lock_chairs(choice.clinic)
        now = clock.now()
        today = now.astimezone(choice.clinic.zone).date()
        _check_patient(patient, today)
        made = draft(choice, today=today)
        _check_draft(made, accept_unplaced=accept_unplaced)
        course = _create_course(choice, made, by)
        _create_sessions(course, made.rows, by=by.username)
        _ask_about_dates(course, made, now)
        audit.record("course.booked", subject=course, sessions=len(made.plan.placed))
        return course


def _lock_chairs(clinic: Clinic) -> None:
    """Lock every chair of the clinic in key order: bookings queue here instead of deadlocking."""
    chairs = Chair.objects.filter(room__clinic=clinic).order_by("pk")
    list(chairs.select_for_update(no_key=True, of=("self",)).values_list("pk"))


def _check_patient(patient: Patient, today: date) -> None:
    reasons = patient.not_treatable(today)
    if reasons:
        raise ValidationError(reasons, code="not_treatable")
    if TreatmentCourse.objects.running().filter(patient=patient).exists():
        raise ValidationError("This patient has a running course already.", code="running_course")


def _check_draft(made: Draft, *, accept_unplaced: bool) -> None:
    if made.conflicts:
        first = made.conflicts[0]
        raise ValidationError(
            f"Session {first.planned.number} can't be booked: {first.conflict} "
            "Look at the conflicts below and choose again.",
            code="conflict",
        )
    if made.unplaced and not accept_unplaced:
        raise ValidationError(
            {"accept_unplaced": "Some sessions find no day. Confirm that you will see to them."}
        )


def _create_course(choice: Choice, made: Draft, by: User) -> TreatmentCourse:
    return TreatmentCourse.objects.create(
        patient=choice.patient,
        clinic=choice.clinic,
        protocol=choice.protocol,
        starts_on=choice.starts_on,
        weekdays=list(choice.weekdays),
        time_of_day=choice.time_of_day,
        chair=choice.chair,
        rhythm=choice.rhythm,
        planned_until=choice.starts_on + settings.PLANNING_HORIZON
        if made.plan.open_ended
        else None,
        created_by=by,
    )


def _create_sessions(
    course: TreatmentCourse, rows: Iterable[DraftRow], *, by: str
) -> list[TreatmentSession]:
    phases = {phase.order: phase for phase in course.protocol.phases.all()}
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
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            trace=[
                {"rule": step.rule, "text": step.text, "anchor": str(step.anchor or ""), "by": by}
                for step in row.planned.trace
            ],
        )
        for row in rows
        if row.chair is not None
    )
    ports.booked(sessions)
    return sessions


def _ask_about_dates(course: TreatmentCourse, made: Draft, now: datetime) -> None:
    """A number without a date or chair is not dropped: the front desk finds it a place."""
    waiting = [row.planned.number for row in made.rows if row.chair is None]
    if waiting:
        numbers = ", ".join(map(str, waiting))
        tasks.ask(
            Task.Kind.UNPLACED_SESSIONS,
            patient=course.patient,
            role=Role.FRONT_DESK,
            text=f"Find dates for sessions without one: {numbers}.",
            due_at=now,
            dedupe_key=f"unplaced:{course.public_id}:{numbers}"[:160],
            source=course,
        )


def extend(pk: int, *, by: Actor | User) -> int:
    """Plan an open-ended course on to the horizon; return how many sessions were booked.

    A date that can't be booked keeps its number and becomes a task.
    """
    with refused_kindly(), acting(by):
        course = (
            TreatmentCourse.objects.select_for_update(of=("self",))
            .select_related("patient__clinic", "clinic", "protocol", "chair")
            .get(pk=pk)
        )
        if course.status != TreatmentCourse.Status.ACTIVE or course.planned_until is None:
            return 0
        _lock_chairs(course.clinic)
        now = clock.now()
        today = now.astimezone(course.clinic.zone).date()
        horizon = today + settings.PLANNING_HORIZON
        if horizon <= course.planned_until:
            return 0
        made = _continue(course, today=today, until=horizon)
        _create_sessions(course, made.rows, by="system")
        _ask_about_dates(course, made, now)
        course.planned_until = horizon
        course.save(update_fields=["planned_until"])
        audit.record("course.extended", subject=course, sessions=len(made.plan.placed))
        return sum(row.chair is not None for row in made.rows)


def _continue(course: TreatmentCourse, *, today: date, until: date) -> Draft:
    """Plan what follows the last numbered session, keeping the gap to the last one booked."""
    last = course.sessions.order_by("-number").first()
    zone = course.clinic.zone
    days = sorted(
        moment.astimezone(zone).date()
        for moment in course.sessions.holding().values_list("starts_at", flat=True)
    )
    choice = Choice(
        patient=course.patient,
        protocol=course.protocol,
        starts_on=course.starts_on,
        weekdays=tuple(course.weekdays),
        time_of_day=course.time_of_day,
        chair=course.chair,
        rhythm=course.rhythm,
    )
    hours = hours_of(course.clinic)
    spec = protocols.spec_of(protocols.whole().get(pk=course.protocol_id))
    try:
        made = plan(
            spec,
            _planner_course(choice, until=until),
            hours.calendar,
            after=days[-1:],
            first_number=last.number + 1 if last else None,
            not_before=today,
        )
    except PlanningError as error:
        raise ValidationError(error.message, code=error.code) from error
    chairs = list(Chair.objects.bookable_at(course.clinic).select_related("room"))
    return Draft(made, tuple(_rows(choice, made.sessions, hours, chairs)))
