"""After the storm: sweeps that must change nothing, bookings with a clock, mail beside poison."""

import hashlib
import json
import os
import signal
import time as stopwatch
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import time, timedelta
from pathlib import Path

import redis
from django.conf import settings

from clinic import clock
from clinic.audit import acting
from clinic.models import Chair, Clinic, Membership, OpeningHours, Room, User
from faults.inside.fill import FILL, LEAD, NOWHERE, ROLES, Zones
from patients.models import Consent, EmailContact, Patient
from reminders import sweeping, tasks
from reminders.models import Message
from sessions import ports
from sessions.models import Protocol, TreatmentCourse, TreatmentSession
from sessions.services import booking

SWEEPS = RINGS = 10
RING_SECONDS = 10.0
SETTLED = ("sent", "failed", "suppressed", "cancelled", "expired")
BESIDE = 20
PATIENCE = 120.0


def main(what: str, count: str = "0") -> None:
    print(json.dumps({"sweep": sweep, "book": book, "due": due}[what](int(count))))


def sweep(count: int) -> dict[str, object]:
    before = _digests()
    for _ in range(SWEEPS):
        sweeping.sweep()
    for _ in range(RINGS):
        tasks.sweep.delay()
    stopwatch.sleep(RING_SECONDS)
    after = _digests()
    changed = [pk for pk, digest in before.items() if after.get(pk) != digest]
    return {"settled": len(before), "changed": changed}


def _digests() -> dict[int, str]:
    rows = Message.objects.filter(state__in=SETTLED).values()
    return {row["id"]: hashlib.sha256(repr(row).encode()).hexdigest() for row in rows}


def book(count: int) -> dict[str, list[float]]:
    """Book with Valkey as usual, flushed, frozen and away, by turns; return each one's seconds."""
    patients = iter(patients_in_a_clinic(count * len(STATES)))
    protocol, user = protocol_used(), User.objects.get(username="faults")
    took: dict[str, list[float]] = {name: [] for name in STATES}
    for _ in range(count):
        for name, state in STATES.items():
            starts_on = (clock.now() + timedelta(days=2)).date()
            days = (starts_on.weekday(), (starts_on.weekday() + 3) % 7)
            choice = booking.Choice(next(patients), protocol, starts_on, days, time(10))
            with state():
                begun = stopwatch.perf_counter()
                booking.book(choice, by=user, accept_unplaced=True)
                took[name].append(stopwatch.perf_counter() - begun)
    return took


@contextmanager
def usual() -> Iterator[None]:
    yield


@contextmanager
def flushed() -> Iterator[None]:
    with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=5) as broker:
        broker.flushall()
    yield


@contextmanager
def frozen() -> Iterator[None]:
    pid = int(os.environ["FAULTS_BROKER"])
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@contextmanager
def down() -> Iterator[None]:
    """Nobody listens where Valkey did."""
    path = Path(settings.REDIS_URL.removeprefix("unix://").partition("?")[0])
    away = path.rename(path.with_suffix(".away"))
    try:
        yield
    finally:
        away.rename(path)


STATES: dict[str, Callable[[], AbstractContextManager[None]]] = {
    each.__name__: each for each in (usual, flushed, frozen, down)
}


def due(count: int) -> float:
    """Let mail to some patients be due at once, behind one that can't be written; wait for it."""
    patients = patients_in_a_clinic(BESIDE + 1)
    starts_at = clock.now() + LEAD + timedelta(seconds=2)
    with acting(FILL):
        protocol, user = protocol_used(), User.objects.get(username="faults")
        chairs = Chair.objects.filter(room__clinic=patients[0].clinic).order_by("pk")
        sessions = TreatmentSession.objects.bulk_create(
            TreatmentSession(
                course=TreatmentCourse.objects.create(
                    patient=patient,
                    clinic=patient.clinic,
                    protocol=protocol,
                    starts_on=starts_at.date(),
                    weekdays=[0, 3],
                    time_of_day=time(10),
                    created_by=user,
                ),
                patient=patient,
                clinic=patient.clinic,
                phase=protocol.phases.earliest("order"),
                number=1,
                number_in_phase=1,
                week=1,
                nominal_on=starts_at.date(),
                window_from=starts_at.date(),
                window_to=starts_at.date() + timedelta(days=6),
                chair=chair,
                starts_at=(starts_at + timedelta(seconds=place > 0)).replace(microsecond=0),
                ends_at=starts_at + timedelta(minutes=protocol.visit_minutes),
            )
            for place, (patient, chair) in enumerate(zip(patients, chairs, strict=False))
        )
        ports.booked(sessions)
        EmailContact.objects.filter(patient=patients[0]).update(time_zone=NOWHERE)
    begun, ends = starts_at - LEAD, stopwatch.monotonic() + PATIENCE
    rows = Message.objects.filter(patient__in=patients[1:], not_before__lt=starts_at)
    waiting = rows.filter(state__in=["planned", "sending", "failed"])
    while waiting.exists():
        if stopwatch.monotonic() > ends:
            return PATIENCE
        stopwatch.sleep(0.5)
    assert rows.filter(state="sent").count() == BESIDE
    return max(0.0, stopwatch.time() - begun.timestamp())


def protocol_used() -> Protocol:
    return Protocol.objects.get(key="esketamine-trd-us", status="published", clinic=None)


def patients_in_a_clinic(count: int) -> list[Patient]:
    """Make patients who may be booked and written to, in a clinic with a chair for each."""
    now, user = clock.now(), User.objects.get(username="faults")
    zone = Zones.at(now).day[0]
    with acting(FILL):
        clinic = Clinic.objects.create(
            name=f"Quiet Clinic {now.timestamp()}", sender_name="Practice", time_zone=zone
        )
        Membership.objects.bulk_create(
            Membership(user=user, clinic=clinic, role=role) for role in ROLES
        )
        OpeningHours.objects.bulk_create(
            OpeningHours(clinic=clinic, weekday=day, opens_at=time.min, closes_at=time(23, 59))
            for day in range(7)
        )
        room = Room.objects.create(clinic=clinic, name="Room")
        Chair.objects.bulk_create(
            Chair(room=room, name=f"{place}", order=place) for place in range(count)
        )
        patients = Patient.objects.bulk_create(
            Patient(
                clinic=clinic,
                given_name=f"Quiet{place}",
                family_name="Family",
                birth_date="1980-05-17",
                record_number=f"Q{place:04}",
            )
            for place in range(count)
        )
        EmailContact.objects.bulk_create(
            EmailContact(
                patient=patient,
                clinic=clinic,
                address=f"quiet{patient.pk}@mail.example",
                verified_at=now,
                time_zone=zone,
            )
            for patient in patients
        )
        Consent.objects.bulk_create(
            Consent(
                patient=patient,
                clinic=clinic,
                kind=Consent.Kind.EMAIL,
                given_at=now - timedelta(days=1),
                recorded_by=user,
            )
            for patient in patients
        )
    # As a page reads them: dates are dates, not what was typed.
    return list(Patient.objects.filter(clinic=clinic).select_related("clinic").order_by("pk"))
