"""The rules of courses and monitoring: what the shipped protocols say."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from clinic.numbers import plain
from clinic.rulebook import Chapter, Rule, certainty_of, told
from sessions import shipped
from sessions.models import MonitoringTemplate
from sessions.protocols import WORDS
from sessions.specs import DoseOption, PhaseSpec, ProtocolSpec

NO_NUMBER = "Clinic setting, no number in any label"
WHERE = "Admin, Protocols: draft a new version, edit it, publish it"


def chapters() -> list[Chapter]:
    protocols = shipped.read_all()
    return [
        *(_course(protocol) for protocol in protocols),
        Chapter(
            "Monitoring and discharge",
            "The numbers of the monitoring template that comes with each protocol.",
            WHERE,
            tuple(rule for name in WORDS for rule in _setting(name, protocols)),
        ),
        Chapter("Checks that are due", "", WHERE, tuple(_checks(protocols))),
    ]


def _course(protocol: ProtocolSpec) -> Chapter:
    rules = [
        rule for phase in protocol.phases for rule in (_rhythm(phase), *_doses(phase, protocol))
    ]
    lead = f"{protocol.indication}. {protocol.source}."
    return Chapter(f"{protocol.title} (`{protocol.key}`)", lead, WHERE, tuple(rules))


def _rhythm(phase: PhaseSpec) -> Rule:
    if phase.per_week:
        how, field = f"{phase.per_week} a week", "per_week"
    elif phase.rhythm_choices:
        how, field = " or ".join(phase.rhythm_choices), "rhythm_choices"
    else:
        how, field = _every(phase.every_weeks or 1), "every_weeks"
    count = f"{phase.count} sessions" if phase.count else "open end"
    source = phase.sources.get(field, "")
    text = f"{how}, {count}, at least {phase.min_gap_days} days apart"
    return Rule(phase.name, text, source, certainty_of(source))


def _every(weeks: int) -> str:
    return "every week" if weeks == 1 else f"every {weeks} weeks"


def _doses(phase: PhaseSpec, protocol: ProtocolSpec) -> Iterable[Rule]:
    for dose in phase.doses:
        yield Rule(f"{phase.name}, dose", _dose(dose), dose.source, certainty_of(dose.source))


def _dose(dose: DoseOption) -> str:
    if dose.mg is not None:
        words = [f"{plain(dose.mg)} mg"]
    else:
        words = [f"{plain(dose.mg_per_kg or Decimal())} mg/kg over {dose.minutes} min"]
    words += ["first session only"] if dose.first_session_only else []
    words += ["not in the first session"] if dose.not_first_session else []
    words += [f"from {dose.min_age} years"] if dose.min_age else []
    words += [f"up to {dose.max_age} years"] if dose.max_age else []
    words += [f"steps of {plain(dose.step_mg)} mg at most"] if dose.step_mg else []
    words += ["offered first"] if dose.is_default else []
    return ", ".join(words)


def _setting(name: str, protocols: list[ProtocolSpec]) -> Iterable[Rule]:
    """Tell a setting once, or each of its values with the protocols that have it."""
    usual = getattr(MonitoringTemplate(), name)
    having: dict[tuple[str, str], list[str]] = {}
    for protocol in protocols:
        source = protocol.sources.get(f"monitoring.{name}", NO_NUMBER)
        value = told(protocol.monitoring.get(name, usual))
        having.setdefault((value, source), []).append(f"`{protocol.key}`")
    for (value, source), keys in having.items():
        default = value if len(having) == 1 else f"{value} ({', '.join(keys)})"
        yield Rule(WORDS[name], default, source, certainty_of(source))


def _checks(protocols: list[ProtocolSpec]) -> Iterable[Rule]:
    found: dict[tuple[Any, ...], list[str]] = {}
    for protocol in protocols:
        for check in protocol.monitoring["checks"]:
            told_of = (
                check["label"],
                check["anchor"],
                check["minute"],
                check.get("every_minutes"),
                check["source"],
            )
            found.setdefault(told_of, []).append(f"`{protocol.key}`")
    for (label, anchor, minute, every, source), keys in found.items():
        again = f", then every {every} min" if every else ""
        text = f"{anchor.replace('_', ' ')} + {minute} min{again} ({', '.join(keys)})"
        yield Rule(label, text, source, certainty_of(source))
