"""Which mails a patient wants: by kind, or none at all."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from clinic import audit, clock
from clinic.audit import acting
from patients import ports
from patients.models import Consent, Patient
from patients.services import consent
from portal.services import unreached
from portal.services.visitor import PATIENT, check_link
from reminders.kinds import NEWS, Kind
from reminders.links import Purpose
from reminders.models import Message, OptOut

DECLINABLE = tuple(kind for kind in Kind if kind != Kind.ON_CALL and kind not in NEWS)
WITHDRAWN = "By the link in an e-mail."


def declined(message: Message) -> set[str]:
    rows = OptOut.objects.filter(patient=message.patient_id, ended_at__isnull=True)
    return set(rows.values_list("kind", flat=True))


def gets_mail(message: Message) -> bool:
    rows = Consent.objects.filter(patient=message.patient_id).of_kind(Consent.Kind.EMAIL)
    now = clock.now()
    return any(row.stands_at(now) for row in rows.standing().select_related("clinic"))


def choose(message: Message, wanted: Collection[str]) -> None:
    """Opt out of the kinds that are not wanted, and into the others."""
    with _locked(message, Purpose.MAILS) as patient:
        unwanted = {kind.value for kind in DECLINABLE} - set(wanted)
        _set(patient, unwanted)


def stop_kind(message: Message) -> None:
    """Opt out of the message's own kind: what one click in a mail program does."""
    with _locked(message, Purpose.UNSUBSCRIBE) as patient:
        _set(patient, declined(message) | {message.kind})


def stop_all(message: Message) -> None:
    """Withdraw the consent to e-mail, in the patient's name."""
    with _locked(message, Purpose.MAILS) as patient:
        consent.withdraw_as_patient(patient, Consent.Kind.EMAIL, by=PATIENT, note=WITHDRAWN)


@contextmanager
def _locked(message: Message, purpose: Purpose) -> Iterator[Patient]:
    with acting(PATIENT):
        rows = Patient.objects.select_for_update(no_key=True, of=("self",))
        patient = rows.select_related("clinic").get(pk=message.patient_id)
        now = clock.now()
        check_link(message, purpose, now)
        wanted_none = unreached.wants_none(patient, now)
        yield patient
        if not wanted_none and unreached.wants_none(patient, now):
            unreached.ask(patient, now)


def _set(patient: Patient, unwanted: Collection[str]) -> None:
    rows = OptOut.objects.filter(patient=patient, ended_at__isnull=True)
    standing = {row.kind: row for row in rows.select_for_update(of=("self",))}
    now = clock.now()
    for kind in sorted(set(unwanted) - standing.keys()):
        row = OptOut.objects.create(
            patient=patient, clinic_id=patient.clinic_id, kind=kind, since=now
        )
        audit.record("mail.declined", subject=row, kind=kind)
    for kind in sorted(standing.keys() - set(unwanted)):
        standing[kind].ended_at = now
        standing[kind].save(update_fields=["ended_at"])
        audit.record("mail.wanted_again", subject=standing[kind], kind=kind)
    if standing.keys() != set(unwanted):
        ports.contact_changed(patient)
