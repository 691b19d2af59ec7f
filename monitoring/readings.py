"""What the monitoring rules work on: plain values without database or clock.

Every time is turned into UTC when a value is made, so that durations and comparisons are right on
the night the clocks change; a time without zone is refused. `None` means missing, never normal.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal, NamedTuple, Self, get_args
from uuid import UUID

ReadingId = int | str | UUID
Anchor = Literal["before_dose", "first_dose", "last_dose", "infusion_start", "infusion_end"]
Measured = int | Decimal
Effect = Literal["none", "recheck", "restart"]

# The label describes the rise as highest about 40 minutes after the dose (clinical reference 3.1).
PEAK_MINUTE = 40
MOAAS_BEST = 5
EARLY = timedelta(minutes=10)  # a reading counts for a check that is due so soon after it
DISSOCIATION_NONE = 0
NOT_NUMBERS = {"escort_required", "predose_needs_weight", "checks"}
MOST_MINUTES = 24 * 60  # a threshold beyond a day is a slip of the finger


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
