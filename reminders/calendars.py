"""Calendar files: one visit each, since a file that cancels may hold one entry (RFC 5546, 3.2.5).

A later file of the same visit replaces the entry of an earlier one, or takes it away.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.mime.text import MIMEText
from email.utils import parseaddr
from functools import cache

from django.conf import settings
from icalendar import Calendar, Event, vCalAddress, vText

from clinic.models import Clinic
from reminders.models import MessagePolicy
from reminders.words import Language, one_line
from sessions.lifecycle import Status
from sessions.models import TreatmentSession


@dataclass(frozen=True, slots=True)
class Entry:
    """A visit as the patient's calendar gets it."""

    method: str
    text: str

    @property
    def attachment(self) -> MIMEText:
        part = MIMEText(self.text, "calendar", "utf-8")
        part.set_param("method", self.method)
        part.add_header("Content-Disposition", "attachment", filename="appointment.ics")
        return part


def entry(
    session: TreatmentSession, clinic: Clinic, policy: MessagePolicy, words: Language, now: datetime
) -> Entry:
    """Return the entry of a visit as it stands; of a cancelled one, what removes it."""
    is_off = session.status == Status.CANCELLED
    event = Event()
    event.add("uid", f"{session.public_id}@{domain()}")
    event.add("dtstamp", now.astimezone(UTC).replace(microsecond=0))
    event.add("dtstart", session.starts_at.astimezone(UTC))
    event.add("dtend", session.ends_at.astimezone(UTC))
    event.add("sequence", 2 * session.schedule_rev + is_off)
    event.add("summary", _title(policy, words))
    event.add("status", "CANCELLED" if is_off else "CONFIRMED")
    event.add("class", "PRIVATE")  # in a calendar that others see: busy, no words
    event.add("organizer", _organizer(clinic))
    place = ", ".join(address_lines(clinic)) if policy.calendar_place else ""
    if place:
        event.add("location", place)
    method = "CANCEL" if is_off else "PUBLISH"
    whole = Calendar()
    whole.add("prodid", "-//Appointments//EN")
    whole.add("version", "2.0")
    whole.add("method", method)
    whole.add_component(event)
    return Entry(method, whole.to_ical().decode())


def _title(policy: MessagePolicy, words: Language) -> str:
    """Return what the clinic chose; the default in the patient's language."""
    title = one_line(policy.calendar_title)
    is_default = title == MessagePolicy._meta.get_field("calendar_title").get_default()
    return words.sentences["appointment"] if is_default or not title else title


def _organizer(clinic: Clinic) -> vCalAddress:
    organizer = vCalAddress(f"mailto:{one_line(clinic.email) or from_address()}")
    organizer.params["cn"] = vText(one_line(clinic.sender_name))
    return organizer


def address_lines(clinic: Clinic) -> tuple[str, ...]:
    lines = (one_line(line) for line in clinic.address.splitlines())
    return tuple(line for line in lines if line)


def from_address() -> str:
    return _address_in(settings.DEFAULT_FROM_EMAIL)


@cache
def _address_in(sender: str) -> str:
    return parseaddr(sender)[1]


def domain() -> str:
    return from_address().rpartition("@")[2] or "localhost"
