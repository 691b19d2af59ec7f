"""The numbers of a monitoring template, and the checks that it asks for."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, Self, get_args

from monitoring.readings.sets import BloodPressure

Anchor = Literal["before_dose", "first_dose", "last_dose", "infusion_start", "infusion_end"]

# The label describes the rise as highest about 40 minutes after the dose (clinical reference 3.1).
PEAK_MINUTE = 40
NOT_NUMBERS = {"escort_required", "predose_needs_weight", "checks"}
MOST_MINUTES = 24 * 60  # a threshold beyond a day is a slip of the finger


@dataclass(frozen=True, slots=True)
class Check:
    """A set of vital signs that the template asks for, so many minutes after its anchor.

    One after the start of an infusion may come again, `every_minutes`, while the infusion runs.
    """

    label: str
    anchor: Anchor
    minute: int = 0
    every_minutes: int | None = None

    def __post_init__(self) -> None:
        if self.anchor not in get_args(Anchor):
            raise ValueError(f"unknown anchor of a check: {self.anchor}")
        if self.every_minutes is not None and not (
            self.anchor == "infusion_start" and self.every_minutes > 0
        ):
            raise ValueError(f"{self.label}: only a check of a running infusion is repeated")


@dataclass(frozen=True, slots=True)
class Settings:
    """A monitoring template's numbers.

    The label names two hours and a blood pressure at about 40 minutes; it gives no number for
    discharge pressure, SpO2 or alerts. Those are the clinic's own (clinical reference 3.2).
    """

    min_minutes_after_last_dose: int = 120
    bp_discharge_systolic: int = 140
    bp_discharge_diastolic: int = 90
    bp_ceiling_systolic: int = 160
    bp_ceiling_diastolic: int = 100
    bp_near_previous_mmhg: int = 10
    recent_minutes: int = 30
    spo2_min: int = 94
    peak_window_from: int = 30
    peak_window_to: int = 60
    moaas_ready: int = 5
    dissociation_ready: int = 0
    alert_systolic: int = 180
    alert_diastolic: int = 110
    alert_systolic_low: int | None = 90
    alert_diastolic_low: int | None = 50
    alert_spo2: int = 90
    alert_moaas: int = 2
    alert_resp_rate: int = 8
    alert_pulse_high: int | None = None
    alert_pulse_low: int | None = None
    alert_temperature: int | None = None
    alert_bp_rise_percent: int | None = None  # over the baseline, with symptoms
    watch_systolic_rise: int | None = 40
    watch_diastolic_rise: int | None = 25
    watch_bp_rise_percent: int | None = None
    watch_moaas_drop: int | None = 2
    watch_spo2_drop: int | None = 4
    watch_pulse_change: int | None = None
    watch_dissociation_minutes: int | None = None  # still over its limit so long after the end
    predose_systolic: int = 140
    predose_diastolic: int = 90
    predose_older_age: int = 0  # from this age the next two hold; 0: for nobody
    predose_older_systolic: int = 150
    predose_older_diastolic: int = 90
    predose_food_minutes: int = 120  # 0: not asked, as with the next two
    predose_fluids_minutes: int = 30
    predose_nasal_minutes: int = 60
    predose_needs_weight: bool = False
    predose_recent_minutes: int = 60  # 0: never too old
    overdue_after_minutes: int = 5
    escort_required: bool = True
    checks: tuple[Check, ...] = ()

    def __post_init__(self) -> None:
        for name in (f.name for f in fields(self) if f.name not in NOT_NUMBERS):
            value = getattr(self, name)
            if value is None and name in OPTIONAL:
                continue
            if type(value) is not int or not 0 <= value <= MOST_MINUTES:
                raise ValueError(
                    f"{name} must be a whole number from 0 to {MOST_MINUTES}, not {value!r}"
                )
        for name in NOT_NUMBERS - {"checks"}:
            if not isinstance(getattr(self, name), bool):
                raise ValueError(f"{name} must be true or false, not {getattr(self, name)!r}")
        if self.peak_window_from > self.peak_window_to:
            raise ValueError("peak_window_from must not be after peak_window_to")

    @classmethod
    def from_mapping(cls, template: Mapping[str, Any]) -> Self:
        """Read a stored template; a misspelt threshold is refused, not replaced by a default."""
        values = {name: value for name, value in template.items() if name != "source"}
        unknown = values.keys() - {f.name for f in fields(cls)}
        if unknown:
            raise ValueError(f"unknown monitoring settings: {', '.join(sorted(unknown))}")
        checks = tuple(map(check_of, values.pop("checks", ())))
        return cls(**values, checks=checks)

    @property
    def peak_check(self) -> Check | None:
        """The check that stands for the blood pressure at about 40 minutes."""
        inside = [
            check
            for check in self.checks
            if check.anchor in ("first_dose", "infusion_start")
            and self.peak_window_from <= check.minute <= self.peak_window_to
        ]
        return min(inside, key=lambda check: abs(check.minute - PEAK_MINUTE), default=None)

    def predose_limit(self, age: int) -> BloodPressure:
        """Return the pressure over which a prescriber weighs a dose at this age."""
        if self.predose_older_age and age >= self.predose_older_age:
            return BloodPressure(self.predose_older_systolic, self.predose_older_diastolic)
        return BloodPressure(self.predose_systolic, self.predose_diastolic)

    @property
    def baseline_check(self) -> Check | None:
        return next((check for check in self.checks if check.anchor == "before_dose"), None)


OPTIONAL = frozenset(f.name for f in fields(Settings) if f.type == int | None)  # None: off


def check_of(row: Mapping[str, Any]) -> Check:
    return Check(row["label"], row["anchor"], row.get("minute") or 0, row.get("every_minutes"))
