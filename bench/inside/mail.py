"""Messages that are due, messages sent long ago, and Taper's own sender."""

import json
import time
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import cycle, islice
from statistics import median
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Max
from psycopg import sql

from bench.inside.usage import Usage
from clinic import clock
from clinic.audit import acting, system
from clinic.models import User
from patients.models import Consent, EmailContact
from reminders import claiming, delivery, sweeping
from reminders.models import Message
from sessions.models import TreatmentSession

ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "America/Los_Angeles",
    "Pacific/Auckland",
    "Asia/Tokyo",
)
MIDDAY = 13
PATIENTS = 500
CLAIMS = 100  # of which the median is taken
DAYS = 730  # over which the messages sent long ago are spread
ITS_OWN = ("public_id", "message_id", "dedupe_key", "not_before", "sent_at")
COPIES = sql.SQL(
    """
    INSERT INTO reminders_message ({own}, {same})
    SELECT gen_random_uuid(), gen_random_uuid(), 'past:' || n, at, at, {same}
    FROM reminders_message, generate_series(1, {count}) AS n,
        LATERAL (SELECT now() - interval '1 day' * (1 + n % {days}) AS at) AS past
    WHERE id = {row}
    """
)


def daytime_zone(now: datetime) -> str:
    """Return a zone where nobody is asleep now: mail leaves in the daytime only."""
    return min(ZONES, key=lambda zone: abs(now.astimezone(ZoneInfo(zone)).hour - MIDDAY))


def sessions() -> list[TreatmentSession]:
    return list(TreatmentSession.objects.planned().order_by("pk")[:PATIENTS])


def make_reachable() -> None:
    """Let the patients be written to, and send what the sweep then plans by itself."""
    with acting(system("bench")):
        _give_addresses(sessions(), clock.now())
    while send()["handled"]:
        pass


def make_due(count: int) -> None:
    """Make that many messages that may go at once."""
    now = clock.now()
    first = (Message.objects.aggregate(last=Max("pk"))["last"] or 0) + 1
    with acting(system("bench")):
        Message.objects.bulk_create(
            (
                Message(
                    clinic_id=session.clinic_id,
                    patient_id=session.patient_id,
                    treatment_session=session,
                    kind=Message.Kind.REMINDER,
                    attempts=1,  # as if tried before: new ones for a patient go in one mail
                    schedule_rev=session.schedule_rev,
                    not_before=now - timedelta(minutes=1),
                    expires_at=now + timedelta(hours=8),
                    dedupe_key=f"bench:{number}",
                )
                for number, session in enumerate(islice(cycle(sessions()), count), start=first)
            ),
            batch_size=1000,
        )


def _give_addresses(sessions: Iterable[TreatmentSession], now: datetime) -> None:
    patients = {session.patient_id: session.clinic_id for session in sessions}
    nurse = User.objects.get(username="load")
    EmailContact.objects.bulk_create(
        (
            EmailContact(
                patient_id=patient,
                clinic_id=clinic,
                address=f"patient{patient}@example.org",
                verified_at=now,
                time_zone=daytime_zone(now),
            )
            for patient, clinic in patients.items()
        ),
        update_conflicts=True,
        unique_fields=["patient"],
        update_fields=["verified_at", "time_zone"],
    )
    Consent.objects.bulk_create(
        (
            Consent(
                patient_id=patient,
                clinic_id=clinic,
                kind=Consent.Kind.EMAIL,
                given_at=now - timedelta(days=1),
                recorded_by=nurse,
            )
            for patient, clinic in patients.items()
        ),
        ignore_conflicts=True,
    )


def send() -> dict[str, float]:
    usage = Usage()
    swept = sweeping.sweep(budget=timedelta(hours=2))
    return {"sent": swept.states["sent"], "handled": swept.states.total(), **usage.since()}


def keep_sent(count: int) -> None:
    """Copy a message that was sent, as of years past; what watches single rows is left out."""
    row = Message.objects.filter(state=Message.State.SENT).latest("pk")
    columns = [field.column for field in Message._meta.concrete_fields if field.column]
    same = sql.SQL(", ").join(map(sql.Identifier, set(columns) - {"id", *ITS_OWN}))
    own = sql.SQL(", ").join(map(sql.Identifier, ITS_OWN))
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(COPIES.format(own=own, same=same, count=count, days=DAYS, row=row.pk))
        cursor.execute("VACUUM ANALYZE reminders_message")


def time_scan() -> dict[str, float]:
    """Return the milliseconds in which a batch that is due is found and claimed."""
    times = []
    for _ in range(CLAIMS):
        begun = time.perf_counter()
        claims = claiming.claim()
        times.append((time.perf_counter() - begun) * 1000)
        delivery.release(claims)
    return {"ms": median(times)}


def main(what: str, count: str = "0") -> None:
    done: dict[str, float] = {}
    if what == "reachable":
        make_reachable()
    elif what == "due":
        make_due(int(count))
    elif what == "past":
        keep_sent(int(count))
    elif what == "scan":
        done = time_scan()
    else:
        done = send()
    print(json.dumps(done))
