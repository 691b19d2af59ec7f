"""People in the house: sessions in every state, with what was given and measured."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from django.test import Client

from clinic.audit import acting
from clinic.models import Chair, Clinic, Room, User
from clinic.tests.factories import TESTS
from monitoring.models import VitalSigns
from patients.models import Task
from patients.tests.factories import make_patient
from sessions.lifecycle import Status
from sessions.models import Dose, TreatmentSession
from sessions.tests.factories import make_course, make_session

_number = count(1)
NOON = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)  # a Monday, 13:00 in Berlin
BOARD = "/"
POLL = "/board/poll/"
NORMAL = {
    "systolic": 124,
    "diastolic": 78,
    "pulse": 72,
    "spo2": 98,
    "sedation": 5,
    "dissociation": 0,
}


def make_chair(clinic: Clinic, name: str = "") -> Chair:
    with acting(TESTS):
        room, _ = Room.objects.get_or_create(clinic=clinic, name="Bay A")
        return Chair.objects.create(room=room, name=name or f"Seat {next(_number)}")


def make_visit(
    clinic: Clinic,
    by: User,
    *,
    status: str = Status.MONITORING,
    starts_at: datetime,
    key: str = "esketamine-trd-us",
    patient: dict[str, Any] | None = None,
    **values: Any,
) -> TreatmentSession:
    """Make a session of a new patient on a chair of its own."""
    course = make_course(make_patient(clinic, **(patient or {})), by, key=key)
    values = {"chair": make_chair(clinic), **values}
    if status != Status.PLANNED:
        values.setdefault("arrived_at", starts_at)
    return make_session(course, starts_at=starts_at, status=status, **values)


def give(visit: TreatmentSession, at: datetime, by: User, **values: Any) -> Dose:
    protocol = visit.course.protocol
    with acting(TESTS):
        return Dose.objects.create(
            treatment_session=visit,
            drug=protocol.drug,
            route=protocol.route,
            lot="L1",
            given_at=at,
            recorded_at=at,
            given_by=by,
            **{"number": visit.doses.count() + 1, "dose_mg": 28, **values},
        )


def measure(visit: TreatmentSession, at: datetime, by: User, **values: Any) -> VitalSigns:
    with acting(TESTS):
        return VitalSigns.objects.create(
            treatment_session=visit,
            observed_at=at,
            recorded_at=at,
            recorded_by=by,
            **{**NORMAL, **values},
        )


def make_monitored(clinic: Clinic, by: User, dosed_at: datetime, **values: Any) -> TreatmentSession:
    """Make somebody whose two devices are given, the second at `dosed_at`, with a baseline."""
    begin = dosed_at - timedelta(minutes=30)
    visit = make_visit(clinic, by, starts_at=begin, **values)
    measure(visit, begin + timedelta(minutes=5), by)
    give(visit, dosed_at - timedelta(minutes=5), by)
    give(visit, dosed_at, by)
    return visit


def make_task(clinic: Clinic, **values: Any) -> Task:
    with acting(TESTS):
        return Task.objects.create(
            clinic=clinic, **{"kind": Task.Kind.CALL, "role": "nurse", "text": "Call", **values}
        )


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def tag_of(client: Client, url: str = BOARD) -> str:
    return client.get(url).context["board"].tag


def poll(client: Client, tag: str, url: str = POLL) -> int:
    return client.get(url, headers={"X-Poll": "1", "If-None-Match": tag}).status_code
