"""A visit taken through the services, step by step, as the staff would; for tests."""

from datetime import datetime, timedelta
from typing import Any

from clinic.audit import acting
from clinic.models import User
from clinic.tests.factories import TESTS
from monitoring.models import PreDoseCheck, VitalSigns
from monitoring.services import discharge, predose, record
from monitoring.services.record import Measured
from patients.models import BodyMeasure, Patient
from patients.tests.factories import make_patient, make_ready
from sessions.lifecycle import Status
from sessions.models import Dose, DoseCheck, TreatmentSession
from sessions.services import authorization, checks, doses
from sessions.tests.factories import make_course, make_order, make_session, shipped, take_step

ANSWERS = {
    "identity_confirmed": "yes",
    "birth_date_confirmed": "yes",
    "no_food_2h": "yes",
    "no_fluids_30min": "yes",
    "no_nasal_products_1h": "yes",
    "transport_arranged": "yes",
    "escort_arranged": "yes",
    "substance_use_today": "no",
    "pdmp": "nothing",
    "fit_today": "yes",
    "harm_thoughts": "no",
    "new_medicines": "no",
}
NORMAL = {
    "systolic": 124,
    "diastolic": 78,
    "pulse": 72,
    "spo2": 98,
    "respiratory_rate": 14,
    "sedation": 5,
    "dissociation": 0,
}


class Clock:
    """The database's clock as the services see it; a test moves it."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self, locked: object = None) -> datetime:
        return self.now

    def to(self, moment: datetime) -> None:
        self.now = moment

    def forward(self, **by: float) -> None:
        self.now += timedelta(**by)


def weigh(patient: Patient, at: datetime) -> None:
    with acting(TESTS):
        BodyMeasure.objects.create(
            patient=patient, clinic=patient.clinic, kind="weight", value=77, observed_at=at
        )


class Visit:
    """One patient's session; each method is one thing that somebody does now."""

    def __init__(
        self,
        nurse: User,
        prescriber: User,
        clock: Clock,
        *,
        patient: Patient | None = None,
        key: str = "esketamine-trd-us",
        order: dict[str, Any] | None = None,
        **values: Any,
    ) -> None:
        clinic = nurse.clinics[0]
        self.nurse, self.prescriber, self.clock = nurse, prescriber, clock
        to = authorization.treatment_of(shipped(key))
        self.patient = make_ready(patient or make_patient(clinic), prescriber, to=to)
        self.course = make_course(self.patient, prescriber, key=key)
        make_order(self.course, prescriber, **(order or {}))
        if self.course.protocol.monitoring.predose_needs_weight:
            weigh(self.patient, clock.now)
        self.row = make_session(self.course, starts_at=clock.now, **values)

    @property
    def pk(self) -> int:
        return self.row.pk

    def fresh(self) -> TreatmentSession:
        return TreatmentSession.objects.get(pk=self.pk)

    @property
    def status(self) -> str:
        return self.fresh().status

    def arrive(self) -> None:
        take_step(self.pk, Status.CHECKED_IN, by=self.nurse)

    def check(self, **answers: Any) -> PreDoseCheck:
        return predose.complete(self.pk, {**ANSWERS, **answers}, by=self.nurse)

    def measure(
        self, *, at: datetime | None = None, by: User | None = None, **values: Any
    ) -> VitalSigns:
        typed = {name: values.pop(name) for name in ("late_reason", "confirmed") if name in values}
        measured = Measured(**{**NORMAL, **values})
        return record.record_vitals(self.pk, measured, by=by or self.nurse, observed_at=at, **typed)

    def clear(self) -> None:
        take_step(self.pk, Status.CLEARED, by=self.nurse)

    def device(self, *, by: User | None = None, outside_gate: bool = False, **values: Any) -> Dose:
        device = doses.Device(**{"lot": "L1", **values})
        return doses.record_device(self.pk, device, by=by or self.nurse, outside_gate=outside_gate)

    def second_check(self, *, by: User | None = None, second: User | None = None) -> DoseCheck:
        """Let the second person find the right numbers for the whole order."""
        order = self.course.dose_orders.get(superseded_at__isnull=True)
        prepared = checks.Prepared(order.dose_mg, order.concentration_mg_ml)
        counted = checks.calculated(order, prepared)
        second, by = second or self.prescriber, by or self.nurse
        return checks.record(self.pk, prepared, counted, second, by=by)

    def be_cleared(self) -> None:
        self.arrive()
        self.clock.forward(minutes=2)
        self.check()
        self.measure()
        self.clear()

    def be_monitored(self) -> None:
        """Take the visit to the last of two devices, which is given now."""
        self.be_cleared()
        self.clock.forward(minutes=3)
        self.device()
        self.clock.forward(minutes=5)
        self.device()

    def pass_time(self) -> None:
        """Let two hours pass with the readings that the gate asks for."""
        last = self.clock.now
        for minutes in (36, 60, 90, 120):
            self.clock.to(last + timedelta(minutes=minutes))
            self.measure()

    def settle(self) -> None:
        discharge.name_escort(self.pk, kind="adult", name="Sam", by=self.nurse)
        discharge.assess(self.pk, ready=True, by=self.nurse)
