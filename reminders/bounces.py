"""Mails that came back: a report (RFC 3464) of one that failed marks the messages that it held."""

from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message as Part
from email.parser import HeaderParser
from typing import Any
from uuid import UUID

from clinic import audit, clock
from clinic.audit import acting, system
from patients.models import Patient
from patients.services import contact
from reminders import marking
from reminders.kinds import Kind
from reminders.models import Message

MOST_BYTES = 1_000_000
GONE = "The address does not exist any more."
CAME_BACK = "It came back: the mail server of this address did not take it."
GONE_STATUS = "5.1."  # RFC 3463: the address, for good
OF_THE_SENDER = ("5.1.7", "5.1.8")  # RFC 3463: among them, those about our own address


class NotABounceError(ValueError):
    """What was read is no report of a mail of ours that failed; the text says why."""


@dataclass(frozen=True, slots=True)
class Bounce:
    """Which mail did not arrive, and why."""

    message_id: UUID
    reason: str


def read(raw: bytes) -> Bounce:
    """Read one report; raise NotABounceError for anything else, a report of a delay included."""
    if len(raw) > MOST_BYTES:
        raise NotABounceError("It is larger than such a report is.")
    try:
        return _read(message_from_bytes(raw))
    except (RecursionError, LookupError, UnicodeError) as error:
        raise NotABounceError("It can't be read as a mail.") from error


def _read(report: "Part[Any, Any]") -> Bounce:
    if report.get_content_type() != "multipart/report":
        raise NotABounceError("It is no delivery report.")
    failed = [block for block in _statuses(report) if _word(block, "Action") == "failed"]
    if not failed:
        raise NotABounceError("It reports no failure: the mail may still arrive.")
    message_id = next(filter(None, map(_message_id, _returned(report))), None)
    if message_id is None:
        raise NotABounceError("It doesn't say which mail of ours failed.")
    is_gone = all(_is_gone(_word(block, "Status")) for block in failed)
    return Bounce(message_id, GONE if is_gone else CAME_BACK)


def _is_gone(status: str) -> bool:
    return status.startswith(GONE_STATUS) and not status.startswith(OF_THE_SENDER)


def _word(block: "Part[Any, Any]", name: str) -> str:
    return str(block.get(name, "")).strip().lower()


def _statuses(report: "Part[Any, Any]") -> Iterator["Part[Any, Any]"]:
    """Return the groups of fields that say what became of the mail."""
    for part in report.walk():
        if part.get_content_type() == "message/delivery-status":
            yield from _inside(part)


def _returned(report: "Part[Any, Any]") -> Iterator["Part[Any, Any]"]:
    """Return the headers of the mail that came back, with or without its body."""
    for part in report.walk():
        if part.get_content_type() == "message/rfc822":
            yield from _inside(part)
        elif part.get_content_type() == "text/rfc822-headers":
            raw: Any = part.get_payload(decode=True) or b""
            yield HeaderParser().parsestr(raw.decode(errors="replace"))


def _inside(part: "Part[Any, Any]") -> "list[Part[Any, Any]]":
    found: Any = part.get_payload()
    return found if part.is_multipart() else []


def _message_id(returned: "Part[Any, Any]") -> UUID | None:
    try:
        return UUID(str(returned.get("Message-ID", "")).strip().lstrip("<").partition("@")[0])
    except ValueError:
        return None


def take(bounce: Bounce) -> int:
    """Mark what the mail held as failed, with one task; return how many messages that are.

    An address that is gone counts as unverified from now on. A second report changes nothing.
    """
    with acting(system("bounce")):
        rows = Message.objects.filter(message_id=bounce.message_id)
        sent = rows.filter(state=Message.State.SENT, bounced_at__isnull=True)
        patients = Patient.objects.filter(pk__in=sent.values("patient"))
        held = patients.select_related("clinic").select_for_update(no_key=True, of=("self",))
        for patient in held.order_by("pk"):
            to_patient = sent.filter(patient=patient).exclude(kind=Kind.ON_CALL).first()
            if bounce.reason == GONE and to_patient is not None:
                contact.lose(patient, to_patient.sent_to, to_patient.sent_at)
        messages = list(
            sent.select_related("patient", "rule").order_by("pk").select_for_update(of=("self",))
        )
        now = clock.now()
        marking.fail(messages, bounce.reason, now)
        for message in messages:
            message.bounced_at = now
            message.save(update_fields=["state", "reason", *marking.LEASE, "bounced_at"])
            audit.record("message.bounced", subject=message)
        return len(messages)
