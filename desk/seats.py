"""What one card of the board says: pure, from one present session and the time."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from desk.present import PresentSession, initials
from monitoring import timeline
from monitoring.alerts import alerts
from monitoring.conditions import Condition, Gate
from monitoring.discharge import gate
from monitoring.evidence import Evidence
from monitoring.readings import Reading, Settings, first_dose_at, last_dose_at
from patients.rules import age_on
from sessions.lifecycle import Status

# The gate speaks in sentences; a card has room for a few words.
SHORT = {
    "no_dose": "No dose on record",
    "infusion_running": "Infusion is running",
    "minimum_time": "Minimum time not over",
    "bp_baseline_missing": "Blood pressure before the dose missing",
    "bp_peak_missing": "Blood pressure at about 40 minutes missing",
    "bp_predeparture_missing": "Blood pressure before leaving missing",
    "bp_high": "Blood pressure too high to leave",
    "sedation": "MOAA/S unknown or not as before",
    "dissociation": "Dissociation unknown or not settled",
    "spo2": "SpO₂ unknown or too low",
    "adverse_event": "Adverse event is open",
    "escort": "Escort not named",
    "assessment": "Assessment to come",
    "clock": "Server clock jumped",
    "future_time": "An entry lies ahead of now",
}
LINES = 3  # of what blocks; the sheet names all
RECORD_VITALS = ("Record vital signs", "monitoring:vitals")


@dataclass(frozen=True, slots=True)
class Value:
    """The newest value of a measure, beside its baseline."""

    label: str
    text: str
    value: int
    baseline: int | None
    out: bool
    older_at: datetime | None  # when it is not of the newest set


@dataclass(frozen=True, slots=True)
class Seat:
    public_id: str
    name: str
    initials: str
    place: str
    chair_id: int | None
    age: int
    step: str
    state: str
    words: str
    since: datetime | None
    minimum: int
    next_words: str
    next_at: datetime | None
    late_after: int
    overdue: bool
    ready: bool
    values: tuple[Value, ...]
    alerts: tuple[str, ...]
    blocked: tuple[str, ...]
    conflicts: tuple[str, ...]
    leaves_from: datetime | None
    action: str
    action_url: str
    rank: int
    changes_at: datetime | None

    @property
    def place_in_queue(self) -> tuple[int, float]:
        return self.rank, self.next_at.timestamp() if self.next_at else float("inf")

    @property
    def key(self) -> str:
        """Short, for ids in the page: the focus survives a refresh by them."""
        return self.public_id[:8]

    @property
    def pill(self) -> str:
        return "overdue" if self.overdue else self.state


def seats(rows: Iterable[PresentSession], now: datetime) -> list[Seat]:
    """Return the cards, most urgent first, with chairs that two people hold named."""
    found = [seat(row, now) for row in rows]
    on_chair: dict[int, list[Seat]] = {}
    for one in found:
        if one.chair_id is not None:
            on_chair.setdefault(one.chair_id, []).append(one)
    shared = [_with_neighbors(one, on_chair.get(one.chair_id or 0, [])) for one in found]
    return sorted(shared, key=lambda one: one.place_in_queue)


def _with_neighbors(one: Seat, holders: list[Seat]) -> Seat:
    others = [other.initials for other in holders if other.public_id != one.public_id]
    if not others:
        return one
    return replace(one, conflicts=(f"Chair shared with {', '.join(others)}", *one.conflicts))


def seat(row: PresentSession, now: datetime) -> Seat:
    given = row.history.administrations
    checks = timeline.due(
        row.settings,
        given,
        row.history.readings,
        row.history.missed,
        now,
        arrived_at=row.arrived_at,
    )
    upcoming = timeline.next_due(checks)
    standing = gate(row.history, row.settings, now) if given else None
    evidence = Evidence(row.history, row.settings, now)
    next_words, next_at = _next(row, upcoming)
    overdue = any(check.state == "overdue" for check in checks)
    alarming = _alarms(evidence)
    ready = _is_ready(row, standing)
    action, action_url = _action(row, standing, ready, overdue)
    return Seat(
        public_id=row.public_id,
        name=f"{row.family_name}, {row.given_name}" if row.given_name else row.family_name,
        initials=initials(row.given_name, row.family_name),
        place=row.place,
        chair_id=row.chair_id,
        age=age_on(row.birth_date, now.date()),
        step=step(row),
        state="ready" if ready else row.status,
        words=_words(standing, ready, overdue),
        since=last_dose_at(given),
        minimum=row.settings.min_minutes_after_last_dose,
        next_words=next_words,
        next_at=next_at,
        late_after=row.settings.overdue_after_minutes,
        overdue=overdue,
        ready=ready,
        values=_values(evidence),
        alerts=alarming,
        blocked=_blocked(row, standing),
        conflicts=_conflicts(row, now),
        leaves_from=_earliest(row),
        action=action,
        action_url=action_url,
        rank=_rank(alarming, overdue, upcoming, ready),
        changes_at=_changes_at(row, checks, standing, now),
    )


def step(row: PresentSession) -> str:
    of = f" of {row.phase_count}" if row.phase_count else ""
    return f"{row.phase} {row.number_in_phase}{of}"


def _rank(
    alarming: tuple[str, ...], overdue: bool, upcoming: timeline.DueCheck | None, ready: bool
) -> int:
    if alarming:
        return 0
    if overdue:
        return 1
    if upcoming is not None and upcoming.state == "due":
        return 2
    return 3 if ready else 4


def _is_ready(row: PresentSession, standing: Gate | None) -> bool:
    """Only a person's word is missing, or nothing at all."""
    if row.status != Status.MONITORING or standing is None:
        return False
    return {condition.code for condition in standing.unmet} <= {"assessment"}


def _words(standing: Gate | None, ready: bool, overdue: bool) -> str:
    if overdue or not ready or standing is None:
        return ""
    return "Ready to leave" if standing.ready else "Ready to assess"


def _next(row: PresentSession, upcoming: timeline.DueCheck | None) -> tuple[str, datetime | None]:
    """Say what comes next and when: the next device while one is due, else the next check."""
    if row.status == Status.CLEARED and row.order:
        minutes = f" over {row.order.infusion_minutes} min" if row.order.infusion_minutes else ""
        return f"Cleared for {row.order.dose_mg.normalize():f} mg{minutes}", None
    if row.status == Status.CHECKED_IN:
        return "Arrived", row.arrived_at
    device_at = _next_device_at(row)
    check_at = upcoming.due_at if upcoming else None
    if device_at and (check_at is None or device_at <= check_at):
        return "Next device from", device_at
    if upcoming:
        return upcoming.label, check_at
    return "All checks done", None


def _next_device_at(row: PresentSession) -> datetime | None:
    if row.status != Status.DOSING or row.route != "nasal" or not row.devices:
        return None
    return row.devices[-1] + timedelta(minutes=row.rest_minutes)


def _action(
    row: PresentSession, standing: Gate | None, ready: bool, overdue: bool
) -> tuple[str, str]:
    if row.status == Status.CHECKED_IN:
        if row.predose_at is None:
            return "Start pre-dose check", "monitoring:predose"
        if not row.history.readings:
            return RECORD_VITALS
        return "Clear for the dose", "desk:session"
    if row.status == Status.CLEARED:
        nasal = row.route == "nasal"
        return (
            ("Record first device", "sessions:device")
            if nasal
            else ("Start infusion", "sessions:infusion")
        )
    if overdue or row.status == Status.MONITORING and not ready:
        return RECORD_VITALS
    if row.status == Status.DOSING:
        nasal = row.route == "nasal"
        return ("Record next device", "sessions:device") if nasal else RECORD_VITALS
    if standing is not None and standing.ready:
        return "Let the patient leave", "monitoring:release"
    return "Assess for discharge", "monitoring:assess"


def _blocked(row: PresentSession, standing: Gate | None) -> tuple[str, ...]:
    if standing is not None:
        return _few([SHORT.get(found.code, found.text) for found in _to_do(standing)])
    if row.status != Status.CHECKED_IN:
        return ()
    missing = []
    if row.predose_at is None:
        missing.append("Pre-dose check to do")
    if not any(reading.bp for reading in row.history.readings):
        missing.append("Blood pressure before the dose missing")
    if row.order is None:
        missing.append("No dose ordered")
    return _few(missing)


def _to_do(standing: Gate) -> list[Condition]:
    """Leave out what only waits: the ring shows the time, and leaving is judged when it is over."""
    codes = {condition.code for condition in standing.unmet}
    waiting = {"minimum_time"}
    if codes & {"minimum_time", "infusion_running"}:
        waiting |= {"bp_predeparture_missing", "assessment"}
    return [
        condition
        for condition in standing.unmet
        if condition.code not in waiting
        and not (condition.code == "bp_peak_missing" and condition.action == "wait")
    ]


def _few(lines: list[str]) -> tuple[str, ...]:
    if len(lines) <= LINES:
        return tuple(lines)
    return (*lines[: LINES - 1], f"and {len(lines) - LINES + 1} more")


def _conflicts(row: PresentSession, now: datetime) -> tuple[str, ...]:
    following = row.next_booking
    if following is None or following.starts_at >= max(now, _earliest(row) or row.ends_at):
        return ()
    return (f"Chair is booked for {following.initials} before this visit ends",)


def _earliest(row: PresentSession) -> datetime | None:
    last = last_dose_at(row.history.administrations)
    return last + timedelta(minutes=row.settings.min_minutes_after_last_dose) if last else None


def _alarms(evidence: Evidence) -> tuple[str, ...]:
    latest = max(evidence.readings, key=lambda reading: reading.observed_at, default=None)
    if latest is None or evidence.first is None:
        return ()
    return tuple(alert.text for alert in alerts(latest, None, evidence.settings))


def _values(evidence: Evidence) -> tuple[Value, ...]:
    readings = sorted(evidence.readings, key=lambda reading: reading.observed_at)
    if not readings:
        return ()
    settings, newest = evidence.settings, readings[-1].observed_at
    shown = (
        _value("BP mmHg", "systolic", readings, evidence, newest, settings),
        _value("SpO₂ %", "spo2", readings, evidence, newest, settings),
        _value("MOAA/S", "sedation", readings, evidence, newest, settings),
    )
    return tuple(value for value in shown if value is not None)


def _value(
    label: str,
    measure: str,
    readings: list[Reading],
    evidence: Evidence,
    newest: datetime,
    settings: Settings,
) -> Value | None:
    known = [
        r for r in readings if (r.bp if measure == "systolic" else r.known(measure) is not None)
    ]
    if not known:
        return None
    last = known[-1]
    value = last.known(measure)
    return Value(
        label=label,
        text=str(last.bp) if measure == "systolic" else str(value),
        value=value,
        baseline=min(evidence.baseline_values(measure), default=None),
        out=_is_out(measure, last, settings),
        older_at=None if last.observed_at == newest else last.observed_at,
    )


def _is_out(measure: str, reading: Reading, settings: Settings) -> bool:
    if measure == "spo2":
        return bool(reading.spo2 is not None and reading.spo2 < settings.spo2_min)
    if measure == "sedation":
        return bool(reading.sedation is not None and reading.sedation <= settings.alert_moaas)
    high = reading.bp and (
        reading.bp.systolic > settings.bp_ceiling_systolic
        or reading.bp.diastolic > settings.bp_ceiling_diastolic
    )
    return bool(high)


def _changes_at(
    row: PresentSession,
    checks: tuple[timeline.DueCheck, ...],
    standing: Gate | None,
    now: datetime,
) -> datetime | None:
    """Return the next moment at which time alone changes the card."""
    recent = timedelta(minutes=row.settings.recent_minutes)
    instant = timedelta(microseconds=1)
    moments: list[datetime | None] = [_earliest(row), _next_device_at(row)]
    for check in checks:
        moments += [check.due_at, check.overdue_at, check.opens_at, check.closes_at]
    for reading in row.history.readings:
        # A reading counts up to and including its last minute, and one dated ahead from its time.
        moments += [reading.observed_at, reading.observed_at + recent + instant]
    for given in row.history.administrations:
        moments += [given.started_at, given.ended_at]
    if first := first_dose_at(row.history.administrations):
        for minutes in (row.settings.peak_window_from, row.settings.peak_window_to):
            moments += [
                first + timedelta(minutes=minutes),
                first + timedelta(minutes=minutes) + instant,
            ]
    if row.history.assessment:
        moments.append(row.history.assessment.at)
    if row.next_booking:
        moments += [row.next_booking.starts_at, row.next_booking.starts_at + instant]
    if standing:
        moments += [condition.ready_at for condition in standing.conditions]
    return min((moment for moment in moments if moment and moment > now), default=None)
