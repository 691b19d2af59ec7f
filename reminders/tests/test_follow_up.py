"""Silence is asked about once, in the clinic's time; an urgent answer calls until it is taken."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from clinic.audit import acting
from clinic.roles import Role
from clinic.tests.factories import TESTS
from patients.models import Task
from patients.services import tasks
from reminders import charted, follow_up, planning
from reminders.models import Message, MessagePolicy
from reminders.sweeping import sweep
from reminders.tests.factories import make_followed, plan

pytestmark = pytest.mark.django_db
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def set_policy(clinic, **values):
    with acting(TESTS):
        MessagePolicy.objects.create(clinic=clinic, **values)


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
    assert follow_up.ask_about_silence() == 0
    at.at += MINUTE
    assert follow_up.ask_about_silence() == 1
    assert follow_up.ask_about_silence() == 0


def test_an_answer_ends_the_chain(asked, at):
    with acting(TESTS):
        Message.objects.filter(pk=asked.pk).update(answered_at=at.at)
    at.at += 60 * HOUR
    assert follow_up.ask_about_silence() == 0


@pytest.fixture
def crisis(patient, clinic, at, monkeypatch) -> Task:
    """An urgent answer at night, with the first of three calls."""
    at.at += 10 * HOUR
    monkeypatch.setattr("django.utils.timezone.now", at)  # when a row is made
    set_policy(
        clinic, on_call_address="oncall@north.example", acknowledge_minutes=15, calls_at_most=3
    )
    with acting(TESTS):
        task = tasks.ask(
            Task.Kind.CRISIS,
            patient=patient,
            role=Role.NURSE,
            text="Call now: thoughts of self-harm.",
            due_at=at.at + 15 * MINUTE,
            dedupe_key="crisis:1",
        )
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


def test_calls_go_on_after_hours_without_a_sweep(crisis, inbox, at):
    assert calls(at, 600, 15, 15) == [1, 1, 0]


def test_a_task_without_a_call_gets_its_first_one(crisis, clinic, patient, inbox, at):
    with acting(TESTS):
        task = tasks.ask(
            Task.Kind.CRISIS,
            patient=patient,
            role=Role.NURSE,
            text="Answered before there was an address.",
            due_at=at.at,
            dedupe_key="crisis:2",
        )
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


def test_a_call_says_nothing_of_the_patient(crisis, inbox, patient, at):
    sweep()
    (mail,) = inbox.mails
    text = mail.as_string() + str([part.get_content() for part in mail.iter_parts()])
    for secret in (patient.family_name, patient.given_name, patient.record_number, "self-harm"):
        assert secret not in text
