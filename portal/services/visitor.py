"""Who acts through a link, and the lock under which a link is asked again whether it stands."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from clinic import clock
from clinic.audit import Actor, acting
from patients.models import Patient
from reminders import links
from reminders.links import Purpose
from reminders.models import Message
from sessions.services import steps

PATIENT = Actor("patient_link", None, "patient")


class LinkOverError(Exception):
    """The link stopped working while its page was open."""


def check_link(message: Message, purpose: Purpose, now: datetime) -> None:
    """Read the message anew, under the caller's lock; raises LinkOverError if its link is over."""
    found = links.of(message.public_id)
    if found is None or not links.stands(found, purpose, now):
        raise LinkOverError


@contextmanager
def answering(message: Message, purpose: Purpose) -> Iterator[tuple[Message, datetime]]:
    """Open a transaction of the patient's; a cancellation or a move either comes first or waits.

    Yields the message as it is under the lock of its visit, or of the patient where it is about no
    visit, and the time. Raises LinkOverError.
    """
    with heard(message) as (found, now):
        if not links.stands(found, purpose, now):
            raise LinkOverError
        yield found, now


@contextmanager
def heard(message: Message) -> Iterator[tuple[Message, datetime]]:
    """Open the same for what is kept even though the link has ended."""
    with acting(PATIENT):
        if message.treatment_session_id is not None:
            steps.lock(message.treatment_session_id)
        else:
            Patient.objects.select_for_update(no_key=True).get(pk=message.patient_id)
        found = links.of(message.public_id)
        if found is None:
            raise LinkOverError
        yield found, clock.now()
