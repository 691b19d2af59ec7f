"""A mail that came back: its messages failed, the front desk has a task, once."""

import io
from contextlib import suppress
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.checks import run_checks
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from clinic.audit import acting
from clinic.tests.factories import TESTS
from patients.models import EmailContact, Task
from reminders import bounces, links, rules
from reminders.models import Message, MessagePolicy
from reminders.services import repeating
from reminders.sweeping import sweep
from reminders.tests.factories import make_due, make_visit, plan
from reminders.tests.letters import STARTS, linked
from sessions.models import TreatmentCourse
from sessions.tests.factories import make_session

pytestmark = pytest.mark.django_db
REPORT = """\
From: MAILER-DAEMON@mx.example
To: bounces@clinic.example
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="B"

--B
Content-Type: text/plain

I'm sorry. <ada@mail.example>: host said 550 no such user.
--B
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; ada@mail.example
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 {status} no such user

--B
Content-Type: {returned}

Message-ID: <{message_id}@clinic.example>
Subject: Your appointment

{body}
--B--
"""


def report(message_id, *, action="failed", status="5.1.1", returned="message/rfc822", body="Hello"):
    values = {"action": action, "status": status, "returned": returned, "body": body}
    return REPORT.format(message_id=message_id, **values).replace("\n", "\r\n").encode()


@pytest.fixture
def sent(patient, prescriber):
    visit = make_visit(patient, prescriber, STARTS)
    return make_due(visit, state="sent", sent_at=timezone.now(), sent_to="ada@mail.example")


def run(raw, monkeypatch):
    stdin = io.TextIOWrapper(io.BytesIO(raw))
    monkeypatch.setattr("sys.stdin", stdin)
    told = io.StringIO()
    call_command("bounce", stdout=told)
    return told.getvalue()


def tasks():
    return list(Task.objects.open().filter(kind=Task.Kind.MESSAGE_FAILED))


@pytest.mark.parametrize("returned", ["message/rfc822", "text/rfc822-headers"])
def test_a_mail_that_came_back_failed_and_somebody_has_to_call(sent, monkeypatch, returned):
    assert "1 marked" in run(report(sent.message_id, returned=returned), monkeypatch)
    sent.refresh_from_db()
    assert (sent.state, sent.reason) == ("failed", "The address does not exist any more.")
    assert sent.bounced_at is not None
    (task,) = tasks()
    assert "The address does not exist any more. Reach the patient otherwise." in task.text


def test_a_second_report_changes_nothing(sent, monkeypatch):
    run(report(sent.message_id), monkeypatch)
    sent.refresh_from_db()
    before = sent.bounced_at
    assert "Nothing is changed" in run(report(sent.message_id), monkeypatch)
    sent.refresh_from_db()
    assert sent.bounced_at == before
    assert len(tasks()) == 1


def test_every_message_of_the_mail_is_marked_and_no_other(sent, monkeypatch):
    session = sent.treatment_session
    along, other = (
        make_due(session, dedupe_key=key, message_id=mail, state="sent", sent_at=timezone.now())
        for key, mail in (("a", sent.message_id), ("b", uuid4()))
    )
    assert "2 marked" in run(report(sent.message_id), monkeypatch)
    states = dict(Message.objects.values_list("pk", "state"))
    assert states == {sent.pk: "failed", along.pk: "failed", other.pk: "sent"}
    (task,) = tasks()
    assert "and 1 more were not sent" in task.text


def test_a_full_mailbox_is_another_reason(sent):
    bounce = bounces.read(report(sent.message_id, status="4.2.2"))
    assert bounce.reason == bounces.CAME_BACK


@pytest.mark.parametrize("state", ["planned", "cancelled", "dismissed"])
def test_a_report_about_what_was_not_sent_changes_nothing(sent, monkeypatch, nurse, state):
    settled = {"settled_how": "phone", "settled_note": "Called.", "settled_by": nurse}
    with acting(TESTS):
        Message.objects.update(state=state, reason="So.", **settled)
    assert "Nothing is changed" in run(report(sent.message_id), monkeypatch)
    assert tasks() == []


@pytest.fixture
def came_back(patient, prescriber, inbox, at):
    """A mail that went out by a sweep and came back."""
    message = make_due(make_visit(patient, prescriber, at.at + timedelta(hours=20)), at.at)
    sweep()
    return report_on(message)


def report_on(message):
    """Let the mail in which it last went come back."""
    message.refresh_from_db()
    assert bounces.take(bounces.read(report(message.message_id))) == 1
    message.refresh_from_db()
    return message


def correct(address):
    with acting(TESTS):
        EmailContact.objects.update(address=address, verified_at=timezone.now())


def test_what_came_back_and_is_tried_again_can_come_back_again(came_back, inbox, front_desk):
    correct("right@mail.example")
    again = repeating.try_again(came_back.pk, by=front_desk)
    assert tasks() == []
    sweep()
    report_on(again)
    assert inbox.recipients == ["patient1@mail.example", "right@mail.example"]
    assert (again.state, len(tasks())) == ("failed", 1)


def test_a_late_report_of_the_first_mail_leaves_the_second_alone(came_back, inbox, front_desk):
    first = came_back.message_id
    correct("right@mail.example")
    again = repeating.try_again(came_back.pk, by=front_desk)
    sweep()
    assert bounces.take(bounces.read(report(first))) == 0
    again.refresh_from_db()
    assert (again.state, again.bounced_at) == ("sent", None)
    assert EmailContact.objects.get().verified_at is not None


def test_its_links_end_and_those_of_the_new_mail_live(came_back, inbox, at, front_desk):
    correct("right@mail.example")
    again = repeating.try_again(came_back.pk, by=front_desk)
    sweep()
    for purpose in links.OFFERED["reminder"]:
        assert not links.stands(linked(came_back), purpose, at.at)
        assert links.stands(linked(again), purpose, at.at)


def test_an_address_that_is_gone_counts_as_unverified(came_back, at):
    """Later mails are held back with the reason, and the chart says it."""
    assert EmailContact.objects.get().verified_at is None
    later = make_session(
        TreatmentCourse.objects.get(), starts_at=at.at + timedelta(days=9), number=2
    )
    states = {(row.state, row.reason) for row in plan(later, now=at.at) if row.pk != came_back.pk}
    assert states == {("suppressed", rules.NOT_VERIFIED)}


@pytest.mark.parametrize(
    ("status", "address"),
    [
        ("4.2.2", "ada@mail.example"),
        ("5.2.2", "ada@mail.example"),
        ("5.7.1", "ada@mail.example"),
        ("5.1.8", "ada@mail.example"),
        ("5.1.1", "new@mail.example"),
    ],
)
def test_only_the_address_that_is_gone_loses_its_mark(sent, status, address):
    """Not for a full mailbox, a refusal of us as sender, or when the address is another by now."""
    correct(address)
    assert bounces.take(bounces.read(report(sent.message_id, status=status))) == 1
    assert EmailContact.objects.get().verified_at is not None


def test_who_confirmed_the_address_since_keeps_the_mark(sent):
    """The report is of a mail that went before the mailbox was mended."""
    correct(sent.sent_to)
    assert bounces.take(bounces.read(report(sent.message_id))) == 1
    assert EmailContact.objects.get().verified_at is not None


def test_a_bounced_call_to_staff_says_nothing_of_the_patients_address(sent):
    correct("ada@mail.example")
    with acting(TESTS):
        Message.objects.update(kind="on_call")
    assert bounces.take(bounces.read(report(sent.message_id))) == 1
    assert EmailContact.objects.get().verified_at is not None


def test_what_came_back_does_not_go_to_the_same_address_again(came_back, front_desk):
    with pytest.raises(ValidationError, match="came back from this address"):
        repeating.try_again(came_back.pk, by=front_desk)
    came_back.refresh_from_db()
    assert (came_back.state, len(tasks())) == ("failed", 1)


GARBAGE = {
    "empty": b"",
    "zeros": b"\x00" * 100,
    "a letter": b"From: a@b.example\r\nSubject: Hi\r\n\r\nHello",
    "a delay": report(uuid4(), action="delayed", status="4.4.1"),
    "delivered": report(uuid4(), action="delivered", status="2.0.0"),
    "no id": report("").replace(b"Message-ID", b"X-Nothing"),
    "an id of others": report("CAF-x7"),
    "huge": report(uuid4(), body="x" * bounces.MOST_BYTES),
    "broken": report(uuid4())[:300],
    "nested": b"Content-Type: multipart/report; boundary=B\r\n\r\n"
    + b"--B\r\nContent-Type: message/rfc822\r\n\r\n" * 4000,
}


@pytest.mark.parametrize("raw", GARBAGE.values(), ids=GARBAGE)
def test_anything_else_is_refused_politely(sent, monkeypatch, raw):
    with pytest.raises(CommandError, match="^Nothing is changed. It ") as refused:
        run(raw, monkeypatch)
    assert refused.value.returncode == 65
    sent.refresh_from_db()
    assert sent.state == "sent"


PLACES = st.integers(0, 900)
CUT = st.builds(lambda begin, end: report(uuid4())[:begin] + report(uuid4())[end:], PLACES, PLACES)


@given(st.binary(max_size=400) | CUT)
def test_no_bytes_are_a_crash(raw):
    with suppress(bounces.NotABounceError):
        bounces.read(raw)


def test_a_clinic_without_an_address_for_answers_is_warned_about(clinic):
    with acting(TESTS):
        clinic.email = ""
        clinic.save()
    found = run_checks(tags=["database"], databases=["default"])
    assert "reminders.W001" in {message.id for message in found}
    with acting(TESTS):
        clinic.email = "desk@north.example"
        clinic.save()
    found = run_checks(tags=["database"], databases=["default"])
    assert "reminders.W001" not in {message.id for message in found}


def test_a_clinic_with_nobody_on_call_is_warned_about(clinic):
    found = run_checks(tags=["database"], databases=["default"])
    assert {"reminders.W002", "reminders.W003"} <= {message.id for message in found}
    with acting(TESTS):
        MessagePolicy.objects.create(clinic=clinic, on_call_address="call@north.example")
    found = run_checks(tags=["database"], databases=["default"])
    assert "reminders.W002" not in {message.id for message in found}
