from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from clinic.models import Clinic, User
from patients.models import Patient
from reminders.models import Message
from reminders.tests.factories import (
    NOON,
    Inbox,
    mail_server,
    make_due,
    make_reachable,
    make_visit,
)


class SetClock:
    """The database's clock, as the test sets it."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self, locked: object = None) -> datetime:
        return self.at


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> SetClock:
    set_clock = SetClock(NOON)
    monkeypatch.setattr("clinic.clock.now", set_clock)
    return set_clock


@pytest.fixture
def patient(clinic: Clinic, prescriber: User) -> Patient:
    return make_reachable(clinic, prescriber)


@pytest.fixture
def due(patient: Patient, prescriber: User, at: SetClock) -> Message:
    """A reminder that is due now, of a visit in 20 hours."""
    starts_at = at.at + timedelta(hours=20)
    return make_due(make_visit(patient, prescriber, starts_at), at.at)


@pytest.fixture
def inbox(settings) -> Iterator[Inbox]:
    with mail_server(settings) as started:
        yield started
