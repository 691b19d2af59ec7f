from datetime import date, timedelta
from itertools import count
from typing import Any

from django.utils import timezone

from clinic.audit import acting
from clinic.models import Clinic, User
from clinic.tests.factories import TESTS
from patients.models import Consent, EmailContact, Patient
from patients.screening.treatment import Treatment
from patients.tests.screens import NASAL_US, make_screen

_number = count(1)


def make_patient(clinic: Clinic, **values: Any) -> Patient:
    number = next(_number)
    values = {
        "given_name": "Ada",
        "family_name": f"Example{number}",
        "birth_date": date(1980, 5, 17),
        "record_number": f"T{number:05}",
        **values,
    }
    with acting(TESTS):
        return Patient.objects.create(clinic=clinic, **values)


def make_ready(
    patient: Patient, prescriber: User, *, email: str = "", to: Treatment = NASAL_US
) -> Patient:
    """Give treatment consent and a cleared screen; with an address, e-mail consent too."""
    now = timezone.now()
    with acting(TESTS):
        kinds = [Consent.Kind.TREATMENT, *([Consent.Kind.EMAIL] if email else [])]
        for kind in kinds:
            Consent.objects.create(
                patient=patient,
                clinic=patient.clinic,
                kind=kind,
                given_at=now - timedelta(days=30),
                recorded_by=prescriber,
            )
        make_screen(patient, prescriber, to)
        if email:
            EmailContact.objects.create(
                patient=patient,
                clinic=patient.clinic,
                address=email,
                verified_at=now,
                time_zone=patient.clinic.time_zone,
            )
    return patient
