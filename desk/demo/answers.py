"""What patients have answered to their mails, through the same services as on their pages."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Any

from clinic.models import Clinic
from portal.models import CheckIn, Preparation
from portal.services import asking, checking_in, visits
from portal.services.visits import Prepared
from reminders import links
from reminders.kinds import BEFORE, Kind
from reminders.links import Purpose
from reminders.models import Message

Part = CheckIn.Part
COMING = 3
CHECKED_IN: Mapping[str, Mapping[str, Any]] = {
    Part.FEELING: {"feeling": "well", "words": "Calm, a little tired in the evening."},
    Part.BODY: {"effects": ["tired"], "other": "", "how_bad": "mild", "urinary": []},
    Part.MOOD: {"mood": "better", "self_harm": "no"},
    Part.MORE: {"words": "", "call": False},
}


def tell(clinic: Clinic, now: datetime) -> None:
    """Some confirm and prepare, one asks for another time, one has answered the follow-up."""
    ahead = _standing(clinic, Purpose.VISIT, BEFORE, now)
    for message in islice(ahead, COMING):
        visits.confirm(message)
        visits.prepare(message, Prepared(Preparation.Ride.ARRANGED, ride_by="My sister"))
    asks = next(ahead, None)
    if asks is not None:
        asking.ask(asks, Purpose.RESCHEDULE, words="I have to work that morning.")
    followed = next(_standing(clinic, Purpose.CHECK_IN, {Kind.FOLLOW_UP}, now), None)
    if followed is not None:
        for part, answers in CHECKED_IN.items():
            checking_in.record(followed, part, answers)


def _standing(
    clinic: Clinic, purpose: Purpose, kinds: frozenset[Kind] | set[Kind], now: datetime
) -> Iterator[Message]:
    """Return messages whose links work now, the last one of each visit."""
    rows = Message.objects.filter(clinic=clinic, kind__in=kinds, state=Message.State.SENT)
    seen: set[int | None] = set()
    for public_id in rows.order_by("-sent_at", "pk").values_list("public_id", flat=True):
        message = links.of(public_id)
        if message is None or message.treatment_session_id in seen:
            continue
        seen.add(message.treatment_session_id)
        if links.stands(message, purpose, now):
            yield message
