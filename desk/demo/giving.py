"""A dose on record: the check before it, the second check, what was given and what was left."""

from datetime import datetime, timedelta
from decimal import Decimal
from math import ceil
from random import Random

from desk.demo.gates import Evidence
from desk.demo.places import Staff
from desk.demo.rows import Rows
from desk.demo.script import Script
from desk.demo.steps import Steps
from desk.demo.trouble import Trouble
from monitoring.models import PreDoseCheck, PregnancyAnswer, VitalSigns
from monitoring.questions import QUESTIONS, asked
from monitoring.readings import Settings
from patients.models import BodyMeasure, Patient
from sessions.dosing import MG_PER_DEVICE, rate_ml_h, volume_ml
from sessions.lifecycle import Status
from sessions.models import Dose, DoseCheck, DoseOrder, DoseWaste, InfusionEvent, TreatmentSession
from sessions.services.doses import devices_ordered

MENOPAUSE = 52
VIAL_MG = Decimal(50)


class Giving(Steps):
    """Writes all up to the last dose; a visit sets what it tells from."""

    script: Script
    first_dose: datetime
    order: DoseOrder
    baseline: tuple[int, int]

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

    def minute(self, minute: int) -> datetime:
        return self.first_dose + timedelta(minutes=minute)

    def prepare(self) -> None:
        checked_at, cleared_at = self.minute(-12), self.minute(-6)
        self.read(-15)
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

    def read(self, minute: int) -> None:
        observed_at = self.minute(minute)
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

    def give_devices(self) -> datetime:
        """Record the devices; return when the last one is given."""
        count = self.script.devices or devices_ordered(self.order)
        for number in range(1, count + 1):
            given_at = self.minute((number - 1) * self.script.device_gap)
            if given_at <= self.until:
                if number == 1:
                    self.step(Status.DOSING, given_at, by=self.staff.nurse)
                self._dose(
                    number, given_at, MG_PER_DEVICE, self.script.dose_reasons.get(number, "")
                )
        self.step(Status.MONITORING, given_at, by=self.staff.nurse)
        return given_at

    def infuse(self) -> datetime:
        """Record the infusion; return when it ends."""
        started_at = self.first_dose
        minutes = self.order.infusion_minutes or 0
        stopped_at = started_at + timedelta(minutes=minutes)
        concentration = self.order.concentration_mg_ml or Decimal(1)
        volume = volume_ml(self.order.dose_mg, concentration)
        rate = rate_ml_h(volume, minutes)
        self._check(self.minute(-4), concentration, volume, rate)
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
