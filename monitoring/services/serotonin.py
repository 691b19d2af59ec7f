"""Serotonin checks: recorded or corrected; a positive one reports an event and calls for help."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError

from clinic import audit, clock, times
from clinic.audit import acting
from clinic.entries import Submission
from clinic.locks import StaleVersionError
from clinic.models import User
from clinic.roles import Role
from clinic.words import explains
from monitoring import hunter, serotonin
from monitoring.exposure import Exposure, exposure
from monitoring.hunter import Exam
from monitoring.models import AdverseEvent, MedicationGiven, SerotoninCheck
from monitoring.services import events, predose
from patients.models import Medication, Task
from patients.services import tasks
from sessions.models import TreatmentSession
from sessions.services import steps

RECORD = "monitoring.record_vitals"
TERM = "Possible serotonin toxicity"


def exposure_of(treatment_session: TreatmentSession) -> Exposure:
    """Propose from the chart, what was named before the dose and what was given at this visit."""
    today = clock.now().astimezone(treatment_session.clinic.zone).date()
    rows = Medication.objects.active().filter(patient=treatment_session.patient_id)
    check = predose.latest(treatment_session)
    given = MedicationGiven.objects.standing().filter(
        treatment_session=treatment_session, entered_in_error=False
    )
    return exposure(
        [
            *((row.text, "chart") for row in rows if row.is_current(today)),
            *((text, "named before the dose") for text in (check.told_medicines if check else ())),
            *((row.drug, "given at this visit") for row in given),
        ]
    )


def record(
    pk: int,
    exam: Exam,
    *,
    by: User,
    observed_at: datetime | None = None,
    further_signs: Collection[str] = (),
    note: str = "",
    entry: Submission | None = None,
) -> SerotoninCheck:
    """Record one examination; without a time it was made now, by the database's clock."""
    with acting(by, entry):
        treatment_session = _lock(pk, by)
        now = clock.now()
        at = observed_at or now
        times.check_happened(at, now, field="observed_at", not_before=treatment_session.arrived_at)
        values = _values(exam, further_signs) | {"observed_at": at, "note": note.strip()}
        return _save(treatment_session, exam, values, by=by, now=now)


def correct(
    wrong: SerotoninCheck,
    exam: Exam,
    *,
    by: User,
    reason: str,
    further_signs: Collection[str] = (),
    note: str = "",
    entered_in_error: bool = False,
    entry: Submission | None = None,
) -> SerotoninCheck:
    """Add a check that supersedes; both stay. The event that the wrong one reported stays, too:
    a person takes it back."""
    with acting(by, entry):
        treatment_session = _lock(wrong.treatment_session_id, by)
        if SerotoninCheck.objects.filter(supersedes=wrong).exists():
            raise StaleVersionError
        if not explains(reason):
            raise ValidationError({"reason": "Say why it is corrected."})
        if entered_in_error:
            exam, further_signs, note = wrong.exam, wrong.further_signs, wrong.note
        values = _values(exam, further_signs) | {
            "observed_at": wrong.observed_at,
            "note": note.strip(),
            "event": wrong.event,
            "supersedes": wrong,
            "reason": reason.strip(),
            "entered_in_error": entered_in_error,
        }
        return _save(treatment_session, exam, values, by=by, now=clock.now())


def _lock(pk: int, by: User) -> TreatmentSession:
    treatment_session = steps.lock_for(pk, by, RECORD)
    if treatment_session.arrived_at is None:
        raise ValidationError("The patient has not arrived.", code="not_arrived")
    return treatment_session


def _values(exam: Exam, further_signs: Collection[str]) -> dict[str, Any]:
    signs = {name: getattr(exam, name) for name in (*hunter.SIGNS, "exposed", "temperature")}
    return {
        **signs,
        "further_signs": list(further_signs),
        "verdict": hunter.judge(exam).verdict,
        "tier": serotonin.tier(exam, further_signs),
    }


def _save(
    treatment_session: TreatmentSession,
    exam: Exam,
    values: dict[str, Any],
    *,
    by: User,
    now: datetime,
) -> SerotoninCheck:
    calls = hunter.judge(exam).calls_for_help and not values.get("entered_in_error")
    if calls and values.get("event") is None:
        values["event"] = _report(treatment_session, values, by=by, now=now)
    check = SerotoninCheck.objects.create(
        treatment_session=treatment_session, recorded_by=by, recorded_at=now, **values
    )
    audit.record("serotonin.checked", subject=treatment_session, verdict=check.verdict)
    if calls:
        _call(check, now)
    elif check.supersedes_id:
        waiting = {"kind": Task.Kind.COME, "source_id": treatment_session.public_id}
        tasks.close_for(by=by, note="The check was corrected.", **waiting)
    return check


def _report(
    treatment_session: TreatmentSession, values: dict[str, Any], *, by: User, now: datetime
) -> AdverseEvent:
    """Report the event once: a second positive check belongs to the one that is open."""
    known = AdverseEvent.objects.open().filter(treatment_session=treatment_session, term=TERM)
    if event := known.first():
        return event
    severity = values["tier"] or AdverseEvent.Severity.MODERATE
    reported = events.Reported(TERM, severity, onset_at=values["observed_at"])
    return events.add(treatment_session, reported, by=by, now=now)


def _call(check: SerotoninCheck, now: datetime) -> None:
    """Call the prescriber, unless somebody is called already."""
    treatment_session = check.treatment_session
    waiting = {"kind": Task.Kind.COME, "source_id": treatment_session.public_id}
    if Task.objects.open().filter(**waiting).exists():
        return
    tasks.ask(
        Task.Kind.COME,
        patient=treatment_session.patient,
        role=Role.PRESCRIBER,
        text=f"Possible serotonin toxicity in session {treatment_session.number}: come now.",
        due_at=now,
        dedupe_key=f"serotonin:{check.public_id}",
        source=treatment_session,
    )
