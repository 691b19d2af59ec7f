"""Which mails a patient wants, by the link in one of them."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from clinic.audit import acting
from clinic.models import AuditEvent, User
from clinic.tests.factories import TESTS
from patients import ports
from patients.models import Consent, Task
from patients.services import consent, tasks
from portal.models import Confirmation
from portal.services.mails import DECLINABLE
from portal.services.unreached import AGAIN, DIED
from portal.tests.phone import Phone, path_of, text_of
from portal.tests.test_moved_visits import move
from portal.views.mails import WORDS
from reminders import planning
from reminders.kinds import Kind
from reminders.links import Purpose
from reminders.models import Message, MessageRule, OptOut
from reminders.tests.conftest import SetClock
from reminders.tests.factories import hold_mail, save
from sessions.models import TreatmentSession
from sessions.tests.factories import take_step

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


def test_what_can_not_be_left_is_not_offered_but_said(phone: Phone, reminder: Message) -> None:
    """A box that is ticked again after saving would say that nobody listened."""
    assert {kind.value for kind in DECLINABLE} == ALL
    text = text_of(phone.open(reminder, Purpose.MAILS))
    assert text.count('type="checkbox"') == len(ALL)
    assert "or is called off, we write to you all the same." in text
    phone.post(reminder, Purpose.MAILS, wanted=[])
    assert "checked" not in text_of(phone.get(reminder, Purpose.MAILS))


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
    assert "but we write to you no more." in text_of(phone.get(reminder, Purpose.MAILS))
    phone.post(reminder, Purpose.MAILS, none="1")
    withdrawn = Consent.objects.get(patient=reminder.patient, kind="email")
    assert withdrawn.withdrawn_at is not None
    assert withdrawn.withdrawn_by is None
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


def calls() -> list[Task]:
    return list(Task.objects.filter(kind="call").order_by("pk"))


@pytest.mark.parametrize("way", ["none at all", "every kind", "one click"])
def test_the_front_desk_hears_that_no_mail_tells_of_the_next_visit(
    phone: Phone, reminder: Message, way: str
) -> None:
    """Asked once, however often it is sent."""
    phone.open(reminder, Purpose.MAILS)
    for _ in range(2):
        match way:
            case "none at all":
                phone.post(reminder, Purpose.MAILS, none="1")
            case "every kind":
                phone.post(reminder, Purpose.MAILS, wanted=[])
            case "one click":
                phone.client.post(path_of(reminder, Purpose.UNSUBSCRIBE))
    (task,) = calls()
    assert (task.role, task.closed_at) == ("front_desk", None)
    assert task.source_id == TreatmentSession.objects.get().public_id
    assert task.text == (
        "The patient wants no e-mails about visits any more. Reach the patient otherwise before "
        "the next visit, and ask how from now on."
    )


def test_nobody_is_asked_while_another_kind_tells_of_the_visit(
    phone: Phone, visit: TreatmentSession, reminder: Message
) -> None:
    with acting(TESTS):
        planning.rules_of({visit.clinic_id})
        MessageRule.objects.filter(kind=Kind.PREPARATION).update(is_active=True)
    phone.open(reminder, Purpose.MAILS)
    phone.post(reminder, Purpose.MAILS, wanted=["preparation"])
    assert calls() == []
    phone.post(reminder, Purpose.MAILS, wanted=["late_booking", "follow_up"])
    assert len(calls()) == 1


def test_nobody_is_asked_without_a_visit_ahead(
    phone: Phone, visit: TreatmentSession, reminder: Message, at: SetClock
) -> None:
    at.at = visit.starts_at
    phone.open(reminder, Purpose.MAILS)
    phone.post(reminder, Purpose.MAILS, none="1")
    assert calls() == []


def test_who_wants_mail_again_takes_the_task_back_and_may_leave_once_more(
    phone: Phone, reminder: Message, at: SetClock
) -> None:
    phone.open(reminder, Purpose.MAILS)
    phone.post(reminder, Purpose.MAILS, wanted=[])
    phone.post(reminder, Purpose.MAILS, wanted=["follow_up"])
    assert [task.closed_at for task in calls()] == [None]
    phone.post(reminder, Purpose.MAILS, wanted=sorted(ALL))
    (task,) = calls()
    assert task.closed_at is not None
    assert (task.closed_by, task.closing_note) == (None, AGAIN)
    at.at += timedelta(minutes=1)
    phone.post(reminder, Purpose.MAILS, wanted=[])
    assert len([task for task in calls() if task.closed_at is None]) == 1


def test_what_the_front_desk_has_done_is_not_asked_again(
    phone: Phone, reminder: Message, front_desk: User
) -> None:
    phone.open(reminder, Purpose.MAILS)
    phone.post(reminder, Purpose.MAILS, wanted=[])
    tasks.close(calls()[0].pk, by=front_desk, note="Called: wants a text message")
    phone.post(reminder, Purpose.MAILS, none="1")
    assert len(calls()) == 1


def test_a_consent_given_anew_takes_the_task_back(
    phone: Phone, reminder: Message, nurse: User, at: SetClock
) -> None:
    phone.open(reminder, Purpose.MAILS)
    phone.post(reminder, Purpose.MAILS, none="1")
    agreement = consent.Agreement(kind=Consent.Kind.EMAIL, given_at=at.at)
    consent.give(reminder.patient.pk, agreement, by=nurse)
    assert calls()[0].closing_note == AGAIN


@pytest.mark.parametrize("choice", [{"none": "1"}, {"wanted": ["follow_up"]}])
@pytest.mark.parametrize("change", ["moved", "cancelled", "arrived"])
def test_the_task_outlasts_what_becomes_of_the_visit(
    phone: Phone,
    visit: TreatmentSession,
    reminder: Message,
    nurse: User,
    at: SetClock,
    change: str,
    choice: dict[str, Any],
) -> None:
    """Nobody has asked yet how the patient is to be reached from now on."""
    phone.open(reminder, Purpose.MAILS)
    phone.post(reminder, Purpose.MAILS, **choice)
    match change:
        case "moved":
            move(visit, at.at + timedelta(hours=2), nurse)
        case "cancelled":
            take_step(visit.pk, visit.Status.CANCELLED, by=nurse, reason="As asked")
        case "arrived":
            take_step(visit.pk, visit.Status.CHECKED_IN, by=nurse)
    assert [task.closed_at for task in calls() if task.dedupe_key.startswith("no-mail:")] == [None]


def test_nobody_is_asked_to_call_who_has_died(phone: Phone, reminder: Message) -> None:
    phone.open(reminder, Purpose.MAILS)
    phone.post(reminder, Purpose.MAILS, none="1")
    patient = reminder.patient
    save(patient, deceased=True)
    with acting(TESTS):
        ports.contact_changed(patient)
    assert calls()[0].closing_note == DIED
