"""The session sheet as values: what is known, what it lacks, and what may be done now."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache, cached_property
from typing import Any

from django.db.models import Model, OuterRef

from clinic.bundles import Bundle, Many, One, all_fields, attach, person
from clinic.models import Chair, User
from clinic.numbers import plain
from desk.readiness import is_ready
from monitoring import alerts, timeline
from monitoring.discharge import Gate
from monitoring.holding import Hold, hold
from monitoring.models import Discharge, Escort, PreDoseCheck
from monitoring.readings import first_dose_at, last_dose_at
from monitoring.services import history, predose
from monitoring.services.history import Record
from monitoring.services.predose import is_of_visit
from monitoring.services.record import RECORD
from monitoring.timeline import DueCheck
from patients.models import Allergy, Consent, Patient, SafetyScreen
from sessions.lifecycle import PRESENT, Status
from sessions.models import (
    ChairStay,
    Dose,
    DoseOrder,
    ProtocolPhase,
    Signature,
    StatusChange,
    TreatmentCourse,
    TreatmentSession,
)
from sessions.models.protocol import Route
from sessions.ports import Unmet
from sessions.services import authorization, doses, infusions

BEFORE_DOSE = (Status.PLANNED, Status.CHECKED_IN, Status.CLEARED)
NEEDS_ORDER = (*BEFORE_DOSE, Status.DOSING)
BOOKING = ("patient", "course", "phase", "chair")
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
    check: PreDoseCheck | None
    order: DoseOrder | None
    chart_unmet: list[Unmet]
    changes: list[StatusChange]
    stays: list[ChairStay]
    allergies: list[Allergy]

    @property
    def status(self) -> str:
        return self.treatment_session.status

    def may(self, permission: str) -> bool:
        return self.user.may(permission, self.treatment_session.clinic_id)

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

    @cached_property
    def unmet(self) -> list[Unmet]:
        """Return what forbids a dose, on the chart and in today's check."""
        if self.status not in {Status.CHECKED_IN, Status.CLEARED}:
            return []
        record = self.record
        today = predose.unmet(self.check, record.before_dose(), record.settings)
        return [*self.chart_unmet, *today, *predose.unmet_hold(self.held)]

    @cached_property
    def hold(self) -> Hold | None:
        """Return the critical values that hold the dose, also where a prescriber went on."""
        if self.status not in predose.BEFORE_DOSE:
            return None
        return hold(self.record.of_visit(), self.first_dose, self.record.settings)

    @cached_property
    def held(self) -> Hold | None:
        if self.status not in predose.BEFORE_DOSE:
            return None
        visit, settings = self.record.of_visit(), self.record.settings
        return predose.held(self.check, visit, self.first_dose, settings)

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
        given = bool(self.record.administrations)
        return self.treatment_session.is_over and given and not self.treatment_session.is_signed

    @property
    def pill(self) -> str:
        """Return the state to show: overdue and ready are derived, not stored."""
        if is_ready(self.status, self.gate):
            return "ready"
        check = self.next_check
        return "overdue" if check and check.state == "overdue" else self.status

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
        last = self.last_dose
        minutes = self.record.settings.min_minutes_after_last_dose
        return last + timedelta(minutes=minutes) if last else None

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

    @property
    def alerts(self) -> tuple[alerts.Alert, ...]:
        """Return what calls for help in the latest set."""
        if self.status not in PRESENT:
            return ()
        readings = sorted(self.record.history.readings, key=lambda r: r.observed_at)
        first = self.first_dose
        before = [r for r in readings if first and r.observed_at < first]
        baseline = before[-1] if before else None
        return alerts.of_latest(readings, baseline, self.record.settings)

    @property
    def happened(self) -> list[tuple[datetime, str, Any]]:
        """Return steps, places and adverse events by time; of one moment, the step comes first."""
        rows: list[tuple[datetime, str, Any]] = [
            *((change.at, "step", change) for change in self.changes),
            *((stay.since, "place", stay) for stay in self.stays),
            *((event.onset_at, "event", event) for event in self.record.shown_events),
        ]
        return sorted(rows, key=lambda row: row[0])

    @property
    def dose_words(self) -> str:
        """Say what was given: "56 mg, 2 devices"."""
        given = [d for d in self.record.standing_doses if d.outcome != Dose.Outcome.REFUSED]
        if not given:
            return ""
        total = sum((_received(dose) for dose in given), Decimal(0))
        devices = f", {len(given)} device{'s' if len(given) > 1 else ''}"
        return f"{plain(total)} mg{'' if self.is_iv else devices}"


def _received(dose: Dose) -> Decimal:
    return dose.dose_mg if dose.estimated_mg is None else dose.estimated_mg


def load(treatment_session: TreatmentSession, user: User, now: datetime) -> Sheet:
    """Read everything in one statement, and make the session what hangs on it."""
    found = _bundle().read(treatment_session.pk)
    attach(treatment_session, found, *BOOKING, "signature", "discharge")
    status, check = treatment_session.status, found["check"]
    today = now.astimezone(treatment_session.clinic.zone).date()
    order = found["order"] if status in NEEDS_ORDER else None
    if order and not authorization.stands_on(order, today):
        order = None
    return Sheet(
        treatment_session=treatment_session,
        user=user,
        now=now,
        record=history.record_of(treatment_session, found),
        check=check if check and is_of_visit(check, treatment_session.arrived_at) else None,
        order=order,
        chart_unmet=_chart_unmet(treatment_session, found, order, now),
        changes=found["changes"],
        stays=found["stays"],
        allergies=found["allergies"],
    )


def _chart_unmet(
    treatment_session: TreatmentSession,
    found: Mapping[str, Any],
    order: DoseOrder | None,
    now: datetime,
) -> list[Unmet]:
    if treatment_session.status not in BEFORE_DOSE:
        return []
    patient = treatment_session.patient
    on_chart = authorization.OnChart(
        patient.birth_date, patient.deceased, found["consent"], found["screen"], order
    )
    today = now.astimezone(treatment_session.clinic.zone).date()
    return authorization.unmet_on_chart(on_chart, now, today)


def load_booking(treatment_session: TreatmentSession) -> dict[str, Any]:
    """Read what is not clinical: who comes, where to, and the way home."""
    found = _booking_bundle().read(treatment_session.pk)
    attach(treatment_session, found, *BOOKING)
    return found


@cache
def _bundle() -> Bundle:
    parts = history.parts() | _booking() | _of_the_visit() | _on_the_chart()
    return Bundle(TreatmentSession, parts)


@cache
def _booking_bundle() -> Bundle:
    escort = One(_of_session(Escort), "kind", "name", "phone")
    return Bundle(TreatmentSession, _booking() | {"escort": escort})


def _booking() -> dict[str, Many]:
    course = TreatmentCourse.objects.filter(pk=OuterRef("course"))
    chair = Chair.objects.filter(pk=OuterRef("chair"))
    return {
        "patient": One(
            Patient.objects.filter(pk=OuterRef("patient")),
            *all_fields(Patient, "search_text", "source_values"),
        ),
        "course": One(
            course,
            "public_id",
            "protocol__short_title",
            "protocol__route",
            "protocol__monitoring__rest_between_devices_minutes",
        ),
        "phase": One(ProtocolPhase.objects.filter(pk=OuterRef("phase")), "name", "count"),
        "chair": One(chair, "name", "room__name"),
        "stays": Many(
            _of_session(ChairStay), "place", "since", "reason", "chair__name", "chair__room__name"
        ),
    }


def _of_the_visit() -> dict[str, Many]:
    return {
        "changes": Many(_of_session(StatusChange), *all_fields(StatusChange), *person("by")),
        "check": One(
            _of_session(PreDoseCheck),
            *all_fields(PreDoseCheck),
            *person("completed_by"),
            *person("decided_by"),
        ),
        "signature": One(_of_session(Signature), *all_fields(Signature), *person("signed_by")),
        "discharge": One(
            _of_session(Discharge),
            *all_fields(Discharge),
            *person("released_by"),
            *person("second_person"),
        ),
    }


def _on_the_chart() -> dict[str, Many]:
    order = DoseOrder.objects.filter(course=OuterRef("course"), superseded_at__isnull=True)
    consent = Consent.objects.of_kind(Consent.Kind.TREATMENT).standing()
    of_patient = {"patient": OuterRef("patient")}
    return {
        "order": One(order, *all_fields(DoseOrder)),
        "consent": One(consent.filter(**of_patient), *all_fields(Consent), "clinic__time_zone"),
        "screen": One(SafetyScreen.objects.filter(**of_patient), "outcome", "valid_until"),
        "allergies": Many(Allergy.objects.filter(**of_patient), *all_fields(Allergy)),
    }


def _of_session(model: type[Model]) -> Any:
    return model._default_manager.filter(treatment_session=OuterRef("pk"))
