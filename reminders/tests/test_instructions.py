"""The instructions for the way home, by e-mail, when somebody asks for it at the door."""

from datetime import timedelta

import pytest

from monitoring.services import discharge
from monitoring.services.way_home import Leaving
from monitoring.tests.visits import Visit
from reminders import rules
from reminders.models import Message
from reminders.tests.letters import everything, plain, written


@pytest.fixture
def ready(visit: Visit) -> Visit:
    visit.be_monitored()
    visit.pass_time()
    visit.settle()
    return visit


def leave(visit: Visit, instructions: str) -> None:
    leaving = Leaving("adult", "Sam", instructions)
    discharge.release(visit.pk, by=visit.nurse, leaving=leaving)


def test_mailed_instructions_are_a_message_of_the_ledger(ready: Visit) -> None:
    leave(ready, "mailed")
    message = Message.objects.get(kind="instructions")
    assert (message.state, message.reason) == ("suppressed", "No e-mail address.")


def test_instructions_that_were_printed_are_not_mailed(ready: Visit) -> None:
    leave(ready, "printed")
    assert not Message.objects.filter(kind="instructions").exists()


def test_they_go_at_once_and_are_useless_the_day_after(ready: Visit) -> None:
    leave(ready, "mailed")
    message = Message.objects.get(kind="instructions")
    assert message.not_before <= ready.clock.now
    assert message.expires_at - message.not_before == rules.ASKED_USEFUL


def test_the_mail_has_the_clinics_words_and_names_no_treatment(ready: Visit) -> None:
    leave(ready, "mailed")
    message = Message.objects.get(kind="instructions")
    mail = written(message, now=ready.clock.now + timedelta(minutes=1))
    assert mail["Subject"] == "For your way home"
    assert "restful" in plain(mail)
    assert "ketamine" not in everything(mail).lower()
