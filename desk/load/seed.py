"""Fill the database: charts, courses and visits of years, and forty patients being watched now."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from random import Random
from time import monotonic

from django.db import connection
from django.db.models import Max

from clinic import clock
from clinic.audit import acting, record, system
from clinic.models import Clinic, Membership, OpeningHours, User
from clinic.roles import Role
from desk.demo.places import CLOSES_AT, OPENS_AT, PASSWORD, make_room
from desk.load import live
from desk.load.charts import ChartTables
from desk.load.tables import Table, unaudited
from desk.load.visits import VisitTables
from patients.models import Patient
from sessions.models import Protocol
from sessions.services import publishing

LOAD = system("load")
KEY = "esketamine-trd-us"
BAYS, CHAIRS_IN_BAY = "ABCDEF", 8
PATIENTS_AT_ONCE = 5000
ROLES = (Role.FRONT_DESK, Role.NURSE, Role.PRESCRIBER)


@dataclass(frozen=True, slots=True)
class Order:
    """How much is wanted."""

    patients: int
    years: int
    clinics: int = 1


@dataclass(frozen=True, slots=True)
class Seeded:
    counts: dict[str, int]
    seconds: float


def seed(order: Order) -> Seeded:
    """Add so many patients with their history; one transaction, nobody else writes meanwhile."""
    begun = monotonic()
    with acting(LOAD):
        _take_time()
        publishing.load_shipped()
        user = _user()
        clinics = [_clinic(user) for _ in range(order.clinics)]
        now = clock.now()
        counts = _copy(order, clinics, user, now)
        counts["monitored now"] = live.watch(clinics[0], user, now)
        record("load.seeded", **counts)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return Seeded(counts, monotonic() - begun)


def _take_time() -> None:
    """This takes minutes; the limits are for pages. Each copy checks its references at once."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def _copy(order: Order, clinics: list[Clinic], user: User, now: datetime) -> dict[str, int]:
    last = Patient.objects.aggregate(pk=Max("pk"))["pk"]
    rng = Random(f"load after {last}")  # noqa: S311 - the same rows, but no ids twice
    protocol = Protocol.objects.get(key=KEY, clinic__isnull=True, status="published")
    charts = ChartTables(clinics, user, protocol, now, rng)
    visits = VisitTables(clinics, user, protocol, order.years, now, rng)
    tables: list[Table] = [*charts.tables, *visits.tables]
    with unaudited(tables):
        for numbers in _portions(order.patients):
            patients = charts.copy(numbers)
            visits.copy(patients)
        for table in tables:
            table.catch_up()
    return {str(table.model._meta.verbose_name_plural): table.count for table in tables}


def _portions(patients: int) -> Iterator[range]:
    for first in range(0, patients, PATIENTS_AT_ONCE):
        yield range(first, min(first + PATIENTS_AT_ONCE, patients))


def _user() -> User:
    user = User.objects.filter(username="load").first()
    return user or User.objects.create_user(
        "load", "load@example.com", PASSWORD, first_name="Lou", last_name="Adler"
    )


def _clinic(user: User) -> Clinic:
    others = Clinic.objects.filter(name__startswith="Load Practice").count()
    name = f"Load Practice {others + 1}" if others else "Load Practice"
    clinic = Clinic.objects.create(
        name=name, time_zone="Europe/Berlin", sender_name=name, phone="+49 30 23125 099"
    )
    for order, bay in enumerate(BAYS):
        make_room(clinic, f"Bay {bay}", CHAIRS_IN_BAY, order)
    OpeningHours.objects.bulk_create(
        OpeningHours(clinic=clinic, weekday=day, opens_at=OPENS_AT, closes_at=CLOSES_AT)
        for day in range(6)
    )
    Membership.objects.bulk_create(
        Membership(user=user, clinic=clinic, role=role) for role in ROLES
    )
    return clinic
