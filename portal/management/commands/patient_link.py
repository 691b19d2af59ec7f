from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from clinic import clock
from portal.models import CheckIn, Confirmation
from portal.services import asking, checking_in, questionnaires
from portal.services.asking import Bounds
from reminders import links
from reminders.links import OFFERED, Purpose
from reminders.models import Message, MessagePolicy

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
        keys = sent.order_by("-sent_at").values_list("public_id", flat=True)[:LOOKED_AT]
        found = [each for each in map(links.of, keys) if each and _opens(each, purpose, now)]
        if not found:
            raise CommandError("No message with such a link was sent yet.")
        message = next((each for each in found if _is_new(each, purpose, now)), found[0])
        self.stdout.write(links.url(message, purpose))
        born = f"{message.patient.birth_date:%-d %B %Y}"
        self.stdout.write(f"The birth date that opens it: {born}")


def _opens(message: Message, purpose: Purpose, now: datetime) -> bool:
    if purpose == Purpose.CHECK_IN and checking_in.is_done(checking_in.latest(message)):
        return False
    return links.stands(message, purpose, now)


def _is_new(message: Message, purpose: Purpose, now: datetime) -> bool:
    """Whether nothing was answered or asked yet, so that the page has all that it can offer."""
    session = message.treatment_session
    if purpose == Purpose.CHECK_IN:
        return not CheckIn.objects.filter(message=message).exists()
    if purpose == Purpose.QUESTIONNAIRE:
        return bool(questionnaires.state(message, now).waiting)
    if session is None or purpose in links.OF_MAIL:
        return True
    if asking.open_request(message) is not None:
        return False
    if purpose in {Purpose.RESCHEDULE, Purpose.REBOOK}:
        bounds = Bounds.of(session, MessagePolicy.of(message.clinic_id), now)
        return not bounds.are_over(now) and bool(asking.offered(session, bounds, now))
    confirmed = Confirmation.objects.filter(
        treatment_session=session, schedule_rev=session.schedule_rev
    )
    return not confirmed.exists()
