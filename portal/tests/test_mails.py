"""Which mails a patient wants, by the link in one of them."""

import pytest
from django.test import Client

from clinic.audit import acting
from clinic.models import AuditEvent
from clinic.tests.factories import TESTS
from patients.models import Consent
from portal.models import Confirmation
from portal.tests.phone import Phone, path_of, text_of
from portal.views.mails import WORDS
from reminders import planning
from reminders.kinds import Kind
from reminders.links import Purpose
from reminders.models import Message, OptOut
from reminders.tests.conftest import SetClock
from reminders.tests.factories import hold_mail
from sessions.models import TreatmentSession

pytestmark = pytest.mark.django_db
ALL = {kind.value for kind in WORDS}


@pytest.fixture
def planned(reminder: Message, at: SetClock) -> list[Message]:
    """What the rules have planned for the visit, beside the reminder that was sent."""
    with acting(TESTS):
        planning.plan(TreatmentSession.objects.all(), at.at)
    return list(Message.objects.exclude(pk=reminder.pk))


def standing(message: Message) -> set[str]:
    rows = OptOut.objects.filter(patient=message.patient, ended_at__isnull=True)
    return set(rows.values_list("kind", flat=True))


def test_kinds_are_left_and_taken_up_again(phone: Phone, reminder: Message) -> None:
    phone.open(reminder, Purpose.MAILS)
    phone.post(reminder, Purpose.MAILS, wanted=sorted(ALL - {"follow_up", "missed"}))
    assert standing(reminder) == {"follow_up", "missed"}
    phone.post(reminder, Purpose.MAILS, wanted=sorted(ALL - {"missed"}))
    assert standing(reminder) == {"missed"}
    assert OptOut.objects.count() == 2
    event = AuditEvent.objects.filter(event="mail.declined").first()
    assert event is not None
    assert event.actor_kind == "patient_link"


def test_what_is_planned_of_a_declined_kind_is_held_back(
    phone: Phone, reminder: Message, planned: list[Message]
) -> None:
    assert any(m.kind == Kind.REMINDER and m.state == "planned" for m in planned)
    phone.open(reminder, Purpose.MAILS)
    phone.post(reminder, Purpose.MAILS, wanted=sorted(ALL - {"reminder"}))
    of_kind = Message.objects.filter(kind=Kind.REMINDER).exclude(pk=reminder.pk)
    assert not of_kind.filter(state="planned").exists()


def test_who_wants_no_mail_says_so_while_mail_is_held(phone: Phone, reminder: Message) -> None:
    hold_mail(reminder.patient)
    phone.open(reminder, Purpose.MAILS)
    phone.post(reminder, Purpose.MAILS, wanted=sorted(ALL - {"missed"}))
    assert standing(reminder) == {"missed"}
    phone.post(reminder, Purpose.MAILS, none="1")
    assert not Consent.objects.filter(kind=Consent.Kind.EMAIL, withdrawn_at=None).exists()


def test_no_mail_at_all_withdraws_the_consent(
    phone: Phone, reminder: Message, planned: list[Message]
) -> None:
    phone.open(reminder, Purpose.MAILS)
    assert "We will not write to you." in text_of(phone.get(reminder, Purpose.MAILS))
    phone.post(reminder, Purpose.MAILS, none="1")
    consent = Consent.objects.get(patient=reminder.patient, kind="email")
    assert consent.withdrawn_at is not None
    assert consent.withdrawn_by is None
    assert not Message.objects.filter(state="planned").exists()
    assert "You get no e-mails from us" in text_of(phone.get(reminder, Purpose.MAILS))
    assert TreatmentSession.objects.get().status == "planned"


def test_one_click_stops_that_kind_and_nothing_else(reminder: Message) -> None:
    """A-094: RFC 8058, without a cookie or a form's token; the visit stays."""
    mail_program = Client(enforce_csrf_checks=True)
    path = path_of(reminder, Purpose.UNSUBSCRIBE)
    for _ in range(2):
        page = mail_program.post(path, {"List-Unsubscribe": "One-Click"})
        assert page.status_code == 200
    assert standing(reminder) == {"reminder"}
    assert OptOut.objects.count() == 1
    assert Consent.objects.get(kind="email").withdrawn_at is None
    assert TreatmentSession.objects.get().status == "planned"


def test_looking_at_the_unsubscribe_link_stops_nothing(phone: Phone, reminder: Message) -> None:
    """A-087"""
    text = text_of(phone.get(reminder, Purpose.UNSUBSCRIBE))
    assert "Reminders of a visit" in text
    assert "birth date" not in text
    assert standing(reminder) == set()


def test_no_other_link_acts_without_a_token_of_its_form(reminder: Message) -> None:
    """A-048, A-084: not even under the unsubscribe address."""
    client = Client(enforce_csrf_checks=True)
    assert client.post(path_of(reminder), {"List-Unsubscribe": "One-Click"}).status_code == 403
    other = path_of(reminder, Purpose.UNSUBSCRIBE).replace("/p/u", "/p/m")
    assert client.post(other, {"List-Unsubscribe": "One-Click"}).status_code == 403
    assert standing(reminder) == set()
    assert not Confirmation.objects.exists()
