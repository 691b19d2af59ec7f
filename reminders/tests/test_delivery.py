"""The sweep against a real mail server: sent once, or the ledger says why not."""

import logging
import smtplib
from datetime import timedelta
from unittest.mock import Mock

import pytest

from clinic.audit import acting
from clinic.tests.factories import TESTS
from patients.models import Consent, EmailContact, Task
from reminders import claiming, delivery, planning, silence
from reminders.kinds import Kind
from reminders.mailer import Mailer
from reminders.models import Message, OptOut
from reminders.sweeping import sweep
from reminders.tests.factories import (
    change_all,
    free_port,
    make_due,
    make_followed,
    make_reachable,
    make_visit,
    plan,
)
from sessions.lifecycle import Status
from sessions.models import TreatmentSession
from sessions.tests.factories import make_session, take_step

pytestmark = pytest.mark.django_db
State = Message.State
HOUR = timedelta(hours=1)


@pytest.fixture
def three_due(clinic, prescriber, at) -> list[Message]:
    patients = [make_reachable(clinic, prescriber, number) for number in (1, 2, 3)]
    return [
        make_due(make_visit(patient, prescriber, at.at + (20 + 4 * number) * HOUR), at.at)
        for number, patient in enumerate(patients)
    ]


def delivery_states(claims):
    with Mailer() as mailer:
        return [state for claimed in claims for state in delivery.send(claimed, mailer)]


def test_what_is_due_is_sent_once(due, inbox, at):
    sweep()
    sweep()
    due.refresh_from_db()
    assert inbox.recipients == ["patient1@mail.example"]
    assert inbox.mails[0]["Message-ID"] == f"<{due.message_id}@localhost>"
    assert (due.state, due.sent_at, due.sent_to) == (State.SENT, at.at, "patient1@mail.example")
    assert (due.attempts, due.maybe_twice, due.lease_token) == (1, False, None)


def test_many_mails_share_one_connection(three_due, inbox):
    assert sweep().states == {State.SENT: 3}
    assert inbox.connections == 1


def test_a_mail_costs_two_statements_in_its_transaction(due, inbox, django_assert_num_queries):
    """One locks and reads all rows in their order, one marks; four are the transaction's."""
    claimed = claiming.claim()[0]
    with Mailer() as mailer, django_assert_num_queries(6):
        assert delivery.send(claimed, mailer) == [State.SENT]


def test_nothing_goes_before_its_time(due, inbox, at):
    change_all(Message, not_before=at.at + timedelta(seconds=1))
    sweep()
    assert inbox.mails == []


@pytest.mark.parametrize(
    ("model", "values", "state", "reason"),
    [
        (TreatmentSession, {"schedule_rev": 2}, State.CANCELLED, "The session was moved."),
        (
            *(TreatmentSession, {"status": Status.CHECKED_IN}),
            *(State.CANCELLED, "The session is “Arrived”."),
        ),
        (
            *(EmailContact, {"verified_at": None}),
            *(State.SUPPRESSED, "The e-mail address is not verified."),
        ),
        (Consent, {"expires_on": "2027-02-01"}, State.SUPPRESSED, "No consent to e-mail."),
    ],
)
def test_what_changed_without_a_word_is_found_before_sending(
    due, inbox, model, values, state, reason
):
    change_all(model, **values)
    (delivery_state,) = delivery.send(claiming.claim()[0], Mailer())
    due.refresh_from_db()
    assert (delivery_state, due.reason) == (state, reason)
    assert inbox.mails == []


def test_a_patient_who_died_gets_nothing(due, inbox, patient):
    with acting(TESTS):
        patient.deceased = True
        patient.save()
    sweep()
    due.refresh_from_db()
    assert (due.state, due.reason) == (State.SUPPRESSED, "The patient has died.")


def test_it_goes_to_the_address_of_this_moment(due, inbox):
    change_all(EmailContact, address="new@mail.example")
    sweep()
    assert inbox.recipients == ["new@mail.example"]


def test_after_an_outage_nothing_goes_too_late(due, inbox, at):
    at.at += 13 * HOUR
    sweep()
    due.refresh_from_db()
    assert due.state == State.EXPIRED
    assert inbox.mails == []


def test_at_night_it_waits_for_the_morning(due, inbox, at):
    at.at += 10 * HOUR  # 22:00 in Berlin
    change_all(Message, expires_at=at.at + 12 * HOUR)
    sweep()
    due.refresh_from_db()
    assert (due.state, due.not_before) == (State.PLANNED, at.at + 10 * HOUR)
    at.at += 10 * HOUR
    sweep()
    assert len(inbox.mails) == 1


def test_an_address_that_is_refused_fails_alone_with_one_task(three_due, inbox):
    inbox.answer_recipient = lambda address: (
        "550 No such user" if address.startswith("patient2@") else "250 OK"
    )
    assert sweep().states == {State.SENT: 2, State.FAILED: 1}
    assert sorted(inbox.recipients) == ["patient1@mail.example", "patient3@mail.example"]
    assert inbox.connections == 1
    three_due[1].refresh_from_db()
    assert three_due[1].last_error == "SMTPRecipientsRefused"
    sweep()
    task = Task.objects.get()
    assert (task.kind, task.role, task.patient) == (
        Task.Kind.MESSAGE_FAILED,
        "front_desk",
        three_due[1].patient,
    )


@pytest.mark.parametrize("code", ["421 Busy", "451 Later"])
def test_a_server_that_is_busy_is_asked_again_later(due, inbox, at, code):
    inbox.answer_recipient = lambda address: code
    sweep()
    due.refresh_from_db()
    assert (due.state, due.last_error) == (State.PLANNED, "SMTPRecipientsRefused")
    assert timedelta(seconds=20) < due.not_before - at.at < timedelta(seconds=40)
    inbox.answer_recipient = lambda address: "250 OK"
    sweep()
    assert inbox.mails == []
    at.at = due.not_before
    sweep()
    due.refresh_from_db()
    assert (due.state, due.attempts, due.maybe_twice) == (State.SENT, 2, False)


def test_a_server_that_hangs_up_in_between_does_not_stop_the_others(three_due, inbox):
    inbox.answer_recipient = lambda address: (
        "421 Bye" if address.startswith("patient1@") else "250 OK"
    )
    assert sweep().states == {State.PLANNED: 1, State.SENT: 2}


def test_content_that_is_refused_fails(due, inbox):
    inbox.before_data = lambda envelope: "554 Not this"
    assert sweep().states == {State.FAILED: 1}
    due.refresh_from_db()
    assert due.maybe_twice is False


def test_a_server_that_is_away_is_tried_until_it_is_too_late(due, settings, at):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    for _ in range(60):
        sweep()
        due.refresh_from_db()
        if due.state != State.PLANNED:
            break
        at.at = due.not_before
    assert due.last_error == "ConnectionRefusedError"
    assert (due.state, due.reason) == (State.FAILED, "It could not go in time.")
    assert at.at < due.expires_at
    assert Task.objects.get().kind == Task.Kind.MESSAGE_FAILED


def test_too_many_attempts_become_a_task(due, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    change_all(Message, attempts=39)
    sweep()
    due.refresh_from_db()
    assert (due.state, due.reason) == (State.FAILED, "The mail server can't be reached.")
    assert Task.objects.count() == 1


def test_a_message_whose_sender_always_dies_ends_as_a_task(due, inbox):
    change_all(Message, attempts=40)
    sweep()
    due.refresh_from_db()
    assert (due.state, due.reason) == (State.FAILED, "Every attempt was cut off.")


def test_a_slow_server_is_cut_off_as_a_whole(due, inbox):
    inbox.seconds = 3
    claimed = claiming.claim()[0]
    with Mailer(seconds=0.3) as mailer:
        assert delivery.send(claimed, mailer) == [State.PLANNED]
    due.refresh_from_db()
    assert due.last_error == "SMTPServerDisconnected"
    assert due.maybe_twice is True


@pytest.mark.parametrize("begins", [b"2", b"25", b"250-taken\r\n", b"4", b"45"])
def test_an_answer_that_is_cut_off_is_none(due, inbox, begins):
    inbox.seconds, inbox.begins_to_answer = 3, begins
    claimed = claiming.claim()[0]
    with Mailer(seconds=0.3) as mailer:
        assert delivery.send(claimed, mailer) == [State.PLANNED]
    due.refresh_from_db()
    assert due.maybe_twice is True


def test_a_lost_answer_is_sent_again_under_the_same_id_and_marked(due, inbox, at):
    inbox.loses_the_answer = True
    sweep()
    inbox.loses_the_answer = False
    due.refresh_from_db()
    at.at = due.not_before
    sweep()
    due.refresh_from_db()
    assert (due.state, due.maybe_twice) == (State.SENT, True)
    assert [mail["Message-ID"] for mail in inbox.mails] == [f"<{due.message_id}@localhost>"] * 2


def test_a_part_that_is_held_back_for_a_while_goes_as_a_mail_of_its_own(due, patient, inbox, at):
    """Mail servers drop a second, other mail with the Message-ID of one that they have seen."""
    values = {"kind": Kind.PREPARATION, "dedupe_key": "preparation"}
    make_due(due.treatment_session, at.at, **values)
    inbox.answer_recipient = lambda address: "450 Try later"
    sweep()
    given = {"patient": patient, "clinic": patient.clinic, "since": at.at}
    with acting(TESTS):
        declined = OptOut.objects.create(kind=Kind.PREPARATION, **given)
        planning.replan(patient, at.at)
    inbox.answer_recipient = lambda address: "250 OK"
    at.at += HOUR
    sweep()
    with acting(TESTS):
        OptOut.objects.filter(pk=declined.pk).update(ended_at=at.at)
        planning.replan(patient, at.at)
    sweep()
    first, second = (mail["Message-ID"] for mail in inbox.mails)
    assert first != second


def test_a_connection_that_died_while_idle_costs_nothing(three_due, inbox):
    first, second, *_ = claiming.claim()
    with Mailer() as mailer:
        assert delivery.send(first, mailer) == [State.SENT]
        mailer.cut()
        assert delivery.send(second, mailer) == [State.SENT]
    assert inbox.connections == 2


def test_a_message_that_cannot_be_written_fails_alone_after_three_tries(
    three_due, inbox, at, monkeypatch, caplog
):
    caplog.set_level(logging.CRITICAL)
    written = delivery.rendering.mail

    def poisoned(parts, *args, **more):
        if parts[0].pk == three_due[0].pk:
            raise ZeroDivisionError("Ada Example")
        return written(parts, *args, **more)

    monkeypatch.setattr(delivery.rendering, "mail", poisoned)
    assert sweep().states == {State.PLANNED: 1, State.SENT: 2}
    for _ in range(2):
        at.at += timedelta(minutes=5)
        sweep()
    three_due[0].refresh_from_db()
    assert (three_due[0].state, three_due[0].attempts) == (State.FAILED, 3)
    assert three_due[0].last_error == "ZeroDivisionError"
    assert Task.objects.count() == 1


def test_a_zone_that_no_longer_exists_stops_only_its_own_message(three_due, inbox):
    with acting(TESTS):
        EmailContact.objects.filter(patient=three_due[0].patient).update(time_zone="Mars/Base")
    assert delivery_states(claiming.claim()) == [State.SUPPRESSED, State.SENT, State.SENT]


def test_an_address_with_a_line_break_reaches_nobody(due, inbox, caplog):
    caplog.set_level(logging.CRITICAL)
    change_all(EmailContact, address="a@mail.example\r\nBcc: b@mail.example")
    assert sweep().states == {State.PLANNED: 1}
    assert inbox.mails == []


def test_a_sender_that_died_is_taken_over_after_its_lease_and_marked(due, inbox, at):
    claiming.claim()
    at.at += timedelta(seconds=119)
    assert sweep().states == {}
    at.at += timedelta(seconds=2)
    sweep()
    due.refresh_from_db()
    assert (due.state, due.attempts, due.maybe_twice) == (State.SENT, 2, True)


def test_who_lost_the_lease_sends_nothing(due, inbox, at):
    late = claiming.claim()[0]
    at.at += timedelta(seconds=121)
    claiming.claim()
    assert delivery.send(late, Mailer()) == [delivery.LOST]
    assert inbox.mails == []


def test_a_lease_that_is_nearly_over_is_given_back(due, inbox, at):
    claimed = claiming.claim()[0]
    at.at += timedelta(seconds=100)
    assert delivery.send(claimed, Mailer()) == [State.PLANNED]
    assert inbox.mails == []


def test_a_stop_finishes_the_message_in_hand_and_releases_the_rest(three_due, inbox):
    swept = sweep(stopping=lambda: len(inbox.mails) >= 1)
    assert swept.states == {State.SENT: 1}
    assert swept.unfinished
    rest = Message.objects.exclude(state=State.SENT)
    assert {(row.state, row.attempts, row.maybe_twice) for row in rest} == {
        (State.PLANNED, 0, False)
    }


def test_a_batch_has_at_most_twenty(patient, prescriber, at):
    session = make_visit(patient, prescriber, at.at + 20 * HOUR)
    for number in range(21):
        make_due(session, at.at, dedupe_key=str(number), attempts=1)  # each in a mail of its own
    assert len(claiming.claim()) == 20
    assert len(claiming.claim()) == 1


@pytest.fixture
def two_due(patient, prescriber, at) -> list[Message]:
    """Reminders of two visits of one patient, due now."""
    first = make_visit(patient, prescriber, at.at + 20 * HOUR)
    second = make_session(first.course, number=2, starts_at=at.at + 23 * HOUR)
    return [make_due(first, at.at), make_due(second, at.at)]


def test_what_is_due_together_goes_in_one_mail(two_due, inbox):
    assert sweep().states == {State.SENT: 2}
    assert len(inbox.mails) == 1
    assert {row.message_id for row in Message.objects.all()} == {two_due[0].message_id}


def test_what_was_tried_stays_in_its_mail_and_nothing_new_joins_it(patient, prescriber, inbox, at):
    first = make_visit(patient, prescriber, at.at + 20 * HOUR)
    tried = make_due(first, at.at)
    inbox.loses_the_answer = True
    sweep()
    inbox.loses_the_answer = False
    tried.refresh_from_db()
    at.at = tried.not_before
    make_due(make_session(first.course, number=2, starts_at=at.at + 23 * HOUR), at.at)
    sweep()
    same = f"<{tried.message_id}@localhost>"
    assert [mail["Message-ID"] for mail in inbox.mails].count(same) == 2
    assert len({mail["Message-ID"] for mail in inbox.mails}) == 2


def test_a_mail_of_two_that_is_tried_again_stays_one_mail(two_due, inbox, at):
    inbox.before_data = lambda envelope: "451 Later"
    sweep()
    inbox.before_data = lambda envelope: None
    assert len({row.not_before for row in Message.objects.all()}) == 1
    at.at = Message.objects.earliest("not_before").not_before
    sweep()
    assert len(inbox.mails) == 1


def test_what_stays_behind_goes_in_a_mail_with_an_id_of_its_own(two_due, inbox, at):
    later = two_due[1]
    claimed = claiming.claim()[0]
    with acting(TESTS):
        Message.objects.filter(pk=later.pk).update(not_before=at.at + HOUR)
    with Mailer() as mailer:
        assert delivery.send(claimed, mailer) == [State.SENT, State.PLANNED]
    at.at += HOUR
    sweep()
    assert len(inbox.mails) == 2
    assert len({mail["Message-ID"] for mail in inbox.mails}) == 2


def test_one_of_two_that_may_not_go_leaves_the_other_in_the_mail(two_due, prescriber, inbox):
    first, second = (part.treatment_session for part in two_due)
    claimed = claiming.claim()[0]
    take_step(first.pk, Status.CANCELLED, by=prescriber, reason="ill")
    with Mailer() as mailer:
        assert delivery.send(claimed, mailer) == [State.SENT]
    entries = [p.get_content() for p in inbox.mails[0].walk() if "calendar" in p.get_content_type()]
    assert str(second.public_id) in str(entries)
    assert str(first.public_id) not in str(entries)


def test_no_answer_becomes_a_task_once(patient, prescriber, inbox, at):
    plan(make_followed(patient, prescriber, at.at - 20 * HOUR), now=at.at)
    sweep()
    assert len(inbox.mails) == 1
    at.at += 47 * HOUR
    assert silence.ask_about_silence() == 0
    at.at += HOUR
    assert silence.ask_about_silence() == 1
    assert silence.ask_about_silence() == 0
    task = Task.objects.get()
    assert (task.kind, task.role, task.due_at) == (Task.Kind.NO_ANSWER, "nurse", at.at)


def test_closing_a_mailer_never_raises():
    mailer = Mailer()
    mailer._backend = Mock(close=Mock(side_effect=smtplib.SMTPServerDisconnected))
    mailer.close()


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        ("550 No such user", State.FAILED),
        ("550 5.1.1 User unknown", State.FAILED),
        ("552 5.2.2 Mailbox full", State.FAILED),
        ("554 Relay access denied", State.PLANNED),
        ("550 5.7.1 Your address is blocked", State.PLANNED),
    ],
)
def test_a_server_that_refuses_us_is_our_own_trouble(due, inbox, answer, state):
    inbox.answer_recipient = lambda address: answer
    assert sweep().states == {state: 1}


@pytest.mark.parametrize(
    ("kind", "status", "failed"),
    [
        (Kind.CHANGED, Status.PLANNED, True),
        (Kind.CALLED_OFF, Status.CANCELLED, True),
        (Kind.REMINDER, Status.PLANNED, False),
    ],
)
def test_news_that_come_too_late_are_somebodys_task(due, inbox, at, kind, status, failed):
    change_all(TreatmentSession, status=status, ended_at=at.at)
    change_all(Message, kind=kind, rule=None)
    at.at += 13 * HOUR
    sweep()
    due.refresh_from_db()
    assert due.state == (State.FAILED if failed else State.EXPIRED)
    assert Task.objects.filter(kind=Task.Kind.MESSAGE_FAILED).exists() is failed
    assert inbox.mails == []


def test_a_call_to_staff_goes_before_a_backlog(due, inbox, patient, at):
    with acting(TESTS):
        Message.objects.create(
            clinic=patient.clinic,
            patient=patient,
            kind=Kind.ON_CALL,
            not_before=at.at,
            expires_at=at.at + HOUR,
            dedupe_key="call",
        )
    (first,) = claiming.claim(1)
    assert Message.objects.get(pk=first.pks[0]).kind == Kind.ON_CALL
