"""Adverse events of a session: reported, then resolved in words."""

from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import PermissionDenied, ValidationError

from clinic import audit, clock, entries, times
from clinic.audit import acting
from clinic.entries import Submission
from clinic.models import User
from monitoring.models import AdverseEvent
from monitoring.readings import said
from sessions.services import steps

RECORD = "monitoring.record_vitals"


@dataclass(frozen=True, slots=True)
class Reported:
    term: str
    severity: str
    serious: bool = False
    onset_at: datetime | None = None
    action: str = ""


def report(
    pk: int, reported: Reported, *, by: User, entry: Submission | None = None
) -> AdverseEvent:
    with acting(by):
        entries.claim(entry, by)
        treatment_session = steps.lock_open(pk)
        now = clock.now()
        if not by.may(RECORD, treatment_session.clinic_id):
            raise PermissionDenied(RECORD)
        if treatment_session.arrived_at is None:
            raise ValidationError("The patient has not arrived.", code="not_arrived")
        if not said(reported.term):
            raise ValidationError({"term": "Say what happened."})
        onset_at = reported.onset_at or now
        times.check_happened(
            onset_at, now, field="onset_at", not_before=treatment_session.arrived_at
        )
        event = AdverseEvent.objects.create(
            treatment_session=treatment_session,
            term=reported.term.strip(),
            severity=reported.severity,
            serious=reported.serious,
            onset_at=onset_at,
            action=reported.action.strip(),
            recorded_by=by,
            recorded_at=now,
        )
        audit.record("adverse_event.reported", subject=treatment_session, serious=event.serious)
        return event


def resolve(
    event: AdverseEvent, resolution: str, *, by: User, entry: Submission | None = None
) -> AdverseEvent:
    with acting(by):
        entries.claim(entry, by)
        treatment_session = steps.lock_open(event.treatment_session_id)
        if not by.may(RECORD, treatment_session.clinic_id):
            raise PermissionDenied(RECORD)
        if not said(resolution):
            raise ValidationError({"resolution": "Say how it ended."})
        now = clock.now()
        open_now = AdverseEvent.objects.filter(pk=event.pk, resolved_at__isnull=True)
        if not open_now.update(resolved_at=now, resolution=resolution.strip()):
            raise ValidationError("This event was resolved already.", code="resolved")
        audit.record("adverse_event.resolved", subject=treatment_session)
        event.refresh_from_db()
        return event
