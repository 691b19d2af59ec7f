"""The mail itself: complete without a link, on the patient's clock, silent about the treatment.

The clinic appears under the sender name that it chose for patients, never under its own name.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.mime.text import MIMEText
from email.utils import format_datetime, formataddr, parseaddr
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from icalendar import Calendar, Event

from clinic.models import Clinic
from monitoring.models import DischargePolicy
from reminders.kinds import BEFORE, Kind
from reminders.models import Message, MessagePolicy, MessageText
from reminders.rules import Reach
from sessions.models import TreatmentSession

TEMPLATES = {
    **dict.fromkeys(BEFORE, "reminder"),
    Kind.CHANGED: "reminder",
    Kind.FOLLOW_UP: "follow_up",
    Kind.INSTRUCTIONS: "instructions",
}


@dataclass(frozen=True, slots=True)
class Voice:
    """In which words and under which name a clinic writes."""

    clinic: Clinic
    policy: MessagePolicy
    texts: Sequence[MessageText] = ()
    crisis_line: str = ""  # the clinic's own words of whom to call at any hour


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


def mail(
    parts: Sequence[Message], reach: Reach, now: datetime, *, voice: Voice
) -> EmailMultiAlternatives:
    """Write one mail for messages fetched with their sessions, patient, clinic and rules."""
    message, address, zone, crisis_line = parts[0], reach.address, reach.zone, voice.crisis_line
    session, sender = message.treatment_session, Sender.of(message.clinic)
    if session is None:
        raise NotImplementedError(message.kind)
    begins = LocalTime.of(session.starts_at, zone)
    at_clinic = LocalTime.of(session.starts_at, message.clinic.zone)
    values = {
        "name": one_line(message.patient.given_name),
        "sender": sender,
        "crisis_line": one_line(crisis_line),
        "begins": begins,
        "at_clinic": at_clinic if at_clinic != begins and zone != message.clinic.zone else None,
    }
    template = TEMPLATES[Kind(message.kind)]
    if template == "instructions":
        policy = DischargePolicy.of(message.clinic_id)
        values["lines"] = [one_line(line) for line in policy.instructions.splitlines() if line]
    _, from_address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    written = EmailMultiAlternatives(
        subject=_subject(message, begins, elsewhere=values["at_clinic"] is not None),
        body=render_to_string(f"reminders/{template}.txt", values),
        from_email=formataddr((sender.name, from_address)),
        to=[address],
        reply_to=[sender.reply_to] if sender.reply_to else None,
        headers={
            "Message-ID": f"<{message.message_id}@{_domain(from_address)}>",
            "Date": format_datetime(now.astimezone(UTC)),
            "Auto-Submitted": "auto-generated",
        },
    )
    written.attach_alternative(render_to_string(f"reminders/{template}.html", values), "text/html")
    if template == "reminder":
        written.attach(_calendar_part(calendar(session, sender, _domain(from_address), now)))
    return written


def _subject(message: Message, begins: LocalTime, *, elsewhere: bool) -> str:
    if message.kind == Kind.FOLLOW_UP:
        return "How are you after your appointment?"
    if message.kind == Kind.INSTRUCTIONS:
        return "For your way home"
    zone = f" ({begins.zone})" if elsewhere else ""
    return f"Your appointment on {begins.day} at {begins.time}{zone}"


def _domain(address: str) -> str:
    return address.rpartition("@")[2] or "localhost"


def calendar(session: TreatmentSession, sender: Sender, domain: str, now: datetime) -> str:
    """Return the calendar entry; a later one of the same session replaces an earlier one."""
    event = Event()
    event.add("uid", f"{session.public_id}@{domain}")
    event.add("dtstamp", now.astimezone(UTC).replace(microsecond=0))
    event.add("dtstart", session.starts_at.astimezone(UTC))
    event.add("dtend", session.ends_at.astimezone(UTC))
    event.add("sequence", session.schedule_rev)
    event.add("summary", f"Appointment, {sender.name}")
    if sender.address_lines:
        event.add("location", ", ".join(sender.address_lines))
    entry = Calendar()
    entry.add("prodid", "-//Appointments//EN")
    entry.add("version", "2.0")
    entry.add("method", "PUBLISH")
    entry.add_component(event)
    return entry.to_ical().decode()


def _calendar_part(text: str) -> MIMEText:
    part = MIMEText(text, "calendar", "utf-8")
    part.set_param("method", "PUBLISH")
    part.add_header("Content-Disposition", "attachment", filename="appointment.ics")
    return part
