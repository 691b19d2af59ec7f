"""Whether a mail goes that tells of a visit's new time, or that the visit is off."""

from reminders.kinds import Kind
from reminders.models import Message
from sessions.lifecycle import Status
from sessions.models import TreatmentSession

TOO_LATE = "It is too late for an e-mail."
GOES = (Message.State.PLANNED, Message.State.SENDING, Message.State.SENT)


def obstacle(session_pk: int) -> str:
    """Say why no mail tells of the visit as it is now; nothing when one goes."""
    session = TreatmentSession.objects.get(pk=session_pk)
    is_off = session.status == Status.CANCELLED
    message = Message.objects.filter(
        treatment_session=session,
        kind=Kind.CALLED_OFF if is_off else Kind.CHANGED,
        schedule_rev=session.schedule_rev,
    ).first()
    if message is None:
        return TOO_LATE
    return "" if message.state in GOES else message.reason or TOO_LATE
