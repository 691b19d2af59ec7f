"""Silence is asked about once, in the clinic's time; an urgent answer calls until it is taken."""

from datetime import timedelta

import pytest

from clinic.audit import acting
from clinic.roles import Role
from clinic.tests.factories import TESTS
from patients.models import Task
from patients.services import tasks
from reminders import follow_up
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


@pytest.mark.parametrize("hours", [1, 48, 100])
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
def crisis(patient, clinic, at) -> Task:
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
        Task.objects.filter(pk=task.pk).update(created_at=at.at)
    return task


def test_staff_are_called_again_each_time_the_clock_runs_out(crisis, inbox, at):
    at.at += 10 * HOUR  # at night, too
    with acting(TESTS):
        Task.objects.update(created_at=at.at, due_at=at.at + 15 * MINUTE)
    called = []
    for _ in range(6):
        at.at += 15 * MINUTE
        called.append(sweep().called)
    assert called == [1, 1, 0, 0, 0, 0]  # the first of three came with the task
    assert inbox.recipients == ["oncall@north.example"] * 2


@pytest.mark.parametrize("change", ["taken", "closed"])
def test_nobody_is_called_once_somebody_sees_to_it(crisis, inbox, at, nurse, change):
    if change == "taken":
        tasks.take(crisis.pk, by=nurse)
    else:
        tasks.close(crisis.pk, by=nurse, note="Called, is safe.")
    at.at += 15 * MINUTE
    sweep()
    assert inbox.mails == []


def test_a_call_says_nothing_of_the_patient(crisis, inbox, patient, at):
    at.at += 15 * MINUTE
    sweep()
    (mail,) = inbox.mails
    text = mail.as_string() + str([part.get_content() for part in mail.iter_parts()])
    for secret in (patient.family_name, patient.given_name, patient.record_number, "self-harm"):
        assert secret not in text
