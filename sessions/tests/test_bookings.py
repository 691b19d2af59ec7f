"""INV-1: the database itself keeps two bookings apart, whoever writes them."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from clinic.audit import acting
from clinic.models import Chair, Clinic, User
from clinic.tests.factories import TESTS
from patients.tests.factories import make_patient
from sessions.lifecycle import ENDINGS, HOLDING
from sessions.models import TreatmentCourse, TreatmentSession
from sessions.tests.factories import make_course, make_session

HALF_AN_HOUR = timedelta(minutes=30)


@pytest.fixture
def booked(clinic: Clinic, nurse: User) -> TreatmentSession:
    return make_session(make_course(make_patient(clinic), nurse))


def other_chair(chair: Chair) -> Chair:
    with acting(TESTS):
        return Chair.objects.create(room=chair.room, name="Another")


def refused(constraint: str, course: TreatmentCourse, **values: Any) -> None:
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        make_session(course, **values)


@pytest.mark.parametrize("status", HOLDING)
def test_a_chair_holds_one_booking_at_a_time(
    booked: TreatmentSession, nurse: User, status: str
) -> None:
    course = make_course(make_patient(booked.clinic), nurse)
    at: datetime = booked.starts_at + HALF_AN_HOUR
    refused("one_booking_per_chair", course, starts_at=at, chair=booked.chair, status=status)


def test_a_patient_has_one_booking_at_a_time(booked: TreatmentSession) -> None:
    at: datetime = booked.starts_at + HALF_AN_HOUR
    chair = other_chair(booked.chair)
    refused("one_booking_per_patient", booked.course, starts_at=at, chair=chair, number=2)


def test_one_booking_may_begin_when_another_ends(booked: TreatmentSession) -> None:
    make_session(booked.course, starts_at=booked.ends_at, chair=booked.chair, number=2)
    assert TreatmentSession.objects.count() == 2


@pytest.mark.parametrize("status", ENDINGS)
def test_what_has_ended_holds_no_chair(booked: TreatmentSession, nurse: User, status: str) -> None:
    with acting(TESTS):
        TreatmentSession.objects.update(status=status, ended_at=booked.starts_at)
    course = make_course(make_patient(booked.clinic), nurse)
    make_session(course, starts_at=booked.starts_at, chair=booked.chair)
    assert TreatmentSession.objects.count() == 2
