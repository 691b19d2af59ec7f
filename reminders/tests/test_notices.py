"""“Tell the patient by e-mail”: what is ticked, and what is written when it is."""

import re
from datetime import time, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from clinic.audit import acting
from clinic.tests.factories import TESTS
from patients.models import EmailContact, Task
from reminders.models import Message
from reminders.tests.factories import change_all, make_due
from sessions.lifecycle import Status
from sessions.services import booking, cancelling, moving, steps
from sessions.services.drafts import Choice
from sessions.services.rhythm import change_rhythm
from sessions.tests.factories import shipped, take_step

pytestmark = pytest.mark.django_db


@pytest.fixture
def monday():
    today = timezone.now().date()
    return today + timedelta(days=14 - today.weekday())


@pytest.fixture
def course(patient, front_desk, monday):
    return booking.book(Choice(patient, shipped(), monday, (0, 3), time(10)), by=front_desk)


@pytest.fixture
def visit(course):
    return course.sessions.get(number=2)


def move(visit, day, at=time(11), **values):
    return moving.move(visit.pk, day=day, wall_time=at, version=visit.version, **values)


def notices(kind):
    return list(Message.objects.filter(kind=kind).order_by("pk"))


def tell(visit):
    """Say that a reminder of the visit is out."""
    make_due(visit, state="sent", sent_at=timezone.now(), dedupe_key="told")


def box_of(client, url):
    page = client.get(url)
    assert page.status_code == 200
    form = page.context["panel"].form if "panel" in page.context else page.context["form"]
    return form["notify"].value()


def test_a_move_tells_the_patient_only_if_staff_say_so(visit, monday, front_desk):
    move(visit, monday + timedelta(days=4), by=front_desk)
    assert notices("changed") == []
    visit.refresh_from_db()
    move(visit, monday + timedelta(days=3), time(12), by=front_desk, notify=True)
    (message,) = notices("changed")
    visit.refresh_from_db()
    assert (message.state, message.schedule_rev) == ("planned", visit.schedule_rev)


def test_another_chair_is_no_news_even_with_the_tick(visit, monday, front_desk):
    other = visit.chair.room.chairs.exclude(pk=visit.chair_id).first()
    move(visit, monday + timedelta(days=3), time(10), chair=other, by=front_desk, notify=True)
    visit.refresh_from_db()
    assert visit.chair == other
    assert notices("changed") == []


@pytest.mark.parametrize(("notify", "count"), [(False, 0), (True, 1)])
def test_a_cancelled_visit_is_called_off_only_if_staff_say_so(visit, front_desk, notify, count):
    steps.change_status(
        visit.pk,
        Status.CANCELLED,
        by=front_desk,
        reason="Ill",
        version=visit.version,
        notify=notify,
    )
    assert len(notices("called_off")) == count


def test_cancelled_sessions_and_days_call_off_each_of_them(course, monday, administrator):
    first, second, third = course.sessions.order_by("number")[:3]
    cancelling.cancel_sessions([first.pk, second.pk], reason="Ice", by=administrator, notify=True)
    assert len(notices("called_off")) == 2
    day = third.day
    cancelling.cancel_day(
        course.clinic, day, [third.public_id], reason="Ice", by=administrator, notify=True
    )
    assert len(notices("called_off")) == 3


def test_a_new_rhythm_tells_each_new_time(course, prescriber):
    moved = change_rhythm(course.pk, "2-weekly", by=prescriber, version=1, notify=True)
    assert len(notices("changed")) == moved > 1


@pytest.mark.parametrize("name", ["move", "step"])
def test_the_box_is_ticked_once_the_patient_was_written_to(client, visit, front_desk, name):
    client.force_login(front_desk)
    extra = ["cancelled"] if name == "step" else []
    url = reverse(f"sessions:{name}", args=[visit.public_id, *extra])
    assert not box_of(client, url)
    tell(visit)
    assert box_of(client, url)
    with acting(TESTS):
        visit.patient.email_contact.verified_at = None
        visit.patient.email_contact.save()
    assert not box_of(client, url)


def test_the_rhythm_page_looks_at_all_planned_visits(client, visit, prescriber):
    client.force_login(prescriber)
    url = reverse("sessions:rhythm", args=[visit.course.public_id])
    assert not box_of(client, url)
    tell(visit)
    assert box_of(client, url)


def test_a_form_that_moves_with_the_tick_writes_the_message(client, visit, monday, front_desk):
    client.force_login(front_desk)
    url = reverse("sessions:move", args=[visit.public_id])
    form = client.get(url).context["form"]
    values = {
        "entry_id": form["entry_id"].value(),
        "version": visit.version,
        "day": monday + timedelta(days=4),
        "wall_time": "10:00",
        "notify": "on",
        "of": visit.patient.public_id,
    }
    page = client.post(url, values, follow=True)
    assert page.redirect_chain, page.context["form"].errors
    assert len(notices("changed")) == 1


def test_the_admin_ticks_for_a_day_on_which_somebody_was_told(client, administrator, visit):
    client.force_login(administrator)
    url = reverse("admin:treatment_sessions_treatmentsession_cancel_day")
    chosen = {"clinic": visit.clinic.public_id, "day": visit.day}
    assert not re.search(r'name="notify"[^>]* checked', client.get(url, chosen).content.decode())
    tell(visit)
    assert re.search(r'name="notify"[^>]* checked', client.get(url, chosen).content.decode())


def test_who_can_not_be_reached_is_in_the_ledger_with_the_reason(course, front_desk, clinic):
    with acting(TESTS):
        course.patient.email_contact.verified_at = None
        course.patient.email_contact.save()
    visit = course.sessions.get(number=1)
    steps.change_status(
        visit.pk, Status.CANCELLED, by=front_desk, reason="Ill", version=visit.version, notify=True
    )
    (message,) = notices("called_off")
    assert (message.state, message.reason) == ("suppressed", "The e-mail address is not verified.")


def told_by_phone():
    return list(Task.objects.open().filter(kind="call").values_list("text", flat=True))


def test_nobody_is_called_about_a_time_that_is_the_visits_no_longer(visit, monday, front_desk):
    """Moved twice, then cancelled: each time only the latest news is left to tell."""
    change_all(EmailContact, verified_at=None)
    move(visit, monday + timedelta(days=4), by=front_desk, notify=True)
    assert [": session 2 has a new time, " in text for text in told_by_phone()] == [True]
    visit.refresh_from_db()
    move(visit, monday + timedelta(days=4), time(14), by=front_desk, notify=True)
    (text,) = told_by_phone()
    assert ", 14:00," in text
    take_step(visit.pk, Status.CANCELLED, by=front_desk, reason="Ill")
    assert told_by_phone() == []
    closed = Task.objects.filter(kind="call").order_by("pk")
    assert [task.closing_note for task in closed] == [
        "There is newer news of the visit.",
        "The visit is “Cancelled” now.",
    ]


def test_who_was_not_told_of_a_new_time_is_told_of_the_next_one(visit, monday, front_desk):
    """Whoever moves it again need not know that the first call was never made."""
    change_all(EmailContact, verified_at=None)
    move(visit, monday + timedelta(days=4), by=front_desk, notify=True)
    visit.refresh_from_db()
    move(visit, monday + timedelta(days=4), time(14), by=front_desk)
    (text,) = told_by_phone()
    assert ", 14:00," in text
    take_step(visit.pk, Status.CHECKED_IN, by=front_desk)
    assert told_by_phone() == []


def test_that_a_visit_is_off_is_told_by_phone_all_the_same(visit, monday, front_desk):
    change_all(EmailContact, verified_at=None)
    move(visit, monday + timedelta(days=4), by=front_desk, notify=True)
    take_step(visit.pk, Status.CANCELLED, by=front_desk, reason="Ill", notify=True)
    (text,) = told_by_phone()
    assert "session 2 is called off" in text
