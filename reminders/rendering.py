"""The mail itself: complete without a link, on the patient's clock, silent about the treatment.

The clinic appears under the sender name that it chose for patients, never under its own name.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, formataddr
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from clinic.models import Clinic
from reminders import calendars, links
from reminders.calendars import Entry, address_lines, domain, from_address
from reminders.kinds import Kind
from reminders.links import Purpose
from reminders.models import Message, MessagePolicy, MessageText
from reminders.rules import Reach
from reminders.sections import Composer, Section, in_order
from reminders.words import COMING, Language, one_line, words_in

IN_THE_CALENDAR = COMING | {Kind.CALLED_OFF}


@dataclass(frozen=True, slots=True)
class Voice:
    """In which words and under which name a clinic writes."""

    clinic: Clinic
    policy: MessagePolicy
    texts: Sequence[MessageText] = ()
    crisis_line: str = ""  # the clinic's own words of whom to call at any hour


def mail(
    parts: Sequence[Message], reach: Reach, now: datetime, *, voice: Voice
) -> EmailMultiAlternatives:
    """Write one mail for messages of one patient; they share their Message-ID."""
    clinic, words = voice.clinic, words_in(reach.language)
    parts = in_order(parts)
    far_from = now + timedelta(hours=voice.policy.ask_until_hours)
    sections = Composer(clinic, words, reach.zone, far_from, voice.texts).sections(parts)
    entries = calendar_entries(parts, voice, words, now)
    values = {
        "language": words.code,
        "sections": sections,
        "preview": words.say("preview", clinic=one_line(clinic.sender_name)),
        **_frame(parts[0], voice, words, entries),
    }
    written = EmailMultiAlternatives(
        subject=sections[0].subject,
        body=_plain(sections, values),
        from_email=settings.BOUNCE_ADDRESS or from_address(),
        to=[reach.address],
        reply_to=[one_line(clinic.email)] if clinic.email else None,
        headers=_headers(parts[0], clinic, now),
    )
    written.attach_alternative(render_to_string("reminders/mail.html", values), "text/html")
    for entry in entries:
        written.attach(entry.attachment)
    return written


def calendar_entries(
    parts: Sequence[Message], voice: Voice, words: Language, now: datetime
) -> list[Entry]:
    """Return one entry for each visit whose time the mail tells or takes back."""
    visits = {
        part.treatment_session.pk: part.treatment_session
        for part in parts
        if part.kind in IN_THE_CALENDAR and part.treatment_session is not None
    }
    return [
        calendars.entry(session, voice.clinic, voice.policy, words, now)
        for session in visits.values()
    ]


def _headers(message: Message, clinic: Clinic, now: datetime) -> dict[str, str]:
    """The header names the sender; the envelope may name a mailbox that takes what comes back."""
    headers = {
        "From": formataddr((one_line(clinic.sender_name), from_address())),
        "Message-ID": f"<{message.message_id}@{domain()}>",
        "Date": format_datetime(now.astimezone(UTC)),
        "Auto-Submitted": "auto-generated",
    }
    if Purpose.UNSUBSCRIBE in links.OFFERED[message.kind]:
        unsubscribe = links.url(message, Purpose.UNSUBSCRIBE)
        headers["List-Unsubscribe"] = f"<{unsubscribe}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return headers


def _frame(
    message: Message, voice: Voice, words: Language, entries: Sequence[Entry]
) -> Mapping[str, Any]:
    """Return what stands around the sections: to whom, from whom, and how to stop such mails."""
    clinic, phone = voice.clinic, one_line(voice.clinic.phone)
    sender = {"sender": one_line(clinic.sender_name)}
    if message.kind == Kind.ON_CALL:
        return {"greeting": words.sentences["greeting_to_nobody"], **sender}
    name, crisis_line = one_line(message.patient.given_name), one_line(voice.crisis_line)
    to_somebody = words.say("greeting", name=name)
    is_off = bool(entries) and all(entry.method == "CANCEL" for entry in entries)
    calendar = words.sentences["calendar_off" if is_off else "calendar"]
    return {
        "greeting": to_somebody if name else words.sentences["greeting_to_nobody"],
        **sender,
        "address": address_lines(clinic),
        "phone": words.say("phone", phone=phone) if phone else "",
        "crisis": words.say("crisis", crisis_line=crisis_line) if crisis_line else "",
        "calendar": calendar if entries else "",
        "agreed": words.sentences["agreed"],
        "mails_link": links.url(message, Purpose.MAILS),
        "mails_label": words.buttons["mails"],
        "choose_mails": words.sentences["choose_mails"],
    }


def _plain(sections: Sequence[Section], values: Mapping[str, Any]) -> str:
    """Write the same as plain text, a blank line between paragraphs."""
    paragraphs = [values["greeting"]]
    for section in sections:
        for block in section.blocks:
            if block.box is not None:
                begins = block.box.begins
                lines = [begins.day, f"{begins.time} ({begins.zone})", block.box.at_clinic]
                paragraphs.append(_indented([*lines, *block.box.place]))
            elif block.points:
                paragraphs.append("\n".join(f"  - {point}" for point in block.points))
            else:
                paragraphs.append("\n".join(block.lines))
        paragraphs.append("\n".join(f"{each.label}: {each.url}" for each in section.buttons))
    paragraphs.append(values.get("calendar", ""))
    names = ("sender", "phone", "crisis")
    foot = [values.get(name, "") for name in names]
    foot[1:1] = values.get("address", ())
    paragraphs.append(_indented(foot))
    if values.get("agreed"):
        link = values["choose_mails"].replace("{link}", values["mails_link"])
        paragraphs.append(f"{values['agreed']}\n{link}")
    return "\n\n".join(filter(None, paragraphs)) + "\n"


def _indented(lines: Sequence[str]) -> str:
    return "\n".join(f"    {line}" for line in lines if line)
