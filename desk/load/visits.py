"""Courses and their visits by the hundred thousand: some years back, some weeks ahead."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from uuid import UUID

from clinic.models import Chair, Clinic, User
from desk.load.charts import Seat
from desk.load.live import WATCHED
from desk.load.tables import Table
from monitoring.models import VitalSigns
from reminders.models import Message
from sessions.lifecycle import Status
from sessions.models import (
    Dose,
    DoseOrder,
    Protocol,
    Signature,
    StatusChange,
    TreatmentCourse,
    TreatmentSession,
)

STARTS = (time(7), time(10), time(13), time(16))
DAYS_AHEAD = 60
RUNS_FOR = 90  # days after which a course is completed
SESSION_DAYS = (0, 3, 7)
# minutes after the start of the visit
STEPS = (
    (Status.PLANNED, Status.CHECKED_IN, 0),
    (Status.CHECKED_IN, Status.CLEARED, 20),
    (Status.CLEARED, Status.DOSING, 25),
    (Status.DOSING, Status.MONITORING, 30),
    (Status.MONITORING, Status.DISCHARGED, 160),
)
DEVICES = ((1, 25), (2, 30))
READINGS = (10, 66, 86, 116, 152)
RISE = (0, 22, 16, 8, 2)
LEFT, SIGNED, REMINDED = 160, 300, -24 * 60


@dataclass(frozen=True, slots=True)
class Visit:
    """One session by its id, with what its rows refer to."""

    pk: int
    seat: Seat
    course_pk: int
    order_pk: int
    number: int
    starts_at: datetime
    chair_pk: int
    is_over: bool

    def at(self, minutes: int) -> str:
        return str(self.starts_at + timedelta(minutes=minutes))


class VisitTables:
    def __init__(
        self,
        clinics: list[Clinic],
        user: User,
        protocol: Protocol,
        years: int,
        now: datetime,
        rng: Random,
    ) -> None:
        self.rng, self.days, self.today = rng, max(1, years * 365), now.date()
        self.chairs = [
            list(Chair.objects.bookable_at(clinic).values_list("pk", flat=True))
            for clinic in clinics
        ]
        self.free = [self._slots(chairs) for chairs in self.chairs]
        self._make_tables(protocol, user.pk, now)
        self.next_course = self.courses.first_free_id()
        self.next_order = self.orders.first_free_id()
        self.next_session = self.sessions.first_free_id()

    def _make_tables(self, protocol: Protocol, by: int, now: datetime) -> None:
        drug = {"drug": protocol.drug, "route": protocol.route}
        horizon = self.today + timedelta(days=84)
        self.courses = Table(
            TreatmentCourse,
            "id public_id patient_id clinic_id starts_on status",
            now=now,
            protocol_id=protocol.pk,
            weekdays="{0,3}",
            time_of_day=STARTS[1],
            planned_until=horizon,
            created_by_id=by,
        )
        self.orders = Table(
            DoseOrder,
            "id public_id course_id patient_id clinic_id valid_from",
            now=now,
            **drug,
            dose_mg=56,
            prescriber_id=by,
            ordered_at=now,
        )
        self.sessions = Table(
            TreatmentSession,
            "id public_id course_id patient_id clinic_id number number_in_phase week nominal_on"
            " window_from window_to chair_id starts_at ends_at status arrived_at ended_at",
            now=now,
            phase_id=protocol.phases.get(order=1).pk,
        )
        self.changes = Table(
            StatusChange,
            "treatment_session_id from_status to_status at recorded_at",
            now=now,
            by_id=by,
        )
        self.doses = Table(
            Dose,
            "public_id treatment_session_id order_id number given_at recorded_at",
            now=now,
            **drug,
            dose_mg=28,
            lot="L2601",
            given_by_id=by,
        )
        self.vitals = Table(
            VitalSigns,
            "public_id treatment_session_id observed_at recorded_at systolic diastolic pulse spo2",
            now=now,
            respiratory_rate=15,
            sedation=5,
            dissociation=0,
            recorded_by_id=by,
        )
        self.signatures = Table(
            Signature,
            "treatment_session_id signed_at",
            now=now,
            signed_by_id=by,
            meaning="Seeded",
            content_hash="0" * 64,
            fields={},
        )
        self.messages = Table(
            Message,
            "public_id message_id clinic_id patient_id treatment_session_id not_before expires_at"
            " sent_at sent_to dedupe_key",
            now=now,
            kind="reminder_24h",
            schedule_rev=1,
            state="sent",
            attempts=1,
        )

    @property
    def tables(self) -> list[Table]:
        return [
            self.courses,
            self.orders,
            self.sessions,
            self.changes,
            self.doses,
            self.vitals,
            self.signatures,
            self.messages,
        ]

    def copy(self, seats: Iterable[Seat]) -> None:
        """Copy a course with its visits for each of these patients."""
        courses: list[tuple[str, ...]] = []
        orders: list[tuple[str, ...]] = []
        visits: list[Visit] = []
        for seat in seats:
            days_ago = 3 if seat.number // len(self.chairs) < WATCHED else self._days_ago()
            starts_on = self.today - timedelta(days=days_ago)
            is_active = days_ago < RUNS_FOR
            status = "active" if is_active else "completed"
            patient = (str(seat.pk), str(seat.clinic_id))
            course_pk, order_pk = self.next_course, self.next_order
            self.next_course, self.next_order = course_pk + 1, order_pk + 1
            courses.append((str(course_pk), self._uuid(), *patient, str(starts_on), status))
            orders.append((str(order_pk), self._uuid(), str(course_pk), *patient, str(starts_on)))
            visits += self._visits(seat, course_pk, order_pk, starts_on, is_active=is_active)
        self.courses.copy(courses)
        self.orders.copy(orders)
        self.sessions.copy(self._session(visit) for visit in visits)
        self._copy_children([visit for visit in visits if visit.is_over])

    def _days_ago(self) -> int:
        return self.rng.randint(1, self.days)

    def _visits(
        self, seat: Seat, course_pk: int, order_pk: int, starts_on: date, *, is_active: bool
    ) -> Iterator[Visit]:
        """Yield one to three past visits, two on average, and for a running course one to come."""
        number = 0
        chairs = self.chairs[seat.clinic_number]
        for days in SESSION_DAYS[: self.rng.randint(1, 3)]:
            day = starts_on + timedelta(days=days)
            if day >= self.today:
                break
            number += 1
            starts_at = datetime.combine(day, self.rng.choice(STARTS), UTC)
            chair = self.rng.choice(chairs)
            yield self._visit(seat, course_pk, order_pk, number, starts_at, chair, is_over=True)
        is_watched = seat.number // len(self.chairs) < WATCHED
        slot = next(self.free[seat.clinic_number], None) if is_active and not is_watched else None
        if slot is not None:
            starts_at, chair = slot
            yield self._visit(
                seat, course_pk, order_pk, number + 1, starts_at, chair, is_over=False
            )

    def _visit(
        self,
        seat: Seat,
        course_pk: int,
        order_pk: int,
        number: int,
        starts_at: datetime,
        chair_pk: int,
        *,
        is_over: bool,
    ) -> Visit:
        pk, self.next_session = self.next_session, self.next_session + 1
        return Visit(pk, seat, course_pk, order_pk, number, starts_at, chair_pk, is_over)

    def _slots(self, chairs: list[int]) -> Iterator[tuple[datetime, int]]:
        """Yield every free chair of the next weeks, day by day."""
        for ahead in range(1, DAYS_AHEAD + 1):
            for start in STARTS:
                starts_at = datetime.combine(self.today + timedelta(days=ahead), start, UTC)
                for chair in chairs:
                    yield starts_at, chair

    def _session(self, visit: Visit) -> tuple[str, ...]:
        day = visit.starts_at.date()
        return (
            str(visit.pk),
            self._uuid(),
            str(visit.course_pk),
            str(visit.seat.pk),
            str(visit.seat.clinic_id),
            str(visit.number),
            str(visit.number),
            "1",
            str(day),
            str(day),
            str(day + timedelta(days=6)),
            str(visit.chair_pk),
            visit.at(0),
            visit.at(180),
            Status.DISCHARGED if visit.is_over else Status.PLANNED,
            visit.at(0) if visit.is_over else r"\N",
            visit.at(LEFT) if visit.is_over else r"\N",
        )

    def _copy_children(self, visits: list[Visit]) -> None:
        self.changes.copy(
            (str(v.pk), was, became, at, at)
            for v in visits
            for was, became, minute in STEPS
            for at in (v.at(minute),)
        )
        self.doses.copy(
            (self._uuid(), str(v.pk), str(v.order_pk), str(number), at, at)
            for v in visits
            for number, minute in DEVICES
            for at in (v.at(minute),)
        )
        self.vitals.copy(reading for v in visits for reading in self._readings(v))
        self.signatures.copy((str(v.pk), v.at(SIGNED)) for v in visits)
        self.messages.copy(self._message(v) for v in visits if v.number == 1)

    def _readings(self, visit: Visit) -> Iterator[tuple[str, ...]]:
        systolic = self.rng.randint(108, 130)
        for minute, rise in zip(READINGS, RISE, strict=True):
            at = visit.at(minute)
            yield (
                self._uuid(),
                str(visit.pk),
                at,
                at,
                str(systolic + rise),
                str(systolic - 44 + rise // 2),
                str(70 + rise // 2),
                "97",
            )

    def _message(self, visit: Visit) -> tuple[str, ...]:
        at = visit.at(REMINDED)
        return (
            self._uuid(),
            self._uuid(),
            str(visit.seat.clinic_id),
            str(visit.seat.pk),
            str(visit.pk),
            at,
            visit.at(0),
            at,
            f"p{visit.seat.pk}@example.com",
            f"load:{visit.pk}",
        )

    def _uuid(self) -> str:
        return str(UUID(int=self.rng.getrandbits(128), version=4))
