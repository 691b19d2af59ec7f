"""Who acts through a link, and the lock under which a link is asked again whether it stands."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from clinic import clock
from clinic.audit import Actor, acting
from reminders import links
from reminders.links import Purpose
from reminders.models import Message
from sessions.services import steps

PATIENT = Actor("patient_link", None, "patient")


class LinkOverError(Exception):
    """The link stopped working while its page was open."""


@contextmanager
def answering(message: Message, purpose: Purpose) -> Iterator[tuple[Message, datetime]]:
    """Open a transaction of the patient's; a cancellation or a move either comes first or waits.

    Yields the message as it is under the visit's lock, and the time. Raises LinkOverError.
    """
    with acting(PATIENT):
        if message.treatment_session_id is not None:
            steps.lock(message.treatment_session_id)
        found = links.of(message.public_id)
        now = clock.now()
        if found is None or not links.stands(found, purpose, now):
            raise LinkOverError
        yield found, now
