"""A held clock and a visit on a Monday morning: fixtures for all tests."""

from datetime import UTC, datetime

import pytest

from clinic import clock as database_clock
from clinic.models import User
from monitoring.tests.visits import Clock, Visit

MORNING = datetime(2026, 11, 23, 9, 0, 12, tzinfo=UTC)  # a Monday, ten o'clock in Berlin


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Hold the database's clock, as the services read it, on a Monday morning."""
    held = Clock(MORNING)
    monkeypatch.setattr(database_clock, "now", held)
    return held


@pytest.fixture
def visit(nurse: User, prescriber: User, clock: Clock) -> Visit:
    return Visit(nurse, prescriber, clock)
