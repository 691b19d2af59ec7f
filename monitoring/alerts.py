"""Critical values, each beside what it was before the dose."""

from collections.abc import Sequence
from dataclasses import dataclass

from monitoring.readings import MEASURES, Reading, Settings


@dataclass(frozen=True, slots=True)
class Alert:
    measure: str
    value: int
    limit: int
    text: str


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


def of_latest(
    readings: Sequence[Reading], baseline: Reading | None, settings: Settings
) -> tuple[Alert, ...]:
    """Return what calls for help in the latest set; of two with the same time, both count."""
    last = max((reading.observed_at for reading in readings), default=None)
    latest = [reading for reading in readings if reading.observed_at == last]
    found = [alert for reading in latest for alert in alerts(reading, baseline, settings)]
    return tuple(dict.fromkeys(found))


def _text(measure: str, value: int, relation: str, baseline: Reading | None) -> str:
    before = getattr(baseline, measure) if baseline else None
    known = "" if before is None else f" (before the dose {before})"
    label = MEASURES[measure].label
    return f"{label[0].upper()}{label[1:]} {value} is {relation}{known}."
