"""One visit on record, told minute by minute and cut off at the moment that it has come to."""

from copy import copy
from datetime import datetime, timedelta
from decimal import Decimal
from math import ceil
from random import Random
from uuid import uuid4

from desk.demo.gates import Evidence
from desk.demo.people import ESCORTS
from desk.demo.places import Staff
from desk.demo.rows import Rows
from desk.demo.script import Script
from desk.demo.steps import Steps
from desk.demo.trouble import PEAK_AT, Trouble
from monitoring.models import (
    AdverseEvent,
    AdverseEventResolution,
    Discharge,
    DischargeAssessment,
    Escort,
    MedicationGiven,
    MissedCheck,
    PreDoseCheck,
    PregnancyAnswer,
    VitalSigns,
    WatchAssignment,
)
from monitoring.questions import QUESTIONS, asked
from monitoring.readings import Settings
from monitoring.services.discharge import snapshot
from patients.models import BodyMeasure, Patient
from sessions.dosing import MG_PER_DEVICE
from sessions.lifecycle import Status
from sessions.models import Dose, DoseCheck, DoseOrder, DoseWaste, InfusionEvent, TreatmentSession
from sessions.services.doses import devices_ordered

MENOPAUSE = 52
NASAL_READINGS = (41, 61, 91)
INFUSION_READINGS = (15, 30, 41, 56, 71)
TENTH = Decimal("0.1")
VIAL_MG = Decimal(50)


class Recorder(Steps):
    """Writes everything that belongs to a visit with a dose."""

    def __init__(
        self,
        rows: Rows,
        treatment_session: TreatmentSession,
        *,
        staff: Staff,
        settings: Settings,
        until: datetime,
        rng: Random,
    ) -> None:
        super().__init__(rows, treatment_session, staff, until)
        self.settings, self.rng = settings, rng
        self.asked = asked(settings, pdmp=treatment_session.number_in_phase == 1)
        self.evidence = Evidence()
        self.trouble = Trouble(rows, treatment_session, staff)

    def tell(
        self, script: Script, first_dose: datetime, order: DoseOrder, baseline: tuple[int, int]
    ) -> None:
        """Tell a visit in which a dose is given."""
        self.script, self.first_dose = script, first_dose
        self.order, self.baseline = order, baseline
        self.arrive(self._minute(script.arrival))
        self._prepare()
        last_dose = self._infuse() if order.route == "iv" else self._give_devices()
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

    def _minute(self, minute: int) -> datetime:
        return self.first_dose + timedelta(minutes=minute)

    def _prepare(self) -> None:
        checked_at, cleared_at = self._minute(-12), self._minute(-6)
        self._read(-15)
        if checked_at <= self.until:
            self.rows.add(
                PreDoseCheck(
                    treatment_session=self.session,
                    asked=self.asked,
                    **{code: QUESTIONS[code].passes for code in self.asked},
                    completed_by=self.staff.nurse,
                    completed_at=checked_at,
                )
            )
            self._ask_privately(checked_at)
            self._weigh(checked_at)
        self.step(Status.CLEARED, cleared_at, by=self.staff.nurse)

    def _ask_privately(self, at: datetime) -> None:
        patient = self.session.patient
        if patient.sex == Patient.Sex.FEMALE:
            self.rows.add(
                PregnancyAnswer(
                    treatment_session=self.session,
                    answer="negative" if patient.age(at.date()) < MENOPAUSE else "not_applicable",
                    asked_by=self.staff.nurse,
                    asked_at=at,
                )
            )

    def _weigh(self, at: datetime) -> None:
        if self.settings.predose_needs_weight and self.order.weight_kg:
            self.rows.add(
                BodyMeasure(
                    patient=self.session.patient,
                    clinic=self.session.clinic,
                    kind=BodyMeasure.Kind.WEIGHT,
                    value=self.order.weight_kg,
                    observed_at=at,
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

    def _give_devices(self) -> datetime:
        """Record the devices; return when the last one is given."""
        count = self.script.devices or devices_ordered(self.order)
        for number in range(1, count + 1):
            given_at = self._minute((number - 1) * self.script.device_gap)
            if given_at <= self.until:
                if number == 1:
                    self.step(Status.DOSING, given_at, by=self.staff.nurse)
                self._dose(
                    number, given_at, MG_PER_DEVICE, self.script.dose_reasons.get(number, "")
                )
        self.step(Status.MONITORING, given_at, by=self.staff.nurse)
        return given_at

    def _infuse(self) -> datetime:
        """Record the infusion; return when it ends."""
        started_at = self.first_dose
        minutes = self.order.infusion_minutes or 0
        stopped_at = started_at + timedelta(minutes=minutes)
        concentration = self.order.concentration_mg_ml or Decimal(1)
        volume = (self.order.dose_mg / concentration).quantize(TENTH)
        rate = (volume * 60 / minutes).quantize(TENTH)
        self._check(self._minute(-4), concentration, volume, rate)
        if started_at <= self.until:
            self.step(Status.DOSING, started_at, by=self.staff.nurse)
            dose = self._dose(1, started_at, self.order.dose_mg)
            dose.concentration_mg_ml = concentration
            self._infusion_event(dose, "start", started_at, rate_ml_h=rate)
            self._infusion_event(dose, "stop", stopped_at, given_ml=volume)
            self._waste(dose, stopped_at + timedelta(minutes=6))
        self.step(Status.MONITORING, stopped_at, by=self.staff.nurse)
        return stopped_at

    def _check(self, at: datetime, concentration: Decimal, ml: Decimal, rate: Decimal) -> None:
        """Let the prescriber find the same numbers as the nurse."""
        if at > self.until:
            return
        self.rows.add(
            DoseCheck(
                treatment_session=self.session,
                order=self.order,
                drug=self.order.drug,
                route=self.order.route,
                dose_mg=self.order.dose_mg,
                concentration_mg_ml=concentration,
                volume_ml=ml,
                rate_ml_h=rate,
                typed_volume_ml=ml,
                typed_rate_ml_h=rate,
                agrees=True,
                prepared_by=self.staff.nurse,
                checked_by=self.staff.prescriber,
                checked_at=at,
            )
        )

    def _waste(self, dose: Dose, at: datetime) -> None:
        """Throw away what was left in the opened vials; the prescriber watches."""
        if at > self.until:
            return
        vials = ceil(dose.dose_mg / VIAL_MG)
        self.rows.add(
            DoseWaste(
                treatment_session=self.session,
                dose=dose,
                route=dose.route,
                lot=dose.lot,
                vials=vials,
                vial_mg=VIAL_MG,
                given_mg=dose.dose_mg,
                wasted_mg=vials * VIAL_MG - dose.dose_mg,
                method=DoseWaste.Method.BIN,
                recorded_by=self.staff.nurse,
                witness=self.staff.prescriber,
                wasted_at=at,
                recorded_at=at,
            )
        )

    def _infusion_event(
        self,
        dose: Dose,
        kind: str,
        at: datetime,
        *,
        rate_ml_h: Decimal | None = None,
        given_ml: Decimal | None = None,
    ) -> None:
        if at <= self.until:
            event = InfusionEvent(
                treatment_session=self.session,
                dose=dose,
                kind=kind,
                at=at,
                recorded_at=at,
                by=self.staff.nurse,
                rate_ml_h=rate_ml_h,
                given_ml=given_ml,
            )
            self.evidence.infusion_events.append(self.rows.add(event))

    def _dose(self, number: int, given_at: datetime, mg: Decimal, reason: str = "") -> Dose:
        dose = self.rows.add(
            Dose(
                treatment_session=self.session,
                order=self.order,
                number=number,
                drug=self.order.drug,
                route=self.order.route,
                dose_mg=mg,
                lot=f"L{given_at:%y%m}{self.rng.randint(10, 14)}",
                expires_on=given_at.date() + timedelta(days=300),
                given_at=given_at,
                recorded_at=given_at,
                given_by=self.staff.nurse,
                outside_gate=bool(reason),
                reason=reason,
            )
        )
        self.session.outside_gate = self.session.outside_gate or bool(reason)
        self.evidence.doses.append(dose)
        return dose

    def _observe(self, last_dose: datetime) -> None:
        planned = INFUSION_READINGS if self.order.route == "iv" else NASAL_READINGS
        for minute in planned:
            if minute not in self.script.skipped and self._minute(minute) <= self._stops_at(
                last_dose
            ):
                self._read(minute)
        if self.script.missed:
            self._miss(self._minute(65))
        if self.script.adverse_event:
            self._adverse_event(*self.script.adverse_event, last_dose)
        if self.script.peak:
            self.trouble.peak(self.evidence, self._minute(PEAK_AT), self.settings)
        if self.script.place:
            self.sit(last_dose + timedelta(minutes=20), place=self.script.place)

    def _stops_at(self, last_dose: datetime) -> datetime:
        if self.script.ending_minute is None:
            return self.until
        return min(self.until, last_dose + timedelta(minutes=self.script.ending_minute))

    def _read(self, minute: int) -> None:
        observed_at = self._minute(minute)
        if observed_at > self.until:
            return
        values = self.script.curve.at(minute, self.baseline, self.rng)
        self.evidence.readings.append(
            self.rows.add(
                VitalSigns(
                    treatment_session=self.session,
                    observed_at=observed_at,
                    recorded_at=observed_at,
                    recorded_by=self.staff.nurse,
                    **values,
                )
            )
        )

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
        onset_at = self._minute(25)
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
        resolved_at = self._minute(75)
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
        self._read(int((read_at - self.first_dose).total_seconds() // 60))
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
