"""The session sheet as values: what is known, what it lacks, and what may be done now."""

from datetime import datetime
from functools import cached_property
from typing import Any

from desk.readiness import is_ready
from desk.sheet_dose import DoseOnSheet
from monitoring import alerts
from monitoring.alerts import Alert
from monitoring.calls import Calls
from monitoring.happenings import happenings, still_open
from monitoring.models import (
    CriticalAcknowledgement,
    Emergency,
    LeftUnnoticed,
    PanicEpisode,
    SerotoninCheck,
)
from monitoring.serotonin import emergency_text
from monitoring.services import emergencies, endings
from monitoring.watching import Watch
from sessions.lifecycle import DOSED, PRESENT, Status

TITLES = {
    Status.PLANNED: "Arrive",
    Status.CHECKED_IN: "Pre-dose",
    Status.CLEARED: "Dose",
    Status.DOSING: "Dose",
    Status.MONITORING: "Monitor",
}


class Sheet(DoseOnSheet):
    """Everything that a clinical sheet shows, read once."""

    @property
    def gap(self) -> str:
        """Say that no prescriber is on site while the patient is treated."""
        return self.site.warning if self.status in DOSED else ""

    @property
    def unwatched(self) -> str:
        """Say before the dose that no prescriber is on site, unless the dose waits for one."""
        blocks = any(condition.code == "on_site" for condition in self.unmet)
        due = self.status in {Status.CHECKED_IN, Status.CLEARED}
        return self.site.warning if due and not blocks else ""

    @property
    def may_search(self) -> bool:
        return self.may(endings.RUN)

    @property
    def may_run_emergency(self) -> bool:
        return self.may(emergencies.RUN)

    @property
    def title(self) -> str:
        return TITLES.get(Status(self.status), "Session")

    @property
    def waits_for_signature(self) -> bool:
        """Whether a dose was given and the visit is over: any ending may be signed, this one is."""
        row = self.treatment_session
        return row.is_over and not row.is_signed and bool(self.record.administrations)

    @property
    def pill(self) -> str:
        """Return the state to show: overdue and ready are derived, not stored."""
        if self.calls.waiting or self.device_is_late:
            return "overdue"
        if is_ready(self.status, self.gate):
            return "ready"
        check = self.next_check
        return "overdue" if check and check.state == "overdue" else self.status

    @property
    def pill_words(self) -> str:
        if self.calls.waiting:
            return "Critical value"
        if self.record.incidents.left_unnoticed:
            return "Left unnoticed"
        return "Device overdue" if self.device_is_late else ""

    @property
    def shown_acknowledgements(self) -> list[CriticalAcknowledgement]:
        """Return what was said of the values that still stand."""
        keys = {alert.key for alert in self.alerts}
        return [
            row
            for row in self.record.acknowledgements
            if any((one["measure"], one["setting"]) in keys for one in row.alerts)
        ]

    @property
    def waits_for(self) -> str:
        """Say why there is nothing to do here for this person."""
        if self.status == Status.CHECKED_IN:
            return "Waits for what is open below."
        if self.waits_for_signature:
            return "A prescriber signs this session."
        return ""

    @property
    def is_overrunning(self) -> bool:
        return self.status in PRESENT and self.now > self.treatment_session.ends_at

    @cached_property
    def standing_alerts(self) -> tuple[Alert, ...]:
        if self.status not in PRESENT:
            return ()
        return alerts.standing(self.record.history, self.record.settings, self.now)

    @property
    def alerts(self) -> tuple[Alert, ...]:
        """Return what calls for help now."""
        return alerts.critical(self.standing_alerts)

    @cached_property
    def calls(self) -> Calls:
        return self.record.calls(self.now) if self.status in PRESENT else Calls()

    @cached_property
    def watch(self) -> Watch:
        return self.record.watch

    @property
    def needs_watcher(self) -> bool:
        return self.watch.by is None and self.status in DOSED

    @property
    def is_asked_to_watch(self) -> bool:
        asked = self.watch.offered_to
        return asked is not None and asked.pk == self.user.pk

    @property
    def watches(self) -> bool:
        return self.watch.by is not None and self.watch.by.pk == self.user.pk

    @property
    def watched(self) -> tuple[Alert, ...]:
        return alerts.watched(self.standing_alerts)

    @property
    def other_alerts(self) -> tuple[Alert, ...]:
        """Return those alerts that the hold doesn't name already."""
        named = {(alert.measure, alert.value) for alert in self.hold.alerts} if self.hold else set()
        return tuple(alert for alert in self.alerts if (alert.measure, alert.value) not in named)

    @property
    def emergency(self) -> Emergency | None:
        return self.record.incidents.emergency

    @property
    def search(self) -> LeftUnnoticed | None:
        return self.record.incidents.search

    @property
    def panic(self) -> PanicEpisode | None:
        return self.record.incidents.panic

    @property
    def serotonin(self) -> SerotoninCheck | None:
        """Return the latest serotonin check while it calls for help."""
        check = self.record.incidents.serotonin
        shows = check is not None and check.result.shows_emergency
        return check if shows and self.status in PRESENT else None

    @property
    def serotonin_open(self) -> list[str]:
        return still_open(self.serotonin) if self.serotonin else []

    @property
    def serotonin_text(self) -> list[str]:
        return emergency_text()

    @property
    def happened(self) -> list[tuple[datetime, str, Any]]:
        """Return what happened, by time; of one moment, the step comes first."""
        rows: list[tuple[datetime, str, Any]] = [
            *((change.at, "step", change) for change in self.changes),
            *((check.completed_at, "check", check) for check in reversed(self.checks)),
            *((stay.since, "place", stay) for stay in self.stays),
            *((check.checked_at, "second_check", check) for check in self.second_checks),
            *((row.wasted_at, "waste", row) for row in self.standing_wastes),
            *((row.given_at, "medicine", row) for row in self.record.shown_medicines),
            *((event.onset_at, "event", event) for event in self.record.shown_events),
            *((row.at, "critical", row) for row in self.record.acknowledgements),
            *((note.at, "way_home", note) for note in self.record.way_home),
            *((found.at, "happening", found) for found in happenings(self.record.incidents)),
        ]
        return sorted(rows, key=lambda row: row[0])
