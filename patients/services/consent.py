"""What the patient agreed to: given, renewed, withdrawn; nothing is taken off the record."""

from dataclasses import dataclass
from datetime import date, datetime

from django.core.exceptions import ValidationError

from clinic import audit, clock
from clinic.audit import Actor, acting
from clinic.entries import Submission
from clinic.models import Clinic, User
from clinic.times import check_happened
from patients import ports
from patients.models import Consent, ConsentTemplate, Patient, Task
from patients.services import tasks
from patients.services.register import check_alive, locked

PERMISSIONS = {
    Consent.Kind.TREATMENT: "patients.record_consent",
    Consent.Kind.EMAIL: "patients.record_email_consent",
    Consent.Kind.OTHER: "patients.record_consent",
}
REPLACED = "Replaced by a newer consent."


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    kind: str
    given_at: datetime
    expires_on: date | None = None
    note: str = ""
    template: ConsentTemplate | None = None

    @property
    def key(self) -> str:
        """Return what tells consents of another kind apart."""
        other = self.kind == Consent.Kind.OTHER and self.template is not None
        return self.template.key if other and self.template else ""


def give(
    patient_pk: int, agreement: Agreement, *, by: User, entry: Submission | None = None
) -> Consent:
    """Record a consent; one that still stands ends at the moment of the new one."""
    with acting(by, entry):
        permission = PERMISSIONS[Consent.Kind(agreement.kind)]
        patient = locked(patient_pk, by=by, permission=permission)
        return record(patient, agreement, by=by, now=clock.now())


def record(patient: Patient, agreement: Agreement, *, by: User, now: datetime) -> Consent:
    """Write the consent of a locked patient, inside `acting`; the caller has asked who may."""
    check_alive(patient)
    _check(agreement, patient, now)
    _replace_standing(patient, agreement, by)
    consent = Consent.objects.create(
        patient=patient,
        clinic_id=patient.clinic_id,
        kind=agreement.kind,
        key=agreement.key,
        template=agreement.template,
        given_at=agreement.given_at,
        expires_on=agreement.expires_on,
        note=agreement.note,
        recorded_by=by,
    )
    audit.record("consent.given", subject=consent, kind=consent.kind)
    _tell(consent)
    return consent


def withdraw(
    pk: int, *, by: User, withdrawn_at: datetime, note: str, entry: Submission | None = None
) -> Consent:
    with acting(by, entry):
        kind, patient_pk = Consent.objects.values_list("kind", "patient_id").get(pk=pk)
        locked(patient_pk, by=by, permission=PERMISSIONS[Consent.Kind(kind)])
        consent = (
            Consent.objects.select_for_update(of=("self",))
            .select_related("patient", "clinic")
            .get(pk=pk)
        )
        if consent.withdrawn_at is not None:
            raise ValidationError("This consent was withdrawn or replaced already.", code="ended")
        check_happened(withdrawn_at, clock.now(), field="withdrawn_at")
        if withdrawn_at < consent.given_at:
            raise ValidationError({"withdrawn_at": "This is before the consent was given."})
        _end(consent, withdrawn_at, by, note)
        audit.record("consent.withdrawn", subject=consent, kind=consent.kind)
        _tell(consent)
        return consent


def withdraw_as_patient(patient: Patient, kind: str, *, by: Actor, note: str) -> None:
    """End what stands of a kind: its patient, whose row is locked, says so."""
    with acting(by):
        now = clock.now()
        rows = Consent.objects.filter(patient=patient).of_kind(kind).standing()
        for consent in rows.select_for_update(of=("self",)).order_by("pk"):
            _end(consent, max(now, consent.given_at), None, note)
            audit.record("consent.withdrawn", subject=consent, kind=consent.kind)
            _tell(consent)


def end_on(consent: Consent, day: date) -> None:
    """Let a consent, locked with its patient, end on a day: its text was replaced."""
    consent.expires_on = day
    consent.save(update_fields=["expires_on"])
    audit.record("consent.ends_earlier", subject=consent, kind=consent.kind)
    _tell(consent)


def _check(agreement: Agreement, patient: Patient, now: datetime) -> None:
    check_happened(agreement.given_at, now, field="given_at")
    given_on = _day(agreement.given_at, patient.clinic)
    if given_on < patient.birth_date:
        raise ValidationError({"given_at": "This is before the birth date."})
    if agreement.expires_on is not None and agreement.expires_on < _day(now, patient.clinic):
        raise ValidationError({"expires_on": "This day has passed: such a consent is over."})


def _day(moment: datetime, clinic: Clinic) -> date:
    return moment.astimezone(clinic.zone).date()


def _replace_standing(patient: Patient, agreement: Agreement, by: User) -> None:
    rows = Consent.objects.filter(patient=patient, key=agreement.key).of_kind(agreement.kind)
    standing = rows.standing().select_for_update().first()
    if standing is None:
        return
    if agreement.given_at < standing.given_at:
        raise ValidationError(
            {"given_at": "A newer consent stands already. Withdraw it first if it is wrong."}
        )
    _end(standing, agreement.given_at, by, REPLACED)


def _end(consent: Consent, at: datetime, by: User | None, note: str) -> None:
    consent.withdrawn_at, consent.withdrawn_by, consent.withdrawal_note = at, by, note
    consent.save(update_fields=["withdrawn_at", "withdrawn_by", "withdrawal_note"])
    asked = {"kind": Task.Kind.CONSENT, "source_id": consent.public_id}
    tasks.close_for(by=by, note=note or "The consent was withdrawn.", **asked)


def _tell(consent: Consent) -> None:
    if consent.kind == Consent.Kind.EMAIL:
        ports.contact_changed(consent.patient)
