"""The rules that a clinic begins with; it changes or switches them off in the admin."""

from collections.abc import Mapping
from datetime import UTC, datetime, time
from typing import Any

from reminders.kinds import Kind
from reminders.models import MessageRule

# Older than any visit: what ships counts from the beginning.
EVER = datetime(2000, 1, 1, tzinfo=UTC)

SHIPPED: Mapping[str, Mapping[str, Any]] = {
    "preparation": {
        "name": "Preparation, 2 days before",
        "kind": Kind.PREPARATION,
        "days": 2,
        "at": time(10),
        "useful_hours": 12,
        "is_active": False,
    },
    "reminder_72h": {
        "name": "Reminder, 3 days before",
        "kind": Kind.REMINDER,
        "hours": 72,
        "useful_hours": 24,
    },
    "reminder_24h": {
        "name": "Reminder, 1 day before",
        "kind": Kind.REMINDER,
        "hours": 24,
        "useful_hours": 2,
    },
    "late_booking": {
        "name": "Booked less than a day before",
        "kind": Kind.LATE_BOOKING,
        "hours": 24,
        "useful_hours": 2,
    },
    "missed": {
        "name": "Missed session, 2 hours after",
        "kind": Kind.MISSED,
        "hours": 2,
        "useful_hours": 24,
    },
    "follow_up": {
        "name": "Follow-up, the day after",
        "kind": Kind.FOLLOW_UP,
        "days": 1,
        "at": time(10),
        "useful_hours": 48,
    },
    "follow_up_week": {
        "name": "Follow-up, a week after",
        "kind": Kind.FOLLOW_UP,
        "days": 7,
        "at": time(10),
        "useful_hours": 48,
        "is_active": False,
    },
    "questionnaire": {
        "name": "Questionnaire, on the day it is due",
        "kind": Kind.QUESTIONNAIRE,
        "days": 0,
        "at": time(10),
        "useful_hours": 72,
    },
    "consent_expiring": {
        "name": "Consent runs out in 2 weeks",
        "kind": Kind.CONSENT_EXPIRING,
        "days": 14,
        "at": time(10),
        "useful_hours": 120,
    },
}


def shipped_rules(clinic_id: int) -> list[MessageRule]:
    """Return the shipped rules for a clinic, not saved."""
    return [
        MessageRule(
            clinic_id=clinic_id,
            key=key,
            how=MessageRule.How.ELAPSED if "hours" in values else MessageRule.How.WALL,
            in_force_since=EVER,
            **values,
        )
        for key, values in SHIPPED.items()
    ]
