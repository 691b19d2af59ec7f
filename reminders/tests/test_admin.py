from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from clinic.audit import acting
from clinic.models import AuditEvent
from clinic.tests.factories import TESTS
from reminders.models import Message
from reminders.tests.factories import make_due, make_reachable, make_visit

pytestmark = pytest.mark.django_db
LIST = "admin:reminders_message_changelist"


@pytest.fixture
def failed(patient, prescriber):
    session = make_visit(patient, prescriber, timezone.now() + timedelta(hours=20))
    return make_due(session, state=Message.State.FAILED, reason="Refused.", attempts=3)


def act(client, message):
    values = {"action": "try_again", "_selected_action": [message.pk]}
    return client.post(reverse(LIST), values, follow=True)


def test_the_ledger_is_found_by_record_number_and_can_not_be_changed(client, administrator, failed):
    client.force_login(administrator)
    number = failed.patient.record_number
    assert number in client.get(reverse(LIST), {"q": number}).content.decode()
    assert number not in client.get(reverse(LIST), {"q": "nobody"}).content.decode()
    page = client.get(reverse("admin:reminders_message_change", args=[failed.pk]))
    assert b"_save" not in page.content
    assert AuditEvent.objects.filter(event="admin.message.read").exists()


def test_another_clinics_messages_are_not_listed(client, administrator, other_clinic, prescriber):
    patient = make_reachable(other_clinic, prescriber, record_number="FOREIGN1")
    make_due(make_visit(patient, prescriber, timezone.now() + timedelta(hours=20)))
    client.force_login(administrator)
    assert b"FOREIGN1" not in client.get(reverse(LIST)).content


def test_a_failed_message_is_tried_again(client, administrator, failed):
    client.force_login(administrator)
    assert b"1 planned again" in act(client, failed).content
    again = Message.objects.exclude(pk=failed.pk).get()
    assert (again.state, again.attempts) == (Message.State.PLANNED, 0)


def test_a_message_that_did_not_fail_says_so(client, administrator, failed):
    with acting(TESTS):
        Message.objects.update(state=Message.State.CANCELLED)
    client.force_login(administrator)
    assert b"Only a failed message can be tried again." in act(client, failed).content
