"""Clinics full of patients whose reminders fall due one after the other from now on."""

import json
import random
import time as stopwatch
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from clinic import clock
from clinic.audit import acting
from clinic.models import Chair
from faults.inside import cast
from faults.inside.cast import FILL, LEAD, NOWHERE, Zones
from faults.post import REFUSED
from patients.models import EmailContact, Patient
from reminders.models import Message
from sessions.services import publishing

IN_CLINIC = 100
SECOND_SHARE, NIGHT_SHARE, REFUSED_SHARE = 0.05, 0.03, 0.01
CLOCKLESS = POISONED = 3
SESSIONS_A_SECOND = 350  # how fast this fills; it only shifts when the first is due
AT_ONCE = 500


def main(count: str, seconds: str, seed: str) -> None:
    begun, rng = stopwatch.monotonic(), random.Random(seed)
    wanted, spread = int(count), float(seconds)
    with acting(FILL):
        publishing.load_shipped()
    now = clock.now()
    zones = Zones.at(now)
    noon = min(zones.day, key=lambda zone: abs(now.astimezone(ZoneInfo(zone)).hour - 12))

    def lives_in() -> str:
        return rng.choice(zones.night if zones.night and rng.random() < NIGHT_SHARE else zones.day)

    def address(key: int) -> str:
        return f"{REFUSED if rng.random() < REFUSED_SHARE else 'patient'}{key}"

    clinics = [
        cast.clinic_of(min(IN_CLINIC, wanted - made), noon, address=address, lives_in=lives_in)
        for made in range(0, wanted, IN_CLINIC)
    ]
    begins = clock.now() + timedelta(seconds=4 + wanted / SESSIONS_A_SECOND)
    _book(clinics, begins, spread, rng)
    _disturb(rng)
    cast.poison(POISONED, begins + timedelta(seconds=spread / 2) + LEAD)
    facts = {
        "begins": begins.timestamp(),
        "patients": wanted + POISONED,
        "zones": zones.day,
        "nights": zones.night,
        "seconds": stopwatch.monotonic() - begun,
    }
    print(json.dumps(facts))


def _book(
    clinics: list[list[Patient]], begins: datetime, spread: float, rng: random.Random
) -> None:
    """Book each a visit whose reminder is due in the run; of some two reminders are due at once."""
    courses = cast.courses_of([each for patients in clinics for each in patients], begins)
    chairs: list[Chair] = [chair for patients in clinics for chair in cast.chairs_of(patients)]
    phase, rows = cast.first_phase(), []
    for course, chair in zip(courses, chairs, strict=True):
        due = begins + timedelta(seconds=round(rng.uniform(0, spread)))
        leads = [LEAD, 3 * LEAD] if rng.random() < SECOND_SHARE else [LEAD]
        for number, lead in enumerate(leads, start=1):
            rows.append(cast.visit_of(course, phase, chair, due + lead, number=number))
    for first in range(0, len(rows), AT_ONCE):
        cast.save(rows[first : first + AT_ONCE])


def _disturb(rng: random.Random) -> None:
    """Make some due in the middle of the night, and take the clock of a few patients away."""
    with acting(FILL):
        now = clock.now()
        asleep = Message.objects.filter(
            state=Message.State.PLANNED, not_before__range=(now + LEAD / 8, now + LEAD)
        )
        keys = [pk for pk in asleep.values_list("pk", flat=True) if rng.random() < 0.5]
        Message.objects.filter(pk__in=keys).update(not_before=now)
        soon = Message.objects.filter(state=Message.State.PLANNED, not_before__lt=now + LEAD / 8)
        first = soon.exclude(pk__in=keys).order_by("not_before", "pk")
        clockless = list(first.values_list("patient_id", flat=True)[:CLOCKLESS])
        EmailContact.objects.filter(patient__in=clockless).update(time_zone=NOWHERE)
