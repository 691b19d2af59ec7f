"""What a protocol says, as plain values: phases, rhythms, dose options, monitoring settings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise
from typing import Any

MAX_WEEKS = 520
MAX_SESSIONS_PER_PHASE = 500
MAX_WEEKS_BETWEEN = 52
MAX_GAP_SETTING = 366
DAYS_OF_WEEK = 7

MISSED_RULES = {
    "continue": "Record the missed session and continue the schedule; nothing is doubled.",
    "step_back_if_worse": "Continue the schedule; if symptoms have worsened, the prescriber "
    "considers the previous, more frequent rhythm.",
    "prescriber_decides": "The prescriber decides whether and when to continue.",
}


class PlanningError(ValueError):
    """Input that can't be planned; `code` is stable, the message is a sentence for the user."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class DoseOption:
    """One dose that a phase offers, as mg (nasal devices) or mg per kg over minutes (infusion).

    `step_mg` bounds an increase over the last dose; a reduction is always possible.
    """

    mg: Decimal | None = None
    mg_per_kg: Decimal | None = None
    minutes: int | None = None
    min_age: int | None = None
    max_age: int | None = None
    first_session_only: bool = False
    not_first_session: bool = False
    is_default: bool = False
    step_mg: Decimal | None = None
    caution: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class PhaseSpec:
    """A stretch of the course with one rhythm.

    Exactly one of `per_week`, `every_weeks` or `rhythm_choices` sets the rhythm. `nominal_days` are
    days of the treatment week, counted from 1. `requires_decision` asks at the phase's end.
    """

    name: str
    order: int
    nominal_days: tuple[int, ...]
    per_week: int | None = None
    every_weeks: int | None = None
    count: int | None = None
    min_gap_days: int = 2
    max_gap_days: int | None = None
    rhythm_choices: tuple[str, ...] = ()
    missed_rule: str = "continue"
    doses: tuple[DoseOption, ...] = ()
    requires_decision: bool = False
    sources: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def days_per_week(self) -> int:
        return self.per_week or 1


@dataclass(frozen=True, slots=True)
class ProtocolSpec:
    key: str
    title: str
    short_title: str
    indication: str
    jurisdiction: str
    route: str
    drug: str
    visit_minutes: int
    min_observation_minutes: int
    phases: tuple[PhaseSpec, ...]
    min_age: int | None = None
    max_age: int | None = None
    monitoring: Mapping[str, Any] = field(default_factory=dict, hash=False)
    source: str = ""
    sources: Mapping[str, str] = field(default_factory=dict, hash=False)


def rhythm_weeks(rhythm: str) -> int:
    """Return the weeks between sessions: 1 for "weekly", n for "n-weekly"."""
    found = re.fullmatch(r"weekly|([1-9][0-9]?)-weekly", rhythm)
    weeks = int(found[1] or 1) if found else 0
    if not 1 <= weeks <= MAX_WEEKS_BETWEEN:
        raise PlanningError(
            "rhythm_unknown", f"“{rhythm}” is not a rhythm; write weekly, 2-weekly, 4-weekly."
        )
    return weeks


def check_phases(phases: tuple[PhaseSpec, ...]) -> None:
    """Raise PlanningError unless the phases can be planned; also what publishing a version asks."""
    if not phases:
        raise PlanningError("no_phases", "The protocol has no phase.")
    for phase in phases:
        _check_rhythm(phase)
        _check_count(phase)
        _check_gaps(phase)
    for phase in phases[:-1]:
        _require(phase, "open_end", phase.count is not None, "only the last phase has no end")
    _require(phases[0], "day_1", phases[0].nominal_days[0] == 1, "the first phase starts on day 1")


def check_day_gaps(phase: PhaseSpec, days: tuple[int, ...]) -> None:
    """Raise PlanningError if the weekly pattern alone is closer than the minimum gap."""
    weeks = 1 if phase.per_week else _shortest_interval(phase)
    repeated = (*days, days[0] + DAYS_OF_WEEK * weeks)
    narrowest = min(b - a for a, b in pairwise(repeated))
    _require(
        phase,
        "days_too_close",
        narrowest >= phase.min_gap_days,
        f"its days are {narrowest} apart, the minimum gap is {phase.min_gap_days} days",
    )


def _shortest_interval(phase: PhaseSpec) -> int:
    if phase.rhythm_choices:
        return min(rhythm_weeks(choice) for choice in phase.rhythm_choices)
    return phase.every_weeks or 1


def _check_rhythm(phase: PhaseSpec) -> None:
    given = [phase.per_week is not None, phase.every_weeks is not None, bool(phase.rhythm_choices)]
    _require(
        phase, "rhythm", sum(given) == 1, "give n per week, every n weeks, or choices of rhythm"
    )
    per_week, every = phase.days_per_week, _shortest_interval(phase)
    _require(phase, "per_week", 1 <= per_week <= DAYS_OF_WEEK, "sessions per week are 1 to 7")
    _require(phase, "every_weeks", 1 <= every <= MAX_WEEKS_BETWEEN, "the interval is 1 to 52 weeks")
    days = phase.nominal_days
    in_order = all(a < b for a, b in pairwise((0, *days, DAYS_OF_WEEK + 1)))
    _require(phase, "nominal_days", in_order, "its days are different numbers from 1 to 7 in order")
    _require(phase, "nominal_days", len(days) == per_week, f"{per_week} a week need as many days")


def _check_count(phase: PhaseSpec) -> None:
    _require(
        phase,
        "count",
        phase.count is None or 1 <= phase.count <= MAX_SESSIONS_PER_PHASE,
        f"the number of sessions is 1 to {MAX_SESSIONS_PER_PHASE}",
    )


def _check_gaps(phase: PhaseSpec) -> None:
    low, high = phase.min_gap_days, phase.max_gap_days
    _require(phase, "min_gap", 1 <= low <= MAX_GAP_SETTING, "the minimum gap is at least 1 day")
    _require(
        phase,
        "max_gap",
        high is None or low <= high <= MAX_GAP_SETTING,
        "the maximum gap is not below the minimum gap and at most a year",
    )
    check_day_gaps(phase, phase.nominal_days)


def _require(phase: PhaseSpec, code: str, condition: bool, sentence: str) -> None:
    if not condition:
        raise PlanningError(code, f"Phase “{phase.name}”: {sentence}.")
