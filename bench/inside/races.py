"""Races for a chair, on a database that is thrown away with its server."""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import time as wall_time
from datetime import timedelta
from threading import Barrier

from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import setup_databases
from django.utils import timezone

from clinic.audit import acting
from clinic.models import Chair, User
from clinic.roles import Role
from clinic.tests.factories import TESTS, make_clinic, make_staff
from ops.terminal import say
from patients.tests.factories import make_patient
from sessions.services.booking import Choice, book
from sessions.tests.factories import shipped

PROTOCOL = "esketamine-mdsi-us"  # a series of eight
REPORT_EVERY = 20


@dataclass(frozen=True, slots=True)
class Entrant:
    choice: Choice
    by: User
    gate: Barrier


def run(threads: int, rounds: int) -> int:
    setup_databases(verbosity=0, interactive=False)
    wrong = _rounds("the same slots", threads, rounds, weeks_apart=0)
    wrong += _rounds("overlapping series", threads, rounds, weeks_apart=1)
    overlaps = _overlaps()
    say(f"{wrong} rounds without exactly one winner, {overlaps} double bookings")
    return 1 if wrong or overlaps else 0


def _rounds(name: str, threads: int, rounds: int, *, weeks_apart: int) -> int:
    """Return how many rounds had another outcome than one winner."""
    results: Counter[str] = Counter()
    wrong, begun = 0, time.monotonic()
    with ThreadPoolExecutor(threads) as pool:
        for number in range(1, rounds + 1):
            found = Counter(pool.map(_race, _entrants(threads, weeks_apart)))
            results += found
            wrong += found != {"booked": 1, "refused": threads - 1}
            if number % REPORT_EVERY == 0:
                say(f"{name}, round {number} of {rounds}: {dict(results)}")
    seconds = time.monotonic() - begun
    say(f"{name}: {rounds} rounds of {threads} threads in {seconds:.0f} s: {dict(results)}")
    return wrong


def _entrants(threads: int, weeks_apart: int) -> list[Entrant]:
    """Make a clinic with one chair; every second series begins that many weeks later."""
    clinic = make_clinic()
    with acting(TESTS):
        spare = Chair.objects.filter(room__clinic=clinic, name="Chair 2")
        spare.update(is_active=False)
    by, today, gate = make_staff(clinic, Role.FRONT_DESK), timezone.localdate(), Barrier(threads)
    monday = today + timedelta(days=7 - today.weekday())
    return [
        Entrant(
            Choice(
                patient=make_patient(clinic),
                protocol=shipped(PROTOCOL),
                starts_on=monday + timedelta(weeks=weeks_apart * (number % 2)),
                weekdays=(),
                time_of_day=wall_time(10),
            ),
            by,
            gate,
        )
        for number in range(threads)
    ]


def _race(entrant: Entrant) -> str:
    entrant.gate.wait(timeout=60)
    try:
        book(entrant.choice, by=entrant.by)
    except ValidationError:
        return "refused"
    except Exception as error:  # a deadlock is what this looks for
        return type(error).__name__
    return "booked"


def _overlaps() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT count(*) FROM treatment_sessions_treatmentsession AS a
            JOIN treatment_sessions_treatmentsession AS b
              ON a.chair_id = b.chair_id AND a.id < b.id
             AND tstzrange(a.starts_at, a.ends_at) && tstzrange(b.starts_at, b.ends_at)
            """
        )
        return int(cursor.fetchone()[0])
