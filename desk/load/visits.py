"""Courses and their visits by the hundred thousand: some years back, some weeks ahead."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random
from uuid import UUID

from clinic.models import Chair, Clinic, User
from desk.load.charts import Seat
from desk.load.live import WATCHED
from desk.load.visit_tables import STARTS, Tables
from sessions.lifecycle import Status
from sessions.models import Protocol

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


class VisitTables(Tables):
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
        super().__init__(protocol, user.pk, now)
        self.next_course = self.courses.first_free_id()
        self.next_order = self.orders.first_free_id()
        self.next_session = self.sessions.first_free_id()

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
