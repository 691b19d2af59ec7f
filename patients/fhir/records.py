"""What Taper takes from a FHIR file, in its own words."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

Sex = Literal["male", "female", "other", "unknown"]
MeasureKind = Literal["weight", "height"]


@dataclass(frozen=True, slots=True)
class IdentifierData:
    system: str
    value: str
    type: str  # "MR", "SS", "DL" or a short word of the sender's; empty when not said


@dataclass(frozen=True, slots=True)
class PatientData:
    source_id: str  # "Patient/123" or its address at the server; empty when it has no id
    identifiers: tuple[IdentifierData, ...]
    family_name: str
    given_name: str
    prefix: str
    suffix: str
    other_names: tuple[str, ...]  # maiden, former and other names, each as one text
    birth_date: date
    sex: Sex
    deceased: bool
    deceased_at: datetime | None  # noon UTC when the sender gives a day without a time
    phone: str
    email: str
    address: str
    language: str  # BCP 47, such as "en-US"


@dataclass(frozen=True, slots=True)
class ConditionData:
    source_id: str
    text: str
    code: str
    system: str
    clinical_status: str
    verification_status: str
    onset_on: date | None
    abated_on: date | None
    dates_note: str  # what is known of dates that are not a full day: "onset: 2019-05"


@dataclass(frozen=True, slots=True)
class MedicationData:
    source_id: str
    text: str
    code: str
    system: str
    status: str
    dosage: str
    started_on: date | None
    stopped_on: date | None
    dates_note: str


@dataclass(frozen=True, slots=True)
class AllergyData:
    source_id: str
    text: str
    code: str
    system: str
    criticality: str
    category: str
    status: str
    verification_status: str
    reaction: str


@dataclass(frozen=True, slots=True)
class MeasureData:
    source_id: str
    kind: MeasureKind
    value: Decimal  # kg or cm, two places
    observed_at: datetime  # noon UTC when the sender gives a day without a time


@dataclass(frozen=True, slots=True)
class PatientRecord:
    patient: PatientData
    conditions: tuple[ConditionData, ...] = ()
    medications: tuple[MedicationData, ...] = ()
    allergies: tuple[AllergyData, ...] = ()
    measures: tuple[MeasureData, ...] = ()

    @property
    def latest_weight(self) -> MeasureData | None:
        return _latest(m for m in self.measures if m.kind == "weight")

    @property
    def latest_height(self) -> MeasureData | None:
        return _latest(m for m in self.measures if m.kind == "height")


def _latest(measures: Iterable[MeasureData]) -> MeasureData | None:
    return max(measures, key=lambda measure: measure.observed_at, default=None)
