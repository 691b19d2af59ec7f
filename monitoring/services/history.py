"""What is known of a session's monitoring, as rows for pages and as a history for the rules."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cache, cached_property
from typing import Any, cast

from django.db.models import Model, OuterRef

from clinic.bundles import Bundle, Many, One, all_fields, person
from clinic.models import Heartbeat
from clinic.superseding import last_of_each, standing
from monitoring import alerts, calls, discharge, readings, timeline, watching, way_home
from monitoring.alerts import Alert
from monitoring.calls import Calls
from monitoring.discharge import Gate
from monitoring.models import (
    AdverseEvent,
    CriticalAcknowledgement,
    DischargeAssessment,
    Escort,
    MedicationGiven,
    MissedCheck,
    VitalSigns,
    WatchAssignment,
    WayHomeNote,
)
from monitoring.oxygen import OXYGEN, oxygen_at
from monitoring.readings import Administration, Check, Effect, History, Medicine, Reading, Settings
from monitoring.services import incidents, seen
from monitoring.services.incidents import Incidents
from monitoring.timeline import DueCheck
from monitoring.trouble import Trouble, grave
from monitoring.watching import Person, Watch
from sessions.models import (
    Dose,
    InfusionEvent,
    MonitoringCheck,
    MonitoringTemplate,
    TreatmentSession,
)
from sessions.models.protocol import Route
from sessions.services.drips import in_order

AS_FOUND = (
    "vitals",
    "doses",
    "infusion_events",
    "adverse_events",
    "medicines",
    "assessment",
    "escorts",
    "way_home",
    "acknowledgements",
    "watches",
)
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
    medicines: list[MedicationGiven]
    assessment: DischargeAssessment | None
    escorts: list[Escort]  # the newest last
    way_home: list[WayHomeNote]
    missed: dict[str, str]
    not_missed: list[dict[str, str]]  # withdrawn: label, what was said, and why that was wrong
    clock_jumped_at: datetime | None
    incidents: Incidents
    acknowledgements: list[CriticalAcknowledgement]
    watches: list[WatchAssignment]
    sources: dict[str, str]  # of the template's settings

    @cached_property
    def standing_vitals(self) -> list[VitalSigns]:
        return standing(self.vitals)

    @cached_property
    def standing_doses(self) -> list[Dose]:
        return standing(self.doses)

    @cached_property
    def standing_steps(self) -> list[InfusionEvent]:
        return in_order(self.infusion_events)

    @cached_property
    def standing_events(self) -> list[AdverseEvent]:
        return standing(self.adverse_events)

    @cached_property
    def standing_medicines(self) -> list[MedicationGiven]:
        return standing(self.medicines)

    @cached_property
    def shown_medicines(self) -> list[MedicationGiven]:
        """Return each medicine once, by the row that has the last word on it."""
        return last_of_each(self.medicines)

    @cached_property
    def withdrawn_at(self) -> datetime | None:
        """Return when a reading, a dose or a medicine was last entered in error."""
        rows: tuple[Any, ...] = (*self.vitals, *self.doses, *self.medicines)
        return max((row.recorded_at for row in rows if row.entered_in_error), default=None)

    @cached_property
    def shown_events(self) -> list[AdverseEvent]:
        """Return each event once: one that was entered in error by the row that says so."""
        return last_of_each(self.adverse_events)

    @cached_property
    def grave(self) -> tuple[Trouble, ...]:
        """Return what holds a dose and the patient's departure: emergency, serotonin toxicity."""
        check = self.incidents.serotonin
        return grave(
            emergencies=[row.pk for row in self.incidents.running],
            serotonin=check.pk if check and check.result.shows_emergency else None,
        )

    @property
    def escort(self) -> Escort | None:
        """Return who was named last to take the patient home."""
        return self.escorts[-1] if self.escorts else None

    @property
    def oxygen_at(self) -> datetime | None:
        actions = incidents.standing(self.incidents.emergency_actions)
        given = (row.at for row in actions if row.code == OXYGEN)
        return oxygen_at(given, drugs_of(self.standing_medicines))

    @cached_property
    def administrations(self) -> tuple[Administration, ...]:
        return administrations_of(self.standing_doses, self.standing_steps)

    @cached_property
    def history(self) -> History:
        first = readings.first_dose_at(self.administrations)
        events = [event for event in self.standing_events if event.resolved_at is None]
        return History(
            readings=tuple(reading_of(row) for row in self.standing_vitals),
            administrations=self.administrations,
            unresolved_adverse_events=tuple(event.term for event in events),
            escort=escort_of(self.escorts, self.way_home),
            means_to_drive=way_home.means_to_drive(notes_of(self.way_home)),
            assessment=assessment_of(self.assessment),
            missed=self.missed,
            medicines=tuple(medicine_of(row) for row in self.standing_medicines),
            withdrawn_at=self.withdrawn_at,
            going_on=tuple(one.words for one in self.grave),
            event_written_at=max(
                (event.recorded_at for event in self.adverse_events), default=None
            ),
            clock_suspect=bool(first and self.clock_jumped_at and self.clock_jumped_at > first),
            events_known_at=max((event.recorded_at for event in events), default=None),
            oxygen_at=self.oxygen_at,
        )

    @property
    def rows(self) -> str:
        """Identify what is on record; a correction is a row, too."""
        recorded: tuple[Iterable[Model], ...] = (
            self.vitals,
            self.doses,
            self.infusion_events,
            self.adverse_events,
            self.medicines,
            self.incidents.rows,
        )
        return seen.digest(f"{row._meta.label} {row.pk}" for rows in recorded for row in rows)

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
            medicines=self.history.medicines,
        )

    def alerts(self, now: datetime) -> tuple[Alert, ...]:
        return alerts.standing(self.history, self.settings, now)

    def critical(self, now: datetime) -> tuple[Alert, ...]:
        return alerts.critical(self.alerts(now))

    def calls(self, now: datetime) -> Calls:
        known = [calls.acknowledged_of(row.how, row.alerts) for row in self.acknowledgements]
        return calls.calls(self.critical(now), known)

    def with_source(self, alert: Alert) -> str:
        """Say the alert, and where its limit is from."""
        source = self.sources.get(alert.setting, "")
        return f"{alert.text} {source}." if source else alert.text

    @property
    def watch(self) -> Watch:
        return watching.watch(
            {"kind": row.kind, "watcher": Person(row.watcher_id, str(row.watcher))}
            for row in self.watches
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
    """Read everything in one statement."""
    return record_of(treatment_session, bundle().read(treatment_session.pk))


@cache
def bundle() -> Bundle:
    return Bundle(TreatmentSession, parts())


def parts() -> dict[str, Many]:
    """Return what `record_of` takes, for bundles that read more of a session along with it."""
    template = MonitoringTemplate.objects.filter(protocol=OuterRef("course__protocol"))
    checks = MonitoringCheck.objects.filter(template__protocol=OuterRef("course__protocol"))
    missed = _of_session(MissedCheck)
    return {
        "template": One(template, *SETTING_NAMES, "rest_between_devices_minutes", "sources"),
        "checks": Many(checks.order_by("pk"), "label", "anchor", "minute", "every_minutes"),
        "vitals": Many(_of_session(VitalSigns), *_all_of(VitalSigns), *person("recorded_by")),
        "doses": Many(_of_session(Dose), *_all_of(Dose), *person("given_by")),
        "infusion_events": Many(
            _of_session(InfusionEvent), *_all_of(InfusionEvent), "dose__number", *person("by")
        ),
        "adverse_events": Many(
            _of_session(AdverseEvent),
            *_all_of(AdverseEvent),
            *person("recorded_by"),
            "resolution__resolved_at",
            "resolution__resolution",
            "resolution__outcome",
        ),
        "medicines": Many(
            _of_session(MedicationGiven),
            *_all_of(MedicationGiven),
            *person("given_by"),
            *person("ordered_by"),
        ),
        "assessment": One(
            _of_session(DischargeAssessment),
            *_all_of(DischargeAssessment),
            *person("assessed_by"),
        ),
        "escorts": Many(
            _of_session(Escort).order_by("recorded_at", "pk"),
            "kind",
            "name",
            "phone",
            "recorded_at",
        ),
        "way_home": Many(_of_session(WayHomeNote), *_all_of(WayHomeNote), *person("by")),
        "acknowledgements": Many(
            _of_session(CriticalAcknowledgement),
            *_all_of(CriticalAcknowledgement),
            *person("by"),
        ),
        "watches": Many(
            _of_session(WatchAssignment), "kind", "at", *person("watcher"), *person("by")
        ),
        "missed": Many(missed.standing(), "label", "reason"),
        "not_missed": Many(
            missed.filter(entered_in_error=True), "label", "reason", "supersedes__reason"
        ),
        "jump": One(
            Heartbeat.objects.filter(jumped_at__isnull=False).order_by("-jumped_at"), "jumped_at"
        ),
        **incidents.parts(),
    }


def _of_session(model: type[Model]) -> Any:
    return model._default_manager.filter(treatment_session=OuterRef("pk"))


def _all_of(model: type[Model]) -> list[str]:
    return all_fields(model, "treatment_session")


def settings_of(template: MonitoringTemplate | None, checks: Iterable[Any]) -> Settings:
    numbers: dict[str, Any] = {name: getattr(template, name, None) for name in SETTING_NAMES}
    asked = tuple(
        Check(check.label, check.anchor, check.minute, check.every_minutes) for check in checks
    )
    return Settings(**numbers, checks=asked)


def record_of(treatment_session: TreatmentSession, found: Mapping[str, Any]) -> Record:
    return Record(
        treatment_session=treatment_session,
        settings=settings_of(found["template"], found["checks"]),
        missed={missed.label: missed.reason for missed in found["missed"]},
        not_missed=[
            {"label": wrong.label, "said": wrong.supersedes.reason, "reason": wrong.reason}
            for wrong in found["not_missed"]
        ],
        sources=getattr(found["template"], "sources", None) or {},
        clock_jumped_at=found["jump"] and found["jump"].jumped_at,
        incidents=incidents.incidents_of(found),
        **{name: found[name] for name in AS_FOUND},
    )


def administrations_of(
    doses: Iterable[Dose], events: Sequence[InfusionEvent]
) -> tuple[Administration, ...]:
    """Turn standing doses into times; a refused device was not given, a faulty one may have been.

    The steps of an infusion hang on the row that was written first, so they are found by number.
    """
    stops = {e.dose.number: e for e in events if e.kind == InfusionEvent.Kind.STOP}
    return tuple(
        _administration(dose, stops.get(dose.number))
        for dose in doses
        if dose.outcome != Dose.Outcome.REFUSED
    )


def _administration(dose: Dose, stop: InfusionEvent | None) -> Administration:
    if dose.route != Route.IV:
        return Administration(dose.given_at, dose.given_at, dose.route, dose.recorded_at)
    if stop is None:
        return Administration(dose.given_at, None, dose.route, dose.recorded_at)
    recorded_at = max(dose.recorded_at, stop.recorded_at)
    return Administration(dose.given_at, stop.at, dose.route, recorded_at)


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


def notes_of(rows: Iterable[WayHomeNote]) -> list[way_home.Note]:
    return [way_home.Note(row.kind, row.at) for row in rows]


def escort_of(rows: Iterable[Escort], notes: Iterable[WayHomeNote]) -> readings.Escort | None:
    named = [way_home.Named(row.name, row.phone, row.recorded_at) for row in rows]
    return way_home.escort_of(named, notes_of(notes))


def medicine_of(row: MedicationGiven) -> Medicine:
    effect = cast(Effect, row.effect)
    return Medicine(row.pk, str(row), row.given_at, effect, row.minutes, row.recorded_at)


def drugs_of(rows: Iterable[MedicationGiven]) -> list[tuple[str, datetime]]:
    return [(row.drug, row.given_at) for row in rows]


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
