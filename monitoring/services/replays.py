"""Past sessions as they became known, for `monitoring.replay`: however many, in few statements.

What was entered after the departure (a correction, the paper of a downtime) counts from when it
happened, so that it is judged as it truly was. The server's clock and emergencies are left out:
they have nothing to do with the settings.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from clinic.superseding import standing
from monitoring import replay, way_home
from monitoring.models import (
    AdverseEvent,
    DischargeAssessment,
    Escort,
    MedicationGiven,
    MissedCheck,
    VitalSigns,
    WayHomeNote,
)
from monitoring.oxygen import oxygen_at
from monitoring.readings import History, Settings
from monitoring.services import values
from sessions.models import (
    Dose,
    InfusionEvent,
    MonitoringCheck,
    MonitoringTemplate,
    TreatmentSession,
)
from sessions.services.drips import in_order
from sessions.trials import Compared

OF = "treatment_session_id"


class Kind(NamedTuple):
    rows: QuerySet[Any]
    written: str  # the field that says when
    happened: str


KINDS: Mapping[str, Kind] = {
    "vitals": Kind(VitalSigns.objects.all(), "recorded_at", "observed_at"),
    "doses": Kind(Dose.objects.all(), "recorded_at", "given_at"),
    "steps": Kind(InfusionEvent.objects.select_related("dose"), "recorded_at", "at"),
    "events": Kind(AdverseEvent.objects.select_related("resolution"), "recorded_at", "onset_at"),
    "medicines": Kind(MedicationGiven.objects.all(), "recorded_at", "given_at"),
    "assessments": Kind(
        DischargeAssessment.objects.select_related("assessed_by"), "assessed_at", "assessed_at"
    ),
    "escorts": Kind(Escort.objects.all(), "recorded_at", "recorded_at"),
    "notes": Kind(WayHomeNote.objects.all(), "at", "at"),
    "missed": Kind(MissedCheck.objects.all(), "at", "at"),
}


def compare(template: MonitoringTemplate, rows: Sequence[TreatmentSession]) -> list[Compared]:
    """Compare each ended session under its own settings with this template's.

    `rows` come with `course__protocol__monitoring`.
    """
    templates = {row.course.protocol.monitoring for row in rows} | {template}
    checks = _grouped(MonitoringCheck.objects.filter(template__in=templates), "template_id")
    settings = {one.pk: _settings(one, checks.get(one.pk, ())) for one in templates}
    new = settings[template.pk]
    found = {name: _of(rows, kind.rows) for name, kind in KINDS.items()}
    compared = []
    for row in rows:
        past = Past(row, {name: kinds.get(row.pk, []) for name, kinds in found.items()})
        old = settings[row.course.protocol.monitoring.pk]
        outcomes = replay.compare(
            past.known, past.times, past.left_at, old, new, arrived_at=row.arrived_at
        )
        compared.append(Compared(row, *outcomes))
    return compared


def _settings(template: MonitoringTemplate, checks: Iterable[MonitoringCheck]) -> Settings:
    try:
        return values.settings_of(template, sorted(checks, key=lambda check: check.pk))
    except ValueError as error:
        words = str(error).replace("_", " ")
        raise ValidationError(f"These settings can't be tried: {words}. Correct them.") from error


def _of(rows: Sequence[TreatmentSession], found: QuerySet[Any]) -> dict[int, list[Any]]:
    return _grouped(found.filter(treatment_session__in=[row.pk for row in rows]), OF)


def _grouped(rows: Iterable[Any], name: str) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for row in rows:
        found.setdefault(getattr(row, name), []).append(row)
    return found


class Past:
    """What was ever on record of one ended session, and what of it was known when."""

    def __init__(self, row: TreatmentSession, rows: Mapping[str, list[Any]]) -> None:
        if row.ended_at is None:
            raise ValueError(f"{row} has not ended")
        self.left_at: datetime = row.ended_at
        self.rows = rows
        for name, found in rows.items():
            self._date(found, KINDS[name])

    def _date(self, rows: list[Any], kind: Kind) -> None:
        """Let each row be written when it counts from; what was corrected, no later than that."""
        corrections: dict[int, datetime] = {}
        for row in sorted(rows, key=lambda row: -row.pk):
            since = getattr(row, kind.written)
            if since > self.left_at:
                since = getattr(row, kind.happened)
            since = min(since, corrections.get(row.pk, since))
            setattr(row, kind.written, since)
            if corrected := getattr(row, "supersedes_id", None):
                corrections[corrected] = since

    @property
    def times(self) -> set[datetime]:
        """Return when something became known; a reading dated ahead counts when its time comes."""
        found = {
            max(getattr(row, KINDS[name].written), getattr(row, KINDS[name].happened))
            for name, rows in self.rows.items()
            for row in rows
        }
        ended = (getattr(event, "resolution", None) for event in self.rows["events"])
        return found | {self._resolved(one) for one in ended if one}

    def _resolved(self, resolution: Any) -> datetime:
        late = resolution.recorded_at > self.left_at
        return resolution.resolved_at if late else resolution.recorded_at

    def known(self, moment: datetime) -> History:
        """Return the history as the rules would have had it at that time."""
        rows = {
            name: [row for row in found if getattr(row, KINDS[name].written) <= moment]
            for name, found in self.rows.items()
        }
        entered = (*rows["vitals"], *rows["doses"], *rows["medicines"])
        withdrawn = (row.recorded_at for row in entered if row.entered_in_error)
        open_events = [e for e in standing(rows["events"]) if not self._is_resolved(e, moment)]
        notes = values.notes_of(rows["notes"])
        return History(
            readings=tuple(map(values.reading_of, standing(rows["vitals"]))),
            administrations=values.administrations_of(
                standing(rows["doses"]), in_order(rows["steps"])
            ),
            unresolved_adverse_events=tuple(event.term for event in open_events),
            escort=values.escort_of(reversed(rows["escorts"]), rows["notes"]),
            means_to_drive=way_home.means_to_drive(notes),
            assessment=values.assessment_of(next(iter(rows["assessments"]), None)),
            missed={row.label: row.reason for row in standing(rows["missed"])},
            medicines=tuple(map(values.medicine_of, standing(rows["medicines"]))),
            oxygen_at=oxygen_at((), values.drugs_of(standing(rows["medicines"]))),
            withdrawn_at=max(withdrawn, default=None),
            event_written_at=max((event.recorded_at for event in rows["events"]), default=None),
        )

    def _is_resolved(self, event: AdverseEvent, moment: datetime) -> bool:
        resolution = getattr(event, "resolution", None)
        return resolution is not None and self._resolved(resolution) <= moment
