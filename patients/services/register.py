"""Registering a patient and changing what identifies him."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date, datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import BigIntegerField, Max
from django.db.models.functions import Cast, Substr

from clinic import audit, clock, entries
from clinic.audit import acting
from clinic.entries import Submission
from clinic.locks import check_version
from clinic.models import Clinic, User
from clinic.refusals import refused_kindly
from patients import ports
from patients.models import Patient

ADD, CHANGE = "patients.add_patient", "patients.change_patient"
NUMBER_PREFIX = "T-"
EARLIEST_BIRTH = date(1900, 1, 1)
MOST_DUPLICATES = 5


class PossibleDuplicateError(ValidationError):
    def __init__(self) -> None:
        super().__init__(
            "Someone with this name and birth date is registered here. Open that record, or "
            "confirm below that this is another person.",
            code="possible_duplicate",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """What front desk types about a patient."""

    family_name: str
    birth_date: date
    given_name: str = ""
    other_names: str = ""
    sex: str = Patient.Sex.UNKNOWN
    phone: str = ""
    address: str = ""
    language: str = ""
    record_number: str = ""  # empty: the next free one, or as it was
    deceased: bool = False
    deceased_at: datetime | None = None


def number_patients(clinic: Clinic) -> None:
    """Hold the clinic's record numbers until the transaction ends; rows that refer to it pass."""
    Clinic.objects.select_for_update(no_key=True).get(pk=clinic.pk)


def next_number(clinic: Clinic) -> int:
    """Return the number after the highest of our own form; call it under `number_patients`."""
    ours = Patient.objects.filter(
        clinic=clinic, record_number__regex=rf"^{NUMBER_PREFIX}[0-9]{{1,9}}$"
    )
    number = Cast(Substr("record_number", len(NUMBER_PREFIX) + 1), BigIntegerField())
    return (ours.aggregate(highest=Max(number))["highest"] or 0) + 1


def record_number(number: int) -> str:
    return f"{NUMBER_PREFIX}{number:05}"


def possible_duplicates(
    clinic: Clinic, *, family_name: str, given_name: str, birth_date: date
) -> list[Patient]:
    """Return patients born that day whose names hold these, accents and order aside."""
    same_day = Patient.objects.filter(clinic=clinic, birth_date=birth_date).current()
    words = f"{birth_date.isoformat()} {family_name} {given_name}"
    return list(same_day.search(words)[:MOST_DUPLICATES])


def register(
    clinic: Clinic,
    person: Person,
    *,
    by: User,
    is_another_person: bool = False,
    entry: Submission | None = None,
    shown_at: Callable[[Patient], str] = lambda patient: "",
) -> Patient:
    """Add the patient; a repeated submission ends where `shown_at` says."""
    with refused_kindly(), acting(by, entry):
        if not by.may(ADD, clinic.pk):
            raise PermissionDenied(ADD)
        _check(person, clock.now(), clinic)
        number_patients(clinic)
        if not is_another_person and possible_duplicates(
            clinic,
            family_name=person.family_name,
            given_name=person.given_name,
            birth_date=person.birth_date,
        ):
            raise PossibleDuplicateError
        number = person.record_number or record_number(next_number(clinic))
        _check_number_is_free(clinic.pk, number)
        values = asdict(person) | {"record_number": number}
        patient = Patient.objects.create(clinic=clinic, **values)
        audit.record("patient.registered", subject=patient)
        entries.finish(entry, shown_at(patient))
        return patient


def change(
    pk: int, person: Person, *, by: User, version: int, entry: Submission | None = None
) -> Patient:
    """Save what was edited; a page opened before somebody else's save is refused."""
    with refused_kindly(), acting(by, entry):
        before = Patient.objects.select_related("clinic").get(pk=pk)
        number = person.record_number or before.record_number
        if number != before.record_number:
            number_patients(before.clinic)  # before the patient, as everywhere
        patient = locked(pk, by=by, permission=CHANGE)
        check_version(patient, version)
        _check(person, clock.now(), patient.clinic)
        if number != patient.record_number:
            _check_number_is_free(patient.clinic_id, number)
        had_died = patient.deceased
        for name, value in (asdict(person) | {"record_number": number}).items():
            setattr(patient, name, value)
        patient.version += 1
        patient.save()
        audit.record("patient.changed", subject=patient)
        if patient.deceased != had_died:
            ports.contact_changed(patient)
        return patient


def locked(pk: int, *, by: User, permission: str) -> Patient:
    """Lock the patient against other edits; rows that refer to the patient may still be added."""
    patient = (
        Patient.objects.select_for_update(no_key=True, of=("self",))
        .select_related("clinic")
        .get(pk=pk)
    )
    if not by.may(permission, patient.clinic_id):
        raise PermissionDenied(permission)
    return patient


def check_alive(patient: Patient) -> None:
    if patient.deceased:
        raise ValidationError("The patient has died.", code="deceased")


def _check(person: Person, now: datetime, clinic: Clinic) -> None:
    today = now.astimezone(clinic.zone).date()
    if not person.family_name:
        raise ValidationError({"family_name": "Enter the family name, or the only name."})
    if person.birth_date > today:
        raise ValidationError({"birth_date": "This day lies ahead. Check the birth date."})
    if person.birth_date < EARLIEST_BIRTH:
        raise ValidationError({"birth_date": "Enter a birth date from 1900 on."})
    if person.deceased_at is not None:
        _check_death(person, now, clinic)


def _check_death(person: Person, now: datetime, clinic: Clinic) -> None:
    died_at = person.deceased_at
    if died_at is None:
        return
    if not person.deceased:
        raise ValidationError({"deceased": "Tick this too, or clear the date of death."})
    if died_at > now:
        raise ValidationError({"deceased_at": "This time lies ahead. Check the date of death."})
    if died_at.astimezone(clinic.zone).date() < person.birth_date:
        raise ValidationError({"deceased_at": "This is before the birth date."})


def _check_number_is_free(clinic_id: int, number: str) -> None:
    if Patient.objects.filter(clinic_id=clinic_id, record_number=number).exists():
        raise ValidationError({"record_number": "Another patient has this number."})
