"""Which patient of the clinic a patient of the file is: never decided by the name alone."""

import hashlib
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from clinic.models import Clinic
from patients.fhir.records import IdentifierData, PatientData, PatientRecord
from patients.models import Identifier, Patient

RECORD_NUMBERS = frozenset({"MR", "PI"})  # HL7 v2-0203: what a clinic calls its patient by
NATIONAL = "http://hl7.org/fhir/sid/"  # social security, passports and the like
Key = tuple[str, str]


class ImportConflictError(ValidationError):
    """The file can't be told apart from what stands here; nothing of it is imported."""

    def __init__(self, message: str) -> None:
        super().__init__(f"{message} Nothing of this file was imported.", code="import_conflict")


@dataclass(slots=True)
class Match:
    data: PatientData
    source_id: str
    patient: Patient | None = None
    found_by: str = ""
    identifiers: list[IdentifierData] = field(default_factory=list)  # to be added
    warnings: list[str] = field(default_factory=list)


def matches(records: Iterable[PatientRecord], clinic: Clinic, *, lock: bool) -> list[Match]:
    """Match by identifier first, then by the id at the source; `lock` holds the rows found."""
    people = [record.patient for record in records]
    found = [Match(data, _source_id(data)) for data in people]
    _check_told_apart(found)
    shared = _shared_identifiers(people)
    known = _Known(clinic, found, lock=lock)
    for match in found:
        _match(match, known, shared)
    _check_matched_once(found)
    _warn_of_namesakes([match for match in found if match.patient is None], clinic)
    return found


def usable_identifiers(data: PatientData) -> list[IdentifierData]:
    """Leave out whatever proves who somebody is, which Taper has no need of, and bare numbers."""
    return [each for each in data.identifiers if each.system and is_record_number(each)]


def is_record_number(identifier: IdentifierData) -> bool:
    return identifier.type in RECORD_NUMBERS and not identifier.system.startswith(NATIONAL)


class _Known:
    """What the clinic has of the identifiers and source ids in the file: two or three queries."""

    def __init__(self, clinic: Clinic, found: list[Match], *, lock: bool) -> None:
        keys = {_key(each) for match in found for each in usable_identifiers(match.data)}
        values = {value for _, value in keys}
        rows = Identifier.objects.filter(clinic=clinic, value__in=values)
        owners = {(row.system, row.value): row.patient_id for row in rows}
        self._owner_ids = {key: pk for key, pk in owners.items() if key in keys}
        patients = Patient.objects.filter(clinic=clinic)
        sources = patients.filter(source_id__in=[match.source_id for match in found])
        self._source_pks = dict(sources.values_list("source_id", "pk"))
        self._patients = _held(
            patients, {*self._owner_ids.values(), *self._source_pks.values()}, lock=lock
        )

    def owner(self, key: Key) -> Patient | None:
        return self._surviving(self._owner_ids.get(key))

    def from_source(self, source_id: str) -> Patient | None:
        return self._surviving(self._source_pks.get(source_id))

    def _surviving(self, pk: int | None) -> Patient | None:
        if pk is None:
            return None
        patient = self._patients[pk]
        return patient if patient.merged_into_id is None else self._patients[patient.merged_into_id]


def _held(patients: QuerySet[Patient], pks: set[int], *, lock: bool) -> dict[int, Patient]:
    """Return the patients and those they were merged into, locked in the order of their keys."""
    merged = patients.filter(pk__in=pks, merged_into__isnull=False)
    pks = pks | set(merged.values_list("merged_into_id", flat=True))
    rows = patients.filter(pk__in=pks).order_by("pk")
    return {row.pk: row for row in (rows.select_for_update(no_key=True) if lock else rows)}


def _match(match: Match, known: _Known, shared: set[Key]) -> None:
    candidates: dict[int, Patient] = {}
    for each in usable_identifiers(match.data):
        key = _key(each)
        if key in shared:
            match.warnings.append(
                f"An identifier ({each.type or each.system}) stands at more than one patient of "
                "this file. It is not used."
            )
        elif (owner := known.owner(key)) is None:
            match.identifiers.append(each)
        elif may_be_same(owner, match.data):
            candidates[owner.pk] = owner
        else:
            match.warnings.append(
                f"An identifier ({each.type or each.system}) belongs to No. "
                f"{owner.record_number}, a person with another name and birth date. "
                "It is not used."
            )
    if len(candidates) > 1:
        numbers = ", ".join(sorted(each.record_number for each in candidates.values()))
        raise ImportConflictError(
            f"The identifiers of one patient belong to several records here (No. {numbers}). "
            "Find out which is right, then correct the others."
        )
    _decide(match, next(iter(candidates.values()), None), known.from_source(match.source_id))


def _decide(match: Match, by_identifier: Patient | None, by_source: Patient | None) -> None:
    if by_identifier is not None:
        match.patient, match.found_by = by_identifier, "identifier"
        if by_source is not None and by_source.pk != by_identifier.pk:
            match.warnings.append(
                f"No. {by_source.record_number} was imported under the same id: perhaps both "
                "records are of one person."
            )
    elif by_source is not None:
        if not may_be_same(by_source, match.data):
            raise ImportConflictError(
                f"The id of a patient in this file is known here as No. {by_source.record_number}, "
                "a person with another name and birth date. Ask the sender which is right."
            )
        match.patient, match.found_by = by_source, "id at the source"


def may_be_same(patient: Patient, data: PatientData) -> bool:
    """Family name and birth date both different: somebody else, whatever the number says."""
    same_name = folded(patient.family_name) == folded(data.family_name)
    return same_name or patient.birth_date == data.birth_date


def folded(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text)
    return "".join(each for each in letters if not unicodedata.combining(each)).casefold()


def _key(identifier: IdentifierData) -> Key:
    return identifier.system, identifier.value


def _source_id(data: PatientData) -> str:
    """A patient without id is named by all that the file says: the same file finds it again."""
    if data.source_id:
        return data.source_id
    return f"content:{hashlib.sha256(repr(data).encode()).hexdigest()[:32]}"


def _shared_identifiers(people: list[PatientData]) -> set[Key]:
    count = Counter(key for each in people for key in set(map(_key, usable_identifiers(each))))
    return {key for key, times in count.items() if times > 1}


def _check_told_apart(found: list[Match]) -> None:
    if len({match.source_id for match in found}) < len(found):
        raise ImportConflictError("The file holds the same patient twice.")


def _check_matched_once(found: list[Match]) -> None:
    times = Counter(match.patient.pk for match in found if match.patient is not None)
    for match in found:
        if match.patient is not None and times[match.patient.pk] > 1:
            raise ImportConflictError(
                f"Several patients of this file match No. {match.patient.record_number}."
            )


def _warn_of_namesakes(new: list[Match], clinic: Clinic) -> None:
    """Say that someone of this name and birth date is here; who it is, a person decides."""
    days = {match.data.birth_date for match in new}
    if not days:
        return
    born_then: dict[tuple[str, object], list[str]] = defaultdict(list)
    for row in Patient.objects.filter(clinic=clinic, birth_date__in=days).current():
        born_then[folded(f"{row.given_name} {row.family_name}"), row.birth_date].append(
            row.record_number
        )
    for match in new:
        name = folded(f"{match.data.given_name} {match.data.family_name}")
        if numbers := born_then.get((name, match.data.birth_date)):
            match.warnings.append(
                f"Someone with this name and birth date is registered as No. {', '.join(numbers)}, "
                "without an identifier of this file. This will be a second record."
            )
