"""What is known of a session's monitoring, as rows for pages and as a history for the rules."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache, cached_property
from typing import Any

from django.db.models import Model

from clinic.bundles import Bundle
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
    VitalSigns,
    WatchAssignment,
    WayHomeNote,
)
from monitoring.oxygen import OXYGEN, oxygen_at
from monitoring.readings import Administration, History, Reading, Settings
from monitoring.services import incidents, seen
from monitoring.services.history_rows import parts
from monitoring.services.incidents import Incidents
from monitoring.services.values import (
    administrations_of,
    assessment_of,
    drugs_of,
    escort_of,
    medicine_of,
    notes_of,
    reading_of,
    settings_of,
)
from monitoring.timeline import DueCheck
from monitoring.trouble import Trouble, grave
from monitoring.watching import Person, Watch
from sessions.models import (
    Dose,
    InfusionEvent,
    TreatmentSession,
)
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
