"""What the apps above may listen to about a patient, and what they know of one."""

from dataclasses import dataclass
from datetime import datetime

from clinic.ports import Contributors, Listeners
from patients.medicines.interactions import Context
from patients.models import Patient
from patients.screening.treatment import Treatment


@dataclass(frozen=True, slots=True)
class LastValue:
    """The newest value of something measured; without a time there is none."""

    label: str
    text: str = ""
    at: datetime | None = None
    numbers: tuple[int, ...] = ()


contact_changed: Listeners[[Patient]] = Listeners("contact_changed")
"""What decides about mail changed: address, zone, consent, a hold, or that the patient died."""

planned_treatment: Contributors[[Patient], Treatment | None] = Contributors("planned_treatment")
"""The treatment of the patient's running course, if there is one."""

last_values: Contributors[[Patient], LastValue] = Contributors("last_values")
"""The newest values that the apps above hold of a patient."""

treatments: Contributors[[Patient], list[Context]] = Contributors("treatments")
"""Which drug the patient gets by which route; interactions depend on it."""

told_today: Contributors[[Patient], list[str]] = Contributors("told_today")
"""Medicines that the patient named at today's visit; they may not be on the chart yet."""
