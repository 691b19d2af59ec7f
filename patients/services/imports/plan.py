"""What an import would do, worked out before anything is written."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from clinic.models import Clinic
from patients import rules
from patients.fhir.reader import BundleReading
from patients.fhir.records import MeasureData, PatientData, PatientRecord
from patients.fhir.report import Notice, ReportLine, Skipped
from patients.models import EmailContact, Identifier, Patient
from patients.models.chart import ChartRow
from patients.services.imports import matching
from patients.services.imports.rows import KINDS, RowKind

LONGEST_OTHER_NAMES = 240
OTHER_NUMBERS = {
    "SS": "the social security number",
    "DL": "the driving licence number",
    "PPN": "the passport number",
}
IN_HEADING = {"Family name", "Given name", "Birth date"}  # of a new patient
# What "nothing is known" looks like: the source may fill it in.
EMPTY = ("", None, False, Patient.Sex.UNKNOWN)


@dataclass(frozen=True, slots=True)
class FieldChange:
    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Replacement:
    old: ChartRow
    new: ChartRow


@dataclass(slots=True)
class RowsPlan:
    """The rows of one kind: what is new, what follows the source, what staff changed here."""

    kind: RowKind
    to_add: list[ChartRow] = field(default_factory=list)
    to_change: list[ChartRow] = field(default_factory=list)
    to_replace: list[Replacement] = field(default_factory=list)
    same: int = 0
    kept: int = 0

    @property
    def label(self) -> str:
        return self.kind.label

    @property
    def new(self) -> int:
        return len(self.to_add)

    @property
    def changed(self) -> int:
        return len(self.to_change) + len(self.to_replace)


@dataclass(slots=True)
class PatientPlan:
    data: PatientData
    patient: Patient  # as it will be; unsaved when new
    found_by: str
    counts: list[RowsPlan]
    identifiers: list[Identifier]
    contact: EmailContact | None
    weight: MeasureData | None
    height: MeasureData | None
    not_treatable: list[str]
    warnings: list[str]
    field_changes: list[FieldChange] = field(default_factory=list)
    fields_kept: list[FieldChange] = field(default_factory=list)
    had_died: bool = False
    is_new: bool = True

    @property
    def match(self) -> Patient | None:
        return None if self.is_new else self.patient

    @property
    def name(self) -> str:
        return f"{self.data.given_name} {self.data.family_name}".strip()

    @property
    def birth_date(self) -> date:
        return self.data.birth_date

    @property
    def changes_anything(self) -> bool:
        rows = any(count.new or count.changed for count in self.counts)
        return bool(rows or self.field_changes or self.identifiers or self.contact)

    @property
    def outcome(self) -> str:
        if self.is_new:
            return "new"
        return "updated" if self.changes_anything else "unchanged"

    @property
    def touches_messages(self) -> bool:
        return self.contact is not None or self.patient.deceased != self.had_died


@dataclass(frozen=True, slots=True)
class ImportPlan:
    patients: tuple[PatientPlan, ...]
    lines: tuple[ReportLine, ...]
    skipped: tuple[Skipped, ...]
    notices: tuple[Notice, ...]


def make_plan(
    reading: BundleReading, clinic: Clinic, *, today: date, lock: bool = False
) -> ImportPlan:
    """Compare the file with the clinic's records; with `lock`, hold what was compared."""
    found = matching.matches(reading.patients, clinic, lock=lock)
    known = _KnownRows([match.patient for match in found if match.patient], lock=lock)
    plans = tuple(
        _patient_plan(record, match, known, clinic, today)
        for record, match in zip(reading.patients, found, strict=True)
    )
    left_out = tuple(_identifiers_left_out(match.data) for match in found)
    notices = (*reading.notices, *(notice for each in left_out for notice in each))
    return ImportPlan(plans, reading.lines, reading.skipped, notices)


class _KnownRows:
    """The imported chart rows and e-mail contacts of the matched patients: a query per table.

    Of rows that replaced each other the newest is known.
    """

    def __init__(self, patients: Iterable[Patient], *, lock: bool) -> None:
        pks = [patient.pk for patient in patients]
        self._rows: dict[tuple[type[ChartRow], int, str], ChartRow] = {}
        for kind in KINDS if pks else ():
            rows = kind.model.objects.filter(patient__in=pks).exclude(source_id="").order_by("pk")
            for row in rows.select_for_update() if lock else rows:
                self._rows[kind.model, row.patient_id, row.source_id] = row
        contacts = EmailContact.objects.filter(patient__in=pks)
        self._with_contact = set(contacts.values_list("patient_id", flat=True)) if pks else set()

    def row(self, kind: RowKind, patient: Patient, source_id: str) -> ChartRow | None:
        return self._rows.get((kind.model, patient.pk, source_id))

    def has_contact(self, patient: Patient) -> bool:
        return patient.pk in self._with_contact


def _patient_plan(
    record: PatientRecord, match: matching.Match, known: _KnownRows, clinic: Clinic, today: date
) -> PatientPlan:
    patient = match.patient or Patient(clinic=clinic, source_id=match.source_id)
    is_new, had_died = patient.pk is None, patient.deceased
    changes, kept = merge(patient, record.patient)
    email = record.patient.email
    contact = None
    if email and not known.has_contact(patient):
        contact = EmailContact(
            patient=patient,
            clinic=clinic,
            address=email,
            time_zone=clinic.time_zone,
            language=record.patient.language,
        )
        changes.append(FieldChange("E-mail, not yet confirmed", "", email))
    return PatientPlan(
        data=record.patient,
        patient=patient,
        found_by=match.found_by,
        counts=[_rows_plan(kind, record, patient, known) for kind in KINDS],
        identifiers=[
            Identifier(patient=patient, clinic=clinic, system=i.system, value=i.value, type=i.type)
            for i in match.identifiers
        ],
        contact=contact,
        weight=record.latest_weight,
        height=record.latest_height,
        not_treatable=rules.not_treatable(patient.birth_date, patient.deceased, today),
        warnings=match.warnings,
        field_changes=[each for each in changes if not (is_new and each.label in IN_HEADING)],
        fields_kept=kept,
        had_died=had_died,
        is_new=is_new,
    )


def _rows_plan(
    kind: RowKind, record: PatientRecord, patient: Patient, known: _KnownRows
) -> RowsPlan:
    def as_new(source_id: str, values: dict[str, Any]) -> ChartRow:
        return kind.model(patient=patient, clinic=patient.clinic, source_id=source_id, **values)

    rows_plan = RowsPlan(kind)
    for item in kind.items(record):
        values = kind.values(item)
        row = known.row(kind, patient, item.source_id)
        if row is None:
            rows_plan.to_add.append(as_new(item.source_id, values))
        elif all(getattr(row, name) == value for name, value in values.items()):
            rows_plan.same += 1
        elif row.changed_here:
            rows_plan.kept += 1
        elif not kind.in_place:
            rows_plan.to_replace.append(Replacement(row, as_new(item.source_id, values)))
        else:
            for name, value in values.items():
                setattr(row, name, value)
            rows_plan.to_change.append(row)
    return rows_plan


def patient_values(data: PatientData) -> dict[str, Any]:
    return {
        "family_name": data.family_name,
        "given_name": data.given_name,
        "other_names": _as_many_as_fit(data.other_names),
        "birth_date": data.birth_date,
        "sex": data.sex,
        "deceased": data.deceased,
        "deceased_at": data.deceased_at,
        "phone": data.phone,
        "address": data.address,
        "language": data.language,
    }


def merge(patient: Patient, data: PatientData) -> tuple[list[FieldChange], list[FieldChange]]:
    """Let the patient follow the source; return what changes and what stays as entered here.

    A field that still says what the last import said follows; before the first import an empty one
    is filled; any other was typed, or cleared, here and stays.
    """
    last, changes, kept = patient.source_values, [], []
    for name, value in patient_values(data).items():
        if name == "deceased_at" and not patient.deceased:
            value = None
        current = getattr(patient, name)
        if current == value:
            continue
        untouched = last[name] == _stored(current) if name in last else current in EMPTY
        before = "" if current in EMPTY else _said(current)
        change = FieldChange(_label(name), before, _said(value))
        if untouched or patient.pk is None:
            setattr(patient, name, value)
            changes.append(change)
        elif value not in EMPTY:
            kept.append(change)
    if not patient.deceased:
        patient.deceased_at = None  # even one typed here: the database holds them together
    patient.source_values = {k: _stored(v) for k, v in patient_values(data).items()}
    return changes, kept


def _label(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _stored(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value.isoformat() if isinstance(value, date) else value


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:%Y-%m-%d}" if isinstance(value, date) else str(value or "")


def _as_many_as_fit(names: tuple[str, ...]) -> str:
    text = ""
    for name in names:
        longer = f"{text}; {name}" if text else name
        if len(longer) > LONGEST_OTHER_NAMES:
            break
        text = longer
    return text


def _identifiers_left_out(data: PatientData) -> list[Notice]:
    said = []
    for each in data.identifiers:
        if not matching.is_record_number(each):
            kind = OTHER_NUMBERS.get(each.type, "a number that is no medical record number")
            said.append(f"{kind} is not kept")
        elif not each.system:
            said.append("left out, the file does not say whose number it is")
    return [
        Notice("Patient", data.source_id, f"identifier: {text}") for text in dict.fromkeys(said)
    ]
