"""Messages that are due, and Taper's own sender."""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import cycle, islice
from zoneinfo import ZoneInfo

from django.db.models import Max

from bench.inside.usage import Usage
from clinic import clock
from clinic.audit import acting, system
from clinic.models import User
from patients.models import Consent, EmailContact
from reminders import sweeping
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


def daytime_zone(now: datetime) -> str:
    """Return a zone where nobody is asleep now: mail leaves in the daytime only."""
    return min(ZONES, key=lambda zone: abs(now.astimezone(ZoneInfo(zone)).hour - MIDDAY))


def make_due(count: int) -> None:
    """Make that many messages that may go at once, to patients who may be written to."""
    now = clock.now()
    sessions = list(TreatmentSession.objects.planned().order_by("pk")[:PATIENTS])
    first = (Message.objects.aggregate(last=Max("pk"))["last"] or 0) + 1
    with acting(system("bench")):
        _make_reachable(sessions, now)
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
                for number, session in enumerate(islice(cycle(sessions), count), start=first)
            ),
            batch_size=1000,
        )


def _make_reachable(sessions: Iterable[TreatmentSession], now: datetime) -> None:
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
    swept = sweeping.sweep(budget=timedelta(minutes=30))
    return {"sent": swept.states["sent"], "handled": swept.states.total(), **usage.since()}


def main(what: str, count: str = "0") -> None:
    if what == "due":
        make_due(int(count))
        print("{}")
    else:
        print(json.dumps(send()))
