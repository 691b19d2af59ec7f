"""How a course goes, and what came of telling it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from clinic.models import Chair
from desk.demo.charts import Chart
from desk.demo.script import Script
from sessions.lifecycle import Status
from sessions.models import DoseOrder, TreatmentCourse, TreatmentSession
from sessions.planning import PlannedSession


@dataclass(frozen=True, slots=True)
class Story:
    """How a course went. Numbers are sessions of the course; `days_ago` is day 1."""

    key: str
    days_ago: int
    rhythm: str = ""
    doses_mg: Mapping[int, int] = field(default_factory=lambda: {1: 56})
    scripts: Mapping[int, Script] = field(default_factory=dict)
    undosed: Mapping[int, Status] = field(default_factory=dict)
    stopped_days_ago: int | None = None
    stop_reason: str = ""


@dataclass(frozen=True, slots=True)
class Today:
    """The session that takes place today, with its booked start and chair."""

    starts_at: datetime
    chair: Chair


@dataclass(slots=True)
class Told:
    """A course with its rows, for whoever adds to it."""

    course: TreatmentCourse
    chart: Chart
    sessions: list[TreatmentSession] = field(default_factory=list)
    orders: list[DoseOrder] = field(default_factory=list)
    today: TreatmentSession | None = None
    unplaced: list[PlannedSession] = field(default_factory=list)

    def order_on(self, number: int) -> DoseOrder:
        """Return the order that stood for the session of this number."""
        return [order for order, first in self._firsts() if first <= number][-1]

    def _firsts(self) -> Iterator[tuple[DoseOrder, int]]:
        for order in self.orders:
            day = order.valid_from
            first = next((s.number for s in self.sessions if s.nominal_on >= day), 1)
            yield order, first
