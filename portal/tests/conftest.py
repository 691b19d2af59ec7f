from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from clinic.models import User
from patients.models import Patient
from portal.tests.phone import Phone
from reminders.kinds import Kind
from reminders.models import Message
from reminders.tests.conftest import SetClock, at, inbox, patient
from reminders.tests.factories import make_visit
from reminders.tests.test_links import make_sent

__all__ = ["at", "inbox", "patient"]

NOON = datetime(2027, 3, 1, 11, tzinfo=UTC)  # a Monday, noon in Berlin


@pytest.fixture
def reminder(patient: Patient, prescriber: User, at: SetClock) -> Message:
    """A reminder of a visit on Thursday at ten, sent now."""
    starts_at = NOON + timedelta(days=3, hours=-2)
    return make_sent(make_visit(patient, prescriber, starts_at))


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
