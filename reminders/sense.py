"""What a rule needs to make sense, said where it was typed; the database holds most of it, too."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from reminders.kinds import BEFORE, BY_THE_CHART, Kind
from reminders.models import MessageRule

ELAPSED, WALL = MessageRule.How.ELAPSED, MessageRule.How.WALL
CLOCK_CHANGE = timedelta(hours=1)


def amiss(kind: str, typed: Mapping[str, Any]) -> dict[str, str]:
    """Return what makes no sense by the field that has to change; what is missing was refused."""
    found = dict(_of_kind(kind, typed)) or dict(_of_counting(typed))
    return found or dict(_of_time(kind, typed))


def _of_kind(kind: str, typed: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if kind == Kind.LATE_BOOKING and typed.get("how") == WALL:
        yield "how", "Short notice counts in hours before the visit: choose the hours."
    if kind in BY_THE_CHART and typed.get("how") == ELAPSED:
        yield "how", "Dates of the chart count in days, with a time: choose the days."
    if kind in BY_THE_CHART and typed.get("protocol_key"):
        yield "protocol_key", "Dates of the chart are of no protocol: choose all protocols."


def _of_counting(typed: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    how, hours, days, at = (typed.get(name) for name in ("how", "hours", "days", "at"))
    if how == ELAPSED:
        if hours is None:
            yield "hours", "Enter the hours: this rule counts by them."
        if days is not None:
            yield "days", "Leave this empty: the rule counts by hours."
        if at is not None:
            yield "at", "Leave this empty: the rule counts by hours."
    if how == WALL:
        if hours is not None:
            yield "hours", "Leave this empty: the rule counts by days, with a time."
        if days is None:
            yield "days", "Enter the days: this rule counts by them. 0 is the day itself."
        if at is None:
            yield "at", "Enter the time of day."


def _of_time(kind: str, typed: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Before a visit there has to be time left in which the message is of use.

    The database holds hours to it; a rule by days that never goes may be put out of use.
    """
    hours, useful = typed.get("hours"), typed.get("useful_hours")
    days, at = typed.get("days"), typed.get("at")
    if kind not in BEFORE or useful is None:
        return
    if hours is not None and hours < 2:
        yield "hours", "It would never go: enter 2 hours at least."
    elif hours is not None and hours <= useful:
        yield (
            "useful_hours",
            f"It would never go: it is due {hours} hours before the visit, and here it is of use "
            f"only until {useful} hours before. Enter fewer than {hours}.",
        )
    elif days is not None and at is not None and typed.get("is_active"):
        earliest = timedelta(days=days + 1) - timedelta(hours=at.hour, minutes=at.minute)
        if timedelta(hours=useful) >= earliest + CLOCK_CHANGE:
            yield (
                "useful_hours",
                "It would never go: it is due less than "
                f"{-(-earliest // timedelta(hours=1))} hours before any visit of that day, and "
                f"here it is of use only until {useful} hours before. Enter fewer.",
            )
