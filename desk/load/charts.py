"""Charts by the thousand."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from clinic.models import Clinic, User
from desk.demo.people import CONDITIONS, MEDICINES
from desk.load.names import people
from desk.load.tables import Table
from patients.models import (
    BodyMeasure,
    Condition,
    Consent,
    EmailContact,
    Medication,
    Patient,
    SafetyScreen,
)
from patients.screening.basis import facts
from sessions.models import Protocol

KNOWN_FOR = timedelta(days=40)
KINDS = (Consent.Kind.TREATMENT, Consent.Kind.EMAIL)


@dataclass(frozen=True, slots=True)
class Seat:
    """A patient's place in the data: number from 0, id, and the same of the clinic."""

    number: int
    pk: int
    clinic_number: int
    clinic_id: int


class ChartTables:
    def __init__(
        self, clinics: list[Clinic], user: User, protocol: Protocol, now: datetime, rng: Random
    ) -> None:
        self.clinics, self.rng, self.today = clinics, rng, now.date()
        self.people = people(rng)
        since, by = now - KNOWN_FOR, user.pk
        of = "patient_id clinic_id"
        self.patients = Table(
            Patient,
            "id public_id clinic_id record_number given_name family_name birth_date sex",
            now=now,
            language="en",
        )
        self.contacts = Table(
            EmailContact, f"{of} address", now=now, verified_at=since, time_zone="Europe/Berlin"
        )
        self.consents = Table(
            Consent, f"public_id {of} kind", now=now, given_at=since, recorded_by_id=by
        )
        self.screens = Table(
            SafetyScreen,
            f"public_id {of} rested_on",
            now=now,
            outcome="cleared",
            drug=protocol.drug,
            route=protocol.route,
            jurisdiction=protocol.jurisdiction,
            conditions_asked=SafetyScreen.Asked.LISTED,
            medicines_asked=SafetyScreen.Asked.LISTED,
            allergies_asked=SafetyScreen.Asked.NONE,
            screened_by_id=by,
            screened_at=since,
            valid_until=self.today + timedelta(days=180),
        )
        self.conditions = Table(Condition, f"public_id {of} text code", now=now)
        self.medications = Table(Medication, f"public_id {of} text", now=now)
        self.weights = Table(
            BodyMeasure, f"public_id {of} value", now=now, kind="weight", observed_at=since
        )
        self.next_id = self.patients.first_free_id()

    @property
    def tables(self) -> list[Table]:
        return [
            self.patients,
            self.contacts,
            self.consents,
            self.screens,
            self.conditions,
            self.medications,
            self.weights,
        ]

    def copy(self, numbers: Iterable[int]) -> list[Seat]:
        """Copy the patients of these numbers with their charts."""
        seats = [self._seat(number) for number in numbers]
        self.patients.copy(map(self._patient, seats))
        self.contacts.copy((*self._of(seat), f"p{seat.pk}@example.com") for seat in seats)
        self.consents.copy((self.uuid(), *self._of(seat), kind) for seat in seats for kind in KINDS)
        known = [(self.rng.choice(CONDITIONS), self.rng.choice(MEDICINES)) for _ in seats]
        charts = list(zip(seats, known, strict=True))
        self.conditions.copy((self.uuid(), *self._of(seat), *has) for seat, (has, _) in charts)
        self.medications.copy((self.uuid(), *self._of(seat), takes) for seat, (_, takes) in charts)
        self.screens.copy(
            (self.uuid(), *self._of(seat), self._seen(condition, medicine))
            for seat, ((condition, _), medicine) in charts
        )
        self.weights.copy(
            (self.uuid(), *self._of(seat), str(self.rng.randint(48, 120))) for seat in seats
        )
        return seats

    def uuid(self) -> str:
        return str(UUID(int=self.rng.getrandbits(128), version=4))

    def _seat(self, number: int) -> Seat:
        clinic_number = number % len(self.clinics)
        return Seat(number, self.next_id + number, clinic_number, self.clinics[clinic_number].pk)

    def _patient(self, seat: Seat) -> tuple[str, ...]:
        given_name, family_name = next(self.people)
        born = self.today - timedelta(days=self.rng.randint(19 * 366, 85 * 365))
        return (
            str(seat.pk),
            self.uuid(),
            str(seat.clinic_id),
            f"L{seat.pk:07}",
            given_name,
            family_name,
            str(born),
            ("female", "male")[seat.pk % 2],
        )

    def _seen(self, condition: str, medicine: str) -> str:
        """Return what a screen of this chart rests on."""
        rows = [Condition(text=condition)], [Medication(text=medicine)]
        found = [fact.as_json() for fact in facts(*rows, [], self.today)]
        return json.dumps(found, ensure_ascii=False)  # no backslashes

    @staticmethod
    def _of(seat: Seat) -> tuple[str, str]:
        return str(seat.pk), str(seat.clinic_id)
