"""The same calendar entry as in the mails."""

from email.utils import parseaddr

from django.conf import settings

from portal.visitor import Visitor
from reminders.rendering import Sender, calendar


def entry_of(visitor: Visitor) -> str:
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    return calendar(visitor.session, Sender.of(visitor.clinic), domain, visitor.now)
