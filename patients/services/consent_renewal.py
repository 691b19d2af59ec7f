"""Consents that run out soon, or ran out: somebody is asked to renew them."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.db.models import QuerySet

from clinic.models import Clinic
from clinic.roles import Role
from clinic.times import day_bounds
from patients.models import Consent, PatientPolicy, Task
from patients.services import tasks

ASKED = {Consent.Kind.EMAIL: Role.FRONT_DESK}  # treatment and other: a clinician explains


def ending(clinic: Clinic, patient_pks: Iterable[int], today: date) -> QuerySet[Consent]:
    """Return what stands and ends within the clinic's lead time, or has ended."""
    days = PatientPolicy.of(clinic.pk).renew_days_before
    rows = Consent.objects.standing().filter(
        clinic=clinic, patient__in=patient_pks, patient__deceased=False
    )
    soon = rows.filter(expires_on__lte=today + timedelta(days=days))
    return soon.select_related("patient", "clinic", "template").order_by("expires_on", "pk")


def ask(clinic: Clinic, patient_pks: Iterable[int], now: datetime) -> int:
    """Open, inside `acting`, one task for each such consent; return how many wait."""
    rows = list(ending(clinic, patient_pks, now.astimezone(clinic.zone).date()))
    for consent in rows:
        _ask(consent, consent.expires_on or now.date())
    return len(rows)


def _ask(consent: Consent, ends_on: date) -> Task:
    what = consent.subject if consent.kind == Consent.Kind.OTHER else consent.subject.lower()
    return tasks.ask(
        Task.Kind.CONSENT,
        patient=consent.patient,
        role=ASKED.get(Consent.Kind(consent.kind), Role.NURSE),
        text=f"Consent to {what} ends on {ends_on.day} {ends_on:%b %Y}: renew it.",
        due_at=day_bounds(consent.clinic, ends_on, ends_on)[0],
        dedupe_key=f"consent-ends:{consent.public_id}:{ends_on}",
        source=consent,
    )
