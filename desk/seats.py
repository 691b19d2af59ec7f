"""What one card of the board says: pure, from one present session and the time."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.utils.functional import cached_property

from clinic.numbers import plain
from desk import blocked
from desk.present import PresentSession
from desk.readiness import is_ready
from desk.values import Value, values
from monitoring import alerts, timeline
from monitoring.alerts import Alert
from monitoring.before_dose import held
from monitoring.calls import Calls, calls
from monitoring.conditions import Gate
from monitoring.discharge import gate_of
from monitoring.evidence import Evidence
from monitoring.holding import Hold
from monitoring.readings import first_dose_at, last_dose_at, observed_until
from monitoring.services import predose
from monitoring.watching import Person
from patients.naming import initials, list_name
from patients.rules import age_on
from sessions.lifecycle import Status
from sessions.naming import step_label
from sessions.ports import Unmet
from sessions.services.authorization import unmet_on_chart

RECORD_VITALS = ("Record vital signs", "monitoring:vitals")
CHECK = ("Start pre-dose check", "monitoring:predose")
CLEAR = ("Clear for the dose", "desk:session")
MEASURE = {"baseline", "hold", "predose_repeat", "predose_values", "predose_critical"}
IN_TREATMENT = (Status.DOSING, Status.MONITORING)
ACKNOWLEDGE = ("Acknowledge critical value", "monitoring:critical")
SETTLE = ("See what is missing", "desk:session")


@dataclass(frozen=True)  # without slots: what only a card shows is computed when it is asked for
class Seat:
    public_id: str
    name: str
    initials: str
    place: str
    chair_id: int | None
    about: str
    state: str
    words: str
    since: datetime | None
    minimum: int
    next_words: str
    next_at: datetime | None
    late_after: int
    overdue: bool
    ready: bool
    evidence: Evidence | None  # of its values; None where they stay hidden
    alarm: bool
    alerts: tuple[str, ...]
    watched: tuple[str, ...]
    call: str
    watcher: Person | None
    offered_to: Person | None
    unwatched: bool
    standing: Gate | None  # before leaving; None where it stays hidden
    unmet: tuple[Unmet, ...]  # before a dose
    conflicts: tuple[str, ...]
    leaves_from: datetime | None
    action: str
    action_url: str
    rank: int
    changes_at: datetime | None

    @property
    def place_in_queue(self) -> tuple[int, float]:
        return self.rank, self.next_at.timestamp() if self.next_at else float("inf")

    def is_of(self, user_id: int) -> bool:
        """Whether this person watches the patient, or is asked to."""
        return any(one and one.pk == user_id for one in (self.watcher, self.offered_to))

    @property
    def key(self) -> str:
        """Short, for ids in the page: the focus survives a refresh by them."""
        return self.public_id[:8]

    @cached_property
    def values(self) -> tuple[Value, ...]:
        return values(self.evidence) if self.evidence else ()

    @cached_property
    def blocked(self) -> tuple[str, ...]:
        if self.standing and not self.unmet:
            return blocked.before_leaving(self.standing)
        return blocked.before_dose(self.unmet)

    @property
    def pill(self) -> str:
        return "overdue" if self.overdue or self.alarm else self.state


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
        medicines=row.history.medicines,
    )
    upcoming = timeline.next_due(checks)
    evidence = Evidence(row.history, row.settings, now)
    standing = gate_of(evidence) if given else None
    holding = _held(row)
    unmet = _unmet_before_dose(row, now)
    next_words, next_at = _next(row, holding, upcoming, standing, unmet)
    overdue = any(check.state == "overdue" for check in checks)
    overdue = overdue or not unmet and _device_is_late(row, now)
    found = alerts.standing(row.history, row.settings, now)
    critical = alerts.critical(found)
    called = calls(critical, row.acknowledged)
    ready = is_ready(row.status, standing)
    step = step_label(row.phase, row.number_in_phase, row.phase_count)
    action, action_url = _action(row, standing, unmet, ready=ready, overdue=overdue, called=called)
    return Seat(
        public_id=row.public_id,
        name=list_name(row.given_name, row.family_name),
        initials=initials(row.given_name, row.family_name),
        place=row.place,
        chair_id=row.chair_id,
        about=f"{age_on(row.birth_date, row.today)} y · {step}",
        state="ready" if ready else row.status,
        words=_words(standing, ready, overdue, critical, called),
        since=last_dose_at(given),
        minimum=row.settings.min_minutes_after_last_dose,
        next_words=next_words,
        next_at=next_at,
        late_after=row.settings.overdue_after_minutes,
        overdue=overdue,
        ready=ready,
        evidence=evidence,
        alarm=bool(called.waiting),
        alerts=tuple(alert.text for alert in critical),
        watched=tuple(alert.text for alert in alerts.watched(found)),
        call=_call_words(called),
        watcher=row.watch.by,
        offered_to=row.watch.offered_to,
        unwatched=row.watch.by is None and row.status in IN_TREATMENT,
        standing=standing,
        unmet=tuple(unmet),
        conflicts=_conflicts(row, now),
        leaves_from=_earliest(row),
        action=action,
        action_url=action_url,
        rank=_rank(critical, called, overdue, upcoming, ready),
        changes_at=_changes_at(row, checks, standing, now),
    )


def _unmet_before_dose(row: PresentSession, now: datetime) -> list[Unmet]:
    """Return what the gate before a dose says; the sheet and the services say the same."""
    if row.chart is None:
        return []
    if row.status == Status.DOSING:
        return predose.unmet_now(row.before) if row.before else []
    return [
        *unmet_on_chart(row.chart, now, row.today),
        *(predose.unmet(row.before) if row.before else ()),
        *(predose.unmet_now(row.before) if row.before else ()),
    ]


def _held(row: PresentSession) -> Hold | None:
    return held(row.before) if row.before else None


def _rank(
    critical: tuple[Alert, ...],
    called: Calls,
    overdue: bool,
    upcoming: timeline.DueCheck | None,
    ready: bool,
) -> int:
    if called.waiting:
        return 0
    if overdue or critical:
        return 1
    if upcoming is not None and upcoming.state == "due":
        return 2
    return 3 if ready else 4


def _call_words(called: Calls) -> str:
    if called.unseen:
        return "Nobody has acknowledged it. Call a prescriber."
    return "Seen. Waits for a prescriber." if called.waiting else ""


def _words(
    standing: Gate | None,
    ready: bool,
    overdue: bool,
    critical: tuple[Alert, ...],
    called: Calls,
) -> str:
    if called.waiting:
        return "Critical value"
    if critical and not overdue:
        return "Critical, prescriber knows"
    if overdue or not ready or standing is None:
        return ""
    return "Ready to leave" if standing.ready else "Ready to assess"


def _next(
    row: PresentSession,
    holding: Hold | None,
    upcoming: timeline.DueCheck | None,
    standing: Gate | None,
    unmet: list[Unmet],
) -> tuple[str, datetime | None]:
    """Say what comes next and when: the next device while one is due, else the next check."""
    if holding:
        return "Recheck due by", holding.recheck_by
    if row.status == Status.CLEARED and row.chart and (order := row.chart.order):
        minutes = f" over {order.infusion_minutes} min" if order.infusion_minutes else ""
        return f"Cleared for {plain(order.dose_mg)} mg{minutes}", None
    if row.status == Status.CHECKED_IN:
        return "Arrived", row.arrived_at
    device_at = None if unmet else _next_device_at(row)
    check_at = upcoming.due_at if upcoming else None
    if device_at and (check_at is None or device_at <= check_at):
        return "Next device from", device_at
    if upcoming:
        return upcoming.label, check_at
    if standing and blocked.needs_vitals(standing):
        return "Vital signs again", None
    return "All checks done", None


def _next_device_at(row: PresentSession) -> datetime | None:
    given = row.history.administrations
    if row.status != Status.DOSING or row.route != "nasal" or not given:
        return None
    return max(one.started_at for one in given) + timedelta(minutes=row.rest_minutes)


def _device_is_late(row: PresentSession, now: datetime) -> bool:
    """Whether a further device is overdue, as a check is; one that is held has to wait."""
    late_at = _device_late_at(row)
    return late_at is not None and now >= late_at


def _device_late_at(row: PresentSession) -> datetime | None:
    device_at = _next_device_at(row)
    minutes = timedelta(minutes=row.settings.overdue_after_minutes)
    return device_at + minutes if device_at else None


def _action(
    row: PresentSession,
    standing: Gate | None,
    unmet: list[Unmet],
    *,
    ready: bool,
    overdue: bool,
    called: Calls,
) -> tuple[str, str]:
    if called.unseen:
        return ACKNOWLEDGE
    if unmet:
        codes = {found.code for found in unmet}
        if "predose_check" in codes:
            return CHECK
        return RECORD_VITALS if codes & MEASURE else SETTLE
    if row.status == Status.CHECKED_IN:
        return CLEAR
    if row.status == Status.CLEARED:
        if row.route == "nasal":
            return "Record first device", "sessions:device"
        return "Start infusion", "desk:session"
    if overdue or row.status == Status.MONITORING and not ready:
        return RECORD_VITALS
    if row.status == Status.DOSING:
        nasal = row.route == "nasal"
        return ("Record next device", "sessions:device") if nasal else RECORD_VITALS
    if standing is not None and standing.ready:
        return "Let the patient leave", "monitoring:release"
    return "Assess for discharge", "monitoring:assess"


def _conflicts(row: PresentSession, now: datetime) -> tuple[str, ...]:
    following = row.next_booking
    if following is None or following.starts_at >= max(now, _earliest(row) or row.ends_at):
        return ()
    return (f"Chair is booked for {following.initials} before this visit ends",)


def _earliest(row: PresentSession) -> datetime | None:
    last = last_dose_at(row.history.administrations) if row.history.administrations else None
    return observed_until(last, row.history.medicines, row.settings)


def _changes_at(
    row: PresentSession,
    checks: tuple[timeline.DueCheck, ...],
    standing: Gate | None,
    now: datetime,
) -> datetime | None:
    """Return the next moment at which time alone changes the card."""
    recent = timedelta(minutes=row.settings.recent_minutes)
    instant = timedelta(microseconds=1)
    moments: list[datetime | None] = [
        _earliest(row),
        _next_device_at(row),
        _device_late_at(row),
    ]
    for check in checks:
        moments += [check.due_at, check.overdue_at, check.opens_at, check.closes_at]
    for reading in row.history.readings:
        # A reading counts up to and including its last minute, and one dated ahead from its time.
        moments += [reading.observed_at, reading.observed_at + recent + instant]
    for given in row.history.administrations:
        moments += [given.started_at, given.ended_at]
    moments += [one.at for one in row.history.medicines]
    if first := first_dose_at(row.history.administrations):
        for minutes in (row.settings.peak_window_from, row.settings.peak_window_to):
            moments += [
                first + timedelta(minutes=minutes),
                first + timedelta(minutes=minutes) + instant,
            ]
    if row.chart and row.chart.consent:
        moments.append(row.chart.consent.given_at)
    if row.history.assessment:
        moments.append(row.history.assessment.at)
    if row.next_booking:
        moments += [row.next_booking.starts_at, row.next_booking.starts_at + instant]
    if standing:
        moments += [condition.ready_at for condition in standing.conditions]
    return min((moment for moment in moments if moment and moment > now), default=None)
