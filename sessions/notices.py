"""Whether a change of visits makes a mail wrong that somebody has read."""

from collections.abc import Collection

from sessions import ports
from sessions.models import TreatmentSession


def expects_notice(sessions: Collection[TreatmentSession]) -> bool:
    """Return whether the tick to tell the patient is set when the form opens."""
    return any(ports.expects_notice(sessions).values())
