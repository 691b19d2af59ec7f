"""Measures, and one set of vital signs. `None` means missing, never normal."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

ReadingId = int | str | UUID
Measured = int | Decimal

MOAAS_BEST = 5
DISSOCIATION_NONE = 0


class BloodPressure(NamedTuple):
    systolic: int
    diastolic: int

    def __str__(self) -> str:
        return f"{self.systolic}/{self.diastolic}"


@dataclass(frozen=True, slots=True)
class Measure:
    """Outside `hard` no living adult's value lies; outside `usual` one is possible but rare."""

    label: str
    unit: str
    hard: tuple[Measured, Measured]
    usual: tuple[Measured, Measured]
    places: int = 0

    def holds(self, value: Measured) -> bool:
        return self.hard[0] <= value <= self.hard[1]

    def is_usual(self, value: Measured) -> bool:
        return self.usual[0] <= value <= self.usual[1]


MEASURES: Mapping[str, Measure] = {
    "systolic": Measure("systolic pressure", "mm Hg", (50, 300), (80, 200)),
    "diastolic": Measure("diastolic pressure", "mm Hg", (20, 200), (40, 120)),
    "pulse": Measure("pulse", "per minute", (20, 300), (40, 140)),
    "spo2": Measure("SpO2", "%", (50, 100), (85, 100)),
    "oxygen_l_min": Measure("oxygen", "L/min", (0, 60), (0, 15), places=1),
    "resp_rate": Measure("respiratory rate", "per minute", (2, 80), (8, 30)),
    "temperature": Measure("temperature", "°C", (30, 44), (35, Decimal("39.5")), places=1),
    "sedation": Measure("MOAA/S", "(0 to 5)", (0, 5), (0, 5)),
    "dissociation": Measure("dissociation", "(0 to 3)", (0, 3), (0, 3)),
}


def utc(moment: datetime) -> datetime:
    if moment.tzinfo is UTC:
        return moment
    if moment.utcoffset() is None:
        raise ValueError("a time without its zone can't be judged")
    return moment.astimezone(UTC)


def said(text: str | None) -> bool:
    """Whether somebody gave words: blanks, dashes and invisible characters are none."""
    return any(character.isalnum() for character in text or "")


@dataclass(frozen=True, slots=True)
class Reading:
    """One set of vital signs, taken at one time, in its valid version."""

    id: ReadingId
    observed_at: datetime
    recorded_at: datetime
    systolic: int | None = None
    diastolic: int | None = None
    pulse: int | None = None
    spo2: int | None = None
    oxygen_l_min: Decimal | None = None  # 0: room air; None: too, unless oxygen was given before
    resp_rate: int | None = None
    temperature: Decimal | None = None
    sedation: int | None = None
    dissociation: int | None = None
    not_obtained: str = ""
    late_reason: str = ""
    oxygen_unsaid: bool = False  # its history says so: oxygen was given, and nothing of it is here
    bp: BloodPressure | None = field(init=False, compare=False)  # None unless both are known

    def __post_init__(self) -> None:
        object.__setattr__(self, "observed_at", utc(self.observed_at))
        object.__setattr__(self, "recorded_at", utc(self.recorded_at))
        object.__setattr__(self, "bp", self._bp())

    def key(self, measure: str) -> str:
        """Name a value for the decisions that cover it."""
        return f"reading:{self.id}:{measure}"

    def known(self, measure: str) -> Any:
        """Return the value, or None where it is missing or can't be a living adult's."""
        value = getattr(self, measure)
        return value if value is not None and MEASURES[measure].holds(value) else None

    def _bp(self) -> BloodPressure | None:
        systolic, diastolic = self.known("systolic"), self.known("diastolic")
        if systolic is None or diastolic is None or systolic <= diastolic:
            return None
        return BloodPressure(systolic, diastolic)

    @property
    def on_room_air(self) -> bool:
        return not self.oxygen_l_min and not self.oxygen_unsaid

    def speaks_for(self, topic: str) -> bool:
        """Whether this set has the word on a topic: bp, spo2, sedation or dissociation.

        A set with one topic is a recheck of that one and leaves the others alone. Any other set
        speaks for all four: what it leaves out, or says was not obtained, is unknown from then on.
        """
        told = {
            "bp": self.systolic is not None or self.diastolic is not None,
            "spo2": self.spo2 is not None,
            "sedation": self.sedation is not None,
            "dissociation": self.dissociation is not None,
        }
        topics = sum(told.values())
        if topics > 1 or said(self.not_obtained):
            return True
        if topics:
            return told[topic]
        return not any((self.pulse, self.resp_rate, self.temperature))
