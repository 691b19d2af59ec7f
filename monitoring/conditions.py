"""What the discharge gate answers with."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple


class Condition(NamedTuple):  # made by the hundred for a board, where a data class is slow
    code: str
    met: bool
    text: str
    action: str = ""  # what settles it, for the page: wait, record_vitals, explain, assess, ...
    decidable: bool = False
    needs_prescriber: bool = False  # to decide it
    ready_at: datetime | None = None
    reason: str = ""  # the words that settled it: a decision, or why a check was late or missed


@dataclass(frozen=True, slots=True)
class Gate:
    conditions: tuple[Condition, ...]

    @property
    def unmet(self) -> tuple[Condition, ...]:
        return tuple(condition for condition in self.conditions if not condition.met)

    @property
    def ready(self) -> bool:
        return bool(self.conditions) and not self.unmet


# What is open, in a few words and without a value of the patient's.
SHORT = {
    "no_dose": "No dose on record",
    "infusion_running": "Infusion is running",
    "minimum_time": "Minimum time not over",
    "medicine_recheck": "Recheck after a medicine",
    "bp_baseline_missing": "Blood pressure before the dose missing",
    "bp_peak_missing": "Blood pressure at about 40 minutes missing",
    "bp_predeparture_missing": "Blood pressure before leaving missing",
    "bp_high": "Blood pressure too high to leave",
    "bp_low": "Blood pressure too low to leave",
    "sedation": "MOAA/S unknown or not as before",
    "dissociation": "Dissociation unknown or not settled",
    "spo2": "SpO₂ unknown or too low",
    "critical": "A critical value stands",
    "adverse_event": "Adverse event is open",
    "trouble": "An emergency or a serotonin check",
    "escort": "Way home not settled",
    "driving": "Means to drive",
    "assessment": "Assessment to come",
    "clock": "Server clock jumped",
    "future_time": "An entry lies ahead of now",
}
