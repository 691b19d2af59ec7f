"""Calls on call about an answer that can't wait, until somebody takes its task."""

from datetime import timedelta

import pytest
from django.core.checks import run_checks
from django.core.exceptions import ValidationError

from clinic.audit import acting
from clinic.roles import Role
from clinic.tests.factories import TESTS
from patients.models import Task
from patients.services import tasks
from reminders import charted, planning
from reminders.models import Message, MessagePolicy
from reminders.services import settling
from reminders.sweeping import sweep
from reminders.tests.factories import make_crisis, set_policy

pytestmark = pytest.mark.django_db
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture
def crisis(patient, clinic, at, monkeypatch) -> Task:
    """An urgent answer at night, with the first of three calls."""
    at.at += 10 * HOUR
    monkeypatch.setattr("django.utils.timezone.now", at)  # when a row is made
    set_policy(
        clinic, on_call_address="oncall@north.example", acknowledge_minutes=15, calls_at_most=3
    )
    task = make_crisis(patient, at.at + 15 * MINUTE)
    with acting(TESTS):
        planning.call_staff(task, 1, at.at)
    return task


def calls(at, *minutes) -> list[int]:
    """Let so many minutes pass before each sweep; return how many calls each made."""
    made = []
    for number in minutes:
        at.at += number * MINUTE
        made.append(sweep().called)
    return made


def test_staff_are_called_again_each_time_the_clock_runs_out(crisis, inbox, at):
    assert calls(at, 0, 14, 1, 14, 1, 15, 15) == [0, 0, 1, 0, 1, 0, 0]
    assert inbox.recipients == ["oncall@north.example"] * 3


def test_calls_go_on_slowly_until_the_end_that_the_clinic_set(crisis, clinic, inbox, at):
    with acting(TESTS):
        MessagePolicy.objects.update(later_calls_minutes=60, calls_end_after_hours=4)
    assert calls(at, 0, 15, 15) == [0, 1, 1]
    assert calls(at, 59, 1, 59, 1, 60) == [0, 1, 0, 1, 1]
    assert calls(at, 29, 1, 60, 600) == [0, 0, 0, 0]
    assert len(inbox.mails) == 6
    found = {message.id for message in run_checks(tags=["database"], databases=["default"])}
    assert "reminders.W004" in found


@pytest.mark.parametrize("change", ["early", "taken", "closed"])
def test_nothing_is_warned_of_while_calls_go_on_or_somebody_came(crisis, at, nurse, change):
    at.at += 47 * HOUR if change == "early" else 49 * HOUR
    if change == "taken":
        tasks.take(crisis.pk, by=nurse)
    if change == "closed":
        tasks.close(crisis.pk, by=nurse, note="Called, is safe.")
    found = {message.id for message in run_checks(tags=["database"], databases=["default"])}
    assert "reminders.W004" not in found


def test_calls_go_on_after_hours_without_a_sweep(crisis, inbox, at):
    assert calls(at, 600, 15, 15) == [1, 1, 0]


def test_calls_do_not_pile_up_while_the_mail_server_is_away(crisis, inbox, at):
    inbox.answer_recipient = lambda address: "450 Try later"
    assert sum(calls(at, 0, *[15] * 40)) == 0
    inbox.answer_recipient = lambda address: "250 OK"
    while not inbox.mails:  # the next try comes within the longest wait
        assert calls(at, 1) == [0]
    assert calls(at, 1, 1, 1) == [1, 0, 0]
    assert len(inbox.mails) == 2


def test_a_task_without_a_call_gets_its_first_one(crisis, clinic, patient, inbox, at):
    task = make_crisis(patient, at.at, dedupe_key="crisis:2")
    assert calls(at, 0, 15) == [1, 2]
    assert Message.objects.filter(about=charted.about_task(task)).count() == 2


def test_an_urgent_answer_is_not_put_off(crisis, inbox, at, nurse):
    day = at.at.date() + timedelta(days=1)
    with pytest.raises(ValidationError, match="Take it or close it"):
        tasks.postpone(crisis.pk, by=nurse, due_on=day, reason="After the weekend")
    assert calls(at, 15) == [1]


@pytest.mark.parametrize("change", ["taken", "closed"])
def test_nobody_is_called_any_more_once_somebody_sees_to_it(crisis, inbox, at, nurse, change):
    assert calls(at, 0, 15) == [0, 1]
    if change == "taken":
        tasks.take(crisis.pk, by=nurse)
    else:
        tasks.close(crisis.pk, by=nurse, note="Called, is safe.")
    assert calls(at, 15) == [0]
    assert len(inbox.mails) == 2


def test_a_call_that_failed_sends_a_nurse_to_the_phone(crisis, inbox, at):
    inbox.answer_recipient = lambda address: "550 No such user"
    sweep()
    task = Task.objects.get(kind=Task.Kind.MESSAGE_FAILED)
    assert task.role == Role.NURSE
    assert task.text == (
        "The people on call were not reached: The mail server refuses this address. "
        "Call them by phone, and have the address corrected."
    )


def test_calls_that_fail_one_after_the_other_are_one_task(crisis, inbox, at, nurse):
    """Closed, it settles all of them; a call that fails later asks again."""
    inbox.answer_recipient = lambda address: "550 No such user"
    for _ in range(5):
        at.at += 15 * MINUTE
        sweep()
    failed = Message.objects.filter(kind="on_call", state="failed")
    asked = Task.objects.open().filter(kind=Task.Kind.MESSAGE_FAILED)
    assert failed.count() > 2
    (task,) = asked
    settling.settle_task(task.pk, how="phone", reason="Called them", by=nurse)
    assert not failed.exists()
    for _ in range(5):
        at.at += 60 * MINUTE
        sweep()
    assert asked.exclude(pk=task.pk).count() == 1


def test_a_call_says_nothing_of_the_patient(crisis, inbox, patient, at):
    sweep()
    (mail,) = inbox.mails
    text = mail.as_string() + str([part.get_content() for part in mail.iter_parts()])
    for secret in (patient.family_name, patient.given_name, patient.record_number, "self-harm"):
        assert secret not in text
