"""A closure names the sessions booked on its days, and none of them is forgotten."""

from datetime import datetime, time, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from clinic.models import Closure
from clinic.roles import Role
from clinic.tests.factories import make_staff
from patients.models import Task
from patients.tests.factories import make_patient
from sessions.lifecycle import Status
from sessions.services import booking, cancelling, closures, moving
from sessions.services.drafts import Choice
from sessions.services.ending import stop_course
from sessions.tests.factories import make_course, make_session, shipped, take_step


@pytest.fixture
def monday():
    today = timezone.now().date()
    return today + timedelta(days=7 - today.weekday())


@pytest.fixture
def course(clinic, front_desk, monday):
    """Sessions on Mondays and Thursdays at ten."""
    choice = Choice(make_patient(clinic), shipped(), monday, (0, 3), time(10))
    return booking.book(choice, by=front_desk)


def close(clinic, first, last, by):
    closure = Closure(clinic=clinic, starts_on=first, ends_on=last, reason="Painters")
    closures.save(closure, by=by)
    return closure


def waiting():
    return Task.objects.open().filter(dedupe_key__startswith="closed-day:")


@pytest.fixture
def closure(clinic, course, monday, administrator):
    """The first week is closed: sessions 1 and 2."""
    return close(clinic, monday, monday + timedelta(days=6), administrator)


def test_each_session_on_a_closed_day_becomes_a_task(closure, course):
    texts = list(waiting().values_list("text", flat=True))
    assert len(texts) == 2
    assert "10:00: move session 1 and call the patient" in texts[0]
    assert {task.source_id for task in waiting()} == {course.public_id}


def test_saving_it_again_asks_once(closure, administrator):
    before = list(waiting())
    closures.save(closure, by=administrator)
    assert list(waiting()) == before


def test_the_task_of_a_session_that_moved_is_closed(closure, course, monday, prescriber):
    first = course.sessions.get(number=1)
    moving.move(
        first.pk,
        day=monday + timedelta(days=11),
        wall_time=time(15),
        reason="Painters",
        by=prescriber,
        version=first.version,
    )
    assert "session 2" in waiting().get().text


@pytest.mark.parametrize("status", ["cancelled", "no_show", "checked_in"])
def test_the_task_of_a_session_that_ended_or_began_is_closed(closure, course, front_desk, status):
    take_step(course.sessions.get(number=1).pk, status, by=front_desk, reason="Painters")
    assert "session 2" in waiting().get().text


def test_a_check_in_that_is_taken_back_asks_again(closure, course, front_desk):
    first = course.sessions.get(number=1)
    for status in (Status.CHECKED_IN, Status.PLANNED) * 2:
        take_step(first.pk, status, by=front_desk, reason="Wrong patient")
    texts = sorted(waiting().values_list("text", flat=True))
    assert ["session 1" in text for text in texts] == [True, False]


def test_a_check_in_taken_back_on_an_open_day_asks_for_nothing(course, front_desk):
    first = course.sessions.get(number=1)
    for status in (Status.CHECKED_IN, Status.PLANNED):
        take_step(first.pk, status, by=front_desk, reason="Wrong patient")
    assert not waiting().exists()


def test_a_closed_week_leaves_one_task_for_each_session_when_one_is_cancelled(
    closure, clinic, course, monday, front_desk
):
    first = course.sessions.get(number=1)
    cancelling.cancel_day(clinic, monday, [first.public_id], reason="Painters", by=front_desk)
    open_tasks = Task.objects.open().filter(source_id=course.public_id)
    assert sorted(row.dedupe_key.partition(":")[0] for row in open_tasks) == [
        "cancelled",
        "closed-day",
    ]
    assert "session 2" in waiting().get().text


def test_the_tasks_of_a_stopped_course_are_closed(closure, course, prescriber):
    stop_course(course.pk, reason="Moves away", by=prescriber, version=course.version)
    assert not waiting().exists()


def test_a_day_that_opens_again_closes_its_task_and_asks_anew_later(
    closure, course, monday, administrator
):
    last = closure.ends_on
    for ends_on, number in ((monday, 1), (last, 2)):
        closure.ends_on = ends_on
        closures.save(closure, by=administrator)
        assert waiting().count() == number
    closures.remove(closure, by=administrator)
    assert not waiting().exists()
    assert not Closure.objects.exists()


def test_an_undone_task_stays_when_other_days_are_closed_later(
    closure, clinic, monday, administrator, monkeypatch
):
    before = list(waiting())
    afterwards = timezone.now() + timedelta(days=20)
    monkeypatch.setattr("sessions.services.closures.clock.now", lambda *_: afterwards)
    close(clinic, monday + timedelta(days=60), monday + timedelta(days=60), administrator)
    assert list(waiting()) == before
    closures.remove(closure, by=administrator)
    assert not waiting().exists()


def test_yesterdays_session_is_not_asked_for(clinic, nurse, administrator):
    yesterday = timezone.now() - timedelta(days=1)
    make_session(make_course(make_patient(clinic), nurse), starts_at=yesterday)
    today = timezone.now().astimezone(clinic.zone).date()
    close(clinic, today - timedelta(days=3), today, administrator)
    assert not waiting().exists()


def test_a_nurse_closes_nothing(clinic, monday, nurse):
    with pytest.raises(PermissionDenied):
        close(clinic, monday, monday, nurse)


def posted(clinic, monday):
    return {
        "clinic": clinic.pk,
        "starts_on": monday.isoformat(),
        "ends_on": monday.isoformat(),
        "reason": "Painters",
    }


def test_saving_a_closure_leads_to_the_sessions_on_its_days(
    client, administrator, clinic, course, monday
):
    client.force_login(administrator)
    page = client.post(reverse("admin:clinic_closure_add"), posted(clinic, monday), follow=True)
    first = course.sessions.get(number=1)
    assert page.context["sessions"] == [first]
    html = page.content.decode()
    for name, row in (
        ("desk:chart", first.patient),
        ("desk:session", first),
        ("sessions:course", course),
    ):
        assert reverse(name, args=[row.public_id]) in html
    assert f"{datetime.combine(monday, time(10)):%H:%M}" in html
    assert "cancel-day/?clinic=" in html


def test_a_closure_without_sessions_is_just_saved(client, administrator, clinic, course, monday):
    client.force_login(administrator)
    tuesday = posted(clinic, monday + timedelta(days=1))
    answer = client.post(reverse("admin:clinic_closure_add"), tuesday)
    assert answer.url == reverse("admin:clinic_closure_changelist")


def test_another_clinics_closure_is_not_found(client, closure, outsider, other_clinic):
    client.force_login(make_staff(other_clinic, Role.ADMINISTRATOR))
    url = reverse("admin:clinic_closure_booked", args=[closure.pk])
    assert client.get(url).status_code == 404


def test_deleting_a_closure_in_the_admin_closes_its_tasks(client, administrator, closure):
    client.force_login(administrator)
    client.post(reverse("admin:clinic_closure_delete", args=[closure.pk]), {"post": "yes"})
    assert not Closure.objects.exists()
    assert not waiting().exists()


def test_a_cancelled_day_leaves_one_task_for_its_session(
    closure, clinic, course, monday, front_desk
):
    first = course.sessions.get(number=1)
    cancelling.cancel_day(clinic, monday, [first.public_id], reason="Painters", by=front_desk)
    texts = Task.objects.open().filter(text__icontains="session 1").values_list("text", flat=True)
    assert len(texts) == 1
    assert "was cancelled" in texts[0]


@pytest.mark.parametrize(("field", "day"), [("starts_on", "0001-01-01"), ("ends_on", "9999-12-31")])
def test_a_closure_in_no_sensible_year_is_refused_at_its_field(
    client, administrator, clinic, monday, field, day
):
    client.force_login(administrator)
    values = posted(clinic, monday) | {field: day}
    page = client.post(reverse("admin:clinic_closure_add"), values)
    errors = page.context["adminform"].form.errors
    assert errors.get(field) == ["Enter a year between 1900 and 2200."]
    assert not Closure.objects.exists()
