from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from clinic import clock
from reminders import links
from reminders.links import OFFERED, Purpose
from reminders.models import Message

WORDS = {purpose.name.lower(): purpose for purpose in Purpose if purpose != Purpose.UNSUBSCRIBE}
LOOKED_AT = 200


class Command(BaseCommand):
    help = "Print a link of the demo that works, and the birth date that opens it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("purpose", nargs="?", choices=WORDS, default="visit")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO_ALLOWED:
            raise CommandError("Links are printed only where demo data is allowed.")
        purpose, now = WORDS[options["purpose"]], clock.now()
        kinds = [kind for kind, offered in OFFERED.items() if purpose in offered]
        sent = Message.objects.filter(kind__in=kinds, state=Message.State.SENT)
        for public_id in sent.order_by("-sent_at").values_list("public_id", flat=True)[:LOOKED_AT]:
            message = links.of(public_id)
            if message is not None and links.stands(message, purpose, now):
                self.stdout.write(links.url(message, purpose))
                born = f"{message.patient.birth_date:%-d %B %Y}"
                self.stdout.write(f"The birth date that opens it: {born}")
                return
        raise CommandError("No message with such a link was sent yet.")
