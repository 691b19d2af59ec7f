"""Adverse events of a session: reported, followed, resolved in words, or entered in error."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError

from clinic import audit, clock, times
from clinic.audit import acting
from clinic.entries import Submission
from clinic.models import User
from clinic.roles import Role
from clinic.words import explains
from monitoring.models import (
    AdverseEvent,
    AdverseEventFollowUp,
    AdverseEventResolution,
    EmergencyPolicy,
    PanicEntry,
    PanicEpisode,
)
from monitoring.models.events import Outcome
from monitoring.models.panic import END
from monitoring.readings import said
from monitoring.services import critical
from patients.models import Task
from patients.services import tasks
from sessions.models import TreatmentSession
from sessions.services import steps

RECORD = "monitoring.record_vitals"
KEPT = (
    "term",
    "severity",
    "serious",
    "seriousness",
    "onset_at",
    "action",
    "medicine_actions",
    "relation",
)
NOTHING_CHANGED = AdverseEvent.MedicineAction.NONE.value


@dataclass(frozen=True, slots=True)
class Reported:
    """One event as it was typed; any criterion of seriousness makes it serious."""

    term: str
    severity: str
    serious: bool = False
    onset_at: datetime | None = None
    action: str = ""
    seriousness: Collection[str] = ()
    medicine_actions: Collection[str] = ()
    relation: str = AdverseEvent.Relation.UNKNOWN


def report(
    pk: int, reported: Reported, *, by: User, entry: Submission | None = None
) -> AdverseEvent:
    with acting(by, entry):
        treatment_session = steps.lock_for(pk, by, RECORD)
        return add(treatment_session, reported, by=by, now=clock.now(treatment_session))


def add(
    treatment_session: TreatmentSession, reported: Reported, *, by: User, now: datetime
) -> AdverseEvent:
    """Add an event to a locked session, inside `acting`; a serious one asks to be reported."""
    if treatment_session.arrived_at is None:
        raise ValidationError("The patient has not arrived.", code="not_arrived")
    if not said(reported.term):
        raise ValidationError({"term": "Say what happened."})
    if NOTHING_CHANGED in reported.medicine_actions and len(reported.medicine_actions) > 1:
        text = "Either nothing was changed with the medicine, or something was: choose."
        raise ValidationError({"medicine_actions": text})
    onset_at = reported.onset_at or now
    times.check_happened(onset_at, now, field="onset_at", not_before=treatment_session.arrived_at)
    event = AdverseEvent.objects.create(
        treatment_session=treatment_session,
        term=reported.term.strip(),
        severity=reported.severity,
        serious=reported.serious or bool(reported.seriousness),
        seriousness=list(reported.seriousness),
        onset_at=onset_at,
        action=reported.action.strip(),
        medicine_actions=list(reported.medicine_actions),
        relation=reported.relation,
        recorded_by=by,
        recorded_at=now,
    )
    audit.record("adverse_event.reported", subject=treatment_session, serious=event.serious)
    if event.serious:
        to_report(event, now)
    critical.follow(treatment_session, by=by, now=now)
    return event


def report_key(event: AdverseEvent) -> str:
    return f"report:{event.public_id}"


def to_report(event: AdverseEvent, now: datetime) -> Task:
    """Ask a prescriber to report a serious event to the programme and the authority."""
    treatment_session = event.treatment_session
    days = EmergencyPolicy.of(treatment_session.clinic_id).report_serious_days
    return tasks.ask(
        Task.Kind.REPORT_EVENT,
        patient=treatment_session.patient,
        role=Role.PRESCRIBER,
        text=f"Serious event in session {treatment_session.number}: report it to the REMS or "
        "the authority.",
        due_at=now + timedelta(days=days),
        dedupe_key=report_key(event),
        source=treatment_session,
    )


def resolve(
    event: AdverseEvent,
    resolution: str,
    *,
    by: User,
    outcome: str = Outcome.RESOLVED,
    at: datetime | None = None,
    entry: Submission | None = None,
) -> AdverseEventResolution:
    """Record how it ended, once, in a row of its own."""
    with acting(by, entry):
        treatment_session = steps.lock_for(event.treatment_session_id, by, RECORD)
        return end(treatment_session, event, resolution, by=by, outcome=outcome, at=at)


def end(
    treatment_session: TreatmentSession,
    event: AdverseEvent,
    resolution: str,
    *,
    by: User,
    outcome: str = Outcome.RESOLVED,
    at: datetime | None = None,
) -> AdverseEventResolution:
    """Do what `resolve` does with a locked session, inside `acting`."""
    now = clock.now()
    if not explains(resolution):
        raise ValidationError({"resolution": "Say how it ended, such as “gone after rest”."})
    at = _check_open(event, at, now)
    if outcome == Outcome.UNKNOWN and not treatment_session.is_over:
        text = "The patient is still here: look how it is, an unknown end is none."
        raise ValidationError({"outcome": text})
    ended = AdverseEventResolution.objects.create(
        treatment_session=treatment_session,
        event=event,
        resolved_at=at,
        outcome=outcome,
        resolution=resolution.strip(),
        by=by,
        recorded_at=now,
    )
    audit.record("adverse_event.resolved", subject=treatment_session)
    critical.follow(treatment_session, by=by, now=now)
    if outcome == Outcome.FATAL:
        to_report(event, now)
    return ended


def follow(
    event: AdverseEvent,
    words: str,
    *,
    by: User,
    outcome: str,
    at: datetime | None = None,
    entry: Submission | None = None,
) -> AdverseEventFollowUp:
    """Record how it stands while it goes on."""
    with acting(by, entry):
        treatment_session = steps.lock_for(event.treatment_session_id, by, RECORD)
        now = clock.now()
        if not explains(words):
            raise ValidationError(
                {"resolution": "Say how it is now, such as “sits up, still dizzy”."}
            )
        at = _check_open(event, at, now)
        standing = AdverseEventFollowUp.objects.create(
            treatment_session=treatment_session,
            event=event,
            at=at,
            outcome=outcome,
            words=words.strip(),
            by=by,
            recorded_at=now,
        )
        audit.record("adverse_event.followed", subject=treatment_session)
        return standing


def _check_open(event: AdverseEvent, at: datetime | None, now: datetime) -> datetime:
    """Refuse what was settled already; return when this is about, without a time now."""
    if AdverseEventResolution.objects.filter(event=event).exists():
        raise ValidationError("This event was resolved already.", code="resolved")
    _refuse_error(event)
    _refuse_open_panic(event)
    at = at or now
    times.check_happened(at, now, field="at")
    if at < event.onset_at.replace(second=0, microsecond=0):
        raise ValidationError({"at": "This is before it began. Check the time."})
    return at


def enter_in_error(
    event: AdverseEvent, reason: str, *, by: User, entry: Submission | None = None
) -> AdverseEvent:
    """Take an event back, with the reason: what it said stays, and no rule counts it."""
    with acting(by, entry):
        treatment_session = steps.lock_for(event.treatment_session_id, by, RECORD)
        if not explains(reason):
            raise ValidationError({"reason": "Say why this was wrong."})
        return take_back(treatment_session, event, reason, by=by)


def take_back(
    treatment_session: TreatmentSession, event: AdverseEvent, reason: str, *, by: User
) -> AdverseEvent:
    """Do what `enter_in_error` does with a locked session, inside `acting`."""
    _refuse_error(event)
    _refuse_open_panic(event)
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
    tasks.close_for(by=by, note="Entered in error.", dedupe_key=report_key(event))
    critical.follow(treatment_session, by=by, now=error.recorded_at)
    return error


def _refuse_error(event: AdverseEvent) -> None:
    if not AdverseEvent.objects.standing().filter(pk=event.pk).exists():
        raise ValidationError("This event was entered in error already.", code="in_error")


def _refuse_open_panic(event: AdverseEvent) -> None:
    """The event of an open panic episode ends, and is taken back, with the episode."""
    over = PanicEntry.objects.standing().filter(code=END).values("episode")
    if PanicEpisode.objects.standing().filter(event=event).exclude(pk__in=over).exists():
        raise ValidationError(
            "This belongs to an open panic episode: end the episode, or take it back.",
            code="panic",
        )
