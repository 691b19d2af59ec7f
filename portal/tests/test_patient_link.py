"""A newcomer to the demo gets a link that works."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from clinic.models import User
from patients.tests.factories import make_patient, make_ready
from portal.models import CheckIn
from portal.tests.phone import Phone
from reminders import links
from reminders.kinds import Kind
from reminders.links import Purpose
from reminders.models import Message
from reminders.tests.factories import NOON, make_followed, make_sent, make_visit, save
from sessions.models import TreatmentSession

pytestmark = pytest.mark.django_db


def told(purpose: str = "visit") -> str:
    out = StringIO()
    call_command("patient_link", purpose, stdout=out)
    return out.getvalue()


def test_it_tells_a_link_that_works_and_its_birth_date(reminder: Message) -> None:
    assert links.url(reminder, links.Purpose.VISIT) in told()
    assert "17 May 1980" in told()


def test_a_dead_link_is_not_told(reminder: Message) -> None:
    save(reminder, links_revoked_at=reminder.sent_at)
    with pytest.raises(CommandError, match="No message with such a link"):
        told()


def test_a_follow_up_without_an_answer_is_told_first(
    phone: Phone, follow_up: Message, prescriber: User
) -> None:
    other = make_ready(make_patient(follow_up.clinic), prescriber, email="other@mail.example")
    ended_at = NOON - timedelta(days=2)
    earlier = make_sent(make_followed(other, prescriber, ended_at), Kind.FOLLOW_UP)
    save(earlier, sent_at=NOON - timedelta(hours=1))
    assert links.url(follow_up, Purpose.CHECK_IN) in told("check_in")
    phone.open(follow_up, Purpose.CHECK_IN)
    phone.post(follow_up, Purpose.CHECK_IN, part="mood", self_harm="no", mood="better")
    assert links.url(earlier, Purpose.CHECK_IN) in told("check_in")


def test_a_follow_up_that_is_done_is_not_told(phone: Phone, follow_up: Message) -> None:
    phone.open(follow_up, Purpose.CHECK_IN)
    phone.post(follow_up, Purpose.CHECK_IN, part="more")
    assert CheckIn.objects.get().part == "more"
    with pytest.raises(CommandError, match="No message with such a link"):
        told("check_in")


def test_a_visit_that_may_still_be_moved_is_told_first(
    reminder: Message, visit: TreatmentSession, prescriber: User
) -> None:
    save(reminder, sent_at=NOON - timedelta(hours=1))
    other = make_ready(make_patient(visit.clinic), prescriber, email="other@mail.example")
    near = make_sent(make_visit(other, prescriber, NOON + timedelta(hours=3)))
    assert links.url(near, Purpose.VISIT) in told()
    assert links.url(reminder, Purpose.RESCHEDULE) in told("reschedule")


@pytest.mark.parametrize("purpose", [Purpose.VISIT, Purpose.CANCEL])
def test_a_visit_about_which_nothing_was_said_is_told_first(
    phone: Phone, reminder: Message, prescriber: User, purpose: Purpose
) -> None:
    save(reminder, sent_at=NOON + timedelta(minutes=1))
    other = make_ready(make_patient(reminder.clinic), prescriber, email="other@mail.example")
    silent = make_sent(make_visit(other, prescriber, NOON + timedelta(days=4)))
    assert links.url(reminder, Purpose.VISIT) in told()
    phone.open(reminder, purpose)
    phone.post(reminder, purpose)
    assert links.url(silent, Purpose.VISIT) in told()


def test_without_demo_data_no_link_is_told(reminder: Message, settings) -> None:
    settings.DEMO_ALLOWED = False
    with pytest.raises(CommandError, match="only where demo data is allowed"):
        told()
