"""Signed links in mails: made of a message and one purpose, stored nowhere.

What a link is good for follows from the message's row each time that it is opened.
"""

import base64
import binascii
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.db import models

from patients.models import EmailContact, MailHold
from reminders.kinds import BEFORE, Kind, may_go
from reminders.models import Message
from sessions.lifecycle import Status

PATH = "/p/"
_signer = Signer(salt="reminders.links", sep=".")  # HMAC-SHA256: 256 bits


class Purpose(models.TextChoices):
    """What a link is for; the value is all that its address tells of it."""

    VISIT = "v", "The visit"
    RESCHEDULE = "r", "Another time"
    CANCEL = "x", "Call it off"
    PREPARE = "p", "Preparation"
    CALENDAR = "k", "Calendar entry"
    CHECK_IN = "c", "Follow-up"
    REBOOK = "b", "A new time after a missed visit"
    QUESTIONNAIRE = "q", "Questionnaire"
    MAILS = "m", "Which mails"
    UNSUBSCRIBE = "u", "One-click unsubscribe"


OF_A_VISIT = frozenset(
    {
        *(Purpose.VISIT, Purpose.RESCHEDULE, Purpose.CANCEL),
        *(Purpose.PREPARE, Purpose.CALENDAR),
    }
)
OF_MAIL = frozenset({Purpose.MAILS, Purpose.UNSUBSCRIBE})
OFFERED: dict[str, frozenset[Purpose]] = {
    **dict.fromkeys(BEFORE, OF_A_VISIT | OF_MAIL),
    Kind.CHANGED: OF_A_VISIT | {Purpose.MAILS},
    Kind.CALLED_OFF: frozenset({Purpose.MAILS}),
    Kind.MISSED: OF_MAIL | {Purpose.REBOOK},
    Kind.FOLLOW_UP: OF_MAIL | {Purpose.CHECK_IN},
    Kind.QUESTIONNAIRE: OF_MAIL | {Purpose.QUESTIONNAIRE},
    **dict.fromkeys((Kind.CONSENT_EXPIRING, Kind.INSTRUCTIONS), OF_MAIL),
    Kind.ON_CALL: frozenset(),
}
"""Which links a mail of each kind may carry; no other link of its messages works."""

ANSWERABLE = timedelta(days=14)
MAIL_LINKS_LAST = timedelta(days=365)


def token(message: Message, purpose: Purpose) -> str:
    key = base64.urlsafe_b64encode(message.public_id.bytes).rstrip(b"=").decode()
    return _signer.sign(f"{purpose.value}{key}")


def url(message: Message, purpose: Purpose) -> str:
    return f"{settings.SITE_URL.rstrip('/')}{PATH}{token(message, purpose)}/"


def read(text: str) -> tuple[Message, Purpose] | None:
    """Return what a token was made of; nothing when it is not one of ours, character by character.

    Whether it is still good for that, `stands` says.
    """
    try:
        signed = _signer.unsign(text)
        purpose, public_id = Purpose(signed[:1]), _uuid(signed[1:])
    except (BadSignature, ValueError, binascii.Error):
        return None
    message = of(public_id)
    return (message, purpose) if message is not None else None


def of(public_id: UUID) -> Message | None:
    """Return a message with what its links are about."""
    rows = Message.objects.select_related(
        *("clinic", "patient__clinic", "patient__email_contact", "rule"),
        *("treatment_session__course__protocol__monitoring", "treatment_session__phase"),
        *("treatment_session__chair__room", "treatment_session__clinic"),
    )
    return rows.filter(public_id=public_id).first()


def _uuid(key: str) -> UUID:
    return UUID(bytes=base64.urlsafe_b64decode(f"{key}=="))


def stands(message: Message, purpose: Purpose, now: datetime) -> bool:
    """Say whether a link still works: one query on top of `read`, two for a missed visit."""
    return _lasts(message, purpose, now) and (purpose in OF_MAIL or _is_current(message))


def is_outdated(message: Message, purpose: Purpose, now: datetime) -> bool:
    """Say whether a link would still work, had its visit not been moved or called off since.

    It does nothing any more but say so.
    """
    is_of_a_visit = purpose in OF_A_VISIT & OFFERED[message.kind]
    return is_of_a_visit and _is_overtaken(message) and _lasts(message, purpose, now)


def _lasts(message: Message, purpose: Purpose, now: datetime) -> bool:
    return (
        purpose in OFFERED[message.kind]
        and _was_sent(message, now)
        and message.links_revoked_at is None
        and now < _ends_at(message, purpose)
        and not message.patient.deceased
        and _reaches_the_same(message)
        and (purpose in OF_MAIL or not _is_held(message))
    )


def _was_sent(message: Message, now: datetime) -> bool:
    """Count a mail that is being handed over, or that may have arrived before its row says so."""
    if message.state == Message.State.SENDING:
        return message.lease_until is not None and now < message.lease_until
    is_open = message.state in {Message.State.SENT, Message.State.PLANNED}
    may_have_come = message.maybe_twice and message.sent_to != ""
    return is_open and (message.state == Message.State.SENT or may_have_come)


def _ends_at(message: Message, purpose: Purpose) -> datetime:
    session = message.treatment_session
    if purpose in OF_A_VISIT and session is not None:
        return session.starts_at
    sent_at = message.sent_at or message.not_before
    ends_at = sent_at + (MAIL_LINKS_LAST if purpose in OF_MAIL else ANSWERABLE)
    if purpose == Purpose.REBOOK and session is not None and (booked := session.stand_in):
        return min(ends_at, booked.starts_at)
    return ends_at


def _is_current(message: Message) -> bool:
    """Whether the visit is still the one that the mail was about."""
    session = message.treatment_session
    if session is None:
        return True
    is_same_time = message.schedule_rev == session.schedule_rev
    return is_same_time and may_go(message.kind, session.status)


def _is_overtaken(message: Message) -> bool:
    session = message.treatment_session
    if session is None:
        return False
    is_moved = message.schedule_rev < session.schedule_rev and may_go(message.kind, session.status)
    return is_moved or session.status == Status.CANCELLED


def _reaches_the_same(message: Message) -> bool:
    contact: EmailContact | None = getattr(message.patient, "email_contact", None)
    if contact is None or contact.verified_at is None:
        return False
    return not message.sent_to or message.sent_to == contact.address


def _is_held(message: Message) -> bool:
    """Whether mail is held; who wants none may say so all the same."""
    held = MailHold.objects.filter(patient=message.patient_id, lifted_at__isnull=True)
    return held.exists()
