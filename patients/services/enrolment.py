"""The patient's enrolment in REMS: recorded from the signed form, and ended."""

from dataclasses import dataclass
from datetime import date

from django.core.exceptions import ValidationError

from clinic import audit, clock
from clinic.audit import acting
from clinic.entries import Submission
from clinic.models import User
from clinic.refusals import refused_kindly
from clinic.words import explains
from patients.models import Patient, RemsEnrolment
from patients.services.register import check_alive, locked

RECORD = "patients.record_enrolment"
PRESCRIBES = "treatment_sessions.order_dose"


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolled:
    enrolled_on: date
    number: str
    patient_signed_on: date
    prescriber: User
    prescriber_signed_on: date


def enrol(
    patient_pk: int, enrolled: Enrolled, *, by: User, entry: Submission | None = None
) -> RemsEnrolment:
    with refused_kindly(), acting(by, entry):
        patient = locked(patient_pk, by=by, permission=RECORD)
        check_alive(patient)
        now = clock.now()
        _check(enrolled, patient, now.astimezone(patient.clinic.zone).date())
        row = RemsEnrolment.objects.create(
            patient=patient,
            clinic_id=patient.clinic_id,
            recorded_by=by,
            recorded_at=now,
            **{name: getattr(enrolled, name) for name in Enrolled.__dataclass_fields__},
        )
        audit.record("rems.enrolled", subject=row)
        return row


def end(
    pk: int, *, ended_on: date, reason: str, by: User, entry: Submission | None = None
) -> RemsEnrolment:
    with acting(by, entry):
        patient_pk = RemsEnrolment.objects.values_list("patient_id", flat=True).get(pk=pk)
        patient = locked(patient_pk, by=by, permission=RECORD)
        row = RemsEnrolment.objects.select_for_update(of=("self",)).get(pk=pk)
        now = clock.now()
        if row.ended_on is not None:
            raise ValidationError("This enrolment was ended already.", code="ended")
        if not row.enrolled_on <= ended_on <= now.astimezone(patient.clinic.zone).date():
            text = "Enter a day from the enrolment up to today."
            raise ValidationError({"ended_on": text})
        if not explains(reason):
            raise ValidationError({"reason": "Say why it ends."})
        row.ended_on, row.ending_reason, row.ended_by, row.ended_at = ended_on, reason, by, now
        row.save(update_fields=["ended_on", "ending_reason", "ended_by", "ended_at"])
        audit.record("rems.disenrolled", subject=row)
        return row


def _check(enrolled: Enrolled, patient: Patient, today: date) -> None:
    if not enrolled.number.strip():
        raise ValidationError({"number": "Enter the number that REMS gave."})
    for name in ("enrolled_on", "patient_signed_on", "prescriber_signed_on"):
        day: date = getattr(enrolled, name)
        if not patient.birth_date <= day <= today:
            raise ValidationError({name: "Enter a day up to today."})
    signed = max(enrolled.patient_signed_on, enrolled.prescriber_signed_on)
    if enrolled.enrolled_on < signed:
        text = "Enrolment follows the signatures: check the days."
        raise ValidationError({"enrolled_on": text})
    if not enrolled.prescriber.may(PRESCRIBES, patient.clinic_id):
        raise ValidationError({"prescriber": "Choose a prescriber of this clinic."})
