"""Bring a message that is not sent yet in line with its visit, its rule and the patient's wishes.

One function decides, whatever has changed: when a listener hears of it, on a sweep, and once more
under lock before the mail goes.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from reminders import ports, rules
from reminders.kinds import Kind, may_go
from reminders.models import Message, MessageRule
from reminders.rules import Facts, Reach, Slot, Window
from sessions.lifecycle import Status
from sessions.models import TreatmentSession

State = Message.State
MOVED = "The session was moved."
SETTLED = "What it was about is settled."
ASKED_BEFORE = "The patient had asked to change the visit; that request is with staff."
MADE_UP = "A new date was booked."
ASKED_ELSEWHERE = "It is answered, or asked at a visit on its day."
OUT_OF_USE = "Its rule is not in use."
OPEN = (State.PLANNED, State.SENDING)
REVIVABLE = (State.SUPPRESSED, State.CANCELLED)
RECONSIDERED = (*OPEN, *REVIVABLE, State.EXPIRED)  # when their rule has changed


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a message that is not sent yet."""

    state: Message.State
    reason: str = ""
    window: Window | None = None


def reconcile(
    message: Message,
    session: TreatmentSession | None,
    facts: Facts | None,
    reach: Reach,
    now: datetime,
    *,
    needless: str = "",
) -> None:
    """Bring one message that is not sent yet in line with what holds now; the caller saves.

    `needless` says why nobody has to be told of it any more.
    """
    if needless:
        verdict = Verdict(State.CANCELLED, needless)
    else:
        verdict = _verdict(message, session, facts, reach)
    revision = message.rule.revision if message.rule else 0
    is_outdated, message.rule_revision = message.rule_revision != revision, revision
    if verdict.state == State.CANCELLED:
        if message.state in OPEN:
            message.close(verdict.state, verdict.reason)
        return
    is_over = verdict.window is not None and verdict.window.expires_at <= now
    if is_over and message.state not in OPEN:
        return
    is_untried = message.attempts == 0 or (is_outdated and message.attempts == 1)
    if verdict.window is not None and is_untried and not message.maybe_twice:
        # The patient may live on another clock now, or the rule may count another way.
        message.not_before = verdict.window.not_before
        message.expires_at = verdict.window.expires_at
    if verdict.state == State.SUPPRESSED:
        message.close(verdict.state, verdict.reason)
    elif message.state not in OPEN:
        message.close(State.PLANNED)
        # The mail in which it was tried may have gone without it, under that Message-ID.
        message.attempts, message.message_id = 0, uuid4()


def _verdict(
    message: Message, session: TreatmentSession | None, facts: Facts | None, reach: Reach
) -> Verdict:
    obstacle = reach.obstacle_to(message.kind)
    if session is not None and message.schedule_rev != session.schedule_rev:
        return Verdict(State.CANCELLED, MOVED)
    if session is not None and not may_go(message.kind, session.status):
        return Verdict(State.CANCELLED, not_now(session.status))
    if facts is None:
        is_asked = message.kind == Kind.QUESTIONNAIRE
        return Verdict(State.CANCELLED, ASKED_ELSEWHERE if is_asked else SETTLED)
    if message.rule is None or message.asked_by_id is not None:
        return _as_it_was(message, obstacle)  # a person has decided that it goes
    slot = _slot(message.rule, session, facts, reach)
    if slot is None:
        return Verdict(State.SUPPRESSED, OUT_OF_USE)
    if slot.obstacle == rules.RULE_IS_NEWER and _is_on_its_way(message):
        return _as_it_was(message, obstacle)  # a changed rule loses nothing that was planned
    reason = slot.obstacle or obstacle
    return Verdict(State.SUPPRESSED if reason else State.PLANNED, reason, slot.window)


def _is_on_its_way(message: Message) -> bool:
    """Whether it waits to go, or to be replaced by a call because its patient can't be mailed."""
    return message.state in OPEN or message.reason in rules.ENDING_BY_THEMSELVES


def _as_it_was(message: Message, obstacle: str) -> Verdict:
    state = State.SUPPRESSED if obstacle else State.PLANNED
    return Verdict(state, obstacle, Window(message.not_before, message.expires_at))


def _slot(
    rule: MessageRule, session: TreatmentSession | None, facts: Facts, reach: Reach
) -> Slot | None:
    if not rule.is_active or (session is not None and not rule.fits(session)):
        return None
    return rules.slot(rule.timing, facts, reach)


def not_now(status: str) -> str:
    return f"The session is “{Status(status).label}”."


def facts_of(session: TreatmentSession) -> Facts:
    return Facts(
        starts_at=session.starts_at, scheduled_at=session.scheduled_at, ended_at=session.ended_at
    )


def needless_of(messages: Iterable[Message]) -> dict[int, str]:
    """Say of which messages about missed visits, by key, nobody needs to be told, and why."""
    missed = {m.pk: m.treatment_session_id for m in messages if m.kind == Kind.MISSED}
    if not missed:
        return {}
    sessions = {pk for pk in missed.values() if pk is not None}
    asked = set().union(*ports.asked_before(sessions).values())
    rows = TreatmentSession.objects.filter(makes_up_for__in=sessions)
    again = set(rows.values_list("makes_up_for", flat=True))
    return {
        pk: MADE_UP if session in again else ASKED_BEFORE
        for pk, session in missed.items()
        if session in again | asked
    }
