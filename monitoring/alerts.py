"""Values that call for help (*critical*) or for another look (*watch*), each with its limit.

Pure. What was decided where the label is silent:

- Measure by measure, the newest value that is known speaks; a set that leaves a measure out changes
  nothing about it. Of two sets with one time, both count. SpO2 on oxygen may be critical and is
  never the value that ends it.
- A set dated after now is judged too, beside the newest one of now: it may add an alert, and until
  its time has come it ends none. So a board and a sheet say the same from the moment of saving.
- Only what came after the first dose is compared, with the values up to it: one of the same moment
  was taken before, as for the check before the dose. Of two values of
  one time the one that shows the greater change is taken. Where none is known, a value is watched
  as one that nobody can compare: missing is never normal.
- A rise with symptoms is a rise while an adverse event is open.
- A measure with a critical value isn't watched as well.
- Dissociation that lasts is watched by the time of the set: one from before the minutes are over
  says nothing, and none does while an infusion runs.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Literal

from monitoring.readings import (
    MEASURES,
    History,
    Measured,
    Reading,
    Settings,
    first_dose_at,
    last_dose_at,
)

Level = Literal["critical", "watch"]
Side = Literal["high", "low"]


@dataclass(frozen=True, slots=True)
class Alert:
    measure: str
    value: Measured
    limit: int | None  # None: there is nothing to compare with
    text: str
    level: Level = "critical"
    setting: str = ""  # of the monitoring template, which names its source
    observed_at: datetime | None = None
    since: datetime | None = None  # the first of the unbroken run of sets that broke this limit
    side: Side = "high"

    @property
    def key(self) -> tuple[str, str]:
        return self.measure, self.setting

    def is_worse_than(self, value: Measured) -> bool:
        return self.value > value if self.side == "high" else self.value < value


@dataclass(frozen=True, slots=True)
class Absolute:
    measure: str
    setting: str
    relation: str
    reaches: Callable[[Measured, Measured], bool]
    side: Side


ABSOLUTE = (
    Absolute("systolic", "alert_systolic", "at or over", lambda a, b: a >= b, "high"),
    Absolute("diastolic", "alert_diastolic", "at or over", lambda a, b: a >= b, "high"),
    Absolute("systolic", "alert_systolic_low", "under", lambda a, b: a < b, "low"),
    Absolute("diastolic", "alert_diastolic_low", "under", lambda a, b: a < b, "low"),
    Absolute("pulse", "alert_pulse_high", "over", lambda a, b: a > b, "high"),
    Absolute("pulse", "alert_pulse_low", "under", lambda a, b: a < b, "low"),
    Absolute("spo2", "alert_spo2", "under", lambda a, b: a < b, "low"),
    Absolute("sedation", "alert_moaas", "at or under", lambda a, b: a <= b, "low"),
    Absolute("resp_rate", "alert_resp_rate", "under", lambda a, b: a < b, "low"),
    Absolute("temperature", "alert_temperature", "at or over", lambda a, b: a >= b, "high"),
)


LOW_PRESSURE = frozenset({"alert_systolic_low", "alert_diastolic_low"})


@dataclass(frozen=True, slots=True)
class Relative:
    """How far a value may go from the one before the dose: up, down, or both ways (pulse)."""

    measure: str
    setting: str
    side: Side
    level: Level = "watch"
    percent: bool = False
    both_ways: bool = False

    def change(self, value: Measured, before: Measured) -> Measured:
        moved: Any = value - before
        if self.both_ways:
            return abs(moved)
        return moved if self.side == "high" else -moved

    def reaches(self, value: Measured, before: Measured, limit: int) -> bool:
        change = self.change(value, before)
        return change * 100 >= limit * before if self.percent else change >= limit


RELATIVE = (
    Relative("systolic", "alert_bp_rise_percent", "high", "critical", percent=True),
    Relative("diastolic", "alert_bp_rise_percent", "high", "critical", percent=True),
    Relative("systolic", "watch_systolic_rise", "high"),
    Relative("diastolic", "watch_diastolic_rise", "high"),
    Relative("systolic", "watch_bp_rise_percent", "high", percent=True),
    Relative("diastolic", "watch_bp_rise_percent", "high", percent=True),
    Relative("sedation", "watch_moaas_drop", "low"),
    Relative("spo2", "watch_spo2_drop", "low"),
    Relative("pulse", "watch_pulse_change", "high", both_ways=True),
)

LASTING = "dissociation"
ABSOLUTE_OF = {name: [rule for rule in ABSOLUTE if rule.measure == name] for name in MEASURES}
RELATIVE_OF = {name: [rule for rule in RELATIVE if rule.measure == name] for name in MEASURES}
LIMITED = [name for name in MEASURES if ABSOLUTE_OF[name] or RELATIVE_OF[name] or name == LASTING]


def alerts(reading: Reading, baseline: Reading | None, settings: Settings) -> tuple[Alert, ...]:
    """Return the critical values of one set; nothing is left out for being implausible."""
    return tuple(
        alert
        for rule in ABSOLUTE
        if (alert := _absolute(rule, reading, getattr(baseline, rule.measure, None), settings))
    )


def standing(history: History, settings: Settings, now: datetime) -> tuple[Alert, ...]:
    """Return what stands now: the critical first, in the order of the measures."""
    return Judge(history, settings, now).standing()


def critical(found: Sequence[Alert]) -> tuple[Alert, ...]:
    return tuple(alert for alert in found if alert.level == "critical")


def watched(found: Sequence[Alert]) -> tuple[Alert, ...]:
    return tuple(alert for alert in found if alert.level == "watch")


class Judge:
    """The values of one session, by measure, as the limits are asked of them."""

    def __init__(self, history: History, settings: Settings, now: datetime) -> None:
        self.settings, self.now = settings, now
        self.symptoms = history.unresolved_adverse_events
        self.first = first_dose_at(history.administrations)
        self.last = last_dose_at(history.administrations)
        self.readings = sorted(history.readings, key=lambda reading: reading.observed_at)

    def standing(self) -> tuple[Alert, ...]:
        found = [alert for measure in LIMITED for alert in self._of(measure)]
        return (*critical(found), *watched(found))

    def before(self, measure: str) -> list[Measured]:
        """Return the last known values up to the first dose; of two with one time, both."""
        if self.first is None:
            return []
        values = [r for r in _known(measure, self.readings) if r.observed_at <= self.first]
        return [getattr(r, measure) for r in values if r.observed_at == values[-1].observed_at]

    def _of(self, measure: str) -> Iterator[Alert]:
        known = self._speaking(measure)
        if not known:
            return
        before = self.before(measure)
        found = [
            replace(alert, since=self._since(alert, known, before))
            for reading in _judged(known, self.now)
            for alert in self._alerts(measure, reading, before)
        ]
        serious = critical(found)
        yield from dict.fromkeys(serious or found)

    def _speaking(self, measure: str) -> list[Reading]:
        known = _known(measure, self.readings)
        if measure != "spo2":
            return known
        return [r for r in known if r.on_room_air or (r.spo2 or 0) < self.settings.alert_spo2]

    def _since(self, alert: Alert, known: list[Reading], before: list[Measured]) -> datetime:
        """Return when the unbroken run of sets began that ends with this alert."""
        breaks: dict[datetime, bool] = {}
        for reading in known:
            same = self._alerts(alert.measure, reading, before)
            found = any(other.setting == alert.setting for other in same)
            breaks[reading.observed_at] = breaks.get(reading.observed_at, False) or found
        since = alert.observed_at or self.now
        for moment in sorted((m for m in breaks if m < since), reverse=True):
            if not breaks[moment]:
                break
            since = moment
        return since

    def _alerts(self, measure: str, reading: Reading, before: list[Measured]) -> list[Alert]:
        known = min(before, default=None) if self._is_after_dose(reading) else None
        absolute = [
            alert
            for rule in ABSOLUTE_OF[measure]
            if (alert := _absolute(rule, reading, known, self.settings))
        ]
        lasting = self._lasting(reading) if measure == LASTING else []
        return absolute + self._relative(measure, reading, before) + lasting

    def _relative(self, measure: str, reading: Reading, before: list[Measured]) -> list[Alert]:
        if not self._is_after_dose(reading):
            return []
        rules = [
            rule
            for rule in RELATIVE_OF[measure]
            if getattr(self.settings, rule.setting) is not None
            and (rule.level == "watch" or self.symptoms)
        ]
        if not rules:
            return []
        value = getattr(reading, measure)
        if not before:
            return [_not_comparable(measure, reading)]
        found = []
        for rule in rules:
            limit = getattr(self.settings, rule.setting)
            furthest = max(before, key=partial(rule.change, value))
            if rule.reaches(value, furthest, limit):
                found.append(self._compared(rule, reading, furthest, limit))
        return found

    def _lasting(self, reading: Reading) -> list[Alert]:
        """Watch dissociation that is over its limit so long after the last dose."""
        minutes, value = self.settings.watch_dissociation_minutes, reading.dissociation
        if minutes is None or self.last is None or value is None:
            return []
        passed = reading.observed_at - self.last
        if value <= self.settings.dissociation_ready or passed < timedelta(minutes=minutes):
            return []
        text = (
            f"Dissociation {value} is still there {passed // timedelta(minutes=1)} min after the "
            f"last dose (watched from {minutes} min)."
        )
        where = ("watch_dissociation_minutes", reading.observed_at)
        return [Alert(LASTING, value, minutes, text, "watch", *where)]

    def _compared(self, rule: Relative, reading: Reading, before: Measured, limit: int) -> Alert:
        value, unit = getattr(reading, rule.measure), " %" if rule.percent else ""
        change = rule.change(value, before)
        shown = f"{change * 100 // before} %" if rule.percent else str(change)
        way = "over" if value > before else "under"
        level = "watched" if rule.level == "watch" else "critical"
        signs = f", with symptoms: {', '.join(self.symptoms)}" if rule.level == "critical" else ""
        text = (
            f"{_label(rule.measure)} {value} is {shown} {way} the {before} before the dose "
            f"({level} from {limit}{unit}){signs}."
        )
        side: Side = ("high" if value > before else "low") if rule.both_ways else rule.side
        where = (rule.level, rule.setting, reading.observed_at, None, side)
        return Alert(rule.measure, value, limit, text, *where)

    def _is_after_dose(self, reading: Reading) -> bool:
        return self.first is not None and reading.observed_at > self.first


def _known(measure: str, ordered: Sequence[Reading]) -> list[Reading]:
    return [reading for reading in ordered if getattr(reading, measure) is not None]


def _judged(known: Sequence[Reading], now: datetime) -> list[Reading]:
    """Return all sets of the newest time that has come, and all that are dated ahead of it."""
    come = [r.observed_at for r in known if r.observed_at <= now]
    last = max(come, default=now)
    return [r for r in known if r.observed_at >= last]


def _absolute(
    rule: Absolute, reading: Reading, before: Measured | None, settings: Settings
) -> Alert | None:
    value, limit = getattr(reading, rule.measure), getattr(settings, rule.setting)
    if value is None or limit is None or not rule.reaches(value, limit):
        return None
    known = "" if before is None else f" (before the dose {before})"
    text = f"{_label(rule.measure)} {value} is {rule.relation} {limit}{known}."
    where = (rule.setting, reading.observed_at, None, rule.side)
    return Alert(rule.measure, value, limit, text, "critical", *where)


def _not_comparable(measure: str, reading: Reading) -> Alert:
    value = getattr(reading, measure)
    text = f"{_label(measure)} {value} can't be compared: none is known before the dose."
    return Alert(measure, value, None, text, "watch", "", reading.observed_at)


def _label(measure: str) -> str:
    label = MEASURES[measure].label
    return f"{label[0].upper()}{label[1:]}"
