"""Critical values hold the dose: the next device, the start of an infusion and more of it.

Pure. The template's alert limits decide, measure by measure, by the newest value that is known; a
set that leaves a measure out doesn't lift its hold. What was decided where the label is silent:

- SpO2 on oxygen may set a hold, and never lifts one.
- Before the first dose, a high blood pressure has a stricter limit: the pre-dose check's.
- A rise with symptoms holds as well: a decision covers it that was shown the value together with
  what is known of the symptoms.
- A recheck is due at once, and overdue after the template's `overdue_after_minutes`.
- A value within limits lifts a hold when it was taken the clinic's minutes of a repeat after the
  critical one, or later; until then the critical one holds.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitoring.alerts import LOW_PRESSURE, Alert, alerts, critical, standing
from monitoring.readings import History, Reading, Settings

PRESSURE = ("systolic", "diastolic")
MEASURES = (*PRESSURE, "pulse", "spo2", "sedation", "resp_rate", "temperature")
RISE = "alert_bp_rise_percent"


@dataclass(frozen=True, slots=True)
class Hold:
    alerts: tuple[Alert, ...]
    recheck_by: datetime
    keys: tuple[str, ...]  # of the values, for the decision that covers them

    @property
    def text(self) -> str:
        return " ".join(alert.text for alert in self.alerts)


NO_WAIT = timedelta(0)


def hold(
    readings: Sequence[Reading],
    first_dose: datetime | None,
    settings: Settings,
    repeat: timedelta = NO_WAIT,
) -> Hold | None:
    """Return what the visit's standing readings hold the dose for."""
    before = [r for r in readings if first_dose is None or r.observed_at <= first_dose]
    baseline = _newest(before)[0] if before and first_dose else None
    found: list[tuple[Reading, Alert]] = []
    for measure in MEASURES:
        known = _known(measure, readings, settings)
        bad = {r: _alerts(r, measure, baseline, settings) for r in known}
        if measure in PRESSURE:  # a high one before the dose is the pre-dose check's
            early = [r for r in known if first_dose is None or r.observed_at <= first_dose]
            bad |= {r: [a for a in bad[r] if a.setting in LOW_PRESSURE] for r in early}
        for reading in speaks(known, [r for r in known if bad[r]], repeat):
            found += [(reading, alert) for alert in bad[reading]]
    if not found:
        return None
    last = max(reading.observed_at for reading, _ in found)
    return Hold(
        tuple(dict.fromkeys(alert for _, alert in found)),
        last + max(timedelta(minutes=settings.overdue_after_minutes), repeat),
        tuple(sorted({reading.key(alert.measure) for reading, alert in found})),
    )


def hold_of(
    readings: Sequence[Reading],
    first_dose: datetime | None,
    history: History,
    settings: Settings,
    repeat: timedelta,
) -> Hold | None:
    """Return what these readings of the session's visit hold the dose for, symptoms included."""
    found = hold(readings, first_dose, settings, repeat)
    if settings.alert_bp_rise_percent is None or not readings:
        return found
    last = max(reading.observed_at for reading in readings)
    risen = [a for a in critical(standing(history, settings, last)) if a.setting == RISE]
    if not risen or history.events_known_at is None:
        return found
    seen = [r for r in readings if r.observed_at in {alert.observed_at for alert in risen}]
    symptom = f"{history.events_known_at:%Y%m%d%H%M%S%f}"
    keys = {reading.key(f"rise:{symptom}") for reading in seen}
    recheck_by = last + timedelta(minutes=settings.overdue_after_minutes)
    if found is None:
        return Hold(tuple(risen), recheck_by, tuple(sorted(keys)))
    by = max(found.recheck_by, recheck_by)
    return Hold((*found.alerts, *risen), by, tuple(sorted(keys.union(found.keys))))


def speaks(
    known: Sequence[Reading], critical_ones: Sequence[Reading], repeat: timedelta
) -> list[Reading]:
    """Return the readings that count: the newest, or the last critical ones not lifted yet."""
    newest, last_bad = _newest(known), _newest(critical_ones)
    if last_bad and newest[0].observed_at - last_bad[0].observed_at < repeat:
        return last_bad
    return newest


def _newest(readings: Sequence[Reading]) -> list[Reading]:
    """Return all readings of the latest instant: of two, both count."""
    last = max((reading.observed_at for reading in readings), default=None)
    return [reading for reading in readings if reading.observed_at == last]


def _known(measure: str, readings: Iterable[Reading], settings: Settings) -> list[Reading]:
    known = [reading for reading in readings if getattr(reading, measure) is not None]
    if measure != "spo2":
        return known
    return [r for r in known if r.on_room_air or _alerts(r, measure, None, settings)]


def _alerts(
    reading: Reading, measure: str, baseline: Reading | None, settings: Settings
) -> list[Alert]:
    before = baseline if baseline is not reading else None
    return [alert for alert in alerts(reading, before, settings) if alert.measure == measure]
