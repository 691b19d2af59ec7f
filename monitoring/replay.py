"""One past session judged again under some settings, step by step as it became known.

Pure. At each time at which something was recorded, at the end of the minimum time, and at the
departure, the rules are asked with what was known then: a reading of later neither helps nor harms.
A time between these is not looked at, so a session may have been ready a little before.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import cache

from monitoring import alerts, timeline
from monitoring.conditions import SHORT, Gate
from monitoring.discharge import gate
from monitoring.readings import MEASURES, History, Settings, last_dose_at, observed_until, utc
from sessions.trials import Outcome, Raised

Known = Callable[[datetime], History]
# Settled when the rest is met, so that they hide what the settings change.
BY_A_PERSON = {"assessment", "escort", "driving"}


def compare(
    known: Known,
    times: Iterable[datetime],
    left_at: datetime,
    old: Settings,
    new: Settings,
    *,
    arrived_at: datetime | None = None,
) -> tuple[Outcome, Outcome]:
    """Judge a session twice; `known` tells its history as it was known at a time."""
    known, times = cache(known), [utc(moment) for moment in times]
    left_at = utc(left_at)
    return (
        judge(known, times, left_at, old, arrived_at=arrived_at),
        judge(known, times, left_at, new, arrived_at=arrived_at),
    )


def judge(
    known: Known,
    times: Iterable[datetime],
    left_at: datetime,
    settings: Settings,
    *,
    arrived_at: datetime | None = None,
) -> Outcome:
    last = known(left_at)
    ends = observed_until(last_dose_at(last.administrations), last.medicines, settings)
    moments = sorted({m for m in (*times, ends, left_at) if m is not None and m <= left_at})
    settled_at = ready_at = None
    raised: set[Raised] = set()
    for moment in moments:
        history = known(moment)
        raised |= _raised(history, settings, moment)
        if ready_at is None:
            found = gate(history, settings, moment)
            if settled_at is None and _is_settled(found):
                settled_at = moment
            if found.ready:
                ready_at = moment
    return Outcome(
        settled_at=settled_at,
        ready_at=ready_at,
        open=tuple(SHORT[c.code] for c in gate(last, settings, left_at).unmet),
        alerts=frozenset(raised),
        overdue=_overdue(last, settings, left_at, arrived_at),
    )


def _is_settled(found: Gate) -> bool:
    return {condition.code for condition in found.unmet} <= BY_A_PERSON


def _raised(history: History, settings: Settings, moment: datetime) -> set[Raised]:
    return {
        Raised(alert.level, MEASURES[alert.measure].label, alert.observed_at or moment)
        for alert in alerts.standing(history, settings, moment)
    }


def _overdue(
    history: History, settings: Settings, left_at: datetime, arrived_at: datetime | None
) -> dict[tuple[str, datetime | None], str]:
    """Return the checks that became overdue: done late, or neither done nor explained."""
    checks = timeline.due(
        settings,
        history.administrations,
        history.readings,
        history.missed,
        left_at,
        arrived_at=arrived_at,
        medicines=history.medicines,
    )
    late = (check for check in checks if check.state in ("late", "overdue"))
    return {(check.anchor, check.due_at): check.label for check in late}
