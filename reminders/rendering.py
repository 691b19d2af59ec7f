"""The mail itself: complete without a link, on the patient's clock, silent about the treatment.

The clinic appears under the sender name that it chose for patients, never under its own name.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parseaddr
from functools import cache
from zoneinfo import ZoneInfo

from django.conf import settings
from django.template.loader import render_to_string

from clinic.models import Clinic
from reminders import calendar_entry
from reminders.letter import Letter
from reminders.models import Message
from sessions.models import TreatmentSession

TEMPLATES = {
    Message.Kind.REMINDER_72H: "reminder",
    Message.Kind.REMINDER_24H: "reminder",
    Message.Kind.FOLLOW_UP: "follow_up",
}


@dataclass(frozen=True, slots=True)
class LocalTime:
    """A moment on somebody's wall clock, written out with weekday and zone."""

    day: str
    time: str
    zone: str

    @classmethod
    def of(cls, moment: datetime, zone: ZoneInfo) -> "LocalTime":
        local = moment.astimezone(zone)
        offset = local.strftime("%z")
        return cls(
            day=f"{local:%A}, {local.day} {local:%B %Y}",
            time=f"{local:%H:%M}",
            zone=f"{zone.key}, UTC{offset[:3]}:{offset[3:5]}",
        )


@dataclass(frozen=True, slots=True)
class Sender:
    name: str
    address_lines: tuple[str, ...]
    phone: str
    reply_to: str

    @classmethod
    def of(cls, clinic: Clinic) -> "Sender":
        lines = (one_line(line) for line in clinic.address.splitlines())
        return cls(
            name=one_line(clinic.sender_name),
            address_lines=tuple(line for line in lines if line),
            phone=one_line(clinic.phone),
            reply_to=one_line(clinic.email),
        )


def one_line(text: str) -> str:
    """Replace line breaks and invisible characters, so that nothing typed becomes a header."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def mail(message: Message, address: str, zone: ZoneInfo, now: datetime) -> Letter:
    """Write the mail for a message fetched with its session, patient and clinic."""
    session, sender = message.treatment_session, Sender.of(message.clinic)
    begins = LocalTime.of(session.starts_at, zone)
    at_clinic = LocalTime.of(session.starts_at, message.clinic.zone)
    values = {
        "name": one_line(message.patient.given_name),
        "sender": sender,
        "begins": begins,
        "at_clinic": at_clinic if at_clinic != begins and zone != message.clinic.zone else None,
    }
    template = TEMPLATES[Message.Kind(message.kind)]
    from_address, domain = _from(settings.DEFAULT_FROM_EMAIL)
    return Letter(
        subject=_subject(message, begins, elsewhere=values["at_clinic"] is not None),
        sender=(sender.name, from_address),
        to=address,
        reply_to=sender.reply_to,
        headers={
            "Message-ID": f"<{message.message_id}@{domain}>",
            "Date": format_datetime(now.astimezone(UTC)),
            "Auto-Submitted": "auto-generated",
        },
        text=render_to_string(f"reminders/{template}.txt", values),
        html=render_to_string(f"reminders/{template}.html", values),
        calendar=calendar(session, sender, domain, now) if template == "reminder" else "",
    )


def _subject(message: Message, begins: LocalTime, *, elsewhere: bool) -> str:
    if message.kind == Message.Kind.FOLLOW_UP:
        return "How are you after your appointment?"
    zone = f" ({begins.zone})" if elsewhere else ""
    return f"Your appointment on {begins.day} at {begins.time}{zone}"


@cache
def _from(setting: str) -> tuple[str, str]:
    """Return the address in the setting, and its domain."""
    _, address = parseaddr(setting)
    return address, address.rpartition("@")[2] or "localhost"


def calendar(session: TreatmentSession, sender: Sender, domain: str, now: datetime) -> str:
    return calendar_entry.write(
        uid=f"{session.public_id}@{domain}",
        revision=session.schedule_rev,
        begins=session.starts_at,
        ends=session.ends_at,
        summary=f"Appointment, {sender.name}",
        location=", ".join(sender.address_lines),
        now=now,
    )
