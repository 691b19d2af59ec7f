from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from clinic.models import Clinic, User
from patients.models import Patient
from reminders.tests.factories import Inbox, mail_server, make_reachable

NOON = datetime(2027, 3, 1, 11, tzinfo=UTC)  # a Monday, noon in Berlin


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
def inbox(settings) -> Iterator[Inbox]:
    with mail_server(settings) as started:
        yield started
