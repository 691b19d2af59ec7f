"""Courses of invented patients: planned by the real planner, given up to today, booked after it."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random

from django.conf import settings

from clinic.models import Chair
from desk.demo.charts import Chart
from desk.demo.diary import Diary
from desk.demo.gates import settings_of
from desk.demo.places import OPENS_AT, Site
from desk.demo.rows import Rows
from desk.demo.script import ORDINARY
from desk.demo.story import Story, Today, Told
from desk.demo.visits import Recorder
from monitoring.readings import Settings
from sessions import protocols
from sessions.bodyweight import Basis
from sessions.dosing import infusion
from sessions.lifecycle import Status
from sessions.models import DoseOrder, Protocol, ProtocolPhase, TreatmentCourse, TreatmentSession
from sessions.planning import Calendar, Course, PlannedSession, plan
from sessions.services.calendar import hours_of
from sessions.specs import ProtocolSpec

TIMES = (time(8), time(8, 30), time(11, 30), time(12), time(15))
LAST_START = time(17, 30)
SUNDAY = 6
PREPARATION = timedelta(minutes=25)
BOOKED_BEFORE = timedelta(days=10)
REASONS = {
    Status.NO_SHOW: "",
    Status.CANCELLED: "Has a cold, will come next time.",
    Status.DEFERRED: "Blood pressure 164/102 before the dose, also after half an hour.",
    Status.LEFT_BEFORE_DOSE: "Called away by the school.",
}
STOPPED_AFTER = timedelta(days=10)  # so far ahead stands what a stop cancels


class Courses:
    """Makes the courses of one practice."""

    def __init__(self, rows: Rows, site: Site, now: datetime, rng: Random) -> None:
        self.rows, self.site, self.now, self.rng = rows, site, now, rng
        self.clinic, self.staff = site.clinic, site.staff
        self.today = now.astimezone(self.clinic.zone).date()
        self.calendar = hours_of(self.clinic).calendar
        self.diary = Diary(site.chairs)
        self.specs: dict[int, ProtocolSpec] = {}
        self.settings: dict[int, Settings] = {}
        self.phases: dict[int, dict[int, ProtocolPhase]] = {}
        self.told: list[Told] = []

    def tell(
        self, chart: Chart, story: Story, protocol: Protocol, today: Today | None = None
    ) -> Told:
        starts_on = self._day_1(story.days_ago, is_today=today is not None)
        told = Told(self._course(chart, story, protocol, starts_on, today), chart)
        for planned in self._planned(told.course, story, protocol, today):
            if planned.placed_on is None:
                told.unplaced.append(planned)
            else:
                self._session(told, planned, planned.placed_on, protocol, today)
        self._orders(told, story, protocol)
        for treatment_session in told.sessions:
            self._happen(told, treatment_session, story)
        self.told.append(told)
        return told

    def _day_1(self, days_ago: int, *, is_today: bool) -> date:
        """Return an open day; without a session today, one whose pattern passes over today."""
        day = self.today - timedelta(days=days_ago)
        while not is_today and (
            not self.calendar.is_open(day) or (self.today - day).days % 7 in {0, 3, 4}
        ):
            day -= timedelta(days=1)
        return day

    def _course(
        self, chart: Chart, story: Story, protocol: Protocol, starts_on: date, today: Today | None
    ) -> TreatmentCourse:
        at = self.rng.choice(TIMES)
        if today is not None:
            local = today.starts_at.astimezone(self.clinic.zone).time()
            at = min(max(local, OPENS_AT), LAST_START)
        phases = self._phases_of(protocol)
        coming = self.today if today is not None else None
        ended = story.stopped_days_ago is not None
        open_ended = any(phase.count is None for phase in phases.values())
        return self.rows.add(
            TreatmentCourse(
                patient=chart.patient,
                clinic=self.clinic,
                protocol=protocol,
                starts_on=starts_on,
                weekdays=_weekdays(starts_on, phases[1].per_week or 1, coming),
                time_of_day=at,
                rhythm=story.rhythm,
                status=self._status(story, ended=ended),
                stop_reason=story.stop_reason,
                planned_until=self.today + settings.PLANNING_HORIZON if open_ended else None,
                created_by=self.staff.front_desk,
            )
        )

    @staticmethod
    def _status(story: Story, *, ended: bool) -> str:
        if not ended:
            return TreatmentCourse.Status.ACTIVE
        stopped = bool(story.stop_reason)
        return TreatmentCourse.Status.STOPPED if stopped else TreatmentCourse.Status.COMPLETED

    def _planned(
        self, course: TreatmentCourse, story: Story, protocol: Protocol, today: Today | None
    ) -> tuple[PlannedSession, ...]:
        until = self.today + settings.PLANNING_HORIZON
        if story.stop_reason and story.stopped_days_ago is not None:
            until = self.today - timedelta(days=story.stopped_days_ago) + STOPPED_AFTER
        values = Course(
            starts_on=course.starts_on,
            weekdays=tuple(course.weekdays),
            rhythm=course.rhythm or None,
            birth_date=course.patient.birth_date,
            until=until,
        )
        calendar = self._calendar(course.starts_on, until, is_today=today is not None)
        return plan(self._spec_of(protocol), values, calendar).sessions

    def _calendar(self, begin: date, end: date, *, is_today: bool) -> Calendar:
        """Return the clinic's calendar; today is open for who comes today and closed for others."""
        days = (begin + timedelta(days=n) for n in range((end - begin).days + 8))
        closed = {day for day in days if not self.calendar.is_open(day)}
        closed = closed - {begin, self.today} if is_today else closed | {self.today}
        return Calendar(closed=frozenset(closed), names=self.calendar.names)

    def _session(
        self,
        told: Told,
        planned: PlannedSession,
        day: date,
        protocol: Protocol,
        today: Today | None,
    ) -> None:
        course = told.course
        length = timedelta(minutes=protocol.visit_minutes)
        is_today = today is not None and day == self.today
        if today is not None and is_today:
            starts_at, chair = today.starts_at, today.chair
            self.diary.hold(chair, starts_at, starts_at + length)
        else:
            starts = (self._at(day, at) for at in (course.time_of_day, *TIMES))
            starts_at, chair = self.diary.find(starts, length, protocol.route)
        treatment_session = self.rows.add(
            TreatmentSession(
                course=course,
                patient=course.patient,
                clinic=self.clinic,
                phase=self._phases_of(protocol)[planned.phase.order],
                number=planned.number,
                number_in_phase=planned.number_in_phase,
                week=planned.week,
                nominal_on=planned.nominal_on,
                window_from=planned.window[0],
                window_to=planned.window[1],
                chair=chair,
                starts_at=starts_at,
                ends_at=starts_at + length,
                scheduled_at=starts_at - BOOKED_BEFORE,
                trace=[
                    {
                        "rule": step.rule,
                        "text": step.text,
                        "anchor": str(step.anchor or ""),
                        "by": self.staff.front_desk.username,
                    }
                    for step in planned.trace
                ],
            )
        )
        told.sessions.append(treatment_session)
        if is_today:
            told.today = treatment_session

    def another_time(self, treatment_session: TreatmentSession) -> tuple[datetime, Chair]:
        """Return another start on the same day, and a chair that is free then."""
        day = treatment_session.starts_at.astimezone(self.clinic.zone).date()
        starts = (self._at(day, at) for at in TIMES)
        length = treatment_session.ends_at - treatment_session.starts_at
        route = treatment_session.course.protocol.route
        others = (start for start in starts if start != treatment_session.starts_at)
        return self.diary.find(others, length, route)

    def _at(self, day: date, wall_time: time) -> datetime:
        return datetime.combine(day, wall_time, tzinfo=self.clinic.zone).astimezone(UTC)

    def _orders(self, told: Told, story: Story, protocol: Protocol) -> None:
        """Order the dose, and each change of it, on the day before its first session."""
        if protocol.route == "iv":
            self._order(told, protocol, told.course.starts_on)
            return
        by_number = {row.number: row.nominal_on for row in told.sessions}
        for number, mg in sorted(story.doses_mg.items()):
            self._order(told, protocol, by_number[number], Decimal(mg))

    def _order(
        self, told: Told, protocol: Protocol, first_on: date, mg: Decimal | None = None
    ) -> None:
        ordered_at = self._at(first_on - timedelta(days=1), time(9))
        if told.orders:
            told.orders[-1].superseded_at = ordered_at
        order = DoseOrder(
            course=told.course,
            patient=told.course.patient,
            clinic=self.clinic,
            drug=protocol.drug,
            route=protocol.route,
            valid_from=first_on - timedelta(days=1),
            prescriber=self.staff.prescriber,
            ordered_at=min(ordered_at, self.now),
        )
        if mg is None:
            given = infusion(Decimal("0.5"), told.chart.weight_kg, 40)
            order.dose_mg, order.mg_per_kg, order.weight_kg = (
                given.mg,
                given.mg_per_kg,
                given.weight_kg,
            )
            order.weight_basis, order.actual_kg = Basis.ACTUAL, given.weight_kg
            order.infusion_minutes, order.concentration_mg_ml = given.minutes, given.mg_per_ml
        else:
            order.dose_mg = mg
        told.orders.append(self.rows.add(order))

    def _happen(self, told: Told, treatment_session: TreatmentSession, story: Story) -> None:
        """Tell what became of a session that lies before today or before the course's end."""
        stopped_at = None
        if story.stop_reason and story.stopped_days_ago is not None:
            stopped_at = self.now - timedelta(days=story.stopped_days_ago)
        recorder = self.recorder(treatment_session)
        number, starts_at = treatment_session.number, treatment_session.starts_at
        if stopped_at is not None and starts_at > stopped_at:
            recorder.step(
                Status.CANCELLED,
                stopped_at,
                by=self.staff.prescriber,
                reason=f"Course stopped: {story.stop_reason}",
            )
        elif treatment_session is told.today or starts_at > self.now:
            return
        elif number in story.undosed:
            self._end_undosed(recorder, story.undosed[number], starts_at)
        else:
            first_dose = starts_at + PREPARATION + timedelta(minutes=self.rng.randint(-3, 9))
            script = story.scripts.get(number, ORDINARY)
            recorder.tell(script, first_dose, told.order_on(number), told.chart.baseline)

    def _end_undosed(self, recorder: Recorder, status: Status, starts_at: datetime) -> None:
        at = starts_at + timedelta(minutes=35)
        if status == Status.CANCELLED:
            at = starts_at - timedelta(hours=20)
        recorder.tell_ending(status, at, REASONS[status], by=self.staff.front_desk)

    def recorder(self, treatment_session: TreatmentSession) -> Recorder:
        protocol = treatment_session.course.protocol
        if protocol.pk not in self.settings:
            self.settings[protocol.pk] = settings_of(protocol.monitoring)
        return Recorder(
            self.rows,
            treatment_session,
            staff=self.staff,
            settings=self.settings[protocol.pk],
            until=self.now,
            rng=self.rng,
        )

    def _spec_of(self, protocol: Protocol) -> ProtocolSpec:
        if protocol.pk not in self.specs:
            self.specs[protocol.pk] = protocols.spec_of(protocols.whole().get(pk=protocol.pk))
        return self.specs[protocol.pk]

    def _phases_of(self, protocol: Protocol) -> dict[int, ProtocolPhase]:
        if protocol.pk not in self.phases:
            self.phases[protocol.pk] = {phase.order: phase for phase in protocol.phases.all()}
        return self.phases[protocol.pk]


def _weekdays(starts_on: date, per_week: int, today: date | None) -> list[int]:
    """Return day 1's weekday, and today's, or the one three days on (four where that is Sunday)."""
    first = starts_on.weekday()
    if per_week == 1:
        return [first]
    second = (first + 3) % 7
    if today is not None and today.weekday() != first:
        second = today.weekday()
    elif second == SUNDAY:
        second = 0
    return sorted([first, second])
