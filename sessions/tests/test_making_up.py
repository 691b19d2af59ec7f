"""A missed session is made up for by a new one of the same number."""

import uuid
from datetime import date, time, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, IntegrityError
from django.urls import reverse
from django.utils import timezone

from clinic.audit import acting
from clinic.models import AuditEvent
from clinic.roles import Role
from clinic.tests.factories import TESTS, make_clinic, make_staff
from clinic.tests.posting import PageClient
from patients.models import Patient, Task
from patients.tests.factories import make_patient
from sessions.lifecycle import Status
from sessions.models import TreatmentCourse, TreatmentSession
from sessions.services import booking, making_up, steps
from sessions.services.drafts import Choice
from sessions.services.ending import complete
from sessions.services.offers import offer_for
from sessions.tests.factories import make_course, shipped, take_step

pytestmark = pytest.mark.django_db


@pytest.fixture
def course(clinic, front_desk):
    """A course that begins next Monday, each Monday and Thursday at ten."""
    choice = Choice(make_patient(clinic), shipped("esketamine-mdsi-us"), monday(), (), time(10))
    return booking.book(choice, by=front_desk)


def monday() -> date:
    today = timezone.now().date()
    return today + timedelta(days=7 - today.weekday())


@pytest.fixture
def missed(course, front_desk):
    """The second session, on Thursday; Friday keeps the gap to the third, on Monday."""
    second = course.sessions.get(number=2)
    return take_step(second.pk, Status.NO_SHOW, by=front_desk)


def again(missed, by, *, days=1, at=time(10), **values):
    day = missed.day + timedelta(days=days)
    version = values.pop("version", missed.version)
    made = making_up.make_up(missed.pk, day=day, wall_time=at, by=by, version=version, **values)
    return made.treatment_session


def test_the_new_session_has_the_place_in_the_course_of_the_missed_one(missed, front_desk):
    session = again(missed, front_desk)
    assert session.status == Status.PLANNED
    assert session.day == missed.day + timedelta(days=1)
    for name in ("course", "patient", "clinic", "phase", "number", "number_in_phase", "week"):
        assert getattr(session, name) == getattr(missed, name)
    assert (session.window_from, session.window_to) == (missed.window_from, missed.window_to)
    assert session.makes_up_for == missed
    assert AuditEvent.objects.get(event="session.made_up").row_id == str(session.pk)
    missed.refresh_from_db()
    assert missed.status == Status.NO_SHOW


def test_the_call_to_find_another_date_is_closed(missed, front_desk):
    task = Task.objects.get(kind="no_show")
    again(missed, front_desk)
    task.refresh_from_db()
    assert task.closed_by == front_desk
    assert task.closing_note.startswith("A new date was booked: ")


def test_staff_of_another_clinic_may_not_book_it(missed):
    stranger = make_staff(make_clinic(), Role.FRONT_DESK)
    with pytest.raises(PermissionDenied):
        again(missed, stranger)


def test_a_page_that_is_out_of_date_books_nothing(missed, front_desk):
    with pytest.raises(ValidationError, match="Someone else changed this"):
        again(missed, front_desk, version=missed.version - 1)


def test_a_date_outside_the_treatment_week_needs_a_reason(course, front_desk):
    last = course.sessions.latest("number")
    missed = take_step(last.pk, Status.NO_SHOW, by=front_desk)
    with pytest.raises(ValidationError, match="outside the treatment week"):
        again(missed, front_desk, days=4)
    session = again(missed, front_desk, days=4, reason="The patient travels")
    assert session.trace[0]["reason"] == "The patient travels"


def test_below_the_minimum_gap_a_prescriber_decides(missed, front_desk, prescriber):
    third = missed.course.sessions.get(number=3)
    with acting(TESTS):
        TreatmentSession.objects.filter(pk=third.pk).update(
            starts_at=missed.starts_at + timedelta(days=2),
            ends_at=missed.ends_at + timedelta(days=2),
        )
    with pytest.raises(ValidationError, match="minimum gap"):
        again(missed, front_desk, reason="The patient travels")
    session = again(missed, prescriber, reason="The patient travels")
    assert session.gap_decision["by"] == prescriber.username


@pytest.mark.parametrize("status", sorted(set(Status.values) - {Status.NO_SHOW}))
def test_only_a_missed_one_is_made_up_for(course, front_desk, status):
    """By the service, and by the database."""
    second = course.sessions.get(number=2)
    with acting(TESTS):
        TreatmentSession.objects.filter(pk=second.pk).update(status=status, ended_at=timezone.now())
    second.refresh_from_db()
    with pytest.raises(ValidationError, match=r"only a missed one|new date already"):
        again(second, front_desk)
    with pytest.raises(DatabaseError), acting(TESTS):
        place(making_up.blank(second)).save()


def place(session):
    missed = session.makes_up_for
    session.starts_at = missed.starts_at + timedelta(days=1)
    session.ends_at, session.chair = missed.ends_at + timedelta(days=1), missed.chair
    return session


@pytest.mark.parametrize("name", ["number", "course"])
def test_the_database_refuses_one_of_another_number_or_course(missed, front_desk, name):
    session = place(making_up.blank(missed))
    if name == "number":
        session.number = 99
    else:
        session.course = make_course(make_patient(missed.clinic), front_desk)
    with pytest.raises(DatabaseError, match="only a missed session"), acting(TESTS):
        session.save()


def test_the_database_keeps_one_standing_session_of_a_number(missed, front_desk):
    again(missed, front_desk)
    session = place(making_up.blank(missed))
    session.starts_at += timedelta(days=7)
    session.ends_at += timedelta(days=7)
    with pytest.raises(IntegrityError, match="one_standing_session_per_number"), acting(TESTS):
        session.save()


def test_a_second_new_date_is_refused(missed, front_desk):
    again(missed, front_desk)
    with pytest.raises(ValidationError, match="new date already"):
        again(missed, front_desk, at=time(14))


def test_a_new_date_that_was_cancelled_leaves_room_for_another(missed, front_desk):
    first = again(missed, front_desk)
    take_step(first.pk, Status.CANCELLED, by=front_desk, reason="The nurse is ill")
    assert again(missed, front_desk, at=time(14)).number == missed.number


def test_a_new_date_that_is_missed_too_is_made_up_for(missed, front_desk):
    first = again(missed, front_desk)
    second_miss = take_step(first.pk, Status.NO_SHOW, by=front_desk)
    third = again(second_miss, front_desk, days=0, at=time(15))
    assert third.makes_up_for == first
    assert "It has a new date already" in making_up.obstacle(missed, timezone.now())


def test_of_a_course_that_has_ended_nothing_is_made_up(missed, front_desk):
    with acting(TESTS):
        TreatmentCourse.objects.filter(pk=missed.course_id).update(
            status="stopped", stop_reason="Moved away"
        )
    with pytest.raises(ValidationError, match="This course has ended"):
        again(TreatmentSession.objects.get(pk=missed.pk), front_desk)


def test_who_has_a_new_date_does_not_come_after_all(missed, front_desk):
    """Before the new one is cancelled."""
    new = again(missed, front_desk)

    def come():
        return steps.change_status(
            missed.pk,
            Status.CHECKED_IN,
            by=front_desk,
            reason="Came at noon",
            version=missed.version,
        )

    with pytest.raises(ValidationError, match="It has a new date"):
        come()
    take_step(new.pk, Status.CANCELLED, by=front_desk, reason="Came after all")
    assert come().status == Status.CHECKED_IN


def test_a_course_completes_with_its_last_number_made_up_for(course, front_desk):
    last = course.sessions.latest("number")
    ended = timezone.now()
    with acting(TESTS):
        course.sessions.exclude(pk=last.pk).update(status="discharged", ended_at=ended)
    missed = take_step(last.pk, Status.NO_SHOW, by=front_desk)
    new = again(missed, front_desk)
    with acting(TESTS):
        assert complete(TreatmentCourse.objects.get(pk=course.pk)) is False
        TreatmentSession.objects.filter(pk=new.pk).update(status="discharged", ended_at=ended)
        assert complete(TreatmentCourse.objects.get(pk=course.pk)) is True


def test_a_course_completes_with_who_came_after_all_to_its_last_session(course, front_desk):
    missed = take_step(course.sessions.latest("number").pk, Status.NO_SHOW, by=front_desk)
    new = again(missed, front_desk)
    take_step(new.pk, Status.CANCELLED, by=front_desk, reason="Came after all")
    with acting(TESTS):
        course.sessions.exclude(pk=new.pk).update(status="discharged", ended_at=timezone.now())
        assert complete(TreatmentCourse.objects.get(pk=course.pk)) is True


def test_a_course_goes_on_while_somebody_is_here_whose_new_date_was_cancelled(course, front_desk):
    missed = take_step(course.sessions.get(number=2).pk, Status.NO_SHOW, by=front_desk)
    new = again(missed, front_desk)
    take_step(new.pk, Status.CANCELLED, by=front_desk, reason="Came after all")
    with acting(TESTS):
        course.sessions.exclude(number=2).update(status="discharged", ended_at=timezone.now())
        TreatmentSession.objects.filter(pk=missed.pk).update(status="checked_in", ended_at=None)
        assert complete(TreatmentCourse.objects.get(pk=course.pk)) is False


def test_the_doses_offered_are_those_of_the_next_day_not_of_the_lowest_number(missed, prescriber):
    again(missed, prescriber, days=5, reason="The patient travels")
    with acting(TESTS):
        first = missed.course.sessions.filter(number=1)
        first.update(status="discharged", ended_at=timezone.now())
    assert offer_for(missed.course, now=timezone.now()).number == 3


def test_nothing_is_booked_for_who_has_died(missed, front_desk):
    with acting(TESTS):
        died = {"deceased": True, "deceased_at": timezone.now()}
        Patient.objects.filter(pk=missed.patient_id).update(**died)
    with pytest.raises(ValidationError, match="died"):
        again(TreatmentSession.objects.get(pk=missed.pk), front_desk)


def test_a_missing_number_is_not_hidden_by_one_that_was_made_up_for(course, front_desk):
    """Rows are counted by number: two of one number are no course of all numbers."""
    ended = timezone.now()
    missed = take_step(course.sessions.get(number=2).pk, Status.NO_SHOW, by=front_desk)
    new = again(missed, front_desk)
    with acting(TESTS):
        course.sessions.exclude(pk=missed.pk).update(status="discharged", ended_at=ended)
        TreatmentSession.objects.filter(pk=new.pk).update(status="discharged", ended_at=ended)
        left_out = course.sessions.get(number=3)
        TreatmentSession.objects.filter(pk=left_out.pk).update(number=90, status="cancelled")
        row = TreatmentCourse.objects.get(pk=course.pk)
        assert complete(row) is False


def page_client(user) -> PageClient:
    client = PageClient()
    client.force_login(user)
    return client


def test_the_course_offers_a_new_date_until_there_is_one(missed, front_desk):
    client = page_client(front_desk)
    course = reverse("sessions:course", args=[missed.course.public_id])
    url = reverse("sessions:make_up", args=[missed.public_id])
    assert url in client.get(course).content.decode()
    friday = missed.day + timedelta(days=1)
    fields = {
        "entry_id": str(uuid.uuid4()),
        "day": friday.isoformat(),
        "wall_time": "14:00",
        "version": str(missed.version),
    }
    page = client.post(url, fields, follow=True)
    assert "Session 2 has a new date." in page.content.decode()
    assert "which was missed." in page.content.decode()
    assert url not in client.get(course).content.decode()
    assert TreatmentSession.objects.get(makes_up_for=missed).day == friday
    page = client.get(url, follow=True)
    assert "It has a new date already" in page.content.decode()


def test_a_new_date_that_came_to_nothing_is_not_counted(missed, front_desk):
    """A second one that stands counts its number once."""
    client = page_client(front_desk)
    course = reverse("sessions:course", args=[missed.course.public_id])
    first = again(missed, front_desk)
    assert ", 1 with a new date" in client.get(course).content.decode()
    take_step(first.pk, Status.CANCELLED, by=front_desk, reason="The nurse is ill")
    assert "with a new date" not in client.get(course).content.decode()
    second = again(missed, front_desk, at=time(14))
    assert ", 1 with a new date" in client.get(course).content.decode()
    take_step(second.pk, Status.NO_SHOW, by=front_desk)
    assert "with a new date" not in client.get(course).content.decode()


def test_that_the_patient_has_died_is_said_before_all_else(missed, front_desk):
    with acting(TESTS):
        died = {"deceased": True, "deceased_at": timezone.now()}
        Patient.objects.filter(pk=missed.patient_id).update(**died)
        ended = {"status": "stopped", "stop_reason": "Died"}
        TreatmentCourse.objects.filter(pk=missed.course_id).update(**ended)
    said = making_up.why_none(TreatmentSession.objects.get(pk=missed.pk), timezone.now())
    assert "died" in said
    assert "ended" not in said


def test_the_form_says_what_the_protocol_wants_asked_first(missed, front_desk, monkeypatch):
    url = reverse("sessions:make_up", args=[missed.public_id])
    client = page_client(front_desk)
    assert "The protocol says" not in client.get(url).content.decode()
    reads = property(lambda phase: "step_back_if_worse", lambda phase, value: None)
    monkeypatch.setattr(type(missed.phase), "missed_rule", reads)
    assert "if symptoms have worsened" in client.get(url).content.decode()


def test_the_task_leads_to_the_form(missed, front_desk):
    url = reverse("sessions:make_up", args=[missed.public_id])
    text = page_client(front_desk).get(reverse("desk:worklist")).content.decode()
    assert url in text
