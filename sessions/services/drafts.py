"""From chosen dates to free chairs: what a course would look like if it were booked now."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import partial
from hashlib import sha256
from itertools import islice

from django.conf import settings
from django.core.exceptions import ValidationError

from clinic.models import Chair, Clinic
from patients.models import Patient
from sessions import protocols
from sessions.models import Protocol, TreatmentCourse
from sessions.placement import gap_between
from sessions.planning import Course, Plan, PlannedSession, PlanningError, RhythmChange, plan
from sessions.plans import TraceStep, say
from sessions.services.calendar import ClinicHours, hours_of
from sessions.services.places import Occupancy

LATEST_START = timedelta(days=366)
ALTERNATIVES = 4
TIMES_OF_THE_DAY = 3
PATIENT_BUSY = "The patient has another session at that time."
CHAIRS_TAKEN = "Every chair is taken at that time."
# Which field of the planning form a refusal of the planner belongs to.
FIELD_OF = {
    "start_past": "starts_on",
    "start_closed": "starts_on",
    "start_too_soon": "starts_on",
    "start_not_preferred": "starts_on",
    "date_range": "starts_on",
    "weekdays": "weekdays",
    "weekdays_count": "weekdays",
    "days_too_close": "weekdays",
    "rhythm_unknown": "rhythm",
    "rhythm_not_offered": "rhythm",
    "too_young": "protocol",
    "too_old": "protocol",
    "age": "protocol",
}


@dataclass(frozen=True, slots=True)
class Pin:
    """A day and wall time chosen by hand for one session, because its own was taken."""

    day: date
    at: time


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
    pins: Mapping[int, Pin] = field(default_factory=dict)
    rhythm_changes: tuple[RhythmChange, ...] = ()

    @property
    def clinic(self) -> Clinic:
        return self.patient.clinic

    def for_planner(self, *, until: date | None = None) -> Course:
        return Course(
            starts_on=self.starts_on,
            weekdays=self.weekdays or None,
            rhythm=self.rhythm or None,
            rhythm_changes=self.rhythm_changes,
            birth_date=self.patient.birth_date,
            until=until,
        )


def choice_of(course: TreatmentCourse) -> Choice:
    """Return what was once chosen for a course that is running now."""
    return Choice(
        patient=course.patient,
        protocol=course.protocol,
        starts_on=course.starts_on,
        weekdays=tuple(course.weekdays),
        time_of_day=course.time_of_day,
        chair=course.chair,
        rhythm=course.rhythm,
        rhythm_changes=tuple(RhythmChange(week, rhythm) for week, rhythm in course.rhythm_changes),
    )


@dataclass(frozen=True, slots=True)
class DraftRow:
    """One session of the preview: its date and why, and its chair or what is in the way."""

    planned: PlannedSession
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    chair: Chair | None = None
    conflict: str = ""
    alternatives: tuple[Pin, ...] = ()
    trace: tuple[TraceStep, ...] = ()

    @property
    def interval(self) -> tuple[datetime, datetime]:
        """Return when the visit is, of a row that has a date."""
        if self.starts_at is None or self.ends_at is None:
            raise ValueError(f"Session {self.planned.number} has no date.")
        return self.starts_at, self.ends_at


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
    def booked(self) -> list[DraftRow]:
        return [row for row in self.rows if row.chair is not None]

    @property
    def is_bookable(self) -> bool:
        return not self.conflicts and bool(self.booked)

    @property
    def fingerprint(self) -> str:
        """Identify dates and chairs: what is booked must be what was shown."""
        rows = [
            (row.planned.number, str(row.starts_at), row.chair and row.chair.pk)
            for row in self.rows
        ]
        return sha256(repr(rows).encode()).hexdigest()


def draft(choice: Choice, *, now: datetime) -> Draft:
    """Plan a new course and look for chairs; nothing is written or locked."""
    today = now.astimezone(choice.clinic.zone).date()
    if choice.starts_on > today + LATEST_START:
        raise ValidationError({"starts_on": "Day 1 can be at most a year ahead."})
    hours = hours_of(choice.clinic)
    spec = protocols.spec_of(protocols.whole().get(pk=choice.protocol.pk))
    horizon = choice.starts_on + settings.PLANNING_HORIZON
    course = choice.for_planner(until=horizon if spec.phases[-1].count is None else None)
    with planner_refusals():
        made = plan(spec, course, hours.calendar, not_before=today)
    return with_chairs(choice, made, hours, now=now)


@contextmanager
def planner_refusals() -> Iterator[None]:
    """Turn what the planner refuses into an error at the field that it is about."""
    try:
        yield
    except PlanningError as error:
        refusal = ValidationError(error.message, code=error.code)
        where = FIELD_OF.get(error.code)
        raise ValidationError({where: refusal} if where else refusal) from error


def with_chairs(
    choice: Choice,
    made: Plan,
    hours: ClinicHours,
    *,
    now: datetime,
    leaving_out: frozenset[int] = frozenset(),
) -> Draft:
    """Give each planned date a chair; `leaving_out` are sessions that will give theirs up."""
    days = {
        session.number: choice.pins[session.number].day
        if session.number in choice.pins
        else session.placed_on
        for session in made.sessions
        if session.placed_on is not None
    }
    windows = [day for session in made.sessions for day in session.window]
    seats = _Seats(
        choice,
        hours,
        list(
            Chair.objects.bookable_at(choice.clinic)
            .serving(choice.protocol.route)
            .select_related("room")
        ),
        Occupancy.around(choice.clinic, choice.patient, windows, leaving_out=leaving_out),
        {session.number: session for session in made.sessions},
        days,
        now,
    )
    return Draft(made, tuple(seats.row(session) for session in made.sessions))


@dataclass(frozen=True, slots=True)
class _Seats:
    """Everything that one row of the draft depends on, read once for all."""

    choice: Choice
    hours: ClinicHours
    chairs: list[Chair]
    occupancy: Occupancy
    planned: Mapping[int, PlannedSession]
    days: Mapping[int, date]
    now: datetime

    @property
    def length(self) -> timedelta:
        return timedelta(minutes=self.choice.protocol.visit_minutes)

    def row(self, session: PlannedSession) -> DraftRow:
        if session.placed_on is None:
            return DraftRow(session, trace=session.trace)
        pin = self.choice.pins.get(session.number)
        wanted = pin or Pin(session.placed_on, self.choice.time_of_day)
        starts_at = self.hours.at(wanted.day, wanted.at)
        ends_at = starts_at + self.length
        trace = (*session.trace, _chosen(pin)) if pin else session.trace
        conflict = self._refusal(session, wanted)
        chair = None if conflict else self._chair(starts_at)
        if chair is None:
            alternatives = tuple(self._alternatives(session, wanted))[:ALTERNATIVES]
            conflict = conflict or CHAIRS_TAKEN
            return DraftRow(session, starts_at, ends_at, None, conflict, alternatives, trace)
        return DraftRow(session, starts_at, ends_at, chair, trace=trace)

    def _chair(self, starts_at: datetime) -> Chair | None:
        ends_at = starts_at + self.length
        return self.occupancy.free_chair(self.chairs, self.choice.chair, starts_at, ends_at)

    def _refusal(self, session: PlannedSession, wanted: Pin) -> str:
        """Say what stands against this day and time, chairs apart."""
        starts_at = self.hours.at(wanted.day, wanted.at)
        refusal = self._day_refusal(session, wanted.day)
        refusal = refusal or self.hours.refusal(wanted.day, wanted.at, self.length)
        if not refusal and starts_at + self.length <= self.now:
            return "This time has passed."
        if not refusal and self.occupancy.patient_is_busy(starts_at, starts_at + self.length):
            return PATIENT_BUSY
        return refusal

    def _day_refusal(self, session: PlannedSession, day: date) -> str:
        """Hold a day chosen by hand to the planner's rules: its week, and the gap to neighbours."""
        if day == session.placed_on:
            return ""
        if session.number == 1:
            return "Session 1 is day 1: choose another day 1 instead."
        if not session.window[0] <= day <= session.window[1]:
            return f"{say(day)} lies outside treatment week {session.week}."
        for neighbour in self._neighbours(session.number):
            needed = gap_between(session.phase, neighbour.phase)
            if abs((day - self.days[neighbour.number]).days) < needed:
                return f"{say(day)} is less than {needed} days from session {neighbour.number}."
        return ""

    def _neighbours(self, number: int) -> Iterator[PlannedSession]:
        before = max((n for n in self.days if n < number), default=None)
        after = min((n for n in self.days if n > number), default=None)
        yield from (self.planned[n] for n in (before, after) if n is not None)

    def _alternatives(self, session: PlannedSession, wanted: Pin) -> Iterator[Pin]:
        """Yield the free starts of the day that are nearest, then other days of the week."""
        times = (Pin(wanted.day, start) for start in self._starts(wanted.day, near=wanted.at))
        yield from islice(filter(partial(self._is_free, session), times), TIMES_OF_THE_DAY)
        for offset in range((session.window[1] - session.window[0]).days + 1):
            pin = Pin(session.window[0] + timedelta(days=offset), wanted.at)
            if pin.day != wanted.day and self._is_free(session, pin):
                yield pin

    def _starts(self, day: date, *, near: time) -> list[time]:
        wish = self.hours.at(day, near)
        starts = sorted(self.hours.starts(day, self.length), key=lambda at: abs(at - wish))
        return [start.astimezone(self.hours.zone).time() for start in starts]

    def _is_free(self, session: PlannedSession, pin: Pin) -> bool:
        starts_at = self.hours.at(pin.day, pin.at)
        return (
            starts_at > self.now
            and not self._refusal(session, pin)
            and self._chair(starts_at) is not None
        )


def _chosen(pin: Pin) -> TraceStep:
    text = f"Chosen by hand: {say(pin.day)} at {pin.at:%H:%M}."
    return TraceStep("chosen", text, pin.day)
