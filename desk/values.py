"""The newest values of a card, beside the baseline, and those that call for help."""

from dataclasses import dataclass
from datetime import datetime

from desk.limits import out_of_range
from monitoring.evidence import Evidence
from monitoring.readings import Reading


@dataclass(frozen=True, slots=True)
class Value:
    """The newest value of a measure, beside its baseline."""

    label: str
    text: str
    value: int
    baseline: int | None
    out: bool
    older_at: datetime | None  # when it is not of the newest set


def values(evidence: Evidence) -> tuple[Value, ...]:
    shown = (
        _value("BP mmHg", "systolic", evidence),
        _value("SpO₂ %", "spo2", evidence),
        _value("MOAA/S", "sedation", evidence),
    )
    return tuple(value for value in shown if value is not None)


def _value(label: str, measure: str, evidence: Evidence) -> Value | None:
    is_bp = measure == "systolic"
    known = (r for r in reversed(evidence.readings) if (r.bp if is_bp else _has(r, measure)))
    last = next(known, None)
    if last is None:
        return None
    value, newest = last.known(measure), evidence.readings[-1].observed_at
    return Value(
        label=label,
        text=str(last.bp) if is_bp else str(value),
        value=value,
        baseline=min(evidence.baseline_values(measure), default=None),
        out=("bp" if is_bp else measure) in out_of_range(last, evidence.settings),
        older_at=None if last.observed_at == newest else last.observed_at,
    )


def _has(reading: Reading, measure: str) -> bool:
    return reading.known(measure) is not None
