"""What happens at the same moment: two sweeps, a cancellation in the middle, a stop."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import pytest
from celery.signals import worker_ready
from django.conf import settings as django_settings
from django.db import connection, connections, transaction
from django.utils import timezone

from clinic.audit import acting
from clinic.celery import app
from clinic.models import Heartbeat
from clinic.tests.factories import make_clinic
from patients.models import Consent, Task
from reminders import claiming, delivery, rules, silence, tasks
from reminders.mailer import Mailer
from reminders.models import Message
from reminders.sweeping import sweep
from reminders.tests.factories import Inbox, make_due, make_followed, make_reachable, make_visit
from sessions.lifecycle import Status
from sessions.tests.factories import take_step

pytestmark = pytest.mark.django_db(transaction=True)
State = Message.State


@pytest.fixture(autouse=True)
def _awake(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests use the real clock, so nobody sleeps."""
    monkeypatch.setattr(rules, "next_waking", lambda moment, zone, quiet: moment)


@pytest.fixture
def due(prescriber) -> list[Message]:
    clinic = prescriber.memberships.get().clinic
    start = timezone.now() + timedelta(hours=4)
    return [
        make_due(
            make_visit(
                make_reachable(clinic, prescriber, number),
                prescriber,
                start + timedelta(hours=4 * number),
            )
        )
        for number in range(4)
    ]


def together(*calls: Callable[[], Any]) -> list[threading.Thread]:
    def run(call: Callable[[], Any]) -> None:
        try:
            call()
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    return threads


def wait_for(condition: Callable[[], Any], seconds: float = 20) -> None:
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends, "it did not happen"
        time.sleep(0.02)


def test_two_sweeps_at_once_send_each_mail_once(due, inbox, monkeypatch):
    monkeypatch.setattr(claiming, "BATCH", 1)
    inbox.seconds = 0.05
    for thread in together(sweep, sweep, sweep):
        thread.join()
    assert sorted(inbox.recipients) == [f"patient{number}@mail.example" for number in range(4)]
    assert set(Message.objects.values_list("state", "attempts")) == {(State.SENT, 1)}


def test_a_cancellation_waits_for_the_mail_in_flight(due, inbox, prescriber):
    inbox.seconds = 0.5
    claimed = claiming.claim(1)[0]
    (sending,) = together(lambda: delivery.send(claimed, Mailer()))
    wait_for(lambda: inbox.mails)
    take_step(claimed.session_ids[0], Status.CANCELLED, by=prescriber, reason="ill")
    assert Message.objects.get(pk=claimed.pks[0]).state == State.SENT
    sending.join()
    assert len(inbox.mails) == 1


def test_nothing_goes_after_a_cancellation_of_what_was_claimed(due, inbox, prescriber):
    claims = claiming.claim()
    for claimed in claims:
        take_step(claimed.session_ids[0], Status.CANCELLED, by=prescriber, reason="ill")
    assert [delivery.send(claimed, Mailer()) for claimed in claims] == [[delivery.LOST]] * 4
    assert inbox.mails == []
    assert set(Message.objects.values_list("state", flat=True)) == {State.CANCELLED}


def test_a_withdrawal_of_consent_waits_for_the_mail_in_flight(due, inbox):
    inbox.seconds = 0.5
    claimed = claiming.claim(1)[0]
    (sending,) = together(lambda: delivery.send(claimed, Mailer()))
    wait_for(lambda: inbox.mails)
    rows = Consent.objects.filter(patient=claimed.patient_id, kind=Consent.Kind.EMAIL)
    with acting(claiming.SWEEP):
        rows.update(withdrawn_at=timezone.now())
    assert Message.objects.get(pk=claimed.pks[0]).state == State.SENT
    sending.join()


@pytest.fixture
def elsewhere(inbox: Inbox) -> dict[str, str]:
    """The environment in which another process finds this test's database and servers."""
    given = urlsplit(os.environ["DATABASE_URL"])
    database = urlunsplit(given._replace(path=f"/{connection.settings_dict['NAME']}"))
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "clinic.settings.local",
        "SECRET_KEY": "only-for-tests-" + "x" * 50,
        "DATABASE_URL": database,
        "EMAIL_URL": f"smtp://127.0.0.1:{django_settings.EMAIL_PORT}",
    }


@pytest.fixture
def due_anywhere(prescriber) -> list[Message]:
    """Due for a patient in a zone where it is day now, because other processes keep the night."""
    hour = timezone.now().hour
    zone = f"Etc/GMT{hour - 12:+d}" if hour != 12 else "Etc/UTC"
    clinic = make_clinic("Elsewhere", time_zone=zone)
    start = timezone.now() + timedelta(hours=4)
    return [
        make_due(
            make_visit(
                make_reachable(clinic, prescriber, number),
                prescriber,
                start + timedelta(hours=4 * number),
            )
        )
        for number in range(3)
    ]


def process(arguments: list[str], environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    started = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=django_settings.BASE_DIR,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        yield started
    finally:
        started.kill()
        started.communicate()


@pytest.fixture
def looping(elsewhere: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    yield from process(["manage.py", "sweep", "--loop"], elsewhere)


@pytest.fixture
def worker(elsewhere: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    options = ["-Q", "ring-for-tests", "-c", "1", "--without-gossip", "--without-mingle"]
    yield from process(["-m", "celery", "-A", "clinic", "worker", *options], elsewhere)


def test_a_loop_that_is_told_to_stop_finishes_the_message_in_hand(due_anywhere, inbox, looping):
    inbox.seconds = 1
    wait_for(lambda: inbox.mails)
    looping.send_signal(signal.SIGTERM)
    assert looping.wait(20) == 0
    states = Message.objects.order_by("not_before", "pk").values_list("state", "attempts")
    assert list(states) == [(State.SENT, 1), (State.PLANNED, 0), (State.PLANNED, 0)]
    assert len(inbox.mails) == 1


def test_a_ring_through_the_broker_makes_the_worker_sweep(due_anywhere, inbox, worker):
    app.send_task("reminders.tasks.sweep", queue="ring-for-tests")
    wait_for(lambda: Heartbeat.objects.filter(name="sweep").exists(), seconds=30)
    assert len(inbox.mails) == 3
    assert set(Message.objects.values_list("state", flat=True)) == {State.SENT}


def test_a_worker_that_has_started_rings_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    rings: list[str] = []
    monkeypatch.setattr(tasks.sweep, "delay", lambda: rings.append("sweep"))
    worker_ready.send(sender=None)
    assert rings == ["sweep"]


def test_a_mail_of_two_is_left_while_another_process_holds_a_part_of_it(prescriber, inbox):
    clinic = prescriber.memberships.get().clinic
    visit = make_visit(
        make_reachable(clinic, prescriber), prescriber, timezone.now() + timedelta(hours=4)
    )
    mail = uuid4()
    parts = [
        make_due(visit, attempts=1, message_id=mail, dedupe_key=str(number)) for number in (1, 2)
    ]
    with transaction.atomic():
        Message.objects.select_for_update().get(pk=parts[1].pk)
        elsewhere: list[list[claiming.Claim]] = []
        (other,) = together(lambda: elsewhere.append(claiming.claim()))
        other.join()
    assert elsewhere == [[]]
    assert [claimed.pks for claimed in claiming.claim()] == [(parts[0].pk, parts[1].pk)]


def test_an_answer_that_commits_while_silence_is_asked_about_leaves_no_task(prescriber):
    clinic = prescriber.memberships.get().clinic
    sent_at = timezone.now() - timedelta(hours=50)
    visit = make_followed(make_reachable(clinic, prescriber), prescriber, sent_at)
    message = make_due(visit, kind=Message.Kind.FOLLOW_UP, state=State.SENT, sent_at=sent_at)
    with transaction.atomic():
        with acting(claiming.SWEEP):
            Message.objects.filter(pk=message.pk).update(answered_at=timezone.now())
        (asking,) = together(silence.ask_about_silence)
        asking.join(1)
    asking.join()
    assert not Task.objects.filter(kind=Task.Kind.NO_ANSWER).exists()


def test_two_sweeps_call_once_about_a_visit_without_a_mail(prescriber):
    clinic = prescriber.memberships.get().clinic
    visit = make_followed(
        make_reachable(clinic, prescriber), prescriber, timezone.now() - timedelta(hours=30)
    )
    for key in ("a", "b"):
        make_due(
            visit,
            dedupe_key=key,
            kind=Message.Kind.FOLLOW_UP,
            state=State.SUPPRESSED,
            reason=rules.DECLINED,
        )
    for asking in together(*[silence.ask_about_silence] * 3):
        asking.join()
    assert Task.objects.filter(kind=Task.Kind.NO_ANSWER).count() == 1
