"""The dose on the session sheet: what was ordered, what holds it, what was given, what is left."""

from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property

from clinic.numbers import plain
from clinic.superseding import standing
from desk.sheet_known import Known
from monitoring.before_dose import held
from monitoring.decisions import decision_about
from monitoring.holding import Hold, hold_of
from monitoring.models import PreDoseCheck
from monitoring.services import predose
from sessions.covered import totals_words
from sessions.drip_totals import Totals
from sessions.lifecycle import Status
from sessions.models import Dose, DoseCheck, DoseWaste, InfusionEvent
from sessions.models.protocol import Route
from sessions.ports import Unmet
from sessions.services import checks, doses, drips, pumps


class DoseOnSheet(Known):
    @cached_property
    def unmet(self) -> list[Unmet]:
        """Return what forbids a dose, on the chart and in today's check."""
        if self.status not in {Status.CHECKED_IN, Status.CLEARED}:
            return []
        today = predose.unmet(self.before, self.now)
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

    @property
    def needs_check(self) -> bool:
        """Whether the dose that is due now waits for a second person."""
        due = self.status == Status.CLEARED and self.order is not None
        if not due or self.order is None or self.valid_check:
            return False
        return checks.is_asked_for(self.order, self.dosing)

    @cached_property
    def standing_wastes(self) -> list[DoseWaste]:
        return standing(self.wastes)

    @cached_property
    def drip(self) -> Dose | None:
        """Return the infusion of this session as it stands, if one was started."""
        given = [dose for dose in self.record.standing_doses if dose.route == Route.IV]
        return given[-1] if given else None

    @cached_property
    def drip_steps(self) -> list[InfusionEvent]:
        number = self.drip.number if self.drip else None
        return [step for step in self.record.standing_steps if step.dose.number == number]

    @cached_property
    def ran(self) -> Totals | None:
        """Return how much of the infusion has run by now."""
        if self.drip is None or not self.drip_steps:
            return None
        return drips.ran(self.drip, self.drip_steps, self.now)

    @property
    def paused_at(self) -> datetime | None:
        """Return since when the pump stands still, if the infusion is to go on."""
        last = self.drip_steps[-1] if self.drip_steps else None
        return last.at if last and last.kind == InfusionEvent.Kind.PAUSE else None

    @property
    def pump_rate(self) -> str:
        """Return the rate in mL/h at which it runs now."""
        last = self.drip_steps[-1] if self.drip_steps else None
        return plain(last.rate_ml_h) if last and last.rate_ml_h else ""

    @property
    def ran_words(self) -> str:
        return totals_words(self.ran) if self.ran else ""

    @property
    def waste_is_open(self) -> bool:
        """Whether an infusion was stopped and nobody has said yet what was left."""
        stopped = self.ran is not None and self.ran.is_stopped
        return stopped and not self.standing_wastes

    @cached_property
    def hold(self) -> Hold | None:
        """Return the critical values that hold the dose, also where a prescriber went on."""
        if self.status not in predose.TAKES_A_DOSE:
            return None
        record = self.record
        numbers, repeat = record.settings, self.before.repeat
        return hold_of(record.of_visit(), self.first_dose, record.history, numbers, repeat)

    @property
    def hold_decision(self) -> PreDoseCheck | None:
        """Return the decision to go on that was about these values."""
        return decision_about(self.hold.keys, self.checks) if self.hold else None

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
    def stopped_by_chart(self) -> list[Unmet]:
        """Return what came up on the chart after the first dose and forbids the rest of it."""
        return self.chart_unmet if self.status == Status.DOSING else []

    @property
    def is_held(self) -> bool:
        return bool(self.held or self.trouble or self.stopped_by_chart)

    @property
    def order_words(self) -> str:
        """Say what is ordered: "56 mg, 2 devices", "38.5 mg over 40 min, 57.8 mL/h".

        The pump's rate is left out while a second person has yet to work it out alone.
        """
        if self.order is None:
            return ""
        mg = f"{plain(self.order.dose_mg)} mg"
        if not self.is_iv:
            return f"{mg}, {self.devices_ordered} devices"
        rate = pumps.ordered_rate(self.order) if self.shows_rate else None
        pump = f", {plain(rate)} mL/h" if rate else ""
        return f"{mg} over {self.order.infusion_minutes} min{pump}"

    @property
    def shows_rate(self) -> bool:
        before = self.status in {Status.PLANNED, Status.CHECKED_IN, Status.CLEARED}
        if not before or self.order is None or self.valid_check:
            return True
        return not checks.is_asked_for(self.order, self.dosing)

    @property
    def devices_ordered(self) -> int:
        return doses.devices_ordered(self.order) if self.order and not self.is_iv else 0

    @property
    def next_number(self) -> int:
        return sum(dose.supersedes_id is None for dose in self.record.doses) + 1

    @property
    def rests(self) -> bool:
        """Whether another device is to come and has to wait."""
        given = doses.effective(self.record.standing_doses)
        return not self.is_iv and 0 < len(given) < self.devices_ordered

    @property
    def rest_until(self) -> datetime | None:
        """Return when the next device may follow the last one."""
        given = self.last_dose
        minutes = self.treatment_session.course.protocol.monitoring.rest_between_devices_minutes
        return given + timedelta(minutes=minutes) if given else None

    @property
    def device_is_late(self) -> bool:
        """Whether a further device is overdue, as a check is; one that is held has to wait."""
        if self.status != Status.DOSING or not self.rests or self.is_held or not self.rest_until:
            return False
        grace = timedelta(minutes=self.record.settings.overdue_after_minutes)
        return self.now >= self.rest_until + grace

    @property
    def dose_words(self) -> str:
        """Say what was given: "56 mg, 2 devices"."""
        given = [d for d in self.record.standing_doses if d.outcome != Dose.Outcome.REFUSED]
        if not given:
            return ""
        known = [mg for dose in given if (mg := dose.received_mg) is not None]
        total = sum(known, Decimal(0))
        if self.ran and self.ran.is_stopped:
            total = self.ran.given_mg
        at_least = "at least " if len(known) < len(given) else ""
        devices = f", {len(given)} device{'s' if len(given) > 1 else ''}"
        return f"{at_least}{plain(total)} mg{'' if self.is_iv else devices}"
