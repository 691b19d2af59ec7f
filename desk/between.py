"""The chart's section "Between sessions": what is due, and the last result of each instrument."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from outcomes.due import Due, due
from outcomes.instruments import Instrument, registry
from outcomes.models import Assessment, OutcomesPolicy
from outcomes.planning import history_of
from patients.models import Patient
from sessions.models import TreatmentCourse, TreatmentSession

EARLIER = 4  # results before the last one that a line names


@dataclass(frozen=True, slots=True)
class Line:
    instrument: Instrument
    due: Due | None
    overdue: bool
    results: list[Assessment]  # standing, the latest first

    @property
    def last(self) -> Assessment | None:
        return self.results[0] if self.results else None

    @property
    def earlier(self) -> list[Assessment]:
        return self.results[1 : 1 + EARLIER]


def lines(
    patient: Patient,
    course: TreatmentCourse | None,
    sessions: Iterable[TreatmentSession],
    assessments: Iterable[Assessment],
    policy: OutcomesPolicy | None,
    now: datetime,
) -> list[Line]:
    """Return one line for each instrument, what is due soonest first."""
    zone = patient.clinic.zone
    today = now.astimezone(zone).date()
    of: dict[str, list[Assessment]] = defaultdict(list)
    done: dict[str, list[date]] = defaultdict(list)
    for row in assessments:
        of[row.instrument].append(row)
        if not row.incomplete:
            done[row.instrument].append(row.observed_at.astimezone(zone).date())
    waiting: dict[str, Due] = {}
    if course is not None and not patient.deceased:
        rules = (policy or OutcomesPolicy()).rules
        found = due(history_of(course, sessions, zone), done, today, rules)
        waiting = {each.instrument: each for each in found}
    made = [
        Line(
            instrument,
            waiting.get(key),
            key in waiting and waiting[key].due_on < today,
            of[key],
        )
        for key, instrument in registry().items()
    ]
    return sorted(made, key=lambda line: line.due.due_on if line.due else date.max)
