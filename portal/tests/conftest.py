from datetime import timedelta

import pytest
from django.test import Client

from clinic.audit import acting
from clinic.models import Clinic, User
from clinic.tests.factories import TESTS
from patients.models import Patient, PatientPolicy
from portal.tests.phone import Phone
from reminders.kinds import Kind
from reminders.models import Message
from reminders.tests.conftest import SetClock, at, inbox, patient
from reminders.tests.factories import NOON, make_sent, make_visit, save
from sessions.models import TreatmentSession

__all__ = ["at", "inbox", "patient"]


@pytest.fixture
def reminder(patient: Patient, prescriber: User, at: SetClock) -> Message:
    """A reminder of a visit on Thursday at ten, sent now."""
    starts_at = NOON + timedelta(days=3, hours=-2)
    return make_sent(make_visit(patient, prescriber, starts_at))


@pytest.fixture
def visit(reminder: Message) -> TreatmentSession:
    """The reminder's visit, in a treatment week from Monday to Sunday."""
    session = reminder.treatment_session
    assert session is not None
    day = NOON.date()
    save(session, window_from=day, window_to=day + timedelta(days=6), nominal_on=day)
    return session


@pytest.fixture
def crisis_line(clinic: Clinic) -> str:
    """Return the clinic's words as its pages show them: a number can be tapped."""
    words = "Crisis line 0800 111"
    with acting(TESTS):
        PatientPolicy.objects.update_or_create(clinic=clinic, defaults={"crisis_line": words})
    return 'Crisis line <a href="tel:0800111">0800 111</a>'


@pytest.fixture
def follow_up(patient: Patient, prescriber: User, at: SetClock) -> Message:
    ended_at = NOON - timedelta(days=1)
    session = make_visit(
        patient, prescriber, ended_at - timedelta(hours=3), status="discharged", ended_at=ended_at
    )
    return make_sent(session, Kind.FOLLOW_UP)


@pytest.fixture
def phone(client: Client) -> Phone:
    return Phone(client)
