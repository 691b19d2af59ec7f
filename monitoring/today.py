"""What a dose of this visit rests on, as values, and what a prescriber may decide of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from monitoring.models import PreDoseCheck, PreDosePolicy, PregnancyAnswer
from monitoring.questions import Level
from monitoring.readings import History, Reading, Settings
from monitoring.trouble import Trouble
from patients.rules import age_on
from sessions.ports import Unmet

DECIDES: dict[Level, str] = {
    "reason": "A prescriber decides, with a reason",
    "justification": "A prescriber decides, with a written justification",
}


@dataclass(frozen=True, slots=True)
class Stop(Unmet):
    """What a prescriber may decide; `keys` name the rows that the decision has to cover."""

    keys: tuple[str, ...] = ()
    level: Level = "reason"
    safety_plan: bool = False


@dataclass(frozen=True)  # without slots: what is asked again and again is computed once
class Today:
    """What a dose of this visit rests on."""

    check: PreDoseCheck | None  # the newest of this visit
    visit: Sequence[Reading]  # the standing sets since the patient came, by time
    first_dose: datetime | None
    settings: Settings
    policy: PreDosePolicy
    on: date  # in the clinic's zone, as the next three
    birth_date: date
    sex: str
    pregnancy: PregnancyAnswer | None = None
    pregnancy_on: date | None = None
    weighed_on: date | None = None
    weight_days: int = 0
    history: History = field(default_factory=History)
    goes_on: tuple[Trouble, ...] = ()

    @property
    def age(self) -> int:
        return age_on(self.birth_date, self.on)

    @property
    def repeat(self) -> timedelta:
        """Return how long after a critical value a recheck counts."""
        return timedelta(minutes=self.policy.bp_repeat_minutes)

    @property
    def before(self) -> list[Reading]:
        first = self.first_dose
        return [row for row in self.visit if first is None or row.observed_at <= first]

    def recent(self, now: datetime) -> list[Reading]:
        """Return the sets that are recent enough to start a dose on; once it began, all."""
        if self.first_dose is not None or not self.settings.predose_recent_minutes:
            return self.before
        oldest = now - timedelta(minutes=self.settings.predose_recent_minutes)
        return [row for row in self.before if row.observed_at >= oldest]

    def covered(self, keys: Sequence[str]) -> bool:
        """Whether a prescriber decided to go on, shown all of these."""
        check = self.check
        return bool(check and check.decided_by_id and set(keys) <= set(check.covers))
