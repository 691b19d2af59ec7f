"""What a safety screen is decided on: the chart, what of it matches, and the newest values."""

from dataclasses import dataclass
from datetime import date, datetime

from clinic.numbers import plain
from patients import ports
from patients.models import Allergy, BodyMeasure, Condition, Medication, Patient
from patients.ports import LastValue
from patients.screening import basis as meaning
from patients.screening.basis import Fact
from patients.screening.chart import Chart, ChartAllergy, ChartCondition, Pressure
from patients.screening.decision import ASKED

AT_MOST = 100  # of conditions are shown; all of them are matched
PRESSURE = "blood_pressure"


@dataclass(frozen=True, slots=True)
class Basis:
    conditions: list[Condition]  # past ones too: a history may forbid treatment
    medicines: list[Medication]
    allergies: list[Allergy]
    values: list[LastValue]
    chart: Chart
    facts: list[Fact]

    @property
    def more_conditions(self) -> bool:
        return len(self.conditions) > AT_MOST

    @property
    def on_chart(self) -> dict[str, bool]:
        """Say of what is asked about whether the chart lists any."""
        allergies = [row for row in self.allergies if not row.says_none_known]
        lists = (self.conditions, self.medicines, allergies)
        return {what: bool(rows) for what, rows in zip(ASKED, lists, strict=True)}

    @property
    def digest(self) -> str:
        return meaning.digest(self.facts)


def basis_of(patient: Patient, today: date) -> Basis:
    rows = Condition.objects.standing().filter(patient=patient)
    conditions = sorted(rows, key=lambda row: not row.is_active)
    medicines = list(Medication.objects.standing().filter(patient=patient))
    allergies = list(Allergy.objects.standing().filter(patient=patient))
    measures = BodyMeasure.objects.standing().filter(patient=patient)
    newest = {row.kind: row for row in reversed(measures)}
    values = ports.last_values(patient)
    return Basis(
        conditions=conditions,
        medicines=[row for row in medicines if row.is_current(today)],
        allergies=[row for row in allergies if row.is_active],
        values=[*values.values(), _said("Weight", "kg", newest.get("weight"))],
        chart=Chart(
            today=today,
            age=patient.age(today),
            sex=patient.sex,
            conditions=tuple(dict.fromkeys(map(chart_condition, conditions))),
            allergies=tuple(map(_allergy, allergies)),
            weight_kg=newest["weight"].value if "weight" in newest else None,
            height_cm=newest["height"].value if "height" in newest else None,
            pressure=_pressure(values.get(PRESSURE), patient),
        ),
        facts=meaning.facts(conditions, medicines, allergies, today),
    )


def chart_condition(row: Condition) -> ChartCondition:
    return ChartCondition(
        row.text,
        row.code,
        row.code_system,
        row.clinical_status,
        row.onset_on,
        row.abated_on,
        row.note,
    )


def _allergy(row: Allergy) -> ChartAllergy:
    return ChartAllergy(row.text, row.code, row.status, says_none_known=row.says_none_known)


def _pressure(last: LastValue | None, patient: Patient) -> Pressure | None:
    if last is None or last.at is None or len(last.numbers) != 2:
        return None
    return Pressure(*last.numbers, on=_day(last.at, patient))


def _day(moment: datetime, patient: Patient) -> date:
    return moment.astimezone(patient.clinic.zone).date()


def _said(label: str, unit: str, last: BodyMeasure | None) -> LastValue:
    if last is None:
        return LastValue(label)
    return LastValue(label, f"{plain(last.value)} {unit}", last.observed_at)
