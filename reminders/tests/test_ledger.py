"""What people do with messages, and that each failure leaves one task with one way to close it."""

import threading
from datetime import timedelta
from functools import partial
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connections
from django.utils import timezone

from clinic.audit import acting
from clinic.models import AuditEvent
from clinic.tests.factories import TESTS
from patients.models import Consent, EmailContact, Task
from patients.services import tasks
from reminders import links, marking, planning
from reminders.links import Purpose
from reminders.models import Message, MessageRule
from reminders.services import ledger, repeating, settling
from reminders.sweeping import sweep
from reminders.tests.factories import (
    change_all,
    make_crisis,
    make_due,
    make_reachable,
    make_visit,
    plan,
    set_policy,
)
from reminders.tests.letters import linked
from sessions.lifecycle import Status
from sessions.models import TreatmentSession

pytestmark = pytest.mark.django_db
State = Message.State
HOUR = timedelta(hours=1)
NEVER_CAME = "She says it never came"


@pytest.fixture
def failed(due, inbox) -> Message:
    inbox.answer_recipient = lambda address: "550 No such user"
    sweep()
    inbox.answer_recipient = lambda address: "250 OK"
    due.refresh_from_db()
    return due


@pytest.fixture
def sent(due, inbox) -> Message:
    sweep()
    due.refresh_from_db()
    return due


@pytest.fixture
def held(due) -> Message:
    change_all(Message, state=State.HELD, reason="Perhaps sent")
    due.refresh_from_db()
    return due


def refused(action, message, by, words, **given):
    with pytest.raises(ValidationError, match=words):
        action(message.pk, by=by, **given)


def test_trying_again_closes_the_task_and_sends(failed, inbox, administrator):
    again = repeating.try_again(failed.pk, by=administrator)
    sweep()
    again.refresh_from_db()
    assert (again.state, again.occurrence, again.asked_by) == (State.SENT, 2, administrator)
    assert again.asked_reason == "Tried again. The mail server refuses this address."
    assert Task.objects.open().count() == 0


def test_what_failed_says_that_it_was_tried_again(failed, front_desk):
    again = repeating.try_again(failed.pk, by=front_desk)
    failed.refresh_from_db()
    assert (failed.state, failed.settled_how, failed.settled_by) == (
        State.DISMISSED,
        Message.How.RETRIED,
        front_desk,
    )
    assert failed.reason == "The mail server refuses this address."
    assert again.message_id != failed.message_id
    refused(repeating.try_again, failed, front_desk, "goes once more already")
    refused(settling.dismiss, failed, front_desk, "failed, or waits", how="phone", reason="Called")


def test_ended_links_do_not_end_those_of_the_new_mail(failed, inbox, at, front_desk):
    change_all(Message, links_revoked_at=at.at, wrong_birth_dates=5)
    again = repeating.try_again(failed.pk, by=front_desk)
    sweep()
    assert links.stands(linked(again), Purpose.VISIT, at.at)
    assert not links.stands(linked(failed), Purpose.VISIT, at.at)


@pytest.mark.parametrize("purpose", [Purpose.VISIT, Purpose.UNSUBSCRIBE])
def test_a_copy_at_a_wrong_address_opens_nothing_after_the_retry(
    due, inbox, at, front_desk, purpose
):
    """The answer of the mail server got lost: the first copy may have come to the old address."""
    change_all(
        Message, state=State.FAILED, reason="x", maybe_twice=True, sent_to="wrong@mail.example"
    )
    again = repeating.try_again(due.pk, by=front_desk)
    sweep()
    assert links.stands(linked(again), purpose, at.at)
    assert not links.stands(linked(due), purpose, at.at)


def test_trying_again_is_refused_where_nothing_could_go(failed, at, front_desk):
    """Else the task would be closed, and nobody would reach the patient."""
    change_all(Consent, withdrawn_at=at.at)
    refused(repeating.try_again, failed, front_desk, "No consent")
    change_all(TreatmentSession, schedule_rev=7)
    refused(repeating.try_again, failed, front_desk, "was moved")
    assert Task.objects.open().count() == 1


def test_what_a_person_asked_for_goes_although_its_rule_is_out_of_use(sent, inbox, nurse):
    copy = repeating.resend(sent.pk, reason=NEVER_CAME, by=nurse)
    change_all(MessageRule, is_active=False, revision=2)
    sweep()
    copy.refresh_from_db()
    assert (copy.state, len(inbox.mails)) == (State.SENT, 2)


def test_a_call_to_staff_is_tried_again_while_it_is_waited_for(patient, clinic, at, nurse, inbox):
    set_policy(clinic, on_call_address="call@north.example")
    task = make_crisis(patient, at.at)
    with acting(TESTS):
        planning.call_staff(task, 1, at.at)
    change_all(Message, state=State.FAILED, reason="Refused.")
    call = Message.objects.get()
    again = repeating.try_again(call.pk, by=nurse)
    sweep()
    assert inbox.recipients == ["call@north.example"]
    change_all(Message, state=State.FAILED, reason="Refused.")
    tasks.take(task.pk, by=nurse)
    refused(repeating.try_again, again, nurse, "settled")


@pytest.fixture
def failed_together(patient, prescriber, at, inbox) -> list[Message]:
    """Three messages in one mail that the server refused."""
    visit = make_visit(patient, prescriber, at.at + 20 * HOUR)
    parts = [make_due(visit, at.at, dedupe_key=key) for key in "abc"]
    inbox.answer_recipient = lambda address: "550 No such user"
    sweep()
    inbox.answer_recipient = lambda address: "250 OK"
    return parts


def open_tasks() -> int:
    return Task.objects.open().count()


def test_a_mail_that_failed_asks_once(failed_together):
    task = Task.objects.get()
    assert task.text.startswith("“Reminder, 1 day before” and 2 more were not sent: ")


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_its_task_stays_until_the_last_of_its_messages_is_seen_to(failed_together, nurse, order):
    first, second, third = (failed_together[place] for place in order)
    repeating.try_again(first.pk, by=nurse)
    assert open_tasks() == 1
    settling.dismiss(second.pk, how="phone", reason="Called", by=nurse)
    assert open_tasks() == 1
    settling.dismiss(third.pk, how="phone", reason="Called", by=nurse)
    assert open_tasks() == 0


def test_closing_its_task_settles_what_is_left_of_the_mail(failed_together, nurse):
    repeating.try_again(failed_together[0].pk, by=nurse)
    settling.settle_task(Task.objects.get().pk, how="phone", reason="Called", by=nurse)
    states = Message.objects.filter(pk__in=[part.pk for part in failed_together])
    assert set(states.values_list("settled_how", flat=True)) == {"retried", "phone"}
    assert not Message.objects.filter(state=State.FAILED).exists()
    assert open_tasks() == 0


def test_a_part_that_failed_later_has_a_task_of_its_own(failed_together, at, nurse):
    first, second, third = failed_together
    with acting(TESTS):
        marking.fail([third], "It could not go in time.", at.at)
    assert open_tasks() == 2
    settling.dismiss(third.pk, how="phone", reason="Called", by=nurse)
    assert open_tasks() == 1
    settling.settle_task(Task.objects.open().get().pk, how="phone", reason="Called", by=nurse)
    assert not Message.objects.filter(state=State.FAILED).exists()


def test_a_second_failure_asks_a_second_time(failed, inbox, front_desk):
    inbox.answer_recipient = lambda address: "550 No such user"
    repeating.try_again(failed.pk, by=front_desk)
    sweep()
    assert (Task.objects.open().count(), Task.objects.count()) == (1, 2)


def test_a_corrected_address_gets_what_failed(failed, inbox, nurse):
    change_all(EmailContact, address="right@mail.example")
    repeating.try_again(failed.pk, by=nurse)
    sweep()
    assert inbox.recipients == ["right@mail.example"]


def test_only_a_failed_message_that_is_in_time_is_tried_again(due, at, administrator, auditor):
    with pytest.raises(PermissionDenied):
        repeating.try_again(due.pk, by=auditor)
    refused(repeating.try_again, due, administrator, "Only a failed message")
    change_all(Message, state=State.FAILED, reason="x")
    at.at += 13 * HOUR
    refused(repeating.try_again, due, administrator, "too late")


def test_a_copy_goes_at_once_under_a_message_id_of_its_own(sent, inbox, at, nurse):
    copy = repeating.resend(sent.pk, reason=NEVER_CAME, by=nurse)
    sweep()
    copy.refresh_from_db()
    assert inbox.recipients == ["patient1@mail.example"] * 2
    assert inbox.mails[0]["Message-ID"] != inbox.mails[1]["Message-ID"]
    assert (copy.state, copy.occurrence, copy.asked_by) == (State.SENT, 2, nurse)
    assert (copy.rule, copy.asked_reason) == (sent.rule, NEVER_CAME)
    assert AuditEvent.objects.filter(event="message.sent_once_more").count() == 1


def test_a_copy_is_asked_for_once_and_then_of_the_copy(sent, inbox, nurse, front_desk):
    copy = repeating.resend(sent.pk, reason=NEVER_CAME, by=nurse)
    refused(repeating.resend, sent, front_desk, "once more already", reason=NEVER_CAME)
    sweep()
    third = repeating.resend(copy.pk, reason=NEVER_CAME, by=nurse)
    sweep()
    assert third.occurrence == 3
    assert len(inbox.mails) == 3
    assert Message.objects.count() == 3


def test_planning_anew_leaves_a_copy_alone(sent, inbox, at, nurse):
    copy = repeating.resend(sent.pk, reason=NEVER_CAME, by=nurse)
    plan(sent.treatment_session, now=at.at)
    copy.refresh_from_db()
    assert copy.state == State.PLANNED
    sweep()
    assert len(inbox.mails) == 2


def test_nothing_is_sent_once_more_that_does_not_hold_any_more(sent, at, nurse):
    again = {"by": nurse, "reason": NEVER_CAME}
    change_all(Consent, withdrawn_at=at.at, withdrawn_by=nurse)
    refused(repeating.resend, sent, words="No consent", **again)
    change_all(TreatmentSession, status=Status.CANCELLED, ended_at=at.at)
    refused(repeating.resend, sent, words="“Cancelled”", **again)
    change_all(TreatmentSession, schedule_rev=7)
    refused(repeating.resend, sent, words="was moved", **again)
    at.at += 13 * HOUR
    refused(repeating.resend, sent, words="too late", **again)


def test_a_copy_is_only_for_what_was_sent_and_with_a_reason(due, nurse, auditor):
    refused(repeating.resend, due, nurse, "Only a sent message", reason=NEVER_CAME)
    refused(repeating.resend, due, nurse, "Say why", reason="...")
    with pytest.raises(PermissionDenied):
        repeating.resend(due.pk, reason=NEVER_CAME, by=auditor)


def test_settling_a_failed_message_closes_its_task(failed, front_desk):
    """R13: each failed message has one open task, and a choice closes it."""
    assert Task.objects.open().count() == 1
    settling.dismiss(failed.pk, how="phone", reason="Told her husband", by=front_desk)
    failed.refresh_from_db()
    task = Task.objects.get()
    assert (failed.state, failed.settled_how) == (State.DISMISSED, "phone")
    assert (failed.settled_by, failed.settled_note) == (front_desk, "Told her husband")
    assert failed.reason == "The mail server refuses this address."
    assert (task.closed_by, task.closing_note) == (front_desk, "By phone: Told her husband")


def test_closing_the_task_settles_the_message(failed, nurse):
    """R13: from the other side."""
    task = Task.objects.get()
    with pytest.raises(ValidationError, match="how the patient was reached"):
        tasks.close(task.pk, by=nurse, note="Done")
    settling.settle_task(task.pk, how="in_person", reason="Told her here", by=nurse)
    failed.refresh_from_db()
    task.refresh_from_db()
    assert (failed.state, failed.settled_how) == (State.DISMISSED, "in_person")
    assert task.closing_note == "In person: Told her here"
    with pytest.raises(ValidationError, match="closed already"):
        settling.settle_task(task.pk, how="in_person", reason="Told her here", by=nurse)


def test_only_the_task_of_a_failed_message_is_settled_with_how(failed, nurse):
    """Every other kind closes by its own rules."""
    task = make_crisis(failed.patient, failed.not_before, source=failed)
    with pytest.raises(ValidationError, match="not about a failed message"):
        settling.settle_task(task.pk, how="phone", reason="Told her", by=nurse)
    assert Task.objects.open().count() == 2
    failed.refresh_from_db()
    assert failed.state == State.FAILED


@pytest.mark.parametrize("how", settling.SETTLING)
def test_the_longest_words_that_are_asked_for_fit_behind_how(failed, nurse, how):
    reason = f"Told her{'!' * 240}"[: settling.NOTE_LENGTH]
    settling.dismiss(failed.pk, how=how, reason=reason, by=nurse)
    assert Task.objects.get().closing_note == f"{how.label}: {reason}"


@pytest.mark.parametrize(
    ("how", "reason"), [("", "Told her"), ("retried", "Told her"), ("phone", "")]
)
def test_a_choice_and_words_are_asked_for(failed, nurse, how, reason):
    with pytest.raises(ValidationError, match="Say"):
        settling.dismiss(failed.pk, how=how, reason=reason, by=nurse)
    with pytest.raises(ValidationError, match="Say"):
        settling.settle_task(Task.objects.get().pk, how=how, reason=reason, by=nurse)
    failed.refresh_from_db()
    assert failed.state == State.FAILED
    assert Task.objects.open().count() == 1


def test_what_is_planned_or_sent_can_not_be_settled(sent, nurse, administrator):
    refused(settling.dismiss, sent, nurse, "failed, or waits", how="phone", reason="Called")
    with pytest.raises(PermissionDenied):
        settling.dismiss(sent.pk, how="phone", reason="Called", by=administrator)


def test_a_held_message_goes_when_it_is_released(held, inbox, nurse):
    sweep()
    assert inbox.mails == []
    ledger.release(held.pk, reason="Not in the server's log", by=nurse)
    sweep()
    assert len(inbox.mails) == 1
    refused(ledger.release, held, nurse, "doesn't wait", reason="Again, please")


def test_what_is_held_too_long_is_not_released(held, at, nurse):
    at.at += 13 * HOUR
    refused(ledger.release, held, nurse, "too late", reason="Not in the log")
    assert ledger.release_all(held.clinic, reason="None in the log", by=nurse) == 0
    held.refresh_from_db()
    assert held.state == State.EXPIRED


def test_all_of_one_clinic_are_released(
    held, other_clinic, prescriber, outsider, at, inbox, administrator
):
    elsewhere = make_reachable(other_clinic, prescriber, 2)
    theirs = make_due(
        make_visit(elsewhere, prescriber, at.at + 20 * HOUR), at.at, state=State.HELD, reason="x"
    )
    assert ledger.release_all(held.clinic, reason="None in the log", by=administrator) == 1
    theirs.refresh_from_db()
    assert theirs.state == State.HELD
    with pytest.raises(PermissionDenied):
        ledger.release_all(other_clinic, reason="None in the log", by=administrator)


def test_the_links_of_a_sent_mail_end(sent, at, nurse, auditor):
    ledger.revoke_links(sent.pk, reason="Her brother reads her mail", by=nurse)
    sent.refresh_from_db()
    assert (sent.state, sent.links_revoked_at) == (State.SENT, at.at)
    refused(ledger.revoke_links, sent, nurse, "ended already", reason="Once more")
    with pytest.raises(PermissionDenied):
        ledger.revoke_links(sent.pk, reason="Once more", by=auditor)


def test_what_was_not_sent_has_no_links(due, nurse):
    refused(ledger.revoke_links, due, nurse, "not sent", reason="Her brother")


def ask_at_once(*asks):
    """Run these at the same time; return what each led to: a number or the refusal's code."""
    words: list[str] = []

    def run(ask):
        try:
            words.append(str(ask().occurrence))
        except ValidationError as refusal:
            words.append(str(refusal.code))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(ask,)) for ask in asks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(words)


@pytest.mark.django_db(transaction=True)
def test_of_two_people_who_ask_at_once_one_gets_a_copy(clinic, prescriber, nurse, front_desk):
    session = make_visit(make_reachable(clinic, prescriber), prescriber, timezone.now() + 20 * HOUR)
    sent = make_due(session, state=State.SENT, sent_at=timezone.now(), sent_to="a@mail.example")
    asks = (
        partial(repeating.resend, sent.pk, reason=NEVER_CAME, by=by) for by in (nurse, front_desk)
    )
    assert ask_at_once(*asks) == ["2", "already"]
    assert Message.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_of_two_people_who_try_again_at_once_one_does(clinic, prescriber, nurse, front_desk):
    session = make_visit(make_reachable(clinic, prescriber), prescriber, timezone.now() + 20 * HOUR)
    failed = make_due(session, state=State.FAILED, reason="Refused.")
    with acting(TESTS):
        marking.fail([failed], "Refused.", timezone.now())
    asks = (partial(repeating.try_again, failed.pk, by=by) for by in (nurse, front_desk, nurse))
    assert ask_at_once(*asks) == ["2", "already", "already"]
    assert Message.objects.count() == 2
    assert open_tasks() == 0


@pytest.mark.django_db(transaction=True)
def test_two_parts_of_a_mail_that_are_settled_at_once_leave_no_task(
    clinic, prescriber, nurse, front_desk
):
    session = make_visit(make_reachable(clinic, prescriber), prescriber, timezone.now() + 20 * HOUR)
    mail = uuid4()
    parts = [
        make_due(session, state=State.FAILED, reason="x", dedupe_key=key, message_id=mail)
        for key in "ab"
    ]
    with acting(TESTS):
        marking.fail(parts, "Refused.", timezone.now())
    dismiss = partial(settling.dismiss, how="phone", reason="Called", by=nurse)
    asks = (partial(dismiss, part.pk) for part in parts)
    assert ask_at_once(*asks) == ["1", "1"]
    assert open_tasks() == 0
