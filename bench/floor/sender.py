"""The bare loop that Taper's sender is compared with: scan, send, mark, commit."""

import json
from datetime import timedelta

from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.utils import timezone

from bench.floor.models import Reminder
from bench.inside.usage import Usage

BATCH = 20


def fill(mails: int) -> None:
    due = timezone.now() - timedelta(minutes=1)
    Reminder.objects.bulk_create(
        (Reminder(address=f"patient{n}@example.org", due_at=due) for n in range(mails)), 1000
    )


def send_all(octets: int) -> int:
    sent, text = 0, "You have an appointment. " * (max(octets - 700, 0) // 50)
    with get_connection() as connection:
        while batch := _send_batch(connection, text):
            sent += batch
    return sent


@transaction.atomic
def _send_batch(connection: BaseEmailBackend, text: str) -> int:
    due = Reminder.objects.filter(sent_at__isnull=True, due_at__lte=timezone.now())
    rows = list(due.order_by("due_at").select_for_update(skip_locked=True)[:BATCH])
    for row in rows:
        mail = EmailMultiAlternatives("Your appointment", text, None, [row.address])
        mail.attach_alternative(f"<p>{text}</p>", "text/html")
        mail.connection = connection
        mail.send()
        row.sent_at = timezone.now()
    Reminder.objects.bulk_update(rows, ["sent_at"])
    return len(rows)


def main(mails: str, octets: str) -> None:
    fill(int(mails))
    usage = Usage()
    sent = send_all(int(octets))
    print(json.dumps({"sent": sent, **usage.since()}))
