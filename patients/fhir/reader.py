"""From the bytes of a FHIR R4 file to patient records and a report.

A fault of the file or of a Patient refuses the whole file; a fault of anything else costs only
that resource, and the report says why.
"""

import hashlib
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import date
from typing import Any

from patients.fhir import mapping, measures
from patients.fhir.bundle import Contents
from patients.fhir.coding import RXNORM, Concept, concept
from patients.fhir.decode import Json, Limits, decode
from patients.fhir.patient import patient
from patients.fhir.records import (
    AllergyData,
    ConditionData,
    MeasureData,
    MedicationData,
    PatientData,
    PatientRecord,
)
from patients.fhir.references import Entry, References
from patients.fhir.report import BundleError, BundleReading, Notice, Skipped, Unusable
from patients.fhir.text import SOURCE_ID, Texts
from patients.fhir.validation import validate
from patients.fhir.version import check_is_r4

__all__ = ["BundleError", "BundleReading", "Limits", "read_bundle"]

Item = ConditionData | MedicationData | AllergyData | MeasureData

_MEDICATION_TYPES = {"MedicationRequest", "MedicationStatement"}
_RECORD_TYPES = {"Condition", "AllergyIntolerance"} | _MEDICATION_TYPES
_DEFAULT_LIMITS = Limits()


def read_bundle(data: bytes, *, today: date, limits: Limits = _DEFAULT_LIMITS) -> BundleReading:
    """Read a FHIR R4 bundle, or raise BundleError: then nothing of it may be used."""
    contents = Contents(decode(data, limits), limits)
    check_is_r4(entry.resource for entry in contents.entries)
    return _Reading(contents, today).result()


class _Reading:
    """One pass over one file: patients first, then what belongs to them."""

    def __init__(self, contents: Contents, today: date) -> None:
        self.today = today
        self.entries = _without_repeated_patients(contents.entries)
        self.references = References(self.entries)
        self.found = Counter(entry.type for entry in contents.entries)
        self.taken: Counter[str] = Counter()
        self.skipped = list(contents.skipped)
        self.notices = list(contents.notices)
        self.items: dict[Entry, list[Item]] = defaultdict(list)
        self.medicines_used: set[Entry] = set()
        self.seen: set[tuple[Entry, type[Item], str]] = set()

    def result(self) -> BundleReading:
        patients = {e: self._read_patient(e) for e in self.entries if e.type == "Patient"}
        if not patients:
            raise BundleError(
                "no_patient",
                "The file holds no Patient. Ask the sender for a bundle with the patient's record.",
            )
        for entry in self.entries:
            if entry.type in _RECORD_TYPES or _is_measure(entry):
                self._read_item(entry)
        self.taken["Medication"] = len(self.medicines_used)
        return BundleReading(
            patients=tuple(_record(patients[e], self.items[e]) for e in patients),
            skipped=tuple(self.skipped),
            notices=tuple(self.notices),
            found=dict(self.found),
            taken={name: count for name, count in self.taken.items() if count},
        )

    def _read_patient(self, entry: Entry) -> PatientData:
        texts = Texts()
        try:
            resource = validate(entry.resource)
            data = patient(resource, _source_id(entry, texts), today=self.today, texts=texts)
        except Unusable as problem:
            raise BundleError(
                "bad_patient",
                f"A Patient in this file cannot be read: {problem.reason}. Nothing was imported.",
            ) from None
        self.taken["Patient"] += 1
        self._add_notices(entry, texts)
        return data

    def _read_item(self, entry: Entry) -> None:
        texts = Texts()
        try:
            resource = validate(entry.resource)
            owner = self._owner(entry, resource)
            items = self._map(entry, resource, texts)
            self._check_not_repeated(owner, items)
        except Unusable as problem:
            self.skipped.append(Skipped(entry.type, entry.source_id, problem.reason))
            return
        self.items[owner].extend(items)
        self.taken[entry.type] += 1
        self._add_notices(entry, texts)

    def _owner(self, entry: Entry, resource: Any) -> Entry:
        subject = resource.patient if entry.type == "AllergyIntolerance" else resource.subject
        if subject is None:
            raise Unusable("does not say whose it is")
        owner = self.references.find(subject, "Patient", seen_from=entry)
        if owner is None:
            raise Unusable("belongs to nobody whose Patient is in this file")
        return owner

    def _map(self, entry: Entry, resource: Any, texts: Texts) -> list[Item]:
        source_id, today = _source_id(entry, texts), self.today
        items: list[Item]
        if entry.type == "Condition":
            items = [mapping.condition(resource, source_id, today=today, texts=texts)]
        elif entry.type == "AllergyIntolerance":
            items = [mapping.allergy(resource, source_id, texts=texts)]
        elif entry.type == "Observation":
            items = list(measures.measures(resource, source_id, today=today))
        else:
            items = [self._medication(entry, resource, source_id, texts)]
        return [item if item.source_id else _named_by_content(item) for item in items]

    def _medication(
        self, entry: Entry, resource: Any, source_id: str, texts: Texts
    ) -> MedicationData:
        read = {
            "MedicationRequest": mapping.medication_request,
            "MedicationStatement": mapping.medication_statement,
        }[entry.type]
        medicine = self._medicine(entry, resource, texts)
        return read(resource, source_id, medicine, today=self.today, texts=texts)

    def _medicine(self, entry: Entry, resource: Any, texts: Texts) -> Concept:
        reference = resource.medicationReference
        if reference is None:
            return concept(resource.medicationCodeableConcept, "medicine", texts, prefer=RXNORM)
        if contained := _contained(entry.resource, reference.reference):
            return mapping.medicine_of(validate(contained), texts)
        if found := self.references.find(reference, "Medication", seen_from=entry):
            medicine = mapping.medicine_of(validate(found.resource), texts)
            self.medicines_used.add(found)
            return medicine
        if name := texts.line(reference.display, "medicine"):
            return Concept(name, "", "")
        raise Unusable("refers to a Medication that is not in this file")

    def _check_not_repeated(self, owner: Entry, items: list[Item]) -> None:
        keys = {(owner, type(item), item.source_id) for item in items}
        if keys & self.seen:
            raise Unusable("appears twice; the first one counts")
        self.seen |= keys

    def _add_notices(self, entry: Entry, texts: Texts) -> None:
        for change in texts.changes:
            self.notices.append(Notice(entry.type, entry.source_id, change))


def _without_repeated_patients(entries: list[Entry]) -> list[Entry]:
    """The same Patient twice is one; two different ones under one id would mix two people."""
    patients: dict[tuple[str, str], Entry] = {}
    kept = []
    for entry in entries:
        key = (entry.base, entry.id)
        if entry.type != "Patient" or not entry.id:
            kept.append(entry)
        elif key not in patients:
            patients[key] = entry
            kept.append(entry)
        elif patients[key].resource != entry.resource:
            raise BundleError(
                "bad_patient",
                "The file holds two different patients under the same id. Nothing was imported. "
                "Ask the sender to export it again.",
            )
    return kept


def _is_measure(entry: Entry) -> bool:
    return entry.type == "Observation" and measures.is_measure(entry.resource)


def _contained(resource: Json, reference: str | None) -> Json | None:
    """The Medication inside the resource that "#id" means."""
    contained = resource.get("contained")
    for each in contained if isinstance(contained, list) else ():
        if (
            isinstance(each, dict)
            and each.get("resourceType") == "Medication"
            and reference == f"#{each.get('id')}"
        ):
            return each
    return None


def _source_id(entry: Entry, texts: Texts) -> str:
    return texts.exact(entry.source_id, "id", limit=SOURCE_ID)


def _named_by_content(item: Item) -> Item:
    """A resource without id gets one from what it says: the same file again finds it again."""
    digest = hashlib.sha256(repr(item).encode()).hexdigest()
    return replace(item, source_id=f"content:{digest[:32]}")


def _record(data: PatientData, items: list[Item]) -> PatientRecord:
    return PatientRecord(
        patient=data,
        conditions=tuple(each for each in items if isinstance(each, ConditionData)),
        medications=tuple(each for each in items if isinstance(each, MedicationData)),
        allergies=tuple(each for each in items if isinstance(each, AllergyData)),
        measures=tuple(each for each in items if isinstance(each, MeasureData)),
    )
