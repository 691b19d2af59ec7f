"""A newcomer to the demo gets a link that works."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from reminders import links
from reminders.models import Message
from reminders.tests.factories import save

pytestmark = pytest.mark.django_db


def told(purpose: str = "visit") -> str:
    out = StringIO()
    call_command("patient_link", purpose, stdout=out)
    return out.getvalue()


def test_it_tells_a_link_that_works_and_its_birth_date(reminder: Message) -> None:
    assert links.url(reminder, links.Purpose.VISIT) in told()
    assert "17 May 1980" in told()


def test_a_dead_link_is_not_told(reminder: Message) -> None:
    save(reminder, links_revoked_at=reminder.sent_at)
    with pytest.raises(CommandError, match="No message with such a link"):
        told()


def test_without_demo_data_no_link_is_told(reminder: Message, settings) -> None:
    settings.DEMO_ALLOWED = False
    with pytest.raises(CommandError, match="only where demo data is allowed"):
        told()
