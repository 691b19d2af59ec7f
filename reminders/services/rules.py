"""Rules of a clinic are saved here: what changes when they count starts to count now."""

from uuid import uuid4

from django.core.exceptions import PermissionDenied, ValidationError
from django.utils.text import slugify

from clinic import clock
from clinic.audit import acting
from clinic.models import Clinic, User
from clinic.refusals import refused_kindly
from reminders import planning
from reminders.models import MessageRule
from reminders.models.rule import MOST_RULES

DECISIVE = ("kind", "protocol_key", "is_active", "how", "hours", "days", "at", "useful_hours")
"""What decides which messages a rule plans, and when."""


def save_rule(rule: MessageRule, *, by: User) -> MessageRule:
    """Save a rule; the next sweep plans anew what is not sent yet."""
    with refused_kindly(), acting(by):
        action = "add" if rule._state.adding else "change"
        if not by.may(f"reminders.{action}_messagerule", rule.clinic_id):
            raise PermissionDenied(action)
        Clinic.objects.select_for_update(no_key=True).get(pk=rule.clinic_id)
        if rule._state.adding:
            _begin(rule)
        elif _has_changed(rule):
            rule.revision += 1
            rule.in_force_since = clock.now()
        rule.save()
        return rule


def _begin(rule: MessageRule) -> None:
    """Name a new rule beside those that ship: a clinic without any would never get them."""
    held = planning.rules_of([rule.clinic_id])[rule.clinic_id]
    if len(held) >= MOST_RULES:
        raise ValidationError(
            f"A clinic has at most {MOST_RULES} rules: change one that is not in use.",
            code="too_many",
        )
    key = slugify(rule.name)[:32] or "rule"
    if key in {other.key for other in held}:
        key = f"{key}-{uuid4().hex[:7]}"
    rule.key, rule.revision, rule.in_force_since = key, 1, clock.now()


def _has_changed(rule: MessageRule) -> bool:
    stands = MessageRule.objects.get(pk=rule.pk)
    return any(getattr(stands, name) != getattr(rule, name) for name in DECISIVE)
