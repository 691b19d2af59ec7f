"""The newest values of a card, beside the baseline, and those that call for help."""

from dataclasses import dataclass
from datetime import datetime

from desk.limits import out_of_range
from monitoring.alerts import alerts
from monitoring.evidence import Evidence
from monitoring.readings import Reading, Settings


@dataclass(frozen=True, slots=True)
class Value:
    """The newest value of a measure, beside its baseline."""

    label: str
    text: str
    value: int
    baseline: int | None
    out: bool
    older_at: datetime | None  # when it is not of the newest set


def alarms(evidence: Evidence) -> tuple[str, ...]:
    latest = max(evidence.readings, key=lambda reading: reading.observed_at, default=None)
    if latest is None or evidence.first is None:
        return ()
    return tuple(alert.text for alert in alerts(latest, None, evidence.settings))


def values(evidence: Evidence) -> tuple[Value, ...]:
    readings = sorted(evidence.readings, key=lambda reading: reading.observed_at)
    if not readings:
        return ()
    settings, newest = evidence.settings, readings[-1].observed_at
    shown = (
        _value("BP mmHg", "systolic", readings, evidence, newest, settings),
        _value("SpO₂ %", "spo2", readings, evidence, newest, settings),
        _value("MOAA/S", "sedation", readings, evidence, newest, settings),
    )
    return tuple(value for value in shown if value is not None)


def _value(
    label: str,
    measure: str,
    readings: list[Reading],
    evidence: Evidence,
    newest: datetime,
    settings: Settings,
) -> Value | None:
    known = [
        r for r in readings if (r.bp if measure == "systolic" else r.known(measure) is not None)
    ]
    if not known:
        return None
    last = known[-1]
    value = last.known(measure)
    return Value(
        label=label,
        text=str(last.bp) if measure == "systolic" else str(value),
        value=value,
        baseline=min(evidence.baseline_values(measure), default=None),
        out=("bp" if measure == "systolic" else measure) in out_of_range(last, settings),
        older_at=None if last.observed_at == newest else last.observed_at,
    )
