"""One session's history as a JSON document: read strictly, judged by the rules, told as JSON.

Pure, and without a database: `manage.py judge_history` lets a clinician try the rules. What isn't
known is left out; a field that nobody knows, a time without its zone or a value that no living
adult has is refused with its place in the document. `docs/judge-history.md` describes the fields.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Any

from monitoring import alerts, document_rows, timeline
from monitoring.conditions import SHORT
from monitoring.discharge import gate
from monitoring.document_rows import Event, Known
from monitoring.documents import DocumentError, Fields, words
from monitoring.overriding import refusal
from monitoring.oxygen import oxygen_at
from monitoring.readings import Assessment, Escort, History, Medicine, Settings
from sessions.shipped import read_all

COMES_UP = re.compile(r"Infusion, \d+ min|After .+", re.DOTALL)  # checks that no template lists
MISSED = {"bp_baseline_missing", "bp_peak_missing"}
WAYS_HOME = ("adult", "medical_transport", "taxi")
ACCEPTED = ["adult", "medical_transport"]  # as a clinic's settings ship


@dataclass(frozen=True, slots=True)
class Override:
    by: str
    second_person: str
    reason: str
    is_prescriber: bool  # one of the two


@dataclass(frozen=True, slots=True)
class Document:
    history: History
    settings: Settings
    sources: Mapping[str, str]
    now: datetime
    arrived_at: datetime | None
    override: Override | None = None
    not_yet: tuple[str, ...] = ()


def read(data: Any, at: datetime | None = None) -> Document:
    """Read a whole document as it was known at a time; DocumentError says what can't be judged.

    Without `at` it is judged at its own `now`.
    """
    found = Fields(data, "document")
    settings, sources = _template(found.take("template"))
    told_at = found.moment("now", required=at is None)
    now = at or told_at
    known = Known(now, told_at)
    arrived_at = found.moment("arrived_at")
    readings = known.rows(found, "readings", document_rows.reading)
    given = known.rows(found, "administrations", document_rows.administration)
    given += document_rows.infusion(found, known)
    medicines = known.rows(found, "medicines", document_rows.medicine)
    events: list[Event] = known.rows(found, "adverse_events", document_rows.event)
    unresolved = [one for one in events if one.resolved_at is None]
    history = History(
        readings=tuple(readings),
        administrations=tuple(given),
        unresolved_adverse_events=tuple(one.term for one in unresolved),
        escort=_escort_of(found),
        means_to_drive=found.flag("means_to_drive"),
        assessment=_assessment_of(found, known),
        missed=_missed(found, settings),
        clock_suspect=found.flag("clock_suspect"),
        medicines=tuple(medicines),
        withdrawn_at=max(known.withdrawn, default=None),
        going_on=found.texts("going_on"),
        oxygen_at=_oxygen_at(found.moment("oxygen_at"), medicines, now),
        events_known_at=max((one.written for one in unresolved), default=None),
        event_written_at=max((one.written for one in events), default=None),
    )
    override = found.one("override", _override)
    found.end()
    return Document(history, settings, sources, now, arrived_at, override, tuple(known.not_yet))


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
        medicines=history.medicines,
    )
    refused = _refused(document.override, judged.ready, {each.code for each in judged.unmet})
    return _plain(
        {
            "now": now,
            "not_yet_written": document.not_yet,
            "checks": [check._asdict() for check in checks],
            "alerts": [
                {**asdict(alert), "source": document.sources.get(alert.setting, "")}
                for alert in alerts.standing(history, settings, now)
            ],
            "ready": judged.ready,
            "open": [condition.code for condition in judged.unmet],
            "override": refused,
            "may_leave": judged.ready or refused == "",
            "conditions": [condition._asdict() for condition in judged.conditions],
        },
        now.tzinfo,
    )


def _plain(value: Any, zone: tzinfo | None) -> Any:
    """Return what JSON can hold; every time is in the zone in which it was asked."""
    if isinstance(value, Mapping):
        return {key: _plain(one, zone) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one, zone) for one in value]
    if isinstance(value, datetime):
        return value.astimezone(zone).isoformat()
    return float(value) if isinstance(value, Decimal) else value


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
    found = Fields(row, "template.checks")
    found.text("label")
    found.text("anchor")
    for name in ("minute", "every_minutes"):
        value = found.take(name, None)
        if value is not None and (type(value) is not int or value < 0):
            raise DocumentError(found.at(name), f"{value!r} is no number of minutes")
    found.text("source", "")
    found.end()


def _oxygen_at(
    told: datetime | None, medicines: Iterable[Medicine], now: datetime
) -> datetime | None:
    """Return when oxygen was first given, as `History.oxygen_at`; what is to come is not known."""
    first = oxygen_at([told] if told else [], [(one.words, one.at) for one in medicines])
    return first if first and first <= now else None


def _escort_of(found: Fields) -> Escort | None:
    accepted = found.texts("way_home_accepts", ACCEPTED)
    if unknown := set(accepted) - set(WAYS_HOME):
        known = ", ".join(WAYS_HOME)
        raise DocumentError("way_home_accepts", f"“{min(unknown)}” is none of {known}")
    return found.one("escort", lambda row: _escort(row, accepted))


def _escort(found: Fields, accepted: Iterable[str]) -> Escort:
    name, kind = found.text("name"), found.choice("kind", WAYS_HOME, "adult")
    if not found.flag("reached", True):
        return Escort(settled=False, name=name, why=f"{name} could not be reached.")
    if kind not in accepted:
        words = kind.replace("_", " ")
        return Escort(settled=False, name=name, why=f"The clinic doesn't accept: {words}.")
    return Escort(settled=True, name=name)


def _assessment_of(found: Fields, known: Known) -> Assessment | None:
    given: Assessment | None = found.one("assessment", _assessment)
    if given is None or known.written(given.at, None) <= known.now:
        return given
    known.not_yet.append("assessment")
    return None


def _assessment(found: Fields) -> Assessment:
    return Assessment(
        by=found.text("by"),
        at=found.moment("at", required=True),
        ready=found.flag("ready"),
        decisions=words(found.take("decisions", {}), found.at("decisions"), SHORT.keys()),
        is_prescriber=found.flag("is_prescriber"),
    )


def _override(found: Fields) -> Override:
    return Override(
        found.text("by"),
        found.text("second_person"),
        found.text("reason"),
        found.flag("is_prescriber"),
    )


def _refused(override: Override | None, ready: bool, unmet: set[str]) -> str | None:
    """Return why two people may not let the patient go; empty: they may; None: nobody asks."""
    if override is None:
        return None
    if ready:
        return "All is met: the patient may leave without an override."
    if unmet & {"no_dose", "infusion_running"}:
        return "First finish the dose."
    if override.by.strip().casefold() == override.second_person.strip().casefold():
        return "The second person has to be somebody else."
    if not override.is_prescriber:
        return "One of the two has to be a prescriber."
    return refusal(override.reason)


def _missed(found: Fields, settings: Settings) -> Mapping[str, str]:
    """Read reasons under the label of a check or the condition's code.

    Checks that repeat, and those after a medicine, have labels of their own.
    """
    told = found.take("missed", {})
    known = {check.label for check in settings.checks} | MISSED
    if isinstance(told, dict):
        known |= {label for label in told if COMES_UP.fullmatch(label)}
    return words(told, "missed", known)
