"""R15: what may have gone before the database was restored waits for a person."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from clinic.audit import acting
from clinic.models import AuditEvent
from clinic.tests.factories import TESTS
from patients.models import Task
from reminders import restoring
from reminders.models import Message, SendingPlace
from reminders.services import ledger
from reminders.sweeping import sweep
from reminders.tests.factories import make_due, make_reachable, make_visit

pytestmark = pytest.mark.django_db
State = Message.State
HOUR = timedelta(hours=1)


@pytest.fixture
def later(clinic, prescriber, at) -> Message:
    patient = make_reachable(clinic, prescriber, 2)
    session = make_visit(patient, prescriber, at.at + 30 * HOUR)
    return make_due(session, at.at, not_before=at.at + HOUR)


def restore(**values):
    """Let the row say what it would in a copy of another database."""
    restoring.notice()
    with acting(TESTS):
        SendingPlace.objects.update(**(values or {"database_oid": 1}))


def state_of(message):
    message.refresh_from_db()
    return message.state


def test_the_first_sweep_remembers_where_it_sends_from(due, inbox, at):
    assert sweep().states == {State.SENT: 1}
    place = SendingPlace.objects.get()
    assert place.database_oid
    assert place.system_identifier
    assert place.timeline
    assert (place.since, place.held_before) == (at.at, None)


@pytest.mark.parametrize(
    "other", [{"database_oid": 1}, {"system_identifier": "1"}, {"timeline": 99}], ids=str
)
def test_a_restored_copy_sends_nothing_that_was_due_before(due, later, inbox, at, other):
    restore(**other)
    swept = sweep()
    assert (swept.held, state_of(due), due.reason) == (1, State.HELD, restoring.RESTORED)
    at.at += 2 * HOUR
    sweep()
    assert inbox.recipients == ["patient2@mail.example"]
    assert state_of(later) == State.SENT
    assert sweep().held == 0


def test_what_the_server_may_not_tell_is_not_compared(due, inbox):
    restore(system_identifier="", timeline=None)
    assert sweep().states == {State.SENT: 1}


@pytest.mark.parametrize("other", [{"system_identifier": "1"}, {"timeline": 99}], ids=str)
def test_what_the_server_tells_later_is_compared_from_then_on(due, inbox, other):
    restore(system_identifier="", timeline=None)
    restoring.notice()
    with acting(TESTS):
        SendingPlace.objects.update(**other)
    assert (sweep().held, inbox.mails) == (1, [])


def test_what_was_being_sent_or_held_back_waits_too(due, later, prescriber, clinic, inbox, at):
    lease = {"lease_until": at.at - HOUR, "lease_token": "6f2c0d3e-5a4b-4c1d-9e8f-0a1b2c3d4e5f"}
    rows = {
        "sending": {"state": State.SENDING, **lease},
        "suppressed": {"state": State.SUPPRESSED, "reason": "No consent to e-mail."},
        "over": {
            "state": State.SUPPRESSED,
            "reason": "No consent to e-mail.",
            "expires_at": at.at - timedelta(seconds=1),
        },
    }
    made = {}
    for number, (name, values) in enumerate(rows.items(), start=3):
        patient = make_reachable(clinic, prescriber, number)
        session = make_visit(patient, prescriber, at.at + (30 + 6 * number) * HOUR)
        made[name] = make_due(session, at.at, **values)
    restore()
    sweep()
    states = {name: state_of(message) for name, message in made.items()}
    assert states == {"sending": "held", "suppressed": "held", "over": "suppressed"}
    assert inbox.mails == []


def test_the_administrator_gets_one_task_for_each_clinic(due, later, inbox, administrator):
    restore()
    sweep()
    task = Task.objects.get()
    assert (task.kind, task.role, task.patient) == ("restored", "administrator", None)
    assert "1" in task.text
    assert AuditEvent.objects.filter(event="messages.held").count() == 1
    ledger.release_all(due.clinic, reason="None in the server's log", by=administrator)
    task.refresh_from_db()
    assert task.closed_by == administrator
    sweep()
    assert inbox.recipients == ["patient1@mail.example"]


def plan_anew(message):
    """Plan it as a visit that came back would."""
    with acting(TESTS):
        Message.objects.filter(pk=message.pk).update(
            state=State.PLANNED, reason="", released_at=None
        )


def test_what_is_planned_for_a_time_before_the_restore_waits_as_well(due, inbox, at, administrator):
    restore()
    sweep()
    ledger.release_all(due.clinic, reason="None in the log", by=administrator)
    assert Task.objects.open().count() == 0
    at.at += HOUR
    plan_anew(due)
    assert (sweep().held, inbox.mails, state_of(due)) == (1, [], State.HELD)
    assert Task.objects.open().get().kind == Task.Kind.RESTORED


def test_while_the_administrator_has_a_task_none_is_added(due, inbox, at):
    restore()
    sweep()
    at.at += HOUR
    plan_anew(due)
    assert (sweep().held, Task.objects.count()) == (1, 1)


def test_what_was_released_before_another_restore_waits_again(due, inbox, at, nurse):
    restore()
    sweep()
    ledger.release(due.pk, reason="None in the log", by=nurse)
    at.at += HOUR
    with acting(TESTS):
        SendingPlace.objects.update(database_oid=2)
    sweep()
    assert (inbox.mails, state_of(due)) == ([], State.HELD)


def test_a_person_can_say_that_it_was_restored(due, later, inbox, capsys):
    sweep()
    with acting(TESTS):
        Message.objects.filter(pk=due.pk).update(state=State.PLANNED)
    call_command("hold_messages", reason="Restored over itself")
    assert "1 held" in capsys.readouterr().out
    sweep()
    assert len(inbox.mails) == 1
    assert (state_of(due), due.reason) == (State.HELD, "Restored over itself")


@pytest.mark.parametrize("reason", ["", "...", "x" * 121])
def test_that_needs_a_reason_in_words(db, reason):
    with pytest.raises(CommandError, match="in words"):
        call_command("hold_messages", reason=reason)
