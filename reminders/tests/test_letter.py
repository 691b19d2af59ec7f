"""The octets that a letter writes say what Django's message says, and no more."""

from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from django.core.mail import BadHeaderError
from icalendar import Calendar

from reminders import calendar_entry
from reminders.letter import Letter

BEGINS = datetime(2027, 3, 4, 9, tzinfo=UTC)


def make_letter(**values: object) -> Letter:
    given = {
        "subject": "Your appointment",
        "sender": ("Practice North", "mail@clinic.example"),
        "to": "ada@mail.example",
        "reply_to": "desk@clinic.example",
        "headers": {
            "Message-ID": "<1@clinic.example>",
            "Date": "Wed, 03 Mar 2027 09:00:00 +0000",
            "Auto-Submitted": "auto-generated",
        },
        "text": "Hello Ada,\n\n.\nFrom here on\n",
        "html": "<p>Hello Ada, it’s at 10</p>\n",
        "calendar": "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n",
    }
    return Letter(**{**given, **values})  # type: ignore[arg-type]


def said(octets: bytes) -> tuple[dict[str, str], list[tuple[str, str | None, str]]]:
    """Return headers and parts as a reader sees them, whatever way they were written."""
    mail = message_from_bytes(octets, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    assert not [part.defects for part in mail.walk() if part.defects]
    headers = {name: str(value).strip() for name, value in mail.items() if name != "Content-Type"}
    parts = [
        (part.get_content_type(), part.get_filename(), part.get_content().replace("\r\n", "\n"))
        for part in mail.walk()
        if not part.is_multipart()
    ]
    return headers, parts


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"calendar": ""},
        {"reply_to": ""},
        {"subject": "Grüße aus Łódź, " * 9 + "Ada"},
        {"subject": "Your appointment on Wednesday, " * 4 + "Ada"},
        {"sender": ("Praxis Grün & Söhne, “Nord”", "mail@clinic.example")},
        {"to": "ada@grün.example"},
        {"text": "Zoë = ok \n" + "x" * 1500 + "\n..\n", "html": "<p>" + "ü" * 1200 + "</p>"},
    ],
)
def test_the_octets_say_what_djangos_message_says(values: dict[str, object]) -> None:
    letter = make_letter(**values)
    headers, parts = said(letter.octets())
    assert (headers, parts) == said(letter.message().as_bytes())
    assert len(parts) == (3 if letter.calendar else 2)


@pytest.mark.parametrize("values", [{"text": "é" * 3000}, {"subject": "word " * 60}])
def test_lines_are_as_short_as_mail_servers_want_them(values: dict[str, object]) -> None:
    octets = make_letter(**values).octets()
    assert octets.isascii()
    assert max(map(len, octets.split(b"\r\n"))) <= 78
    assert b"\n" not in octets.replace(b"\r\n", b"")


@pytest.mark.parametrize("name", ["subject", "to", "reply_to"])
def test_a_line_break_makes_no_header(name: str) -> None:
    with pytest.raises(BadHeaderError):
        make_letter(**{name: "a@mail.example\r\nBcc: b@mail.example"}).octets()


def test_a_calendar_entry_keeps_signs_and_long_lines() -> None:
    summary, location = "Appointment, Dr. Ä; North\\South " * 5, "Lindenweg 1, 10115 Berlin"
    text = calendar_entry.write(
        uid="1@clinic.example",
        revision=3,
        begins=BEGINS,
        ends=BEGINS + timedelta(hours=3),
        summary=summary,
        location=location,
        now=BEGINS,
    )
    assert max(len(line.encode()) for line in text.split("\r\n")) <= 75
    event: Any = Calendar.from_ical(text).walk("VEVENT")[0]
    assert (str(event["SUMMARY"]), str(event["LOCATION"])) == (summary, location)
    assert (event["DTSTART"].dt, event["DTEND"].dt) == (BEGINS, BEGINS + timedelta(hours=3))
    assert event["SEQUENCE"] == 3
