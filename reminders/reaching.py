"""Whether each patient may be written to, where, in which language and at which hours."""

from collections.abc import Collection, Iterable
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, QuerySet

from clinic.models import Clinic
from patients.models import Consent, EmailContact, MailHold, Patient
from reminders.models import MessagePolicy, OptOut
from reminders.rules import Reach


def reaches_of(patient_ids: Collection[int], now: datetime) -> dict[int, Reach]:
    """Read, for each patient, what decides whether and how he may be written to."""
    patients = Patient.objects.filter(pk__in=patient_ids).select_related("clinic", "email_contact")
    known = list(patients.annotate(mail_held=Exists(_holds()), declined=_declined()))
    given: dict[int, list[Consent]] = {}
    for consent in standing_consents().filter(patient__in=patient_ids).select_related("clinic"):
        given.setdefault(consent.patient_id, []).append(consent)
    policies = policies_of({patient.clinic_id for patient in known})
    return {
        patient.pk: reach_of(
            patient,
            getattr(patient, "email_contact", None),
            given.get(patient.pk, ()),
            now,
            held=patient.mail_held,
            declined=patient.declined,
            policy=policies[patient.clinic_id],
        )
        for patient in known
    }


def reach_of(
    patient: Patient,
    contact: EmailContact | None,
    consents: Iterable[Consent],
    now: datetime,
    *,
    held: bool,
    declined: Iterable[str],
    policy: MessagePolicy,
) -> Reach:
    zone = zone_of(contact)
    return Reach(
        zone=zone or patient.clinic.zone,
        address=contact.address if contact else "",
        verified=contact is not None and contact.verified_at is not None,
        consent=any(c.kind == Consent.Kind.EMAIL and c.stands_at(now) for c in consents),
        deceased=patient.deceased,
        held=held,
        quiet=policy.quiet,
        language=contact.language if contact else "",
        declined=frozenset(declined),
        clock_is_known=contact is None or zone is not None,
    )


def zone_of(contact: EmailContact | None) -> ZoneInfo | None:
    """Return the patient's zone; none without a contact, or when the name means nothing here."""
    try:
        return ZoneInfo(contact.time_zone) if contact else None
    except (ZoneInfoNotFoundError, ValueError):
        return None


def staff_reach(clinic: Clinic, policy: MessagePolicy) -> Reach:
    """Return how the clinic's own people on call are reached: at any hour, without consent."""
    address = policy.on_call_address
    return Reach(zone=clinic.zone, address=address, verified=bool(address), consent=True)


def policies_of(clinic_ids: Collection[int]) -> dict[int, MessagePolicy]:
    saved = {row.clinic_id: row for row in MessagePolicy.objects.filter(clinic__in=clinic_ids)}
    return {pk: saved.get(pk) or MessagePolicy(clinic_id=pk) for pk in clinic_ids}


def _holds() -> QuerySet[MailHold]:
    """Return what holds mail to the patient of the outer query."""
    return MailHold.objects.filter(patient=OuterRef("pk"), lifted_at__isnull=True)


def _declined() -> ArraySubquery:
    """Return the kinds that the patient of the outer query doesn't want."""
    rows = OptOut.objects.filter(patient=OuterRef("pk"), ended_at__isnull=True)
    return ArraySubquery(rows.values("kind"))


def standing_consents() -> QuerySet[Consent]:
    return Consent.objects.of_kind(Consent.Kind.EMAIL).standing()
