"""What a patient answers to a follow-up: each group of questions is kept as soon as it is sent."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from clinic import audit
from clinic.roles import Role
from patients.models import Task
from patients.services import tasks
from portal.models import CheckIn
from portal.services import helping
from portal.services.visitor import answering, heard
from portal.services.visits import of_link
from reminders.links import Purpose
from reminders.models import Message
from reminders.silence import KEY as SILENT

Part = CheckIn.Part
PARTS = tuple(Part)
AT_RISK = {
    "yes": "has thoughts of self-harm",
    "rather_not": "would rather not say whether there are thoughts of self-harm",
}
BAD = "bad"
WORSE = {"feeling": {"unwell"}, "mood": {"worse"}}
IN_OWN_WORDS = ("words", "other")


def latest(message: Message) -> dict[str, dict[str, Any]]:
    """Return the answers by group, as they stand."""
    rows = CheckIn.objects.filter(message=message)
    return dict(rows.values_list("part", "answers"))


def is_at_risk(answers: Mapping[str, Mapping[str, Any]]) -> bool:
    return answers.get(Part.MOOD, {}).get("self_harm") in AT_RISK


def is_done(answers: Mapping[str, Mapping[str, Any]]) -> bool:
    return Part.MORE in answers


def record(message: Message, part: str, answers: Mapping[str, Any]) -> None:
    """Keep one group, and ask staff to act where it says that; said again, it does nothing.

    A risk that is told again is news as soon as nobody is at work on it any more.
    """
    with answering(message, Purpose.CHECK_IN) as (locked, now):
        _record(locked, part, answers, now)


def record_risk(message: Message, answers: Mapping[str, Any]) -> None:
    """Keep a risk, and call for help, although the link ended while its page was open."""
    with heard(message) as (locked, now):
        _record(locked, Part.MOOD, answers, now)


def _record(message: Message, part: str, answers: Mapping[str, Any], now: datetime) -> None:
    is_unheard = _is_unheard(message, part, answers)
    if latest(message).get(part) == answers and not is_unheard:
        return
    check_in = CheckIn.objects.create(
        **of_link(message), part=part, answers=dict(answers), answered_at=now
    )
    audit.record("follow_up.answered", subject=check_in, part=part)
    if is_unheard:
        _call_for_help(message, check_in, now)
    told = _told_of_the_body(answers) if part == Part.BODY else ""
    if told:
        text = f"The patient tells of {told} after {_visit(message)}."
        _ask(Task.Kind.RESULT, message, text, f"follow-up:{message.public_id}:{told}", now)
    if any(answers.get(name) in bad for name, bad in WORSE.items()) or _has_words(answers):
        # Nobody promises to read a chart by chance: what can't be counted is read by a person.
        text = f"Read the patient's answers after {_visit(message)}: chart, Answers to follow-ups."
        _ask(Task.Kind.RESULT, message, text, f"follow-up:{message.public_id}:read", now)
    if part == Part.MORE:
        if answers.get("call"):
            text = f"The patient asks for a call after {_visit(message)}."
            _ask(Task.Kind.CALL, message, text, f"call-back:{message.public_id}", now)
        _mark_answered(message, now)


def _is_unheard(message: Message, part: str, answers: Mapping[str, Any]) -> bool:
    """Whether this tells of a risk for which no task of this message is open."""
    if part != Part.MOOD or answers.get("self_harm") not in AT_RISK:
        return False
    same = CheckIn.objects.filter(
        message=message, part=part, answers__self_harm=answers["self_harm"]
    )
    return not helping.is_called_for(same.values_list("public_id", flat=True))


def _call_for_help(message: Message, check_in: CheckIn, now: datetime) -> None:
    told = AT_RISK[check_in.answers["self_harm"]]
    helping.call_for_help(
        message,
        check_in.public_id,
        text=f"Call now: the patient {told}, answered after {_visit(message)}.",
        source=message.treatment_session,
        now=now,
    )
    _mark_answered(message, now)


def _told_of_the_body(answers: Mapping[str, Any]) -> str:
    told = {
        "bad side effects": answers.get("how_bad") == BAD,
        "trouble with passing water": answers.get("urinary"),
    }
    return " and ".join(words for words, is_told in told.items() if is_told)


def _has_words(answers: Mapping[str, Any]) -> bool:
    return any(str(answers.get(name) or "").strip() for name in IN_OWN_WORDS)


def _ask(kind: Task.Kind, message: Message, text: str, key: str, now: datetime) -> None:
    tasks.ask(
        kind,
        patient=message.patient,
        role=Role.NURSE,
        text=text,
        due_at=now,
        dedupe_key=key,
        source=message.treatment_session,
    )


def _mark_answered(message: Message, now: datetime) -> None:
    """The chain of follow-ups ends: nobody needs to call because of silence."""
    Message.objects.filter(pk=message.pk, answered_at__isnull=True).update(answered_at=now)
    tasks.close_for(
        by=None, note="The patient has answered.", dedupe_key=f"{SILENT}{message.public_id}"
    )


def _visit(message: Message) -> str:
    session = message.treatment_session
    return f"session {session.number}" if session else "a session"
