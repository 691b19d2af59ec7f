"""FHIR imports: look first (`preview`), then save all of a file or nothing (`apply`).

A patient is found by an identifier, then by its id at the source, never by name. What came from a
source follows it at the next import; what staff typed or changed here stays, and the plan says so.
A changed weight or height becomes a new row, since a dose may rest on the old one.
Every readable weight and height is kept, not only the latest: a dose by weight looks at the course
of it, and an import of hundreds costs one statement.
"""

from datetime import date

from django.core.exceptions import PermissionDenied

from clinic import clock
from clinic.audit import Actor, acting
from clinic.models import Clinic, User
from clinic.refusals import refused_kindly
from patients.fhir.reader import BundleReading, read_bundle
from patients.services.imports.matching import ImportConflictError
from patients.services.imports.plan import ImportPlan, PatientPlan, make_plan
from patients.services.imports.saving import save
from patients.services.register import number_patients

__all__ = [
    "IMPORT",
    "ImportConflictError",
    "ImportPlan",
    "PatientPlan",
    "apply",
    "preview",
    "read_file",
]

IMPORT = "patients.import_patient"


def today_at(clinic: Clinic) -> date:
    return clock.now().astimezone(clinic.zone).date()


def read_file(data: bytes, clinic: Clinic) -> BundleReading:
    return read_bundle(data, today=today_at(clinic))


def preview(reading: BundleReading, clinic: Clinic) -> ImportPlan:
    """Work out what would change; nothing is written or locked."""
    return make_plan(reading, clinic, today=today_at(clinic))


def apply(reading: BundleReading, clinic: Clinic, *, by: User | Actor) -> ImportPlan:
    """Save the file in one transaction; saving it again changes nothing.

    The clinic's record numbers are held, so two imports at one clinic come one after the other.
    """
    if isinstance(by, User) and not by.may(IMPORT, clinic.pk):
        raise PermissionDenied(IMPORT)
    with refused_kindly(), acting(by):
        number_patients(clinic)
        plan = make_plan(reading, clinic, today=today_at(clinic), lock=True)
        save(plan)
        return plan
