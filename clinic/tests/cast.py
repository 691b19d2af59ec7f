"""The fixed cast of the tests: one clinic with its staff, and strangers from another."""

import pytest

from clinic.models import Clinic, User
from clinic.roles import Role
from clinic.tests.factories import make_clinic, make_staff


@pytest.fixture
def clinic(db: None) -> Clinic:
    return make_clinic("North")


@pytest.fixture
def other_clinic(db: None) -> Clinic:
    return make_clinic("South", time_zone="America/New_York")


@pytest.fixture
def front_desk(clinic: Clinic) -> User:
    return make_staff(clinic, Role.FRONT_DESK, "frontdesk")


@pytest.fixture
def nurse(clinic: Clinic) -> User:
    return make_staff(clinic, Role.NURSE, "nurse")


@pytest.fixture
def prescriber(clinic: Clinic) -> User:
    return make_staff(clinic, Role.PRESCRIBER, "prescriber")


@pytest.fixture
def administrator(clinic: Clinic) -> User:
    return make_staff(clinic, Role.ADMINISTRATOR, "admin")


@pytest.fixture
def auditor(clinic: Clinic) -> User:
    return make_staff(clinic, Role.AUDITOR, "auditor")


@pytest.fixture
def outsider(other_clinic: Clinic) -> User:
    """A prescriber of another clinic."""
    return make_staff(other_clinic, Role.PRESCRIBER, "outsider")
