"""What a screen looks at, as plain values: the chart of one patient on one day."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

OVER = frozenset({"inactive", "remission", "resolved"})
UNSURE = frozenset({"unconfirmed", "provisional", "differential"})


@dataclass(frozen=True, slots=True)
class ChartCondition:
    text: str
    code: str = ""
    system: str = ""
    status: str = "active"
    onset_on: date | None = None
    abated_on: date | None = None
    note: str = ""

    def is_over(self, today: date) -> bool:
        return self.status in OVER or (self.abated_on is not None and self.abated_on <= today)

    @property
    def is_unsure(self) -> bool:
        """Say whether the sender had not confirmed it; an import keeps that in the note."""
        return bool(UNSURE & {part.strip() for part in self.note.split(";")})


@dataclass(frozen=True, slots=True)
class ChartAllergy:
    text: str
    code: str = ""
    status: str = "active"
    says_none_known: bool = False


@dataclass(frozen=True, slots=True)
class Pressure:
    systolic: int
    diastolic: int
    on: date

    def __str__(self) -> str:
        return f"{self.systolic}/{self.diastolic} mmHg on {self.on:%d %b %Y}"


@dataclass(frozen=True, slots=True)
class Chart:
    today: date
    age: int
    sex: str
    conditions: tuple[ChartCondition, ...] = ()
    allergies: tuple[ChartAllergy, ...] = ()
    weight_kg: Decimal | None = None
    height_cm: Decimal | None = None
    pressure: Pressure | None = None

    @property
    def bmi(self) -> Decimal | None:
        """Return kg per square meter."""
        if self.weight_kg is None or not self.height_cm:
            return None
        return (self.weight_kg / (self.height_cm / 100) ** 2).quantize(Decimal("0.1"))
