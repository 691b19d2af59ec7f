"""What a patient does about a visit that lies ahead."""

from datetime import date, timedelta
from typing import Any, cast

import pytest
from icalendar import Calendar

from clinic.audit import acting
from clinic.models import AuditEvent, Clinic, User
from clinic.tests.factories import TESTS
from patients.models import EmailContact, Patient, Task
from portal import gate
from portal.models import Confirmation, Preparation
from portal.services import asking, deciding
from portal.tests.phone import Phone, path_of, text_of
from reminders import links
from reminders.kinds import Kind
from reminders.links import Purpose
from reminders.models import Message
from reminders.tests.conftest import SetClock
from reminders.tests.factories import NOON, make_sent, save
from sessions.models import TreatmentSession
from sessions.services import steps
from sessions.tests.factories import take_step

pytestmark = pytest.mark.django_db
THANKS = "We know that you come"
CALL_OFF = "I can’t come at all"
CHOICES = ("I will come", "I need another time", CALL_OFF)


def test_the_visit_is_told_on_the_patients_clock_with_zone(phone: Phone, reminder: Message) -> None:
    text = text_of(phone.open(reminder))
    assert "Thursday, 4 March 2027" in text
    assert "10:00" in text
    assert "Europe/Berlin, UTC+01:00" in text
    assert "At the clinic" not in text


@pytest.mark.parametrize("purpose", sorted(links.OFFERED[Kind.REMINDER] - {Purpose.UNSUBSCRIBE}))
def test_where_the_patients_clock_is_not_known_the_clinics_is_told(
    phone: Phone, reminder: Message, purpose: Purpose
) -> None:
    save(EmailContact.objects.get(patient=reminder.patient), time_zone="Nowhere/Land")
    assert phone.open(reminder, purpose).status_code == 200
    assert "Europe/Berlin, UTC+01:00" in text_of(phone.get(reminder))


def test_elsewhere_the_clinics_clock_is_told_too(phone: Phone, reminder: Message) -> None:
    contact = EmailContact.objects.get(patient=reminder.patient)
    save(contact, time_zone="America/New_York")
    text = text_of(phone.open(reminder))
    assert "04:00" in text
    assert "America/New_York, UTC-05:00" in text
    assert "At the clinic: Thursday, 4 March 2027, 10:00" in text


def test_confirming_twice_writes_one_row_and_one_event(phone: Phone, reminder: Message) -> None:
    """A-086, INV-3: twice in one tab, and in a second one."""
    phone.open(reminder)
    for _ in range(3):
        page = phone.post(reminder)
        assert page.status_code == 302
    assert "We know that you come" in text_of(phone.get(reminder))
    confirmation = Confirmation.objects.get()
    assert confirmation.schedule_rev == reminder.schedule_rev
    event = AuditEvent.objects.get(event="visit.confirmed")
    assert (event.actor_kind, event.actor_label) == ("patient_link", "patient")
    assert event.patient_id == reminder.patient_id


def test_who_asked_to_call_the_visit_off_is_neither_thanked_nor_asked_again(
    phone: Phone, reminder: Message, visit: TreatmentSession
) -> None:
    phone.open(reminder)
    phone.post(reminder)
    phone.post(reminder, Purpose.CANCEL)
    text = text_of(phone.get(reminder))
    assert "You asked us to call this visit off" in text
    assert "If you come after all, please call us." in text
    assert "How to prepare" in text
    assert [words for words in (THANKS, *CHOICES) if words in text] == []


@pytest.mark.parametrize("is_confirmed", [True, False])
def test_who_asked_for_another_time_may_still_call_the_visit_off_and_no_more(
    phone: Phone, reminder: Message, visit: TreatmentSession, is_confirmed: bool
) -> None:
    phone.open(reminder)
    if is_confirmed:
        phone.post(reminder)
    phone.post(reminder, Purpose.RESCHEDULE, wanted="call")
    text = text_of(phone.get(reminder))
    assert "You asked for another time. We will call you." in text
    assert [words for words in (THANKS, *CHOICES) if words in text] == [CALL_OFF]


@pytest.mark.parametrize(
    ("language", "too_near"),
    [("en", "Your visit is too near to choose another time"), ("es", "ya no se puede elegir otra")],
)
def test_another_time_is_offered_while_it_can_be_asked_for(
    phone: Phone,
    reminder: Message,
    visit: TreatmentSession,
    at: SetClock,
    language: str,
    too_near: str,
) -> None:
    save(EmailContact.objects.get(patient=reminder.patient), language=language)
    link = path_of(reminder, Purpose.RESCHEDULE)
    at.at = visit.starts_at - timedelta(hours=24)
    text = text_of(phone.open(reminder))
    assert link in text
    assert too_near not in text
    at.at += timedelta(seconds=1)
    text = text_of(phone.get(reminder))
    assert link not in text
    assert too_near in text
    assert path_of(reminder, Purpose.CANCEL) in text


def test_a_cancelled_visit_can_no_longer_be_confirmed(
    phone: Phone, reminder: Message, nurse: User
) -> None:
    """A-085, A-086: the cancellation wins, and the page says so instead of failing."""
    phone.open(reminder)
    session = reminder.treatment_session
    assert session is not None
    steps.change_status(
        session.pk, session.Status.CANCELLED, by=nurse, reason="Ill today", version=session.version
    )
    for page in (phone.post(reminder), phone.get(reminder), phone.get(reminder, Purpose.CANCEL)):
        assert "Your visit was called off" in text_of(page)
        assert "<form" not in text_of(page)
    assert not Confirmation.objects.exists()
    phone.client.cookies.clear()
    assert "called off" not in text_of(phone.get(reminder))


def test_the_calendar_entry_is_a_file_of_the_visit(phone: Phone, reminder: Message) -> None:
    phone.open(reminder, Purpose.CALENDAR)
    page = phone.get(reminder, Purpose.CALENDAR, "?file=1")
    assert page["Content-Type"].startswith("text/calendar")
    (event,) = cast(Any, Calendar.from_ical(page.content)).walk("VEVENT")
    session = reminder.treatment_session
    assert session is not None
    assert event["DTSTART"].dt == session.starts_at
    assert str(session.public_id) in event["UID"]


def test_no_file_before_the_birth_date(phone: Phone, reminder: Message) -> None:
    page = phone.get(reminder, Purpose.CALENDAR, "?file=1")
    assert page["Content-Type"].startswith("text/html")
    assert "birth date" in text_of(page)


def test_food_and_drink_are_told_on_the_patients_clock(phone: Phone, reminder: Message) -> None:
    assert reminder.treatment_session is not None
    monitoring = reminder.treatment_session.course.protocol.monitoring
    assert (monitoring.predose_food_minutes, monitoring.predose_fluids_minutes) == (120, 30)
    contact = EmailContact.objects.get(patient=reminder.patient)
    save(contact, time_zone="Asia/Kolkata")
    text = text_of(phone.open(reminder, Purpose.PREPARE))
    assert "<b>Thursday, 12:30</b>" in text
    assert "<b>Thursday, 14:00</b>" in text


def test_answers_about_the_preparation_are_kept_once(phone: Phone, reminder: Message) -> None:
    phone.open(reminder, Purpose.PREPARE)
    typed = {"ride": "arranged", "ride_by": "My\x00 sister", "fasting": "clear"}
    for _ in range(2):
        page = phone.client.post(
            path_of(reminder, Purpose.PREPARE), {"act": "1", **typed}, follow=True
        )
        assert "We have your answers" in text_of(page)
    row = Preparation.objects.get()
    assert (row.ride, row.ride_by, row.fasting) == ("arranged", "My sister", "clear")
    assert not Task.objects.exists()
    phone.post(reminder, Purpose.PREPARE, **typed | {"ride": "not_yet"})
    assert Preparation.objects.latest("pk").ride_by == ""
    assert Preparation.objects.count() == 2


def test_who_needs_help_is_called(phone: Phone, reminder: Message) -> None:
    phone.open(reminder, Purpose.PREPARE)
    phone.post(reminder, Purpose.PREPARE, ride="none", fasting="asks")
    tasks = Task.objects.order_by("role").values_list("role", "kind", "text")
    assert list(tasks) == [
        (
            "front_desk",
            "call",
            "Call the patient, who has nobody for the way home after session 1.",
        ),
        (
            *("nurse", "call"),
            "Call the patient, who has a question about food and drink before session 1.",
        ),
    ]


def open_tasks() -> set[str]:
    return set(Task.objects.open().values_list("text", flat=True))


@pytest.mark.parametrize("whose_wish", ["the patient's", "the clinic's"])
def test_nobody_is_called_about_a_visit_that_is_called_off(
    phone: Phone, reminder: Message, visit: TreatmentSession, front_desk: User, whose_wish: str
) -> None:
    """What else is open about its patient stays, such as an address that may be a stranger's."""
    phone.open(reminder, Purpose.PREPARE)
    phone.post(reminder, Purpose.PREPARE, ride="none", fasting="asks")
    other = make_sent(visit)
    for _ in range(5):
        gate.is_right(other, date(1903, 2, 1))
    assert len(open_tasks()) == 3
    if whose_wish == "the patient's":
        request = asking.ask(reminder, Purpose.CANCEL)
        assert len(open_tasks()) == 4
        deciding.accept(request.pk, by=front_desk)
    else:
        take_step(visit.pk, visit.Status.CANCELLED, by=front_desk, reason="No chair")
    (text,) = open_tasks()
    assert "typed wrongly five times" in text
    closed = Task.objects.filter(dedupe_key__startswith="prepare:")
    assert {task.closing_note for task in closed} == {"The visit was called off."}


def test_an_unanswered_question_is_named(phone: Phone, reminder: Message) -> None:
    phone.open(reminder, Purpose.PREPARE)
    page = phone.post(reminder, Purpose.PREPARE, ride="arranged", ride_by="Sam")
    text = text_of(page)
    assert "Please choose one." in text
    assert 'value="Sam"' in text
    assert not Preparation.objects.exists()


def test_no_page_tells_to_stop_a_medicine(phone: Phone, reminder: Message) -> None:
    text = text_of(phone.open(reminder, Purpose.PREPARE)).casefold()
    assert "unless your doctor told you otherwise" in text
    assert [
        word for word in ("stop taking", "do not take", "ketamin", "spravato") if word in text
    ] == []


def test_patients_read_spanish_where_that_is_their_language(
    phone: Phone, reminder: Message
) -> None:
    contact = EmailContact.objects.get(patient=reminder.patient)
    save(contact, language="es-MX")
    assert "fecha de nacimiento" in text_of(phone.get(reminder))
    text = text_of(phone.open(reminder))
    assert '<html lang="es">' in text
    assert "jueves, 4 de marzo de 2027" in text
    save(contact, language="pl")
    assert '<html lang="en">' in text_of(phone.get(reminder))


def test_what_a_patient_said_is_not_changed_afterwards(
    clinic: Clinic, patient: Patient, reminder: Message, phone: Phone
) -> None:
    phone.open(reminder)
    phone.post(reminder)
    with pytest.raises(Exception, match="append_only|Cannot"), acting(TESTS):
        Confirmation.objects.update(confirmed_at=NOON + timedelta(days=1))
