"""Critical values, and what changed since before the dose."""

from dataclasses import dataclass
from typing import Any

from monitoring.readings import MEASURES, Reading, Settings

COMPARED = (
    "systolic",
    "diastolic",
    "pulse",
    "spo2",
    "resp_rate",
    "temperature",
    "sedation",
    "dissociation",
)


@dataclass(frozen=True, slots=True)
class Alert:
    measure: str
    value: int
    limit: int
    text: str


@dataclass(frozen=True, slots=True)
class Change:
    measure: str
    before: Any
    now: Any

    @property
    def by(self) -> Any:
        return self.now - self.before


def alerts(reading: Reading, baseline: Reading | None, settings: Settings) -> tuple[Alert, ...]:
    """Return the values that call for help at once; nothing is left out for being implausible."""
    critical = (
        ("systolic", "at or over", settings.alert_systolic, int.__ge__),
        ("diastolic", "at or over", settings.alert_diastolic, int.__ge__),
        ("spo2", "under", settings.alert_spo2, int.__lt__),
        ("sedation", "at or under", settings.alert_moaas, int.__le__),
        ("resp_rate", "under", settings.alert_resp_rate, int.__lt__),
    )
    return tuple(
        Alert(measure, value, limit, _text(measure, value, f"{relation} {limit}", baseline))
        for measure, relation, limit, reaches in critical
        if (value := getattr(reading, measure)) is not None and reaches(value, limit)
    )


def _text(measure: str, value: int, relation: str, baseline: Reading | None) -> str:
    before = getattr(baseline, measure) if baseline else None
    known = "" if before is None else f" (before the dose {before})"
    label = MEASURES[measure].label
    return f"{label[0].upper()}{label[1:]} {value} is {relation}{known}."


def changed_from_baseline(reading: Reading, baseline: Reading | None) -> tuple[Change, ...]:
    """Return each measure that is known in both sets and differs."""
    if baseline is None:
        return ()
    pairs = ((name, baseline.known(name), reading.known(name)) for name in COMPARED)
    return tuple(
        Change(name, before, now)
        for name, before, now in pairs
        if before is not None and now is not None and before != now
    )
