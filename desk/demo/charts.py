"""What is known of each invented patient."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any, Literal

from desk.demo.people import ALLERGIES, CONDITIONS, MEDICINES, Person
from desk.demo.places import Site
from desk.demo.rows import Rows
from patients.models import (
    Allergy,
    BodyMeasure,
    Condition,
    Consent,
    EmailContact,
    Identifier,
    Medication,
    Patient,
    RemsEnrolment,
    SafetyScreen,
)

Email = Literal["agreed", "none", "no_consent", "withdrawn", "unverified"]
ICD = "http://hl7.org/fhir/sid/icd-10-cm"


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a patient has come before the first dose."""

    email: Email = "agreed"
    has_consent: bool = True
    screen: Literal["cleared", "not_cleared", "none"] = "cleared"


@dataclass(frozen=True, slots=True)
class Chart:
    patient: Patient
    email: Email
    address: str
    weight_kg: Decimal
    baseline: tuple[int, int]


class Charts:
    """Makes patients of one practice, one after the other."""

    def __init__(self, rows: Rows, site: Site, now: datetime, rng: Random) -> None:
        self.rows, self.site, self.now, self.rng = rows, site, now, rng
        self.today = now.astimezone(site.clinic.zone).date()

    def make(
        self,
        person: Person,
        standing: Standing,
        *,
        known_for: int = 60,
        died_at: datetime | None = None,
    ) -> Chart:
        """Make a patient whom the practice has known for that many days."""
        since = self.now - timedelta(days=known_for)
        patient = self.rows.add(
            Patient(
                clinic=self.site.clinic,
                record_number=f"{self.site.clinic.name[0]}{2400 + person.number}",
                given_name=person.given_name,
                family_name=person.family_name,
                birth_date=person.birth_date(self.today, self.rng),
                sex=person.sex,
                phone=f"+1 212 555 01{person.number:02}",
                address=f"{person.number * 3} Juniper Road",
                language="en",
                deceased=died_at is not None,
                deceased_at=died_at,
            )
        )
        weight = self._body(patient, since)
        self._history(patient, since)
        self._permissions(patient, person, standing, since)
        # Blood pressure a little higher with age, always low enough for a dose.
        systolic = min(130, 108 + person.age // 4 + self.rng.randint(0, 8))
        diastolic = 66 + (systolic - 110) // 2 + self.rng.randint(0, 4)
        return Chart(patient, standing.email, person.email, weight, (systolic, diastolic))

    def _body(self, patient: Patient, since: datetime) -> Decimal:
        height = self.rng.randint(154, 192)
        weight = Decimal(self.rng.randint(height * 5 - 260, height * 5 - 30)) / 10
        for kind, value in (("height", Decimal(height)), ("weight", weight)):
            self.rows.add(
                BodyMeasure(
                    patient=patient,
                    clinic=self.site.clinic,
                    kind=kind,
                    value=value,
                    observed_at=since,
                )
            )
        return weight

    def _history(self, patient: Patient, since: datetime) -> None:
        of: dict[str, Any] = {"patient": patient, "clinic": self.site.clinic}
        number = f"{self.rng.randint(10_000, 99_999)}-{patient.record_number}"
        self.rows.add(Identifier(**of, system="urn:example:referrals", value=number, type="MR"))
        depression = self.rng.choice(CONDITIONS[:2])
        others = self.rng.sample(CONDITIONS[2:], self.rng.randint(0, 2))
        for text, code in (depression, *others):
            onset = since.date() - timedelta(days=self.rng.randint(200, 4000))
            self.rows.add(Condition(**of, text=text, code=code, code_system=ICD, onset_on=onset))
        for text in self.rng.sample(MEDICINES, self.rng.randint(1, 3)):
            started = since.date() - timedelta(days=self.rng.randint(20, 700))
            self.rows.add(Medication(**of, text=text, started_on=started))
        if self.rng.random() < 0.3:
            text, category, criticality, reaction = self.rng.choice(ALLERGIES)
            self.rows.add(
                Allergy(
                    **of,
                    text=text,
                    category=category,
                    criticality=criticality,
                    reaction=reaction,
                )
            )

    def _permissions(
        self, patient: Patient, person: Person, standing: Standing, since: datetime
    ) -> None:
        if standing.has_consent:
            self._consent(patient, Consent.Kind.TREATMENT, since)
            if self.site.clinic.wants_rems:
                self._enrol(patient, since)
        if standing.screen != "none":
            self._screen(patient, standing, since)
        if standing.email == "none":
            return
        self.rows.add(
            EmailContact(
                patient=patient,
                clinic=self.site.clinic,
                address=person.email,
                verified_at=None if standing.email == "unverified" else since,
                time_zone=self.site.clinic.time_zone,
                language="en",
            )
        )
        if standing.email != "no_consent":
            withdrawn = self.now - timedelta(days=4) if standing.email == "withdrawn" else None
            self._consent(patient, Consent.Kind.EMAIL, since, withdrawn)

    def _enrol(self, patient: Patient, since: datetime) -> None:
        day = since.astimezone(self.site.clinic.zone).date()
        self.rows.add(
            RemsEnrolment(
                patient=patient,
                clinic=self.site.clinic,
                enrolled_on=day,
                number=f"RE-{patient.record_number}",
                patient_signed_on=day,
                prescriber=self.site.staff.prescriber,
                prescriber_signed_on=day,
                recorded_by=self.site.staff.nurse,
                recorded_at=since,
            )
        )

    def _consent(
        self,
        patient: Patient,
        kind: str,
        given_at: datetime,
        withdrawn_at: datetime | None = None,
    ) -> None:
        self.rows.add(
            Consent(
                patient=patient,
                clinic=self.site.clinic,
                kind=kind,
                given_at=given_at,
                withdrawn_at=withdrawn_at,
                withdrawn_by=self.site.staff.nurse if withdrawn_at else None,
                withdrawal_note="Asked for no more mail." if withdrawn_at else "",
                recorded_by=self.site.staff.nurse,
            )
        )

    def _screen(self, patient: Patient, standing: Standing, since: datetime) -> None:
        cleared = standing.screen == "cleared"
        self.rows.add(
            SafetyScreen(
                patient=patient,
                clinic=self.site.clinic,
                outcome="cleared" if cleared else "not_cleared",
                findings="" if cleared else "Blood pressure 172/104 at rest: treat it first.",
                screened_by=self.site.staff.prescriber,
                screened_at=since,
                valid_until=self.today + timedelta(days=120),
            )
        )
