"""A consent that the patient signs on the tablet, with staff present."""

from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError

from clinic import audit, clock
from clinic.audit import acting
from clinic.entries import Submission
from clinic.models import Clinic, User
from patients import drawn
from patients.models import Consent, ConsentSignature, ConsentTemplate
from patients.rules import months_later
from patients.services.consent import PERMISSIONS, Agreement, record
from patients.services.register import locked


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """What the patient, or who represents the patient, entered."""

    typed_name: str
    ticked: frozenset[int]  # places in the template's list of statements
    relationship: str = ""
    drawing: str = ""


def sign(
    patient_pk: int,
    template_pk: int,
    signed: Signed,
    *,
    by: User,
    entry: Submission | None = None,
) -> Consent:
    """Record the consent with the text as it was shown; `by` is present and witnesses it."""
    with acting(by, entry):
        template = ConsentTemplate.objects.get(pk=template_pk)
        permission = PERMISSIONS[Consent.Kind(template.kind)]
        patient = locked(patient_pk, by=by, permission=permission)
        if template not in ConsentTemplate.objects.offered_at(patient.clinic):
            raise ValidationError(
                "This text was replaced meanwhile. Go back and open the newest one.",
                code="replaced",
            )
        _check(template, signed)
        now = clock.now()
        agreement = agreement_on(template, now, patient.clinic)
        consent = record(patient, agreement, by=by, now=now)
        ConsentSignature.objects.create(
            consent=consent,
            patient=patient,
            clinic_id=patient.clinic_id,
            text_hash=template.text_hash,
            ticked=template.ticks,
            typed_name=signed.typed_name,
            relationship=signed.relationship,
            drawing=drawn.clean(signed.drawing),
            witness=by,
            signed_at=now,
        )
        audit.record("consent.signed", subject=consent, version=template.version)
        return consent


def agreement_on(template: ConsentTemplate, now: datetime, clinic: Clinic) -> Agreement:
    """Return what signing this text now means: from when, and until when."""
    today = now.astimezone(clinic.zone).date()
    until = months_later(today, template.valid_months) if template.valid_months else None
    return Agreement(kind=template.kind, given_at=now, expires_on=until, template=template)


def _check(template: ConsentTemplate, signed: Signed) -> None:
    missing = [n for n in range(len(template.ticks)) if n not in signed.ticked]
    if missing:
        raise ValidationError(
            {f"tick_{n}": "Tick this, or ask us about it before you sign." for n in missing}
        )
    if not signed.typed_name.strip():
        raise ValidationError({"typed_name": "Type your full name."})
