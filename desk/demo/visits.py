"""One visit on record, told minute by minute and cut off at the moment that it has come to."""

from copy import copy
from datetime import datetime, timedelta
from uuid import uuid4

from desk.demo.giving import Giving
from desk.demo.people import ESCORTS
from desk.demo.script import Script
from desk.demo.trouble import PEAK_AT
from monitoring.models import (
    AdverseEvent,
    AdverseEventResolution,
    Discharge,
    DischargeAssessment,
    Escort,
    MedicationGiven,
    MissedCheck,
    WatchAssignment,
)
from monitoring.services.discharge import snapshot
from sessions.lifecycle import Status
from sessions.models import DoseOrder

NASAL_READINGS = (41, 61, 91)
INFUSION_READINGS = (15, 30, 41, 56, 71)


class Recorder(Giving):
    """Writes everything that belongs to a visit with a dose."""

    def tell(
        self, script: Script, first_dose: datetime, order: DoseOrder, baseline: tuple[int, int]
    ) -> None:
        """Tell a visit in which a dose is given."""
        self.script, self.first_dose = script, first_dose
        self.order, self.baseline = order, baseline
        self.arrive(self.minute(script.arrival))
        self.prepare()
        last_dose = self.infuse() if order.route == "iv" else self.give_devices()
        self._observe(last_dose)
        self._end(last_dose)

    def correct_a_slip(self, place: int) -> None:
        """Make a reading the correction of one that was typed wrongly five minutes before."""
        right = self.evidence.readings[place]
        wrong = self.rows.add(copy(right))
        wrong.public_id, wrong.systolic = uuid4(), (right.systolic or 0) + 90
        right.supersedes = wrong
        right.recorded_at = right.observed_at + timedelta(minutes=5)
        right.reason = f"Typed {wrong.systolic} instead of {right.systolic}."

    def watch_from(self, at: datetime) -> None:
        """Let the nurse take over watching, if it came to that."""
        if at <= self.until:
            self.rows.add(
                WatchAssignment(
                    treatment_session=self.session,
                    kind=WatchAssignment.Kind.TOOK,
                    watcher=self.staff.nurse,
                    by=self.staff.nurse,
                    at=at,
                )
            )

    def _give_ondansetron(self, at: datetime) -> None:
        if at > self.until:
            return
        given = MedicationGiven(
            treatment_session=self.session,
            drug="Ondansetron",
            drug_class="antiemetic",
            dose="4 mg",
            route=MedicationGiven.Route.ORAL,
            given_at=at,
            given_by=self.staff.nurse,
            ordered_by=self.staff.prescriber,
            why="Nausea",
            effect="none",
            recorded_at=at,
        )
        self.evidence.medicines.append(self.rows.add(given))

    def _observe(self, last_dose: datetime) -> None:
        planned = INFUSION_READINGS if self.order.route == "iv" else NASAL_READINGS
        for minute in planned:
            if minute not in self.script.skipped and self.minute(minute) <= self._stops_at(
                last_dose
            ):
                self.read(minute)
        if self.script.missed:
            self._miss(self.minute(65))
        if self.script.adverse_event:
            self._adverse_event(*self.script.adverse_event, last_dose)
        if self.script.peak:
            self.trouble.peak(self.evidence, self.minute(PEAK_AT), self.settings)
        if self.script.place:
            self.sit(last_dose + timedelta(minutes=20), place=self.script.place)

    def _stops_at(self, last_dose: datetime) -> datetime:
        if self.script.ending_minute is None:
            return self.until
        return min(self.until, last_dose + timedelta(minutes=self.script.ending_minute))

    def _miss(self, at: datetime) -> None:
        if at <= self.until:
            missed = MissedCheck(
                treatment_session=self.session,
                label="40 minutes",
                reason=self.script.missed,
                by=self.staff.nurse,
                at=at,
            )
            self.evidence.missed.append(self.rows.add(missed))

    def _adverse_event(self, term: str, severity: str, last_dose: datetime) -> None:
        onset_at = self.minute(25)
        if onset_at > self.until:
            return
        event = self.rows.add(
            AdverseEvent(
                treatment_session=self.session,
                term=term,
                severity=severity,
                onset_at=onset_at,
                action="Observed, prescriber told.",
                recorded_by=self.staff.nurse,
                recorded_at=onset_at,
            )
        )
        if term == "Nausea":
            self._give_ondansetron(onset_at + timedelta(minutes=4))
        resolved_at = self.minute(75)
        left_at = last_dose + timedelta(minutes=self.script.ending_minute or 0)
        self.trouble.follow(event, left_at if self.script.ending_minute else resolved_at)
        if resolved_at <= self.until and self.script.ending != Status.TRANSFERRED:
            self.rows.add(
                AdverseEventResolution(
                    treatment_session=self.session,
                    event=event,
                    resolved_at=resolved_at,
                    resolution="Gone without treatment.",
                    by=self.staff.nurse,
                    recorded_at=resolved_at,
                )
            )

    def _end(self, last_dose: datetime) -> None:
        script = self.script
        if script.ending != Status.DISCHARGED:
            at = last_dose + timedelta(minutes=script.ending_minute or 0)
            self.step(script.ending, at, by=self.staff.nurse, reason=script.reason)
            return
        observation = 60 if self.order.route == "iv" else 120
        after = observation + 2 if script.last_reading is None else script.last_reading
        read_at = last_dose + timedelta(minutes=after)
        self.read(int((read_at - self.first_dose).total_seconds() // 60))
        if script.escort:
            self._escort(last_dose + timedelta(minutes=observation - 20))
        if script.assessed:
            self._assess(read_at + timedelta(minutes=3))
            self._discharge(read_at + timedelta(minutes=12))

    def _escort(self, at: datetime) -> None:
        if at <= self.until:
            self.evidence.escort = self.rows.add(
                Escort(
                    treatment_session=self.session,
                    kind=self.rng.choice(["adult", "adult", "adult", "medical_transport"]),
                    name=self.rng.choice(ESCORTS),
                    phone=f"+1 212 555 01{self.rng.randint(10, 99)}",
                    recorded_by=self.staff.nurse,
                    recorded_at=at,
                )
            )

    def _assess(self, at: datetime) -> None:
        if at <= self.until:
            self.evidence.assessment = self.rows.add(
                DischargeAssessment(
                    treatment_session=self.session,
                    assessed_by=self.staff.nurse,
                    assessed_at=at,
                    ready=True,
                )
            )

    def _discharge(self, at: datetime) -> None:
        if at > self.until:
            return
        self.rows.add(
            Discharge(
                treatment_session=self.session,
                left_at=at,
                recorded_at=at,
                released_by=self.staff.nurse,
                gate=snapshot(self.evidence.judge(self.settings, at)),
            )
        )
        self.step(Status.DISCHARGED, at, by=self.staff.nurse)
