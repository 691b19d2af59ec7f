"""Invented sessions, judged at many moments by the product and by the second opinion.

Each is told as a log, as people would write it: devices and rescue doses, an infusion with pauses,
sets of vital signs with corrections and slips, jumps of the clock. The product reads the rows
through its own record; the second opinion gets what a plain reading of the log leaves standing.
"""

from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from random import Random
from types import SimpleNamespace
from typing import Any, cast

from clinic.models import User
from monitoring.models import DischargeAssessment, MedicationGiven, VitalSigns
from monitoring.readings import Settings
from monitoring.services.history import Record
from monitoring.services.incidents import Incidents
from monitoring.tests.builders import CHECKS, START
from monitoring.tests.second_opinion import open_points
from sessions.models import Dose, InfusionEvent

MINUTE = 60
VALUES: dict[str, list[Any]] = {
    "s": [84, 89, 90, 118, 122, 128, 138, 140, 141, 148, 158, 160, 172, None],
    "d": [44, 49, 50, 70, 76, 84, 90, 91, 96, 100, 108, None],
    "spo2": [97, 96, 94, 93, 90, None],
    "oxygen": [None, None, None, 0, 2],
    "moaas": [5, 5, 5, 4, 3, None],
    "diss": [0, 0, 0, 1, 2, None],
}
CALM = {"s": 122, "d": 76, "spo2": 97, "oxygen": None, "moaas": 5, "diss": 0}
DECIDABLE = ("bp_high", "bp_low", "sedation", "dissociation")
OFTEN, SOMETIMES, RARELY = 0.3, 0.15, 0.05


@dataclass
class Log:
    """What was written, in seconds after the first dose; rows that were corrected stay in it."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    drugs: list[dict[str, Any]] = field(default_factory=list)
    devices: list[dict[str, Any]] = field(default_factory=list)
    steps: list[dict[str, Any]] = field(default_factory=list)  # of an infusion
    assessed: int | None = None
    prescriber: bool = False
    decided: bool = False
    escort: bool = True
    event: bool = False
    missed: bool = False
    jumped_at: int | None = None


@dataclass
class Tally:
    sessions: int = 0
    judged: int = 0
    ready: int = 0
    early: list[tuple[int, int]] = field(default_factory=list)  # seed and second
    late: list[tuple[int, int]] = field(default_factory=list)


def run(count: int, seed: int = 0) -> Tally:
    """Judge so many sessions; `early` must stay empty, and `late` says where the two differ."""
    tally = Tally()
    for number in range(seed, seed + count):
        judge(number, tally)
    return tally


def judge(seed: int, tally: Tally) -> None:
    random = Random(seed)
    log = invent(random)
    tally.sessions += 1
    for now in moments(log, random):
        ready, allowed = product_says(log, now), second_says(log, now)
        tally.judged += 1
        tally.ready += ready
        if ready and not allowed:
            tally.early.append((seed, now))
        if allowed and not ready:
            tally.late.append((seed, now))


def moments(log: Log, random: Random) -> list[int]:
    last = max((end(log) or 0), 0)
    edge = [last + minimum(log) + shift for shift in (-1, 0, 1)]
    asked = [] if log.assessed is None else [log.assessed + shift for shift in (-1, 0, 1)]
    return [*edge, *asked, *(random.randrange(-600, 5 * 3600) for _ in range(4))]


def minimum(log: Log) -> int:
    return (60 if log.steps else 120) * MINUTE


# inventing


def invent(random: Random) -> Log:
    log = Log()
    if random.random() < OFTEN:
        _infuse(log, random)
    else:
        _spray(log, random)
    last = end(log) or 40 * MINUTE
    done = last + minimum(log)
    for at in (-10 * MINUTE, 40 * MINUTE, last + 40 * MINUTE, done - 20 * MINUTE, done):
        if random.random() > RARELY:
            _measure(log, random, at + random.randint(-90, 90))
    for _ in range(random.choice([0, 0, 1, 2])):
        _measure(log, random, random.randrange(-1200, done + 1800))
    if random.random() < SOMETIMES:
        _rescue(log, random, random.randrange(0, done))
    if random.random() < SOMETIMES:
        _oxygenate(log, random, random.randrange(-600, done))
    if random.random() < RARELY:
        _be_as_always(log, random)
    _correct(log, random)
    _judge_patient(log, random, done)
    return log


def _spray(log: Log, random: Random) -> None:
    for at in range(0, random.choice([1, 2, 2, 3]) * 5 * MINUTE, 5 * MINUTE):
        _give(log, at + (random.randint(0, 60) if at else 0))
    if random.random() < SOMETIMES:
        _give(log, random.randrange(20 * MINUTE, 100 * MINUTE))  # a rescue dose
    if random.random() < SOMETIMES:
        wrong = random.choice(log.devices)
        _give(log, wrong["t"] + random.randint(-120, 300), of=wrong)
    if random.random() < RARELY:
        log.devices[-1]["refused"] = True


def _give(log: Log, at: int, of: dict[str, Any] | None = None) -> None:
    number = len(log.devices) + 1
    row = {"pk": number, "t": at, "written": at, "of": None, "refused": False}
    if of is not None:
        row |= {"of": of["pk"], "written": max(at, of["written"]) + 3 * MINUTE}
    log.devices.append(row)


def _infuse(log: Log, random: Random) -> None:
    at = 0
    log.devices.append({"pk": 1, "t": 0, "written": 0, "of": None, "refused": False})
    _step(log, "start", 0)
    for _ in range(random.choice([0, 1, 2])):
        at += random.randint(3, 10) * MINUTE
        _step(log, "pause", at)
        at += random.randint(1, 8) * MINUTE
        _step(log, "resume", at)
    if random.random() > RARELY:
        at += random.randint(5, 35) * MINUTE
        _step(log, "stop", at)
        if random.random() < SOMETIMES:
            _step(log, "stop", at + random.randint(-120, 300), of=log.steps[-1])


def _step(log: Log, kind: str, at: int, of: dict[str, Any] | None = None) -> None:
    row = {"pk": len(log.steps) + 1, "kind": kind, "t": at, "written": at, "of": None}
    if of is not None:
        row |= {"of": of["pk"], "written": of["written"] + 2 * MINUTE}
    log.steps.append(row)


def _measure(log: Log, random: Random, at: int) -> None:
    values: dict[str, Any] = dict(CALM)
    for key in CALM:
        if random.random() < RARELY:
            values[key] = random.choice(VALUES[key])
    row = {"pk": len(log.rows) + 1, "t": at, "written": at, "of": None, "error": False}
    if random.random() < SOMETIMES:
        row["written"] = at + random.randint(0, 40) * MINUTE
    marks = {"refused": random.random() < RARELY, "late": random.random() < SOMETIMES}
    log.rows.append(_whole({**row, **values, **marks}))


def _whole(row: dict[str, Any]) -> dict[str, Any]:
    """Leave no half of a pressure, which the database refuses."""
    known = row["s"] is not None and row["d"] is not None and row["s"] > row["d"]
    return row if known else {**row, "s": None, "d": None}


def _correct(log: Log, random: Random) -> None:
    for _ in range(random.choice([0, 0, 1, 2])):
        if not log.rows:
            return
        wrong = random.choice(standing(log.rows) or log.rows[:1])
        if any(row["of"] == wrong["pk"] for row in log.rows):
            continue
        key = random.choice(list(CALM))
        change = {key: random.choice(VALUES[key]), "t": wrong["t"] + random.randint(-300, 300)}
        row = {**wrong, **change, "pk": len(log.rows) + 1, "of": wrong["pk"]}
        row["written"] = max(wrong["written"], row["t"]) + random.randint(0, 30) * MINUTE
        row["error"] = random.random() < OFTEN
        log.rows.append(_whole(row))


def _judge_patient(log: Log, random: Random, done: int) -> None:
    if random.random() > RARELY:
        written = [row["written"] for row in (*log.rows, *log.devices, *log.steps)]
        newest = max([*written, *(row["t"] for row in log.rows)], default=done)
        log.assessed = random.choice([done + 3 * MINUTE, max(done, newest) + MINUTE, done - MINUTE])
    log.prescriber, log.decided = random.random() < OFTEN, random.random() < SOMETIMES
    log.escort, log.event = random.random() > RARELY, random.random() < RARELY
    log.missed = random.random() < SOMETIMES
    if random.random() < RARELY:
        log.jumped_at = random.randrange(-3600, 2 * 3600)


def _rescue(log: Log, random: Random, at: int) -> None:
    """Give another medicine, and often look after it as it asks."""
    effect, minutes = random.choice([("none", 0), ("recheck", 60), ("restart", 15)])
    log.drugs.append({"t": at, "written": at, "effect": effect, "minutes": minutes})
    if random.random() > SOMETIMES:
        _measure(log, random, at + (minutes + 5) * MINUTE)


def _oxygenate(log: Log, random: Random, at: int) -> None:
    """Give oxygen, by litres in a set or as a medicine; later sets say so or not."""
    later = [row for row in log.rows if row["t"] >= at]
    if not later or random.random() < OFTEN:
        given = {"t": at, "written": at, "effect": "none", "minutes": 0}
        log.drugs.append({**given, "oxygen": True})
    else:
        later[0]["oxygen"] = 2
        later = later[1:]
    for row in later:
        row["oxygen"] = random.choice([0, 0, None])


def _be_as_always(log: Log, random: Random) -> None:
    key, value = random.choice([("moaas", 4), ("diss", 1)])
    for row in log.rows:
        row[key] = value


# the plain reading of a log


def standing(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    replaced = [row["of"] for row in rows]
    return [row for row in rows if row["pk"] not in replaced and not row.get("error")]


def withdrawn(log: Log) -> list[int]:
    """Return when sets and doses were entered in error."""
    return [row["written"] for row in (*log.rows, *log.devices) if row.get("error")]


def given(log: Log) -> list[dict[str, Any]]:
    return [row for row in standing(log.devices) if not row["refused"]]


def end(log: Log) -> int | None:
    """Return when the last dose was complete; None while an infusion runs, or without a dose."""
    if not log.steps:
        return max((row["t"] for row in given(log)), default=None)
    return next((row["t"] for row in standing(log.steps) if row["kind"] == "stop"), None)


def second_says(log: Log, now: int) -> bool:
    doses, last = given(log), end(log)
    if not doses or last is None:
        return False
    first = min(row["t"] for row in doses)
    times = [row["t"] for row in doses] + ([last] if log.steps else [])
    rows = [dict(row) for row in standing(log.rows)]
    written = [row["written"] for row in (*doses, *(standing(log.steps) if log.steps else ()))]
    case = {
        "devices": times,
        "rows": rows,
        "now": now,
        "assessed": log.assessed,
        "escort": log.escort,
        "event": log.event,
        "clock": log.jumped_at is not None and log.jumped_at > first,
        "missed": log.missed,
        "decided": log.decided,
        "prescriber": log.prescriber,
        "minimum": minimum(log) // MINUTE,
        "withdrawn": max(withdrawn(log), default=None),
        "drugs": log.drugs,
        "oxygen_at": min((drug["t"] for drug in log.drugs if drug.get("oxygen")), default=None),
    }
    # A dose whose time was written after the assessment voids it, as a reading does.
    if log.assessed is not None and max(written) > log.assessed:
        case["assessed"] = None
        case["now"] = now
    return not open_points(case)


# the product's reading of a log


def moment(second: int) -> datetime:
    return START + timedelta(seconds=second)


NOTHING_ELSE = Incidents(
    saved_policy=None,
    **cast(Any, {f.name: [] for f in fields(Incidents) if f.name != "saved_policy"}),
)


SAM = SimpleNamespace(name="Sam", phone="", recorded_at=START)


def product_says(log: Log, now: int) -> bool:
    return record_of(log).gate(moment(now)).ready


def record_of(log: Log) -> Record:
    rows: dict[str, Any] = {
        "vitals": [_vitals(row) for row in log.rows],
        "doses": [_dose(row, "iv" if log.steps else "nasal") for row in log.devices],
        "infusion_events": [_event(row) for row in log.steps],
        "adverse_events": [_adverse_event()] if log.event else [],
    }
    return Record(
        treatment_session=cast(Any, None),
        settings=Settings(checks=CHECKS, min_minutes_after_last_dose=minimum(log) // MINUTE),
        assessment=_assessment(log),
        escorts=[cast(Any, SAM)] if log.escort else [],
        missed={"40 minutes": "Asleep"} if log.missed else {},
        not_missed=[],
        clock_jumped_at=None if log.jumped_at is None else moment(log.jumped_at),
        acknowledgements=[],
        watches=[],
        medicines=[_medicine(row) for row in log.drugs],
        way_home=[],
        incidents=NOTHING_ELSE,
        sources={},
        **rows,
    )


def _medicine(row: dict[str, Any]) -> MedicationGiven:
    return MedicationGiven(
        pk=row["t"],
        drug="Oxygen" if row.get("oxygen") else "Lorazepam",
        dose="1 mg",
        given_at=moment(row["t"]),
        recorded_at=moment(row["written"]),
        effect=row["effect"],
        minutes=row["minutes"],
    )


def _vitals(row: dict[str, Any]) -> VitalSigns:
    return VitalSigns(
        pk=row["pk"],
        supersedes_id=row["of"],
        observed_at=moment(row["t"]),
        recorded_at=moment(row["written"]),
        systolic=row["s"],
        diastolic=row["d"],
        spo2=row["spo2"],
        oxygen_l_min=row["oxygen"],
        sedation=row["moaas"],
        dissociation=row["diss"],
        not_obtained="Refused" if row["refused"] else "",
        late_reason="Busy" if row["late"] else "",
        entered_in_error=row["error"],
    )


def _dose(row: dict[str, Any], route: str) -> Dose:
    return Dose(
        pk=row["pk"],
        supersedes_id=row["of"],
        number=row["pk"],
        given_at=moment(row["t"]),
        recorded_at=moment(row["written"]),
        route=route,
        outcome=Dose.Outcome.REFUSED if row["refused"] else Dose.Outcome.COMPLETE,
    )


def _event(row: dict[str, Any]) -> InfusionEvent:
    return InfusionEvent(
        pk=row["pk"],
        supersedes_id=row["of"],
        dose=Dose(pk=1, number=1),
        kind=row["kind"],
        at=moment(row["t"]),
        recorded_at=moment(row["written"]),
    )


def _adverse_event() -> Any:
    return SimpleNamespace(
        pk=1,
        supersedes_id=None,
        entered_in_error=False,
        term="Nausea",
        resolved_at=None,
        recorded_at=START,
    )


def _assessment(log: Log) -> DischargeAssessment | None:
    if log.assessed is None:
        return None
    reasons = dict.fromkeys(DECIDABLE, "As always") if log.decided else {}
    return DischargeAssessment(
        assessed_by=User(username="nurse"),
        assessed_at=moment(log.assessed),
        ready=True,
        decisions=reasons,
        by_prescriber=log.prescriber,
    )
