"""What happened in a visit: doses, medicines, an escort, an assessment; all of it, a history."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

from monitoring.readings.sets import Reading, ReadingId, utc
from monitoring.readings.template import Settings

Effect = Literal["none", "recheck", "restart"]

EARLY = timedelta(minutes=10)  # a reading counts for a check that is due so soon after it


@dataclass(frozen=True, slots=True)
class Administration:
    """One nasal device (ended when given) or one infusion (no end while it runs)."""

    started_at: datetime
    ended_at: datetime | None
    route: str
    recorded_at: datetime  # when the last of these times was written

    def __post_init__(self) -> None:
        started_at = utc(self.started_at)
        object.__setattr__(self, "started_at", started_at)
        object.__setattr__(self, "recorded_at", utc(self.recorded_at))
        if self.ended_at is not None:
            object.__setattr__(self, "ended_at", max(started_at, utc(self.ended_at)))


def first_dose_at(administrations: Iterable[Administration]) -> datetime | None:
    return min((given.started_at for given in administrations), default=None)


def last_dose_at(administrations: Sequence[Administration]) -> datetime | None:
    """Return when the last device was given or the infusion ended; None while one runs."""
    ends = [given.ended_at for given in administrations if given.ended_at is not None]
    return max(ends, default=None) if len(ends) == len(administrations) else None


@dataclass(frozen=True, slots=True)
class Medicine:
    """Another medicine of the visit: from its time on, readings and assessments count anew.

    `recheck`: the patient stays so many minutes more, and a blood pressure is due at their end.
    `restart`: the whole observation starts again, and vital signs are due after the minutes.
    """

    id: ReadingId
    words: str
    at: datetime
    effect: Effect
    minutes: int
    recorded_at: datetime

    def __post_init__(self) -> None:
        object.__setattr__(self, "at", utc(self.at))
        object.__setattr__(self, "recorded_at", utc(self.recorded_at))

    @property
    def due_at(self) -> datetime:
        return self.at + timedelta(minutes=self.minutes)

    @property
    def opens_at(self) -> datetime:
        """Return from when on a reading counts as its recheck."""
        return self.due_at - min(EARLY, timedelta(minutes=self.minutes) / 2)

    @property
    def label(self) -> str:
        return f"After {self.words}"

    @property
    def acts(self) -> bool:
        return self.effect != "none"

    def recheck_in(self, readings: Iterable[Reading]) -> Reading | None:
        """Return its recheck: a blood pressure, after a restart with the MOAA/S."""
        late_enough = (r for r in readings if r.bp and r.observed_at >= self.opens_at)
        if self.effect == "restart":
            late_enough = (r for r in late_enough if r.known("sedation") is not None)
        return next(late_enough, None)


def observed_until(
    last: datetime | None, medicines: Iterable[Medicine], settings: Settings
) -> datetime | None:
    """Return when the minimum observation ends; None while the last dose goes on."""
    if last is None:
        return None
    minimum = timedelta(minutes=settings.min_minutes_after_last_dose)
    ends = [last + minimum]
    for one in medicines:
        if one.effect == "restart":
            ends.append(one.at + minimum)
        elif one.effect == "recheck":
            ends.append(one.due_at)
    return max(ends)


@dataclass(frozen=True, slots=True)
class Escort:
    """Who takes the patient home, or the transport that the clinic's policy accepts instead."""

    settled: bool
    name: str = ""
    why: str = ""  # it isn't settled, in words


@dataclass(frozen=True, slots=True)
class Assessment:
    """A clinician's word; `decisions` maps a condition's code to the reason for deciding it."""

    by: str
    at: datetime
    ready: bool
    decisions: Mapping[str, str] = field(default_factory=dict)
    is_prescriber: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "at", utc(self.at))


@dataclass(frozen=True, slots=True)
class History:
    """All that the gate may know of one treatment session.

    `readings` leaves out those that were superseded or entered in error. `missed` maps a check's
    label (or the condition's code) to the reason why it was not done.
    """

    readings: tuple[Reading, ...] = ()
    administrations: tuple[Administration, ...] = ()
    unresolved_adverse_events: tuple[str, ...] = ()
    escort: Escort | None = None
    means_to_drive: bool = False
    assessment: Assessment | None = None
    missed: Mapping[str, str] = field(default_factory=dict)
    clock_suspect: bool = False
    events_known_at: datetime | None = None  # when the last of the unresolved ones was written
    medicines: tuple[Medicine, ...] = ()
    withdrawn_at: datetime | None = None  # when a row was last entered in error
    going_on: tuple[str, ...] = ()  # an emergency, a serotonin check that calls for help
    event_written_at: datetime | None = None  # when an adverse event was last reported or withdrawn
    oxygen_at: datetime | None = None  # when oxygen was first given, by an action or a medicine

    def __post_init__(self) -> None:
        """Mark the sets without a word on oxygen once the patient has had some."""
        moments = [r.observed_at for r in self.readings if r.oxygen_l_min]
        moments += [utc(self.oxygen_at)] if self.oxygen_at else []
        since = min(moments, default=None)
        if since is None and not any(reading.oxygen_unsaid for reading in self.readings):
            return
        marked = (_marked(reading, since) for reading in self.readings)
        object.__setattr__(self, "readings", tuple(marked))


def _marked(reading: Reading, oxygen_since: datetime | None) -> Reading:
    unsaid = (
        oxygen_since is not None
        and reading.oxygen_l_min is None
        and reading.observed_at >= oxygen_since
    )
    return reading if reading.oxygen_unsaid == unsaid else replace(reading, oxygen_unsaid=unsaid)
