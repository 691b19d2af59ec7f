"""The rules of courses and monitoring: what the shipped protocols say."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from clinic.numbers import plain
from clinic.rulebook import Chapter, Rule, certainty_of, told
from sessions import shipped
from sessions.models import MonitoringTemplate
from sessions.protocols import THRESHOLDS
from sessions.specs import DoseOption, PhaseSpec, ProtocolSpec

NO_NUMBER = "Clinic setting, no number in any label"
WORDS = {
    "min_minutes_after_last_dose": "Observation after the last device or the infusion's end, min",
    "bp_discharge_systolic": "Systolic pressure that lets the patient leave, mmHg",
    "bp_discharge_diastolic": "Diastolic pressure that lets the patient leave, mmHg",
    "bp_ceiling_systolic": "Systolic pressure from which only a prescriber decides, mmHg",
    "bp_ceiling_diastolic": "Diastolic pressure from which only a prescriber decides, mmHg",
    "bp_near_previous_mmhg": "A steady pressure differs from the one before by at most, mmHg",
    "recent_minutes": "A value counts before leaving when at most so old, min",
    "spo2_min": "SpO₂ on room air to leave, %",
    "peak_window_from": "Pressure about 40 minutes after the first dose: window from, min",
    "peak_window_to": "Pressure about 40 minutes after the first dose: window to, min",
    "moaas_ready": "MOAA/S to leave",
    "dissociation_ready": "Dissociation to leave, at most (0 to 3)",
    "alert_systolic": "Critical systolic pressure, from, mmHg",
    "alert_diastolic": "Critical diastolic pressure, from, mmHg",
    "alert_systolic_low": "Critical systolic pressure, under, mmHg",
    "alert_diastolic_low": "Critical diastolic pressure, under, mmHg",
    "alert_spo2": "Critical SpO₂, under, %",
    "alert_moaas": "Critical MOAA/S, at or under",
    "alert_resp_rate": "Critical respiratory rate, under, per minute",
    "alert_pulse_high": "Critical pulse, over, per minute",
    "alert_pulse_low": "Critical pulse, under, per minute",
    "alert_temperature": "Critical temperature, from, °C",
    "alert_bp_rise_percent": "Critical rise of a pressure over before the dose, with symptoms, %",
    "watch_systolic_rise": "Watched: rise of the systolic pressure, mmHg",
    "watch_diastolic_rise": "Watched: rise of the diastolic pressure, mmHg",
    "watch_bp_rise_percent": "Watched: rise of a pressure, %",
    "watch_moaas_drop": "Watched: MOAA/S lower than before the dose, by",
    "watch_spo2_drop": "Watched: SpO₂ lower than before the dose, by",
    "watch_pulse_change": "Watched: change of the pulse, up or down, per minute",
    "predose_older_age": "Older patients: the next two limits hold from this age, 0 for nobody",
    "predose_older_systolic": "Systolic pressure before the dose for older patients, mmHg",
    "predose_older_diastolic": "Diastolic pressure before the dose for older patients, mmHg",
    "predose_food_minutes": "No food before the dose, min, 0: not asked",
    "predose_fluids_minutes": "No liquids before the dose, min, 0: not asked",
    "predose_nasal_minutes": "No nasal steroid or decongestant, min, 0: not asked",
    "predose_needs_weight": "A recent weight is asked for before each dose",
    "predose_systolic": "Systolic pressure before the dose: a prescriber decides above, mmHg",
    "predose_diastolic": "Diastolic pressure before the dose: a prescriber decides above, mmHg",
    "predose_recent_minutes": "Vital signs before the first dose are at most so old, min, 0: any",
    "overdue_after_minutes": "A check is overdue after, min",
    "rest_between_devices_minutes": "Rest between two devices, min",
    "escort_required": "Somebody has to take the patient home",
}
WHERE = "Admin, Protocols: draft a new version, edit it, publish it"


def chapters() -> list[Chapter]:
    protocols = shipped.read_all()
    return [
        *(_course(protocol) for protocol in protocols),
        Chapter(
            "Monitoring and discharge",
            "The numbers of the monitoring template that comes with each protocol.",
            WHERE,
            tuple(rule for name in THRESHOLDS for rule in _setting(name, protocols)),
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
