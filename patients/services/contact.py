"""Where mail to the patient goes."""

from dataclasses import dataclass
from datetime import datetime

from clinic import audit, clock
from clinic.audit import acting
from clinic.entries import Submission
from clinic.locks import check_version
from clinic.models import User
from patients import ports
from patients.models import EmailContact, Patient
from patients.services.register import CHANGE, check_alive, locked


@dataclass(frozen=True, slots=True)
class Contact:
    """`verified`: the patient has confirmed that this very address reaches him."""

    address: str
    time_zone: str
    language: str = ""
    verified: bool = False


def save(
    patient_pk: int, contact: Contact, *, by: User, version: int, entry: Submission | None = None
) -> EmailContact:
    """Set address, zone and mark; a new address loses the mark unless it is given anew.

    The patient's version guards it, so that two people can't each add the first contact.
    """
    with acting(by, entry):
        patient = locked(patient_pk, by=by, permission=CHANGE)
        check_alive(patient)
        check_version(patient, version)
        row = EmailContact.objects.select_for_update().filter(patient=patient).first()
        row = row or EmailContact(patient=patient, clinic_id=patient.clinic_id)
        is_same = row.address == contact.address and row.verified_at is not None
        verified_at = (row.verified_at if is_same else clock.now()) if contact.verified else None
        row.address, row.time_zone, row.language = (
            contact.address,
            contact.time_zone,
            contact.language,
        )
        row.verified_at = verified_at
        row.save()
        patient.version += 1
        patient.save(update_fields=["version"])
        audit.record("patient.contact_changed", subject=row, verified=contact.verified)
        ports.contact_changed(patient)
        return row


def lose(patient: Patient, address: str, sent_at: datetime | None) -> None:
    """Take the mark from an address that does not exist any more; the patient is locked.

    One that was entered, or confirmed anew, since that mail was sent is left as it is.
    """
    rows = EmailContact.objects.filter(patient=patient, address=address, verified_at__isnull=False)
    row = rows.select_for_update().first()
    if row is None or (sent_at and row.verified_at and row.verified_at > sent_at):
        return
    row.verified_at = None
    row.save(update_fields=["verified_at"])
    patient.version += 1
    patient.save(update_fields=["version"])
    audit.record("patient.address_lost", subject=row)
    ports.contact_changed(patient)
