"""Adverse events of a session: reported, then resolved in words, or entered in error."""

from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import PermissionDenied, ValidationError

from clinic import audit, clock, entries, times
from clinic.audit import acting
from clinic.entries import Submission
from clinic.models import User
from monitoring.models import AdverseEvent, AdverseEventResolution
from monitoring.readings import said
from sessions.models import TreatmentSession
from sessions.services import steps

RECORD = "monitoring.record_vitals"
KEPT = ("term", "severity", "serious", "onset_at", "action")


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
) -> AdverseEventResolution:
    """Record how it ended, once, in a row of its own."""
    with acting(by):
        entries.claim(entry, by)
        treatment_session = _lock(event, by)
        if not said(resolution):
            raise ValidationError({"resolution": "Say how it ended."})
        if AdverseEventResolution.objects.filter(event=event).exists():
            raise ValidationError("This event was resolved already.", code="resolved")
        _refuse_error(event)
        now = clock.now()
        ended = AdverseEventResolution.objects.create(
            treatment_session=treatment_session,
            event=event,
            resolved_at=now,
            resolution=resolution.strip(),
            by=by,
            recorded_at=now,
        )
        audit.record("adverse_event.resolved", subject=treatment_session)
        return ended


def enter_in_error(
    event: AdverseEvent, reason: str, *, by: User, entry: Submission | None = None
) -> AdverseEvent:
    """Take an event back, with the reason: what it said stays, and no rule counts it."""
    with acting(by):
        entries.claim(entry, by)
        treatment_session = _lock(event, by)
        if not said(reason):
            raise ValidationError({"reason": "Say why this was wrong."})
        _refuse_error(event)
        error = AdverseEvent.objects.create(
            **{name: getattr(event, name) for name in KEPT},
            treatment_session=treatment_session,
            recorded_by=by,
            recorded_at=clock.now(),
            supersedes=event,
            reason=reason.strip(),
            entered_in_error=True,
        )
        audit.record("adverse_event.entered_in_error", subject=treatment_session)
        return error


def _lock(event: AdverseEvent, by: User) -> TreatmentSession:
    treatment_session = steps.lock_open(event.treatment_session_id)
    if not by.may(RECORD, treatment_session.clinic_id):
        raise PermissionDenied(RECORD)
    return treatment_session


def _refuse_error(event: AdverseEvent) -> None:
    if not AdverseEvent.objects.standing().filter(pk=event.pk).exists():
        raise ValidationError("This event was entered in error already.", code="in_error")
