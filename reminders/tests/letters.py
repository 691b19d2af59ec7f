"""A message and the mail that it becomes, taken apart as a mail reader does."""

import re
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any
from zoneinfo import ZoneInfo

from icalendar import Calendar

from clinic.audit import acting
from clinic.models import Clinic
from clinic.tests.factories import TESTS
from reminders import links, rendering
from reminders.models import Message, MessagePolicy
from reminders.rendering import Voice
from reminders.rules import Reach

BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
STARTS = datetime(2027, 3, 4, 9, tzinfo=UTC)
NOW = datetime(2027, 3, 3, 9, tzinfo=UTC)
# What programs tell mails, parts and calendar entries apart by says nothing of a patient.
BY_CHANCE = re.compile(r'boundary="[^"]*"|^(?:Message-ID: <|UID:)[0-9a-f-]{36}(?=@)', re.MULTILINE)
ROWS = ("treatment_session__course__protocol", "patient", "clinic", "rule")


def speak_softly(clinic: Clinic) -> Clinic:
    """Give the clinic a name that tells all, and a sender name that tells nothing."""
    with acting(TESTS):
        clinic.name = "North Ketamine and Mental Health Clinic"
        clinic.sender_name = "Practice Dr. North"
        clinic.address = "Lindenweg 1\r\n10115 Berlin"
        clinic.email = "desk@north.example"
        clinic.save()
    return clinic


def change(message: Message, **values: Any) -> Message:
    with acting(TESTS):
        Message.objects.filter(pk=message.pk).update(**values)
    return message


def written(
    *messages: Message,
    zone: ZoneInfo = BERLIN,
    language: str = "",
    now: datetime = NOW,
    **voice: Any,
) -> EmailMessage:
    """Return the mail as the server would get it, read back from its bytes."""
    found = Message.objects.select_related(*ROWS).in_bulk([message.pk for message in messages])
    parts = [found[message.pk] for message in messages]
    clinic = parts[0].clinic
    voice = {"policy": MessagePolicy(clinic=clinic), **voice}
    reach = Reach(zone, "ada@mail.example", verified=True, consent=True, language=language)
    mail = rendering.mail(parts, reach, now, voice=Voice(clinic, **voice))
    return message_from_bytes(mail.message().as_bytes(), policy=policy.default)


def linked(message: Message) -> Message:
    """Return the message as a link to it reads it."""
    found = links.of(message.public_id)
    assert found is not None
    return found


def part(mail: EmailMessage, content_type: str) -> str:
    found = next(each for each in mail.walk() if each.get_content_type() == content_type)
    return payload(found).decode()


def payload(part: Any) -> bytes:
    return part.get_payload(decode=True)


def plain(mail: EmailMessage) -> str:
    return part(mail, "text/plain")


def words_of_html(mail: EmailMessage) -> str:
    body = part(mail, "text/html").partition("<table")[2]
    return " ".join(re.sub("<[^>]+>", " ", body).split())


def entries(mail: EmailMessage) -> list[tuple[str, Any]]:
    """Return the calendar entries, each with the method of its file."""
    found = []
    for each in mail.walk():
        if each.get_content_type() == "text/calendar":
            calendar = Calendar.from_ical(payload(each))
            assert each.get_param("method") == calendar["METHOD"]
            (event,) = calendar.walk("VEVENT")
            found.append((str(calendar["METHOD"]), event))
    return found


def everything(mail: EmailMessage) -> str:
    """Return each header and part as a reader sees it, without addresses of links or chance."""
    parts = [payload(each).decode() for each in mail.walk() if not each.is_multipart()]
    headers = [f"{name}: {value}" for name, value in mail.items()]
    text = re.sub(r"https?://\S+/p/[\w.:~-]+/?", "LINK", "\n".join([*headers, *parts]))
    return BY_CHANCE.sub("…", text)
