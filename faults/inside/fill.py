"""Clinics full of patients whose reminders fall due one after the other from now on."""

import json
import random
import time as stopwatch
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from clinic import clock
from clinic.audit import acting, system
from clinic.models import Chair, Clinic, Membership, OpeningHours, Room, User
from clinic.roles import Role
from faults.post import REFUSED
from patients.models import Consent, EmailContact, Patient
from reminders.models import Message
from sessions import ports
from sessions.models import Protocol, TreatmentCourse, TreatmentSession
from sessions.services import publishing

FILL = system("faults")
ZONES = (
    *("Pacific/Auckland", "Australia/Adelaide", "Asia/Tokyo", "Asia/Shanghai", "Asia/Kathmandu"),
    *("Asia/Kolkata", "Asia/Dubai", "Europe/Istanbul", "Europe/Berlin", "Europe/London"),
    *("Atlantic/Azores", "America/Sao_Paulo", "America/New_York", "America/Chicago"),
    *("America/Denver", "America/Los_Angeles", "Pacific/Honolulu", "Pacific/Apia"),
)
IN_CLINIC = 100
LEAD = timedelta(hours=24)
SECOND_SHARE, NIGHT_SHARE, REFUSED_SHARE = 0.05, 0.03, 0.01
POISONED = 3
NOWHERE = "Nowhere/Land"  # no such zone: whatever touches this patient's clock breaks
SESSIONS_A_SECOND = 350  # how fast this fills; it only shifts when the first is due
ROLES = (Role.FRONT_DESK, Role.NURSE, Role.PRESCRIBER)


@dataclass(frozen=True)
class Zones:
    """Where it is day, and where it is night, for the hours of a run."""

    day: list[str]
    night: list[str]

    @classmethod
    def at(cls, now: datetime) -> "Zones":
        hours = {name: now.astimezone(ZoneInfo(name)).hour for name in ZONES}
        day = [name for name, hour in hours.items() if 9 <= hour <= 17]
        return cls(day, [name for name, hour in hours.items() if hour >= 20 or hour < 6])


def main(count: str, seconds: str, seed: str) -> None:
    begun, rng = stopwatch.monotonic(), random.Random(seed)
    wanted, spread = int(count), float(seconds)
    with acting(FILL):
        publishing.load_shipped()
        user = User.objects.create_user("faults", "faults@example.com", "taper-demo")
    now = clock.now()
    zones = Zones.at(now)
    patients = [
        patient
        for part in range(-(-wanted // IN_CLINIC))
        for patient in _clinic(part, min(IN_CLINIC, wanted - part * IN_CLINIC), user, zones, rng)
    ]
    begins = clock.now() + timedelta(seconds=4 + wanted / SESSIONS_A_SECOND)
    _book(patients, begins, spread, user, rng)
    _disturb(rng)
    facts = {
        "begins": begins.timestamp(),
        "patients": len(patients),
        "zones": zones.day,
        "nights": zones.night,
        "seconds": stopwatch.monotonic() - begun,
    }
    print(json.dumps(facts))


def _clinic(number: int, size: int, user: User, zones: Zones, rng: random.Random) -> list[Patient]:
    now = clock.now()
    with acting(FILL):
        clinic = Clinic.objects.create(
            name=f"Ketamine Clinic {number}",  # must never reach a mail
            sender_name=f"Practice {number}",
            time_zone=min(zones.day, key=lambda z: abs(now.astimezone(ZoneInfo(z)).hour - 12)),
            phone="+49 30 23125 099",
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
            Chair(room=room, name=f"{place}", order=place) for place in range(size)
        )
        patients = Patient.objects.bulk_create(
            Patient(
                clinic=clinic,
                given_name=f"Given{number}x{place}",
                family_name=f"Family{place}",
                birth_date="1980-05-17",
                record_number=f"F{number:03}{place:03}",
                language="en",
            )
            for place in range(size)
        )
        EmailContact.objects.bulk_create(
            EmailContact(
                patient=patient,
                clinic=clinic,
                address=_address(patient, rng),
                verified_at=now,
                time_zone=rng.choice(
                    zones.night if zones.night and rng.random() < NIGHT_SHARE else zones.day
                ),
            )
            for patient in patients
        )
        Consent.objects.bulk_create(
            Consent(
                patient=patient,
                clinic=clinic,
                kind=kind,
                given_at=now - timedelta(days=30),
                recorded_by=user,
            )
            for patient in patients
            for kind in (Consent.Kind.TREATMENT, Consent.Kind.EMAIL)
        )
    return patients


def _address(patient: Patient, rng: random.Random) -> str:
    kind = REFUSED if rng.random() < REFUSED_SHARE else "patient"
    return f"{kind}{patient.pk}@mail.example"


def _book(
    patients: list[Patient], begins: datetime, spread: float, user: User, rng: random.Random
) -> None:
    """Book each a visit whose reminder is due in the run; of some two reminders are due at once."""
    with acting(FILL):
        protocol = Protocol.objects.get(key="esketamine-trd-us", status="published", clinic=None)
        phase = protocol.phases.earliest("order")
        courses = TreatmentCourse.objects.bulk_create(
            TreatmentCourse(
                patient=patient,
                clinic_id=patient.clinic_id,
                protocol=protocol,
                starts_on=begins.date(),
                weekdays=[0, 3],
                time_of_day=time(10),
                created_by=user,
            )
            for patient in patients
        )
    chairs: dict[int, Iterator[Chair]] = {}
    rows = []
    for course in courses:
        if course.clinic_id not in chairs:
            of_clinic = Chair.objects.filter(room__clinic=course.clinic_id).order_by("pk")
            chairs[course.clinic_id] = iter(of_clinic)
        chair = next(chairs[course.clinic_id])
        due = begins + timedelta(seconds=round(rng.uniform(0, spread)))
        leads = [LEAD, 3 * LEAD] if rng.random() < SECOND_SHARE else [LEAD]
        for number, lead in enumerate(leads, start=1):
            starts_at = (due + lead).replace(microsecond=0)
            day = starts_at.date()
            rows.append(
                TreatmentSession(
                    course=course,
                    patient_id=course.patient_id,
                    clinic_id=course.clinic_id,
                    phase=phase,
                    number=number,
                    number_in_phase=number,
                    week=1,
                    nominal_on=day,
                    window_from=day - timedelta(days=3),
                    window_to=day + timedelta(days=30),
                    chair=chair,
                    starts_at=starts_at,
                    ends_at=starts_at + timedelta(minutes=protocol.visit_minutes),
                )
            )
    for portion in _portions(rows):
        with acting(FILL):
            ports.booked(TreatmentSession.objects.bulk_create(portion))


def _portions(rows: list[TreatmentSession], size: int = 500) -> Iterator[list[TreatmentSession]]:
    for first in range(0, len(rows), size):
        yield rows[first : first + size]


def _disturb(rng: random.Random) -> None:
    """Make some due in the middle of the night, and break the clock of a few patients."""
    with acting(FILL):
        now = clock.now()
        asleep = Message.objects.filter(
            state=Message.State.PLANNED, not_before__range=(now + LEAD / 8, now + LEAD)
        )
        keys = [pk for pk in asleep.values_list("pk", flat=True) if rng.random() < 0.5]
        Message.objects.filter(pk__in=keys).update(not_before=now)
        soon = Message.objects.filter(state=Message.State.PLANNED, not_before__lt=now + LEAD / 8)
        first = soon.exclude(pk__in=keys).order_by("not_before", "pk")
        broken = list(first.values_list("patient_id", flat=True)[:POISONED])
        EmailContact.objects.filter(patient__in=broken).update(time_zone=NOWHERE)
