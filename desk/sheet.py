"""The session sheet as values: what is known, what it lacks, and what may be done now."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

from clinic.models import User
from clinic.numbers import plain
from clinic.presence import Site
from desk.readiness import is_ready
from monitoring import alerts, timeline
from monitoring.alerts import Alert
from monitoring.before_dose import Today, held
from monitoring.calls import Calls
from monitoring.discharge import Gate
from monitoring.happenings import happenings, still_open
from monitoring.holding import Hold, hold_of
from monitoring.models import (
    CriticalAcknowledgement,
    Emergency,
    LeftUnnoticed,
    PanicEpisode,
    PreDoseCheck,
    SerotoninCheck,
)
from monitoring.readings import first_dose_at, last_dose_at, observed_until
from monitoring.serotonin import emergency_text
from monitoring.services import predose
from monitoring.services.history import Record
from monitoring.services.predose import Asking
from monitoring.services.record import RECORD
from monitoring.timeline import DueCheck
from monitoring.watching import Watch
from patients.medicines.review import Review
from patients.models import Allergy, BodyMeasure
from patients.services.chart import CHART
from sessions.covered import totals_words
from sessions.drip_totals import Totals
from sessions.lifecycle import PRESENT, Status
from sessions.models import (
    ChairStay,
    Dose,
    DoseCheck,
    DoseOrder,
    DoseWaste,
    DosingPolicy,
    StatusChange,
    TreatmentSession,
)
from sessions.models.protocol import Route
from sessions.ports import Unmet
from sessions.services import checks, doses, drips, infusions

IN_TREATMENT = (Status.DOSING, Status.MONITORING)
TITLES = {
    Status.PLANNED: "Arrive",
    Status.CHECKED_IN: "Pre-dose",
    Status.CLEARED: "Dose",
    Status.DOSING: "Dose",
    Status.MONITORING: "Monitor",
}


@dataclass(frozen=True)
class Sheet:
    """Everything that a clinical sheet shows, read once; the rules are asked with one `now`."""

    treatment_session: TreatmentSession
    user: User
    now: datetime
    record: Record
    checks: list[PreDoseCheck]  # the newest first
    before: Today  # what today's check says
    asking: Asking
    weight: BodyMeasure | None
    order: DoseOrder | None
    chart_unmet: list[Unmet]
    medicines: Review
    off_chart: list[str]  # new medicines that were named before the dose and wait for the chart
    changes: list[StatusChange]
    stays: list[ChairStay]
    allergies: list[Allergy]
    site: Site  # which prescribers are here
    dosing: DosingPolicy
    second_checks: list[DoseCheck]
    wastes: list[DoseWaste]

    @property
    def check(self) -> PreDoseCheck | None:
        """Return the check that counts today."""
        return self.before.check

    @property
    def status(self) -> str:
        return self.treatment_session.status

    def may(self, permission: str) -> bool:
        return self.user.may(permission, self.treatment_session.clinic_id)

    @property
    def may_chart(self) -> bool:
        return self.may(CHART)

    @cached_property
    def gate(self) -> Gate | None:
        """Return the discharge gate while there is one to pass."""
        return self.record.gate(self.now) if self.status in IN_TREATMENT else None

    @cached_property
    def due(self) -> tuple[DueCheck, ...]:
        return self.record.due(self.now) if self.status in PRESENT else ()

    @property
    def next_check(self) -> DueCheck | None:
        if not self.record.administrations:
            return None
        return timeline.next_due([c for c in self.due if c.anchor != "before_dose"])

    @property
    def before_dose(self) -> bool:
        """Whether the medicines are looked at now: until the first dose."""
        return self.status in {Status.PLANNED, Status.CHECKED_IN, Status.CLEARED}

    @cached_property
    def unmet(self) -> list[Unmet]:
        """Return what forbids a dose, on the chart and in today's check."""
        if self.status not in {Status.CHECKED_IN, Status.CLEARED}:
            return []
        today = predose.unmet(self.before)
        second = (
            [Unmet("second_check", "A second person checks this dose before it is given.")]
            if self.needs_check
            else []
        )
        return [*self.chart_unmet, *today, *predose.unmet_now(self.before), *second]

    @cached_property
    def valid_check(self) -> DoseCheck | None:
        """Return the second check that holds now, while a dose may be given."""
        if self.order is None or self.status not in checks.due_in(self.order.route):
            return None
        return checks.valid(self.second_checks, self.order, self.dosing, self.now)

    @cached_property
    def standing_wastes(self) -> list[DoseWaste]:
        superseded = {row.supersedes_id for row in self.wastes}
        rows = [row for row in self.wastes if row.pk not in superseded]
        return [row for row in rows if not row.entered_in_error]

    @cached_property
    def drip(self) -> Dose | None:
        """Return the infusion of this session as it stands, if one was started."""
        given = [dose for dose in self.record.standing_doses if dose.route == Route.IV]
        return given[-1] if given else None

    @cached_property
    def ran(self) -> Totals | None:
        """Return how much of the infusion has run by now."""
        if self.drip is None:
            return None
        own = [s for s in self.record.standing_steps if s.dose.number == self.drip.number]
        return drips.ran(self.drip, own, self.now) if own else None

    @property
    def ran_words(self) -> str:
        return totals_words(self.ran) if self.ran else ""

    @property
    def waste_is_open(self) -> bool:
        """Whether an infusion was stopped and nobody has said yet what was left."""
        stopped = self.ran is not None and self.ran.is_stopped
        return stopped and not self.standing_wastes

    @property
    def needs_check(self) -> bool:
        """Whether the dose that is due now waits for a second person."""
        due = self.status == Status.CLEARED and self.order is not None
        if not due or self.order is None or self.valid_check:
            return False
        return checks.is_asked_for(self.order, self.dosing)

    @property
    def gap(self) -> str:
        """Say that no prescriber is on site while the patient is treated."""
        return self.site.warning if self.status in IN_TREATMENT else ""

    @property
    def unwatched(self) -> str:
        """Say before the dose that no prescriber is on site, unless the dose waits for one."""
        blocks = any(condition.code == "on_site" for condition in self.unmet)
        due = self.status in {Status.CHECKED_IN, Status.CLEARED}
        return self.site.warning if due and not blocks else ""

    @cached_property
    def hold(self) -> Hold | None:
        """Return the critical values that hold the dose, also where a prescriber went on."""
        if self.status not in predose.TAKES_A_DOSE:
            return None
        record = self.record
        numbers, repeat = record.settings, self.before.repeat
        return hold_of(record.of_visit(), self.first_dose, record.history, numbers, repeat)

    @cached_property
    def held(self) -> Hold | None:
        if self.status not in predose.TAKES_A_DOSE:
            return None
        return held(self.before)

    @property
    def trouble(self) -> str:
        """Say what goes on and forbids more of the dose."""
        if self.status not in predose.TAKES_A_DOSE:
            return ""
        found = predose.unmet_now(self.before)
        return next((one.text for one in found if one.code == "trouble"), "")

    @property
    def mild_trouble(self) -> list[str]:
        """Say what goes on and only warns."""
        if self.status not in predose.TAKES_A_DOSE:
            return []
        return [one.words for one in self.before.goes_on if not one.stops]

    @property
    def is_held(self) -> bool:
        return bool(self.held or self.trouble)

    @property
    def may_decide(self) -> bool:
        return self.may(predose.DECIDE)

    @property
    def may_measure(self) -> bool:
        return self.may(RECORD)

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
    def device_is_late(self) -> bool:
        """Whether a further device is overdue, as a check is; one that is held has to wait."""
        if self.status != Status.DOSING or not self.rests or self.is_held or not self.rest_until:
            return False
        grace = timedelta(minutes=self.record.settings.overdue_after_minutes)
        return self.now >= self.rest_until + grace

    @property
    def waits_for(self) -> str:
        """Say why there is nothing to do here for this person."""
        if self.status == Status.CHECKED_IN:
            return "Waits for what is open below."
        if self.waits_for_signature:
            return "A prescriber signs this session."
        return ""

    @property
    def order_words(self) -> str:
        """Say what is ordered as it is prepared: "56 mg, 2 devices", "38.5 mg at 57.8 mL/h"."""
        if self.order is None:
            return ""
        mg = f"{plain(self.order.dose_mg)} mg"
        if not self.is_iv:
            return f"{mg}, {self.devices_ordered} devices"
        rate = infusions.ordered_rate(self.order)
        pump = f", {plain(rate)} mL/h" if rate else ""
        return f"{mg} over {self.order.infusion_minutes} min{pump}"

    @property
    def rests(self) -> bool:
        """Whether another device is to come and has to wait."""
        given = doses.effective(self.record.standing_doses)
        return not self.is_iv and 0 < len(given) < self.devices_ordered

    @property
    def first_dose(self) -> datetime | None:
        return first_dose_at(self.record.administrations)

    @property
    def last_dose(self) -> datetime | None:
        return last_dose_at(self.record.administrations)

    @property
    def minimum_until(self) -> datetime | None:
        """Return when the minimum observation ends; another medicine may have moved it."""
        given = self.last_dose if self.record.administrations else None
        return observed_until(given, self.record.history.medicines, self.record.settings)

    @property
    def place(self) -> str:
        return str(self.stays[-1] if self.stays else self.treatment_session.chair)

    @property
    def is_overrunning(self) -> bool:
        return self.status in PRESENT and self.now > self.treatment_session.ends_at

    @property
    def is_iv(self) -> bool:
        return self.treatment_session.course.protocol.route == Route.IV

    @property
    def devices_ordered(self) -> int:
        return doses.devices_ordered(self.order) if self.order and not self.is_iv else 0

    @property
    def next_number(self) -> int:
        return sum(dose.supersedes_id is None for dose in self.record.doses) + 1

    @property
    def rest_until(self) -> datetime | None:
        """Return when the next device may follow the last one."""
        given = self.last_dose
        minutes = self.treatment_session.course.protocol.monitoring.rest_between_devices_minutes
        return given + timedelta(minutes=minutes) if given else None

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
        return self.watch.by is None and self.status in IN_TREATMENT

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

    @property
    def dose_words(self) -> str:
        """Say what was given: "56 mg, 2 devices"."""
        given = [d for d in self.record.standing_doses if d.outcome != Dose.Outcome.REFUSED]
        if not given:
            return ""
        total = sum((_received(dose) for dose in given), Decimal(0))
        if self.ran and self.ran.is_stopped:
            total = self.ran.given_mg
        devices = f", {len(given)} device{'s' if len(given) > 1 else ''}"
        return f"{plain(total)} mg{'' if self.is_iv else devices}"


def _received(dose: Dose) -> Decimal:
    return dose.dose_mg if dose.estimated_mg is None else dose.estimated_mg
