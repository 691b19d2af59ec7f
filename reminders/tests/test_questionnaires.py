"""What a patient may answer alone is asked for by mail once, on its day, while it waits."""

from datetime import UTC, datetime, timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.utils import timezone

from clinic.audit import acting
from clinic.models import User
from clinic.tests.factories import TESTS
from outcomes import planning as between
from outcomes.instruments import registry
from outcomes.services import Answered, record
from patients.models import Patient, Task
from reminders import planning
from reminders.models import Message, MessageRule
from reminders.overlooked import repair
from reminders.shipped_rules import SHIPPED
from reminders.sweeping import sweep
from reminders.tests.conftest import SetClock
from reminders.tests.factories import Inbox, make_visit
from sessions.models import TreatmentSession
from sessions.tests.factories import make_course, make_session

pytestmark = pytest.mark.django_db
State = Message.State
DAY = timedelta(days=1)
DUE_AT = datetime(2027, 3, 3, 9, tzinfo=UTC)  # Wednesday at ten in Berlin
migration = import_module("reminders.migrations.0009_questionnaires_by_link")


@pytest.fixture
def starting(patient: Patient, prescriber: User, at: SetClock) -> Patient:
    """A patient whose baselines are due on Wednesday; bladder and alcohol can be asked by mail."""
    make_course(patient, prescriber, starts_on=DUE_AT.date())
    between.open_due(at.at)
    assert Task.objects.open().filter(kind="assessment").count() == 3
    return patient


def mails() -> list[tuple[str, str, str]]:
    found = Message.objects.filter(kind="questionnaire").order_by("about")
    return [(row.about.split(":")[2], row.state, row.reason) for row in found]


def answer_with_staff(patient: Patient, by: User, key: str, at: SetClock) -> None:
    instrument = registry()[key]
    answers = dict.fromkeys(instrument.codes, 0)
    record(patient.pk, instrument, Answered(answers=answers, observed_at=at.at), by=by)


def test_what_staff_have_to_ask_is_never_mailed_and_the_rest_once(starting: Patient) -> None:
    assert repair() == 1
    assert mails() == [("audit-c", "planned", ""), ("bladder", "planned", "")]
    assert {row.not_before for row in Message.objects.all()} == {DUE_AT}
    assert repair() == 0


def test_two_that_are_due_are_one_mail_with_one_link(
    starting: Patient, inbox: Inbox, at: SetClock
) -> None:
    repair()
    at.at = DUE_AT
    sweep()
    sweep()
    (mail,) = inbox.mails
    assert mail["Subject"] == "A few questions from us"
    body = mail.get_body(("plain",))
    assert body is not None
    assert body.get_content().count("Open the questions: http") == 1
    assert body.get_content().count("A few questions are waiting") == 1
    assert mails() == [("audit-c", "sent", ""), ("bladder", "sent", "")]


def test_what_was_answered_with_staff_is_mailed_no_more(
    starting: Patient, nurse: User, inbox: Inbox, at: SetClock
) -> None:
    repair()
    for key in ("audit-c", "bladder"):
        answer_with_staff(starting, nurse, key, at)
    at.at = DUE_AT
    sweep()
    assert inbox.mails == []
    settled = (State.CANCELLED, "It is answered, or asked at a visit on its day.")
    assert mails() == [("audit-c", *settled), ("bladder", *settled)]


def test_half_an_answer_is_no_reason_for_a_second_mail(
    starting: Patient, nurse: User, inbox: Inbox, at: SetClock
) -> None:
    repair()
    at.at = DUE_AT
    sweep()
    half = Answered(answers={"six": 0}, observed_at=at.at)
    record(starting.pk, registry()["audit-c"], half, by=nurse)
    at.at += timedelta(hours=1)
    sweep()
    assert len(inbox.mails) == 1
    assert Task.objects.open().filter(text__startswith="AUDIT-C").exists()


def test_on_the_day_of_a_visit_it_is_asked_there(
    patient: Patient, prescriber: User, inbox: Inbox, at: SetClock
) -> None:
    session = make_visit(patient, prescriber, DUE_AT + timedelta(hours=3))
    session.course.starts_on = DUE_AT.date()
    with acting(TESTS):
        session.course.save(update_fields=["starts_on"])
    between.open_due(at.at)
    repair()
    assert mails() == []
    with acting(TESTS):
        TreatmentSession.objects.update(status="cancelled", ended_at=at.at)
    repair()
    assert [state for _, state, _ in mails()] == ["planned", "planned"]


def test_a_visit_booked_meanwhile_for_that_day_takes_the_mail_back(
    starting: Patient, prescriber: User, inbox: Inbox, at: SetClock
) -> None:
    repair()
    make_session(starting.courses.get(), starts_at=DUE_AT + timedelta(hours=3))
    at.at = DUE_AT
    sweep()
    assert [state for _, state, _ in mails()] == ["cancelled", "cancelled"]


def test_it_goes_after_all_when_that_visit_is_called_off(
    starting: Patient, inbox: Inbox, at: SetClock
) -> None:
    repair()
    session = make_session(starting.courses.get(), starts_at=DUE_AT + timedelta(hours=3))
    at.at = DUE_AT
    sweep()
    with acting(TESTS):
        off = TreatmentSession.objects.filter(pk=session.pk)
        off.update(status="cancelled", ended_at=at.at)
    at.at += timedelta(hours=1)
    sweep()
    assert repair() == 0
    sweep()
    assert len(inbox.mails) == 1
    assert [state for _, state, _ in mails()] == ["sent", "sent"]


@pytest.fixture
def before(starting: Patient) -> MessageRule:
    """The rule as it shipped before, out of use."""
    with acting(TESTS):
        rules = planning.rules_of({starting.clinic_id})[starting.clinic_id]
        rule = next(rule for rule in rules if rule.key == "questionnaire")
        rule.is_active = False
        rule.save()
    return rule


def test_the_migration_puts_the_rule_into_use_from_now_on(before: MessageRule) -> None:
    migration.use(apps, None)
    before.refresh_from_db()
    assert (before.is_active, before.revision) == (True, 2)
    assert timezone.now() - before.in_force_since < timedelta(minutes=1)
    migration.use(apps, None)
    before.refresh_from_db()
    assert before.revision == 2


def test_the_migration_mails_nobody_about_the_past(
    before: MessageRule, inbox: Inbox, at: SetClock, time_machine
) -> None:
    time_machine.move_to(DUE_AT + timedelta(hours=1))
    at.at = DUE_AT + timedelta(hours=1)
    migration.use(apps, None)
    sweep()
    assert inbox.mails == []
    newer = (State.SUPPRESSED, "The rule is newer than the time of this message.")
    assert mails() == [("audit-c", *newer), ("bladder", *newer)]


@pytest.mark.parametrize("change", [{"revision": 2}, {"days": 1}, {"useful_hours": 24}])
def test_the_migration_leaves_alone_what_a_clinic_has_set(
    before: MessageRule, change: dict[str, int]
) -> None:
    with acting(TESTS):
        MessageRule.objects.filter(pk=before.pk).update(**change)
    migration.use(apps, None)
    before.refresh_from_db()
    assert not before.is_active


def test_what_the_migration_looks_for_is_what_ships() -> None:
    shipped = MessageRule(**SHIPPED["questionnaire"], how="wall")
    told = {**migration.SHIPPED, "is_active": True}
    assert {name: getattr(shipped, name) for name in told} == told
