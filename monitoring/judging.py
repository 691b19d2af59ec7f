"""One session's history as a JSON document: read strictly, judged by the rules, told as JSON.

Pure, and without a database: `manage.py judge_history` lets a clinician try the rules. What isn't
known is left out; a field that nobody knows, a time without its zone or a value that no living
adult has is refused with its place in the document. `docs/judge-history.md` describes the fields.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from monitoring import alerts, timeline
from monitoring.conditions import SHORT
from monitoring.discharge import gate
from monitoring.readings import (
    MEASURES,
    Administration,
    Assessment,
    Escort,
    History,
    Reading,
    Settings,
)
from sessions.shipped import read_all

MEASURE_NAMES = tuple(MEASURES)
MISSED = {"bp_baseline_missing", "bp_peak_missing"}
STEPS = ("start", "rate", "pause", "resume", "stop")


class DocumentError(ValueError):
    """What is wrong in the document, and where."""

    def __init__(self, where: str, what: str) -> None:
        super().__init__(f"{where}: {what}")


@dataclass(frozen=True, slots=True)
class Document:
    history: History
    settings: Settings
    sources: Mapping[str, str]
    now: datetime
    arrived_at: datetime | None


def read(data: Any) -> Document:
    """Read a whole document; DocumentError says what can't be judged."""
    found = _Fields(data, "document")
    settings, sources = _template(found.take("template"))
    now = found.moment("now", required=True)
    arrived_at = found.moment("arrived_at")
    readings = found.many("readings", _reading)
    given = [*found.many("administrations", _administration), *_infusion(found)]
    events = found.many("adverse_events", _event)
    unresolved = [one for one in events if not one.resolved]
    history = History(
        readings=tuple(readings),
        administrations=tuple(given),
        unresolved_adverse_events=tuple(one.term for one in unresolved),
        escort=found.one("escort", _escort),
        assessment=found.one("assessment", _assessment),
        missed=_words(found.take("missed", {}), "missed", _explainable(settings)),
        clock_suspect=found.flag("clock_suspect"),
        going_on=found.texts("going_on"),
        oxygen_at=found.moment("oxygen_at"),
        events_known_at=_last(one.written for one in unresolved),
        event_written_at=_last(one.written for one in events),
    )
    found.end()
    return Document(history, settings, sources, now, arrived_at)


def judge(document: Document) -> dict[str, Any]:
    """Return due checks, alerts and the gate's every condition, as JSON can hold them."""
    history, settings, now = document.history, document.settings, document.now
    judged = gate(history, settings, now)
    checks = timeline.due(
        settings,
        history.administrations,
        history.readings,
        history.missed,
        now,
        arrived_at=document.arrived_at,
    )
    return _plain(
        {
            "now": now,
            "checks": [check._asdict() for check in checks],
            "alerts": [
                {**asdict(alert), "source": document.sources.get(alert.setting, "")}
                for alert in alerts.standing(history, settings, now)
            ],
            "ready": judged.ready,
            "conditions": [condition._asdict() for condition in judged.conditions],
        }
    )


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else value


class _Fields:
    """The fields of one object, each taken once; `end` refuses those that nobody took."""

    def __init__(self, data: Any, where: str) -> None:
        if not isinstance(data, dict):
            raise DocumentError(where, "has to be an object with named fields")
        self.left, self.where = dict(data), where

    def at(self, name: str) -> str:
        return name if self.where == "document" else f"{self.where}.{name}"

    def take(self, name: str, *default: Any) -> Any:
        if name not in self.left and not default:
            raise DocumentError(self.at(name), "is missing")
        return self.left.pop(name, *default)

    def end(self) -> None:
        if self.left:
            names = ", ".join(sorted(self.left))
            raise DocumentError(self.where, f"unknown fields: {names}")

    def moment(self, name: str, *, required: bool = False) -> Any:
        text = self.take(name) if required else self.take(name, None)
        if text is None and not required:
            return None
        try:
            moment = datetime.fromisoformat(text)
        except (TypeError, ValueError):
            example = "write it as 2026-11-16T14:05:00-05:00"
            raise DocumentError(self.at(name), f"{text!r} is no time; {example}") from None
        if moment.utcoffset() is None:
            raise DocumentError(self.at(name), f"{text} has no time zone; add one, such as +00:00")
        return moment

    def text(self, name: str, *default: str) -> str:
        value = self.take(name, *default)
        if not isinstance(value, str):
            raise DocumentError(self.at(name), f"{value!r} is no text")
        return value

    def flag(self, name: str, default: bool = False) -> bool:
        value = self.take(name, default)
        if not isinstance(value, bool):
            raise DocumentError(self.at(name), f"{value!r} has to be true or false")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        value = self.take(name, [])
        if not isinstance(value, list) or not _all_text(value):
            raise DocumentError(self.at(name), "has to be a list of texts")
        return tuple(value)

    def many(self, name: str, make: Callable[["_Fields"], Any]) -> list[Any]:
        rows = self.take(name, [])
        if not isinstance(rows, list):
            raise DocumentError(self.at(name), "has to be a list")
        named = [_Fields(row, f"{self.at(name)}[{n}]") for n, row in enumerate(rows)]
        return [self._made(row, make) for row in named]

    def one(self, name: str, make: Callable[["_Fields"], Any]) -> Any:
        row = self.take(name, None)
        return None if row is None else self._made(_Fields(row, self.at(name)), make)

    @staticmethod
    def _made(found: "_Fields", make: Callable[["_Fields"], Any]) -> Any:
        made = make(found)
        found.end()
        return made


def _template(value: Any) -> tuple[Settings, Mapping[str, str]]:
    """Read the key of a shipped protocol, or settings as they stand in one."""
    if isinstance(value, str):
        shipped = {protocol.key: protocol for protocol in read_all()}
        if value not in shipped:
            keys = ", ".join(sorted(shipped))
            raise DocumentError("template", f"“{value}” doesn't ship; write one of {keys}")
        sources = {
            name.removeprefix("monitoring."): text for name, text in shipped[value].sources.items()
        }
        return Settings.from_mapping(shipped[value].monitoring), sources
    if not isinstance(value, dict):
        raise DocumentError("template", "has to be the key of a protocol, or settings")
    known = {field.name for field in fields(Settings)}
    if unknown := value.keys() - known:
        raise DocumentError("template", f"unknown fields: {', '.join(sorted(unknown))}")
    checks = value.get("checks", [])
    if not isinstance(checks, list):
        raise DocumentError("template.checks", "has to be a list")
    for row in checks:
        _check_fields(row)
    try:
        return Settings.from_mapping(value), {}
    except (ValueError, TypeError, KeyError) as error:
        raise DocumentError("template", str(error)) from error


def _check_fields(row: Any) -> None:
    found = _Fields(row, "template.checks")
    found.text("label")
    found.text("anchor")
    for name in ("minute", "every_minutes"):
        value = found.take(name, None)
        if value is not None and (type(value) is not int or value < 0):
            raise DocumentError(found.at(name), f"{value!r} is no number of minutes")
    found.text("source", "")
    found.end()


def _reading(found: _Fields) -> Reading:
    observed_at = found.moment("observed_at", required=True)
    values = {name: _measured(found, name) for name in MEASURE_NAMES}
    reading = Reading(
        id=found.where,
        observed_at=observed_at,
        recorded_at=found.moment("recorded_at") or observed_at,
        not_obtained=found.text("not_obtained", ""),
        late_reason=found.text("late_reason", ""),
        **values,
    )
    if (reading.systolic is None) != (reading.diastolic is None):
        raise DocumentError(found.where, "give both pressures or none")
    if reading.systolic is not None and reading.bp is None:
        raise DocumentError(found.where, "the systolic pressure has to be over the diastolic")
    return reading


def _measured(found: _Fields, name: str) -> Any:
    value, measure = found.take(name, None), MEASURES[name]
    if value is None:
        return None
    kinds = (int, float) if measure.places else (int,)
    if isinstance(value, bool) or not isinstance(value, kinds):
        raise DocumentError(found.at(name), f"{value!r} is no {measure.label}")
    number = Decimal(str(value)) if measure.places else int(value)
    if not measure.holds(number):
        low, high = measure.hard
        raise DocumentError(
            found.at(name), f"{value} can't be a {measure.label} ({low} to {high} {measure.unit})"
        )
    return number


def _administration(found: _Fields) -> Administration:
    route = found.text("route", "nasal")
    if route not in ("nasal", "iv"):
        raise DocumentError(found.at("route"), f"“{route}” is not nasal or iv")
    started = found.moment("started_at", required=True)
    ended = found.moment("ended_at") or (started if route == "nasal" else None)
    if ended is not None and ended < started:
        raise DocumentError(found.where, "ends before it starts")
    return Administration(started, ended, route, found.moment("recorded_at") or ended or started)


def _infusion(found: _Fields) -> list[Administration]:
    """Read the steps of one infusion; rates and pauses change no time of the rules."""
    steps = found.many("infusion_steps", _step)
    if not steps:
        return []
    kinds = [kind for kind, _, _ in steps]
    moments = [at for _, at, _ in steps]
    if kinds[0] != "start" or kinds.count("start") > 1 or "stop" in kinds[:-1]:
        raise DocumentError("infusion_steps", "begin with one start, and end with the stop if any")
    if moments != sorted(moments):
        raise DocumentError("infusion_steps", "have to be in the order of their times")
    ended = moments[-1] if kinds[-1] == "stop" else None
    return [Administration(moments[0], ended, "iv", max(written for _, _, written in steps))]


def _step(found: _Fields) -> tuple[str, datetime, datetime]:
    kind, at = found.text("kind"), found.moment("at", required=True)
    if kind not in STEPS:
        raise DocumentError(found.at("kind"), f"“{kind}” is none of {', '.join(STEPS)}")
    return kind, at, found.moment("recorded_at") or at


class _Event(NamedTuple):
    term: str
    written: datetime | None
    resolved: bool


def _event(found: _Fields) -> _Event:
    term, onset = found.text("term"), found.moment("onset_at")
    resolved, written = found.moment("resolved_at"), found.moment("recorded_at")
    if onset and resolved and resolved < onset:
        raise DocumentError(found.where, "ends before it begins")
    return _Event(term, written or onset, bool(resolved))


def _last(moments: Iterable[datetime | None]) -> datetime | None:
    return max((moment for moment in moments if moment), default=None)


def _escort(found: _Fields) -> Escort:
    return Escort(settled=True, name=found.text("name"))


def _assessment(found: _Fields) -> Assessment:
    return Assessment(
        by=found.text("by"),
        at=found.moment("at", required=True),
        ready=found.flag("ready"),
        decisions=_words(found.take("decisions", {}), found.at("decisions"), SHORT.keys()),
        is_prescriber=found.flag("is_prescriber"),
    )


def _explainable(settings: Settings) -> set[str]:
    """Return what a reason for a missed check may stand under: its label, or the condition."""
    return {check.label for check in settings.checks} | MISSED


def _words(value: Any, where: str, known: Collection[str]) -> Mapping[str, str]:
    if not isinstance(value, dict) or not _all_text(value.values()):
        raise DocumentError(where, "has to be an object of texts")
    if unknown := value.keys() - set(known):
        names = ", ".join(sorted(known))
        raise DocumentError(where, f"“{min(unknown)}” is none of {names}")
    return value


def _all_text(values: Iterable[Any]) -> bool:
    return all(isinstance(value, str) for value in values)
