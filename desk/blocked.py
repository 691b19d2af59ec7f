"""What stands between a patient and the next step, in the few words that a card has room for."""

from collections.abc import Iterable

from monitoring.conditions import SHORT, Condition, Gate
from sessions.ports import Unmet

# The gates speak in sentences; a card has room for a few words.
SHORT_BEFORE_DOSE = {
    "consent": "No valid consent to treatment",
    "screen": "No valid safety screen",
    "interaction": "Interaction to acknowledge",
    "medicine": "Medicine not recognised",
    "order": "No dose order stands today",
    "predose_check": "Pre-dose check to do",
    "predose_stop": "A prescriber decides on the answers",
    "predose_bp": "Blood pressure over the limit for a dose",
    "predose_repeat": "Blood pressure over the limit: repeat it",
    "predose_critical": "Blood pressure critical: no dose",
    "predose_values": "Values before the dose: a prescriber decides",
    "pregnancy": "A private question is open",
    "pregnancy_stop": "A prescriber decides on the answers",
    "weight": "Weight to measure",
    "baseline": "Vital signs before the dose missing",
    "baseline_old": "Vital signs before the dose too old",
    "trouble": "A prescriber decides on what goes on",
    "hold": "Dose held for critical values",
    "rems_site": "REMS certification not in force",
    "rems_patient": "Not enrolled in REMS",
    "rems_prescriber": "Prescriber not enrolled in REMS",
    "on_site": "No prescriber on site",
}
TIME = {"minimum_time", "infusion_running"}
AT_ANY_TIME = {
    "infusion_running",
    "bp_baseline_missing",
    "adverse_event",
    "bp_low",
    "critical",
    "trouble",
    "escort",
    "driving",
    "clock",
    "future_time",
}
LINES = 3  # of what blocks; the sheet names all


def before_dose(unmet: Iterable[Unmet]) -> tuple[str, ...]:
    return _few([SHORT_BEFORE_DOSE.get(found.code, found.text) for found in unmet])


def before_leaving(gate: Gate) -> tuple[str, ...]:
    return _few([_short(found) for found in _to_do(gate)])


def needs_vitals(gate: Gate) -> bool:
    """Say whether the patient has to be measured now, whatever the template's checks say."""
    return any(condition.action == "record_vitals" for condition in _to_do(gate))


def _to_do(gate: Gate) -> list[Condition]:
    """While the time runs, name only what can be settled now; all the rest when it is over."""
    waiting = {condition.code for condition in gate.unmet} & TIME
    return [
        condition
        for condition in gate.unmet
        if condition.code != "minimum_time"
        and (not waiting or condition.code in AT_ANY_TIME or _is_known_problem(condition))
    ]


def _is_known_problem(condition: Condition) -> bool:
    """Say whether a value is bad, or a reading should be here by now, rather than to come."""
    if condition.code == "bp_peak_missing":
        return condition.action != "wait"
    return condition.code == "bp_high" and condition.decidable


def _short(condition: Condition) -> str:
    if condition.code == "bp_high" and not condition.decidable:
        return "Latest blood pressure unknown"
    return SHORT.get(condition.code, condition.text)


def _few(lines: list[str]) -> tuple[str, ...]:
    if len(lines) <= LINES:
        return tuple(lines)
    return (*lines[: LINES - 1], f"and {len(lines) - LINES + 1} more")
