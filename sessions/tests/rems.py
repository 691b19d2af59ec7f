"""A clinic where REMS applies, and a visit with all that it asks for; for tests."""

from datetime import date, timedelta
from typing import Any

from django.utils import timezone

from clinic import clock
from clinic.audit import acting
from clinic.models import Clinic, OnSite, PrescriberEnrolment, RemsCertification, User
from clinic.tests.factories import TESTS
from patients.models import Patient, RemsEnrolment


def make_certified(clinic: Clinic, *, record: bool = True) -> Clinic:
    """Let REMS apply at the clinic; with `record` its certification is on record."""
    with acting(TESTS):
        clinic.rems_certified = True
        clinic.save(update_fields=["rems_certified"])
        if record:
            RemsCertification.objects.create(
                clinic=clinic,
                certified_on=date(2026, 1, 5),
                number="S-1001",
                representative="Pat Keller",
            )
    return clinic


def be_on_site(clinic: Clinic, person: User) -> OnSite:
    now = clock.now()
    with acting(TESTS):
        return OnSite.objects.create(
            clinic=clinic,
            person=person,
            since=now,
            confirmed_at=now,
            recorded_by=person,
            recorded_at=now,
        )


def enrol_prescriber(clinic: Clinic, person: User) -> PrescriberEnrolment:
    with acting(TESTS):
        return PrescriberEnrolment.objects.create(
            clinic=clinic, person=person, enrolled_on=date(2026, 1, 10), number="D-7"
        )


def enrol_patient(patient: Patient, prescriber: User, day: date | None = None) -> RemsEnrolment:
    now = timezone.now()
    day = day or (now - timedelta(days=20)).date()
    with acting(TESTS):
        return RemsEnrolment.objects.create(
            patient=patient,
            clinic=patient.clinic,
            enrolled_on=day,
            number="P-1",
            patient_signed_on=day,
            prescriber=prescriber,
            prescriber_signed_on=day,
            recorded_by=prescriber,
            recorded_at=now,
        )


def make_enrolled(visit: Any) -> None:
    """Put on record, for a `Visit`, all that REMS asks for."""
    clinic = make_certified(visit.row.clinic)
    visit.nurse.clinics[0].rems_certified = True
    enrol_prescriber(clinic, visit.prescriber)
    be_on_site(clinic, visit.prescriber)
    enrol_patient(visit.patient, visit.prescriber, date(2026, 10, 1))
