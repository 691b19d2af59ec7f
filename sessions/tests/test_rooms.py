"""A room serves nasal spray, infusions or both; a course is offered the chairs that fit it."""

from datetime import date, time, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clinic.audit import acting
from clinic.models import Chair, Clinic, Room, User
from clinic.tests.factories import TESTS
from patients.models import Patient
from patients.tests.factories import make_patient
from sessions.models import TreatmentCourse
from sessions.services import booking, moving
from sessions.services.drafts import Choice
from sessions.tests.factories import shipped

NASAL, DRIP = "esketamine-trd-us", "ketamine-iv-twice-weekly"


def next_monday() -> date:
    today = timezone.now().date()
    return today + timedelta(days=7 - today.weekday())


@pytest.fixture
def rooms(clinic: Clinic) -> dict[str, Chair]:
    """Leave one room for nasal spray and one for infusions."""
    with acting(TESTS):
        Room.objects.filter(clinic=clinic).update(is_active=False)
        return {
            name: Chair.objects.create(
                name="Chair 1", room=Room.objects.create(clinic=clinic, name=name, **serves)
            )
            for name, serves in {
                "Bay": {"for_infusions": False},
                "Drips": {"for_nasal": False},
            }.items()
        }


def book(patient: Patient, key: str, by: User, **values: Any) -> TreatmentCourse:
    choice = Choice(patient, shipped(key), next_monday(), (0, 3), time(10), **values)
    return booking.book(choice, by=by)


@pytest.mark.parametrize(("key", "room"), [(NASAL, "Bay"), (DRIP, "Drips")])
def test_a_course_is_booked_where_its_medicine_is_given(
    clinic: Clinic, rooms: dict[str, Chair], front_desk: User, key: str, room: str
) -> None:
    course = book(make_patient(clinic), key, front_desk)
    assert {row.chair.room.name for row in course.sessions.all()} == {room}


def test_two_kinds_of_courses_do_not_compete(
    clinic: Clinic, rooms: dict[str, Chair], front_desk: User
) -> None:
    book(make_patient(clinic), NASAL, front_desk)
    assert book(make_patient(clinic), DRIP, front_desk).sessions.count() == 6
    with pytest.raises(ValidationError, match="can't be booked"):
        book(make_patient(clinic), DRIP, front_desk)


def test_an_infusion_is_not_moved_to_a_nasal_bay(
    clinic: Clinic, rooms: dict[str, Chair], front_desk: User
) -> None:
    course = book(make_patient(clinic), DRIP, front_desk)
    first = course.sessions.earliest("number")
    day = first.starts_at.astimezone(clinic.zone).date()
    with pytest.raises(ValidationError, match="not for this treatment"):
        moving.move(
            first.pk,
            day=day,
            wall_time=time(12),
            chair=rooms["Bay"],
            by=front_desk,
            version=first.version,
        )
    moved = moving.move(first.pk, day=day, wall_time=time(12), by=front_desk, version=first.version)
    assert moved.treatment_session.chair == rooms["Drips"]


def test_pages_offer_only_chairs_that_fit(
    clinic: Clinic, rooms: dict[str, Chair], front_desk: User, client: Client
) -> None:
    client.force_login(front_desk)
    course = book(make_patient(clinic), DRIP, front_desk)
    move = reverse("sessions:move", args=[course.sessions.earliest("number").public_id])
    assert list(client.get(move).context["form"].fields["chair"].queryset) == [rooms["Drips"]]
    plan = reverse("sessions:plan", args=[make_patient(clinic).public_id])
    chosen = {
        "protocol": str(shipped(NASAL).public_id),
        "chair": str(rooms["Drips"].public_id),
    }
    form = client.get(plan, chosen).context["form"]
    assert list(form.fields["chair"].queryset) == [rooms["Bay"]]
    assert "for this treatment" in str(form.errors["chair"])


def test_a_room_serves_something(clinic: Clinic) -> None:
    with pytest.raises(IntegrityError), transaction.atomic(), acting(TESTS):
        Room.objects.create(clinic=clinic, name="Cupboard", for_nasal=False, for_infusions=False)
