"""Bounds on times: of days at a clinic, and of what people type.

What happened can't lie ahead, and late entry says why.
"""

from datetime import date, datetime, time, timedelta

from django.core.exceptions import ValidationError

from clinic.models import Clinic
from clinic.words import explains

ONE_DAY = timedelta(days=1)
CLOCK_TOLERANCE = timedelta(minutes=2)
YEARS = range(1900, 2201)  # in which a date that somebody types may lie


def day_bounds(clinic: Clinic, first: date, last: date) -> tuple[datetime, datetime]:
    """Return the first moment of these days at the clinic, and the first one after them."""
    begin = datetime.combine(first, time.min, tzinfo=clinic.zone)
    return begin, datetime.combine(last + ONE_DAY, time.min, tzinfo=clinic.zone)


def check_happened(
    at: datetime, now: datetime, *, field: str, not_before: datetime | None = None
) -> None:
    """Refuse a moment in the future, or before what must have come first."""
    if at > now + CLOCK_TOLERANCE:
        raise ValidationError({field: "This time lies ahead. Enter when it happened."})
    if not_before is not None and at < not_before.replace(second=0, microsecond=0):
        raise ValidationError(
            {field: "This is before the patient arrived. Check the date and time."}
        )


def is_late(at: datetime, now: datetime, late_after_minutes: int) -> bool:
    return now - at > timedelta(minutes=late_after_minutes)


def check_late_reason(
    at: datetime, now: datetime, late_after_minutes: int, reason: str, *, field: str
) -> None:
    """Ask why, when something is entered long after it happened."""
    if is_late(at, now, late_after_minutes) and not explains(reason):
        raise ValidationError(
            {field: f"More than {late_after_minutes} minutes ago: say why it is entered now."}
        )
