"""What one card of the board says: pure, from one present session and the time."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from django.utils.functional import cached_property

from desk import blocked
from desk.present import PresentSession
from desk.readiness import is_ready
from desk.upcoming import action_for, changes_at, device_is_late, earliest, next_step
from desk.values import Value, values
from monitoring import alerts, timeline
from monitoring.alerts import Alert
from monitoring.before_dose import held
from monitoring.calls import Calls, calls
from monitoring.conditions import Gate
from monitoring.discharge import gate_of
from monitoring.evidence import Evidence
from monitoring.holding import Hold
from monitoring.readings import last_dose_at
from monitoring.services import predose
from monitoring.watching import Person
from patients.naming import initials, list_name
from patients.rules import age_on
from sessions.lifecycle import DOSED, Status
from sessions.naming import step_label
from sessions.ports import Unmet
from sessions.services.authorization import unmet_on_chart


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
    shared = [_with_neighbours(one, on_chair.get(one.chair_id or 0, [])) for one in found]
    return sorted(shared, key=lambda one: one.place_in_queue)


def _with_neighbours(one: Seat, holders: list[Seat]) -> Seat:
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
    next_words, next_at = next_step(row, holding, upcoming, standing, unmet)
    overdue = any(check.state == "overdue" for check in checks)
    overdue = overdue or not unmet and device_is_late(row, now)
    found = alerts.standing(row.history, row.settings, now)
    critical = alerts.critical(found)
    called = calls(critical, row.acknowledged)
    ready = is_ready(row.status, standing)
    step = step_label(row.phase, row.number_in_phase, row.phase_count)
    action, action_url = action_for(
        row, standing, unmet, ready=ready, overdue=overdue, called=called
    )
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
        unwatched=row.watch.by is None and row.status in DOSED,
        standing=standing,
        unmet=tuple(unmet),
        conflicts=_conflicts(row, now),
        leaves_from=earliest(row),
        action=action,
        action_url=action_url,
        rank=_rank(critical, called, overdue, upcoming, ready),
        changes_at=changes_at(row, checks, standing, now),
    )


def _unmet_before_dose(row: PresentSession, now: datetime) -> list[Unmet]:
    """Return what the gate before a dose says; the sheet and the services say the same."""
    if row.chart is None:
        return []
    if row.status == Status.DOSING:
        return predose.unmet_now(row.before) if row.before else []
    return [
        *unmet_on_chart(row.chart, now, row.today),
        *(predose.unmet(row.before, now) if row.before else ()),
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


def _conflicts(row: PresentSession, now: datetime) -> tuple[str, ...]:
    following = row.next_booking
    if following is None or following.starts_at >= max(now, earliest(row) or row.ends_at):
        return ()
    return (f"Chair is booked for {following.initials} before this visit ends",)
