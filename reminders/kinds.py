"""The kinds of messages, and what each needs of its session."""

from django.db import models

from sessions.lifecycle import Status


class Kind(models.TextChoices):
    PREPARATION = "preparation", "Preparation"
    REMINDER = "reminder", "Reminder"
    LATE_BOOKING = "late_booking", "Booked at short notice"
    MISSED = "missed", "Missed session"
    FOLLOW_UP = "follow_up", "Follow-up"
    QUESTIONNAIRE = "questionnaire", "Questionnaire due"
    CONSENT_EXPIRING = "consent_expiring", "Consent runs out"
    INSTRUCTIONS = "instructions", "Instructions for the way home"
    CHANGED = "changed", "New time"
    CALLED_OFF = "called_off", "Cancellation"
    ON_CALL = "on_call", "Call to staff"


BEFORE = frozenset({Kind.PREPARATION, Kind.REMINDER, Kind.LATE_BOOKING})
"""They count back from the beginning of a visit."""

RULED = (
    *(Kind.PREPARATION, Kind.REMINDER, Kind.LATE_BOOKING, Kind.MISSED, Kind.FOLLOW_UP),
    *(Kind.QUESTIONNAIRE, Kind.CONSENT_EXPIRING),
)
"""The clinic's rules plan these; a person or an alarm asks for the others."""

BY_THE_CHART = frozenset({Kind.QUESTIONNAIRE, Kind.CONSENT_EXPIRING})
"""About the patient, not about one visit."""

NEWS = frozenset({Kind.CHANGED, Kind.CALLED_OFF})
"""Somebody has to know of it: no opt-out of a kind holds it back, and it may break quiet hours."""

# Whoever was taken to a hospital gets a call from a person, not a letter from a machine.
FOLLOWED_UP = frozenset({Status.DISCHARGED, Status.LEFT_AGAINST_ADVICE})
STATUSES: dict[str, frozenset[Status]] = {
    **dict.fromkeys(BEFORE, frozenset({Status.PLANNED})),
    Kind.CHANGED: frozenset({Status.PLANNED}),
    Kind.CALLED_OFF: frozenset({Status.CANCELLED}),
    Kind.MISSED: frozenset({Status.NO_SHOW}),
    Kind.FOLLOW_UP: FOLLOWED_UP,
    Kind.INSTRUCTIONS: frozenset({Status.DISCHARGED}),
}
"""In which states of its session a message may still go."""


def may_go(kind: str, status: str) -> bool:
    return status in STATUSES[kind]
