"""Silence is asked about once, in the clinic's time, and so is a follow-up that can't go."""

from datetime import time, timedelta

import pytest

from clinic.audit import acting
from clinic.roles import Role
from clinic.tests.factories import TESTS
from patients.models import Consent, EmailContact, MailHold, Task
from reminders import silence
from reminders.models import Message, MessageRule, OptOut
from reminders.services import repeating
from reminders.sweeping import sweep
from reminders.tests.factories import make_followed, plan, set_policy
from sessions.lifecycle import Status

pytestmark = pytest.mark.django_db
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture
def asked(patient, prescriber, inbox, at) -> Message:
    """A follow-up that has gone out."""
    plan(make_followed(patient, prescriber, at.at - 20 * HOUR), now=at.at)
    sweep()
    return Message.objects.get(kind="follow_up", state="sent")


@pytest.mark.parametrize("hours", [1, 48, 336])
def test_silence_is_asked_about_after_the_clinics_own_time(asked, clinic, at, hours):
    set_policy(clinic, answer_within_hours=hours)
    at.at += hours * HOUR - MINUTE
    assert silence.ask_about_silence() == 0
    at.at += MINUTE
    assert silence.ask_about_silence() == 1
    assert silence.ask_about_silence() == 0


def test_an_answer_ends_the_chain(asked, at):
    with acting(TESTS):
        Message.objects.filter(pk=asked.pk).update(answered_at=at.at)
    at.at += 60 * HOUR
    assert silence.ask_about_silence() == 0


@pytest.mark.parametrize("hours", [24, 60])
@pytest.mark.parametrize("answered", [None, 0, 1])
def test_one_that_went_twice_is_one_question(asked, nurse, at, hours, answered):
    """Also when no sweep came by for so long that both are silent at once."""
    at.at += HOUR
    copy = repeating.resend(asked.pk, reason="She says it never came", by=nurse)
    sweep()
    if answered is not None:
        change((asked, copy)[answered], answered_at=at.at)
    for _ in range(4):
        at.at += hours * HOUR
        silence.ask_about_silence()
    assert Task.objects.filter(kind=Task.Kind.NO_ANSWER).count() == (answered is None)


@pytest.fixture
def visit(patient, prescriber, at):
    """A visit that ended this morning; its follow-up would go tomorrow at ten."""
    return make_followed(patient, prescriber, at.at - HOUR)


@pytest.fixture
def declined(visit, patient, inbox, at):
    """The same, of a patient who wants no follow-ups."""
    with acting(TESTS):
        OptOut.objects.create(patient=patient, clinic=patient.clinic, kind="follow_up", since=at.at)
    plan(visit, now=at.at)
    return visit


def swept_a_day_later(at) -> list[str]:
    at.at += 24 * HOUR
    sweep()
    sweep()
    return [task.text for task in Task.objects.filter(kind=Task.Kind.NO_ANSWER)]


def hinder(patient, how, at):
    of_patient = {"patient": patient, "clinic": patient.clinic, "since": at.at}
    with acting(TESTS):
        if how == "declined":
            OptOut.objects.create(kind="follow_up", **of_patient)
        elif how == "held":
            MailHold.objects.create(reason="In hospital", **of_patient)
        elif how == "no consent":
            Consent.objects.filter(patient=patient).update(withdrawn_at=at.at)
        else:
            EmailContact.objects.filter(patient=patient).update(verified_at=None)


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ("declined", "The patient doesn't want this kind of message."),
        ("no consent", "No consent to e-mail."),
        ("no address", "The e-mail address is not verified."),
        ("held", "Mail to the patient is held: a person lifts that on the chart."),
    ],
)
@pytest.mark.parametrize("is_planned", [True, False])
def test_who_gets_no_follow_up_is_called_when_it_would_have_gone(
    visit, patient, inbox, at, how, why, is_planned
):
    """Whether that is so from the beginning or shows when the mail is about to go."""
    if is_planned:
        plan(visit, now=at.at)
    hinder(patient, how, at)
    if not is_planned:
        plan(visit, now=at.at)
    sweep()
    at.at += 21 * HOUR + 59 * MINUTE
    sweep()
    assert not Task.objects.filter(kind=Task.Kind.NO_ANSWER).exists()
    at.at += MINUTE
    sweep()
    sweep()
    (task,) = Task.objects.filter(kind=Task.Kind.NO_ANSWER)
    assert inbox.mails == []
    assert (task.role, task.due_at) == (Role.NURSE, at.at)
    assert task.text == (
        f"Gets no follow-up by e-mail after session {visit.number}: {why} "
        "Call and ask how the patient is."
    )


def test_a_visit_with_two_follow_ups_that_can_not_go_is_called_about_once(declined, clinic, at):
    week = MessageRule.objects.get(key="follow_up_week")
    change(week, is_active=True, days=1)
    assert len(swept_a_day_later(at)) == 1
    assert Message.objects.filter(kind="follow_up", state="suppressed").count() == 2


def test_an_older_mail_of_the_visit_that_is_out_leaves_the_call_to_silence(
    asked, patient, clinic, at
):
    hinder(patient, "declined", at)
    change(MessageRule.objects.get(key="follow_up_week"), is_active=True)
    at.at += 7 * 24 * HOUR
    sweep()
    sweep()
    (task,) = Task.objects.filter(kind=Task.Kind.NO_ANSWER)
    assert task.text.startswith("No answer")


def change(row, **values):
    with acting(TESTS):
        type(row).objects.filter(pk=row.pk).update(**values)


@pytest.mark.parametrize(
    "why",
    ["setting", "rule is off", "rule was switched off", "transferred", "deceased"],
)
def test_nobody_is_called_where_no_question_was_wanted(declined, patient, clinic, at, why):
    rule = MessageRule.objects.get(key="follow_up")
    if why == "setting":
        set_policy(clinic, call_without_mail=False)
    elif why == "rule is off":
        change(rule, is_active=False)
    elif why == "rule was switched off":
        change(rule, is_active=False, revision=2)
    elif why == "transferred":
        change(declined, status=Status.TRANSFERRED)
    else:
        change(patient, deceased=True, deceased_at=at.at)
    assert swept_a_day_later(at) == []


def test_a_rule_that_is_newer_than_the_visit_calls_nobody(visit, patient, inbox, at):
    plan(visit, now=at.at)
    hinder(patient, "declined", at)
    rule = MessageRule.objects.get(key="follow_up")
    change(rule, is_active=False)
    at.at += 30 * HOUR
    sweep()
    change(rule, is_active=True, revision=2, in_force_since=at.at)
    sweep()
    assert not Task.objects.filter(kind=Task.Kind.NO_ANSWER).exists()


def test_a_rule_that_changes_meanwhile_loses_no_call(declined, at):
    """As it loses no mail: the call comes when the mail would have gone."""
    at.at += 21 * HOUR + 30 * MINUTE
    rule = MessageRule.objects.get(key="follow_up")
    change(rule, at=time(7), revision=rule.revision + 1, in_force_since=at.at)
    sweep()
    assert not Task.objects.filter(kind=Task.Kind.NO_ANSWER).exists()
    at.at += 30 * MINUTE
    sweep()
    sweep()
    assert Task.objects.filter(kind=Task.Kind.NO_ANSWER).count() == 1


def test_what_was_written_too_late_to_go_is_called_about(visit, inbox, at):
    at.at += 4 * 24 * HOUR
    plan(visit, now=at.at)
    sweep()
    (task,) = Task.objects.filter(kind=Task.Kind.NO_ANSWER)
    assert "It could not go in time. Call" in task.text


def test_a_visit_of_long_ago_is_not_called_about(visit, inbox, at):
    at.at += 9 * 24 * HOUR
    plan(visit, now=at.at)
    sweep()
    assert Message.objects.filter(kind="follow_up", state="expired").count() == 1
    assert not Task.objects.filter(kind=Task.Kind.NO_ANSWER).exists()


def test_who_may_be_written_to_again_and_answers_needs_no_call(declined, patient, at):
    """The call is about the same message, so an answer by its link closes it."""
    (text,) = swept_a_day_later(at)
    message = Message.objects.get(kind="follow_up")
    assert Task.objects.get(kind=Task.Kind.NO_ANSWER).source_id == message.public_id
    with acting(TESTS):
        OptOut.objects.update(ended_at=at.at)
    sweep()
    sweep()
    message.refresh_from_db()
    assert message.state == "sent"
    at.at += 60 * HOUR
    sweep()
    assert Task.objects.filter(kind=Task.Kind.NO_ANSWER).count() == 1
