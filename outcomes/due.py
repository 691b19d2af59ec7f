"""What is due between sessions, and why; pure: history, earlier assessments and today come in.

Days are calendar days at the clinic. A period of 0 is a rule that the clinic has switched off.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from patients.rules import months_later

CHECKS_AFTER = (7, 14, 28, 42)  # days: weekly twice, then every two weeks twice (clinical 9)
EARLY = timedelta(days=3)  # so much before its day a check counts for it
LAPSES = timedelta(days=14)  # the last check is no longer asked for after this


@dataclass(frozen=True, slots=True)
class Visit:
    day: date
    induction: bool
    given: bool  # a dose was given; otherwise it is planned, or going on


@dataclass(frozen=True, slots=True)
class History:
    """One course: its first day, when it ended, and its visits in their order."""

    starts_on: date
    ended_on: date | None
    drug: str
    visits: Sequence[Visit]

    @property
    def given(self) -> list[date]:
        return [visit.day for visit in self.visits if visit.given]


@dataclass(frozen=True, slots=True)
class Rules:
    """A clinic's settings."""

    baseline_days: int
    bladder_days: int
    liver_days: int
    liver_for_esketamine: bool
    cognition_months: int
    audit_c_months: int
    checks_after_stopping: bool
    spaced_out_days: int


@dataclass(frozen=True, slots=True)
class Due:
    instrument: str
    due_on: date
    why: str


def due(
    history: History, done: Mapping[str, Sequence[date]], today: date, rules: Rules
) -> list[Due]:
    """Return the next of each instrument that a rule asks for, those of the past first."""
    found = [_checks_after(history, done.get("withdrawal", ()), today, rules)]
    if history.ended_on is None:
        found += _while_it_runs(history, done, today, rules)
    return sorted((each for each in found if each), key=lambda each: (each.due_on, each.instrument))


def _while_it_runs(
    history: History, done: Mapping[str, Sequence[date]], today: date, rules: Rules
) -> list[Due | None]:
    def later(months: int) -> Callable[[date], date]:
        return lambda day: months_later(day, months)

    liver = rules.liver_days and (history.drug == "ketamine" or rules.liver_for_esketamine)
    return [
        _bladder(history, done.get("bladder", ()), today, rules),
        _periodic("liver", history, done, rules, lambda day: day + timedelta(days=rules.liver_days))
        if liver
        else None,
        _periodic("cognition", history, done, rules, later(rules.cognition_months))
        if rules.cognition_months
        else None,
        _periodic("audit-c", history, done, rules, later(rules.audit_c_months))
        if rules.audit_c_months
        else None,
    ]


def _last(days: Sequence[date], history: History, rules: Rules) -> date | None:
    """Return the last one that counts for this course: from shortly before its first day on."""
    since = history.starts_on - timedelta(days=rules.baseline_days)
    return max((day for day in days if day >= since), default=None)


def _periodic(
    instrument: str,
    history: History,
    done: Mapping[str, Sequence[date]],
    rules: Rules,
    following: Callable[[date], date],
) -> Due:
    last = _last(done.get(instrument, ()), history, rules)
    if last is None:
        return Due(instrument, history.starts_on, "before the first dose")
    return Due(instrument, following(last), f"the last was on {_said(last)}")


def _bladder(history: History, days: Sequence[date], today: date, rules: Rules) -> Due | None:
    """At baseline, at every session of the induction, then by its period."""
    if not rules.bladder_days:
        return None
    last = _last(days, history, rules)
    if last is None:
        return Due("bladder", history.starts_on, "before the first dose")
    unasked = [v.day for v in history.visits if v.induction and last < v.day <= today]
    if unasked:
        return Due("bladder", unasked[0], "at every session of the induction")
    after = last + timedelta(days=rules.bladder_days)
    return Due("bladder", after, f"the last was on {_said(last)}")


def _checks_after(history: History, days: Sequence[date], today: date, rules: Rules) -> Due | None:
    """After the end, or after the interval grew: the check whose time has come, or the next one."""
    begun = _stopped_or_spaced(history, rules)
    if begun is None or not rules.checks_after_stopping:
        return None
    anchor, why = begun
    slots = [anchor + timedelta(days=after) for after in CHECKS_AFTER]
    for slot, following in zip(slots, [*slots[1:], slots[-1] + LAPSES + EARLY], strict=True):
        over = following - EARLY
        if today < over and not any(slot - EARLY <= day < over for day in days):
            return Due("withdrawal", slot, why)
    return None


def _stopped_or_spaced(history: History, rules: Rules) -> tuple[date, str] | None:
    """Return the day of the last dose that a longer time without one followed."""
    given = history.given
    if not given:
        return None
    if history.ended_on is not None:
        return max(given), f"after the last dose on {_said(max(given))}"
    days = [visit.day for visit in history.visits]
    gaps = [(one, (other - one).days) for one, other in pairwise(days)]
    for (_, before), (day, gap) in reversed(list(pairwise(gaps))):
        grew = gap >= rules.spaced_out_days and 2 * gap >= 3 * before
        if grew and day in given:
            return day, f"the interval grew to {gap} days"
    return None


def _said(day: date) -> str:
    return f"{day.day} {day:%b %Y}"
