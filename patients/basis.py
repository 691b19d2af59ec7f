"""What a safety screen is decided on: the chart, and the newest values with their dates."""

from dataclasses import dataclass
from datetime import date

from clinic.numbers import plain
from patients import ports
from patients.models import Allergy, BodyMeasure, Condition, Medication, Patient
from patients.ports import LastValue

AT_MOST = 100  # of conditions; the chart has the others


@dataclass(frozen=True, slots=True)
class Basis:
    conditions: list[Condition]  # past ones too: a history may forbid treatment
    more_conditions: bool
    medicines: list[Medication]
    allergies: list[Allergy]
    values: list[LastValue]


def basis_of(patient: Patient, today: date) -> Basis:
    conditions = Condition.objects.standing().filter(patient=patient)[: AT_MOST + 1]
    by_standing = sorted(conditions, key=lambda row: not row.is_active)
    medicines = Medication.objects.standing().filter(patient=patient)
    allergies = Allergy.objects.standing().filter(patient=patient)
    return Basis(
        conditions=by_standing[:AT_MOST],
        more_conditions=len(by_standing) > AT_MOST,
        medicines=[row for row in medicines if row.is_current(today)],
        allergies=[row for row in allergies if row.is_active],
        values=[*ports.last_values(patient).values(), _weight(patient)],
    )


def _weight(patient: Patient) -> LastValue:
    weights = BodyMeasure.objects.standing().filter(patient=patient, kind=BodyMeasure.Kind.WEIGHT)
    last = weights.first()
    if last is None:
        return LastValue("Weight")
    return LastValue("Weight", f"{plain(last.value)} kg", last.observed_at)
