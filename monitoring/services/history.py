"""What is known of a session's monitoring, as rows for pages and as a history for the rules."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cached_property
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, OuterRef, QuerySet, Subquery
from django.db.models.functions import JSONObject

from clinic.models import Heartbeat
from monitoring import discharge, readings, timeline
from monitoring.discharge import Gate
from monitoring.models import AdverseEvent, DischargeAssessment, Escort, MissedCheck, VitalSigns
from monitoring.readings import Administration, Check, History, Reading, Settings
from monitoring.timeline import DueCheck
from sessions.models import Dose, InfusionEvent, MonitoringCheck, TreatmentSession
from sessions.models.protocol import Route
from sessions.services.drips import in_order

SETTING_NAMES = [field.name for field in fields(Settings) if field.name != "checks"]


@dataclass(frozen=True)
class Record:
    """All rows of one session's monitoring; corrected ones too, since pages show them."""

    treatment_session: TreatmentSession
    settings: Settings
    vitals: list[VitalSigns]
    doses: list[Dose]
    infusion_events: list[InfusionEvent]
    adverse_events: list[AdverseEvent]
    assessment: DischargeAssessment | None
    escort: dict[str, str] | None
    missed: dict[str, str]
    not_missed: list[dict[str, str]]  # withdrawn: label, what was said, and why that was wrong
    clock_jumped_at: datetime | None

    @cached_property
    def standing_vitals(self) -> list[VitalSigns]:
        return _standing(self.vitals)

    @cached_property
    def standing_doses(self) -> list[Dose]:
        return _standing(self.doses)

    @cached_property
    def standing_steps(self) -> list[InfusionEvent]:
        return in_order(_last_of_each(self.infusion_events))

    @cached_property
    def standing_events(self) -> list[AdverseEvent]:
        return _standing(self.adverse_events)

    @cached_property
    def shown_events(self) -> list[AdverseEvent]:
        """Return each event once: one that was entered in error by the row that says so."""
        return _last_of_each(self.adverse_events)

    @cached_property
    def administrations(self) -> tuple[Administration, ...]:
        return administrations_of(self.standing_doses, self.standing_steps)

    @cached_property
    def history(self) -> History:
        first = readings.first_dose_at(self.administrations)
        return History(
            readings=tuple(reading_of(row) for row in self.standing_vitals),
            administrations=self.administrations,
            unresolved_adverse_events=tuple(
                event.term for event in self.standing_events if event.resolved_at is None
            ),
            escort=readings.Escort(True, self.escort["name"]) if self.escort else None,
            assessment=assessment_of(self.assessment),
            missed=self.missed,
            clock_suspect=bool(first and self.clock_jumped_at and self.clock_jumped_at > first),
        )

    def gate(self, now: datetime) -> Gate:
        return discharge.gate(self.history, self.settings, now)

    def due(self, now: datetime) -> tuple[DueCheck, ...]:
        return timeline.due(
            self.settings,
            self.administrations,
            self.history.readings,
            self.missed,
            now,
            arrived_at=self.treatment_session.arrived_at,
        )

    def before_dose(self) -> list[Reading]:
        return before_dose(self.history, self.treatment_session.arrived_at)

    def of_visit(self) -> list[Reading]:
        return of_visit(self.history, self.treatment_session.arrived_at)


def before_dose(history: History, arrived_at: datetime | None) -> list[Reading]:
    """Return this visit's standing sets up to the first dose, the latest last."""
    first = readings.first_dose_at(history.administrations)
    visit = of_visit(history, arrived_at)
    return [reading for reading in visit if first is None or reading.observed_at <= first]


def of_visit(history: History, arrived_at: datetime | None) -> list[Reading]:
    """Leave out sets from before the patient came again."""
    since = arrived_at.replace(second=0, microsecond=0) if arrived_at else None
    return [r for r in history.readings if since is None or r.observed_at >= since]


def load(treatment_session: TreatmentSession) -> Record:
    """Read everything, in one query for the small rows and one for each list."""
    of_session = {"treatment_session": treatment_session}
    doses = list(Dose.objects.filter(**of_session).select_related("given_by"))
    return Record(
        treatment_session=treatment_session,
        **_small_rows(treatment_session.pk),
        vitals=list(VitalSigns.objects.filter(**of_session).select_related("recorded_by")),
        doses=doses,
        infusion_events=infusion_events(treatment_session, doses),
        adverse_events=list(
            AdverseEvent.objects.filter(**of_session).select_related("resolution", "recorded_by")
        ),
        assessment=(
            DischargeAssessment.objects.filter(**of_session).select_related("assessed_by").first()
            if doses
            else None
        ),
    )


def infusion_events(
    treatment_session: TreatmentSession, doses: Iterable[Dose]
) -> list[InfusionEvent]:
    if all(dose.route != Route.IV for dose in doses):
        return []
    events = InfusionEvent.objects.filter(treatment_session=treatment_session)
    return list(events.select_related("dose", "by"))


def administrations_of(
    doses: Iterable[Dose], events: Sequence[InfusionEvent]
) -> tuple[Administration, ...]:
    """Turn standing doses into times; a refused device was not given, a faulty one may have been.

    The steps of an infusion hang on the row that was written first, so they are found by number.
    """
    ended = {e.dose.number: e.at for e in events if e.kind == InfusionEvent.Kind.STOP}
    return tuple(
        Administration(
            started_at=dose.given_at,
            ended_at=ended.get(dose.number) if dose.route == Route.IV else dose.given_at,
            route=dose.route,
        )
        for dose in doses
        if dose.outcome != Dose.Outcome.REFUSED
    )


def reading_of(row: VitalSigns) -> Reading:
    return Reading(
        id=row.pk,
        observed_at=row.observed_at,
        recorded_at=row.recorded_at,
        systolic=row.systolic,
        diastolic=row.diastolic,
        pulse=row.pulse,
        spo2=row.spo2,
        oxygen_l_min=row.oxygen_l_min,
        resp_rate=row.respiratory_rate,
        temperature=row.temperature,
        sedation=row.sedation,
        dissociation=row.dissociation,
        not_obtained=row.not_obtained,
        late_reason=row.late_reason,
    )


def assessment_of(row: DischargeAssessment | None) -> readings.Assessment | None:
    if row is None:
        return None
    return readings.Assessment(
        by=str(row.assessed_by),
        at=row.assessed_at,
        ready=row.ready,
        decisions=row.decisions,
        is_prescriber=row.by_prescriber,
    )


def _standing(rows: Iterable[Any]) -> list[Any]:
    """Leave out what was corrected or entered in error, as the query sets' `standing` does."""
    return [row for row in _last_of_each(rows) if not row.entered_in_error]


def _last_of_each(rows: Iterable[Any]) -> list[Any]:
    found = list(rows)
    superseded = {row.supersedes_id for row in found}
    return [row for row in found if row.pk not in superseded]


def _small_rows(pk: int) -> dict[str, Any]:
    """Read template, its checks, missed checks, escort and the clock's last jump in one query."""
    row = _with_small_rows(TreatmentSession.objects.filter(pk=pk)).get()
    template = {name: row[name] for name in SETTING_NAMES}
    checks = tuple(Check(**check) for check in row["checks"])
    return {
        "settings": Settings(**template, checks=checks),
        "missed": {missed["label"]: missed["reason"] for missed in row["missed"]},
        "not_missed": row["not_missed"],
        "escort": row["escort"],
        "clock_jumped_at": row["clock_jumped_at"],
    }


def _with_small_rows(queryset: QuerySet[TreatmentSession]) -> QuerySet[Any, Any]:
    checks = MonitoringCheck.objects.filter(template__protocol=OuterRef("course__protocol"))
    missed = MissedCheck.objects.filter(treatment_session=OuterRef("pk"))
    said = {"label": "label", "reason": "reason"}
    escorts = Escort.objects.filter(treatment_session=OuterRef("pk"))
    jumps = Heartbeat.objects.filter(jumped_at__isnull=False).order_by("-jumped_at")
    return queryset.values(
        **{name: F(f"course__protocol__monitoring__{name}") for name in SETTING_NAMES},
        checks=ArraySubquery(
            checks.order_by("pk").values(
                row=JSONObject(label="label", anchor="anchor", minute="minute")
            )
        ),
        missed=ArraySubquery(missed.standing().values(row=JSONObject(**said))),
        not_missed=ArraySubquery(
            missed.filter(entered_in_error=True).values(
                row=JSONObject(**said, said="supersedes__reason")
            )
        ),
        escort=Subquery(
            escorts.values(row=JSONObject(kind="kind", name="name", phone="phone"))[:1]
        ),
        clock_jumped_at=Subquery(jumps.values("jumped_at")[:1]),
    )
