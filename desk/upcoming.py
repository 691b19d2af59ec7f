"""What comes next for a patient in the house, and the button for it: pure, as the card is."""

from datetime import datetime, timedelta

from clinic.numbers import plain
from desk import blocked
from desk.present import PresentSession
from monitoring import timeline
from monitoring.calls import Calls
from monitoring.conditions import Gate
from monitoring.holding import Hold
from monitoring.readings import first_dose_at, last_dose_at, observed_until
from sessions.lifecycle import Status
from sessions.ports import Unmet

RECORD_VITALS = ("Record vital signs", "monitoring:vitals")
CHECK = ("Start pre-dose check", "monitoring:predose")
CLEAR = ("Clear for the dose", "desk:session")
MEASURE = {
    "baseline",
    "baseline_old",
    "hold",
    "predose_repeat",
    "predose_values",
    "predose_critical",
}
ACKNOWLEDGE = ("Acknowledge critical value", "monitoring:critical")
SETTLE = ("See what is missing", "desk:session")


def next_step(
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
    device_at = None if unmet else next_device_at(row)
    check_at = upcoming.due_at if upcoming else None
    if device_at and (check_at is None or device_at <= check_at):
        return "Next device from", device_at
    if upcoming:
        return upcoming.label, check_at
    if standing and blocked.needs_vitals(standing):
        return "Vital signs again", None
    return "All checks done", None


def next_device_at(row: PresentSession) -> datetime | None:
    given = row.history.administrations
    if row.status != Status.DOSING or row.route != "nasal" or not given:
        return None
    return max(one.started_at for one in given) + timedelta(minutes=row.rest_minutes)


def device_is_late(row: PresentSession, now: datetime) -> bool:
    """Whether a further device is overdue, as a check is; one that is held has to wait."""
    late_at = device_late_at(row)
    return late_at is not None and now >= late_at


def device_late_at(row: PresentSession) -> datetime | None:
    device_at = next_device_at(row)
    minutes = timedelta(minutes=row.settings.overdue_after_minutes)
    return device_at + minutes if device_at else None


def action_for(
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


def earliest(row: PresentSession) -> datetime | None:
    last = last_dose_at(row.history.administrations) if row.history.administrations else None
    return observed_until(last, row.history.medicines, row.settings)


def changes_at(
    row: PresentSession,
    checks: tuple[timeline.DueCheck, ...],
    standing: Gate | None,
    now: datetime,
) -> datetime | None:
    """Return the next moment at which time alone changes the card."""
    recent = timedelta(minutes=row.settings.recent_minutes)
    before_dose = timedelta(minutes=row.settings.predose_recent_minutes)
    instant = timedelta(microseconds=1)
    moments: list[datetime | None] = [
        earliest(row),
        next_device_at(row),
        device_late_at(row),
    ]
    for check in checks:
        moments += [check.due_at, check.overdue_at, check.opens_at, check.closes_at]
    for reading in row.history.readings:
        # A reading counts up to and including its last minute, and one dated ahead from its time.
        moments += [reading.observed_at, reading.observed_at + recent + instant]
        if row.status in (Status.CHECKED_IN, Status.CLEARED):
            moments.append(reading.observed_at + before_dose + instant)
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
