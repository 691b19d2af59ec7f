"""Somebody at the desk who cancels, moves, withdraws and changes addresses, and notes each call."""

import json
import random
import time as stopwatch
from collections.abc import Callable
from datetime import time, timedelta
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection
from django.db.models import Q
from django.db.utils import InterfaceError, OperationalError

from clinic import clock
from clinic.audit import acting
from clinic.models import User
from faults.inside.cast import NOWHERE, Zones
from patients.models import Consent, EmailContact, MailHold, Patient
from patients.services import consent, contact, holds
from sessions.lifecycle import Status
from sessions.models import TreatmentSession
from sessions.services import cancelling, moving, steps

SENDING = """
    SELECT message.treatment_session_id, message.patient_id
    FROM reminders_message AS message
    JOIN patients_emailcontact AS contact USING (patient_id)
    JOIN clinic_clinic AS clinic ON clinic.id = message.clinic_id
    WHERE message.state = 'sending' AND message.treatment_session_id IS NOT NULL
        AND %s NOT IN (contact.time_zone, clinic.time_zone)
    ORDER BY random() LIMIT 1
"""
LOOK_AGAIN = 0.05  # seconds
REASON = "The patient called us"
MIX = {
    "cancel": 34,
    "move_later": 16,
    "move_earlier": 6,
    "withdraw": 16,
    "address": 16,
    "zone": 5,
    "hold": 4,
    "no_show": 3,
}

Target = tuple[int, int, bool]  # session, patient, aimed at a message in flight


class Client:
    def __init__(self, number: int, seed: str, history: Path) -> None:
        self.number, self.rng = number, random.Random(f"{seed}-{number}")
        self.user = User.objects.get(username="faults")
        self.zones = Zones.at(clock.now())
        self.history = history.open("a", buffering=1)
        sessions = TreatmentSession.objects.planned().exclude(
            Q(patient__email_contact__time_zone=NOWHERE) | Q(clinic__time_zone=NOWHERE)
        )
        self.known = list(sessions.order_by("pk").values_list("pk", "patient_id"))
        self.rng.shuffle(self.known)

    def work(self, calls: int, ends: float) -> None:
        """Spread half of the calls over the time that is left; aim the others where mail goes."""
        spread, aimed = calls - calls // 2, calls // 2
        moments = sorted(self.rng.uniform(stopwatch.time(), ends) for _ in range(spread))
        while (now := stopwatch.time()) < ends and (moments or aimed):
            if moments and moments[0] <= now:
                moments.pop(0)
                self._call(self._anyone)
            elif aimed and (target := self._in_flight()):
                aimed -= 1
                self._call(lambda: target)  # noqa: B023  called at once
            else:
                stopwatch.sleep(LOOK_AGAIN)

    def _call(self, target: Callable[[], Target]) -> None:
        names = list(MIX)
        name = self.rng.choices(names, [MIX[each] for each in names])[0]
        began = stopwatch.time()
        told: dict[str, Any] = {}
        outcome = "ok"
        try:
            told["session"], told["patient"], told["aimed"] = target()
            told |= getattr(self, name)(told["session"], told["patient"]) or {}
        except (ValidationError, MissingError) as error:
            outcome, told["error"] = "refused", str(error)[:200]
        except (OperationalError, InterfaceError) as error:
            known = "lock timeout" in str(error) or "statement timeout" in str(error)
            known = known or "deadlock" in str(error)
            outcome, told["error"] = "refused" if known else "unknown", str(error)[:200]
            connection.close()
        except DatabaseError as error:
            outcome, told["error"] = "refused", str(error)[:200]
        line = {"client": self.number, "call": name, "began": began, "ended": stopwatch.time()}
        self.history.write(json.dumps({**line, "outcome": outcome, **told}) + "\n")

    def _anyone(self) -> Target:
        if not self.known:
            raise MissingError("nobody is left")
        session, patient = self.known.pop()
        return session, patient, False

    def _in_flight(self) -> Target | None:
        """Return a visit that somebody is being told of now."""
        try:
            with connection.cursor() as cursor:
                cursor.execute(SENDING, [NOWHERE])
                found = cursor.fetchone()
        except DatabaseError:
            connection.close()
            return None
        return (found[0], found[1], True) if found else None

    # what is called: each returns what the checker should find

    def cancel(self, session: int, patient: int) -> None:
        cancelling.cancel_sessions([session], reason=REASON, by=self.user)

    def no_show(self, session: int, patient: int) -> None:
        version = self._session(session).version
        steps.change_status(session, Status.NO_SHOW, by=self.user, version=version)

    def move_later(self, session: int, patient: int) -> None:
        self._move(session, timedelta(days=self.rng.choice((0, 4, 5)), hours=1))

    def move_earlier(self, session: int, patient: int) -> None:
        self._move(session, -timedelta(hours=self.rng.choice((1, 2, 3))))

    def _move(self, pk: int, by: timedelta) -> None:
        row = self._session(pk)
        local = (row.starts_at + by).astimezone(row.clinic.zone)
        at = time(local.hour, local.minute, local.second)
        moving.move(
            pk,
            day=local.date(),
            wall_time=at,
            reason=REASON,
            by=self.user,
            version=row.version,
        )

    def withdraw(self, session: int, patient: int) -> None:
        rows = Consent.objects.of_kind(Consent.Kind.EMAIL).standing().filter(patient=patient)
        row = _first(rows)
        consent.withdraw(row.pk, by=self.user, withdrawn_at=clock.now(), note=REASON)

    def address(self, session: int, patient: int) -> dict[str, str]:
        new = f"new{patient}n{self.rng.randrange(10**6)}@mail.example"
        self._save_contact(patient, address=new)
        return {"address": new}

    def zone(self, session: int, patient: int) -> dict[str, str]:
        new = self.rng.choice([*self.zones.day, *self.zones.night])
        self._save_contact(patient, time_zone=new)
        return {"zone": new}

    def _save_contact(self, patient: int, **changes: str) -> None:
        row = _first(EmailContact.objects.filter(patient=patient))
        values = {"address": row.address, "time_zone": row.time_zone, "language": row.language}
        contact.save(
            patient,
            contact.Contact(**{**values, **changes}, verified=True),
            by=self.user,
            version=Patient.objects.values_list("version", flat=True).get(pk=patient),
        )

    def hold(self, session: int, patient: int) -> None:
        if MailHold.objects.filter(patient=patient, lifted_at=None).exists():
            raise MissingError("held already")
        with acting(self.user):
            holds.hold_mail(Patient.objects.get(pk=patient), REASON, clock.now())

    def _session(self, pk: int) -> TreatmentSession:
        return TreatmentSession.objects.select_related("clinic").get(pk=pk)


class MissingError(LookupError):
    """What was to be changed is not there any more."""


def _first(rows: Any) -> Any:
    row = rows.first()
    if row is None:
        raise MissingError("nothing there")
    return row


def patiently(make: Callable[[], Client]) -> Client:
    """The database may be restarting right now."""
    while True:
        try:
            return make()
        except DatabaseError:
            connection.close()
            stopwatch.sleep(0.5)


def main(number: str, seed: str, calls: str, ends: str, history: str) -> None:
    client = patiently(lambda: Client(int(number), seed, Path(history)))
    client.work(int(calls), float(ends))
    print("{}")
