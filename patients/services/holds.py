"""Holding back all automatic mail to a patient, and lifting that."""

from datetime import datetime

from django.core.exceptions import PermissionDenied, ValidationError

from clinic import audit, clock
from clinic.audit import acting
from clinic.entries import Submission
from clinic.models import User
from clinic.words import explains
from patients import ports
from patients.models import MailHold, Patient

LIFT = "patients.record_email_consent"


def hold_mail(patient: Patient, reason: str, now: datetime) -> MailHold:
    """Hold mail inside the caller's transaction; a hold that stands is left as it is.

    A row of its own, not a change of the patient: the caller may hold a session's lock already.
    """
    hold, is_new = MailHold.objects.get_or_create(
        patient=patient,
        lifted_at=None,
        defaults={"clinic_id": patient.clinic_id, "reason": reason, "since": now},
    )
    if is_new:
        audit.record("mail.held", subject=patient)
        ports.contact_changed(patient)
    return hold


def lift(pk: int, *, note: str, by: User, entry: Submission | None = None) -> MailHold:
    with acting(by, entry):
        hold = MailHold.objects.select_for_update().get(pk=pk)
        if not by.may(LIFT, hold.clinic_id):
            raise PermissionDenied(LIFT)
        if hold.lifted_at is not None:
            raise ValidationError("Mail goes to this patient again already.", code="lifted")
        if not explains(note):
            raise ValidationError({"note": "Say why mail may go again."})
        hold.lifted_at, hold.lifted_by, hold.lifting_note = clock.now(), by, note.strip()
        hold.save(update_fields=["lifted_at", "lifted_by", "lifting_note"])
        audit.record("mail.hold_lifted", subject=hold)
        ports.contact_changed(hold.patient)
        return hold
