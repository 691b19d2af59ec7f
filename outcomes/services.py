"""Recording assessments, correcting them, and what follows from them."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.core.exceptions import PermissionDenied, ValidationError

from clinic import audit, clock
from clinic.audit import acting
from clinic.entries import Submission
from clinic.locks import StaleVersionError
from clinic.models import User
from clinic.roles import Role
from clinic.times import check_happened
from clinic.words import explains
from outcomes import planning
from outcomes.instruments import Instrument
from outcomes.models import Assessment
from outcomes.scoring import Answers, Flag, score
from patients.models import Patient, Task
from patients.services import tasks
from patients.services.register import locked
from sessions.lifecycle import PRESENT
from sessions.models import TreatmentCourse, TreatmentSession

RECORD = "outcomes.record_assessment"
LOOK_WITHIN = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    answers: Answers
    observed_at: datetime
    note: str = ""


def record(
    patient_pk: int,
    instrument: Instrument,
    answered: Answered,
    *,
    by: User,
    entry: Submission | None = None,
) -> Assessment:
    """Add an assessment; the tasks that asked for it are closed, flags open others."""
    with acting(by, entry):
        patient = locked(patient_pk, by=by, permission=RECORD)
        now = clock.now()
        row = _write(patient, instrument, answered, by, now)
        audit.record("assessment.recorded", subject=row, instrument=row.instrument)
        planning.reconcile(patient, by=by, now=now)
        return row


def record_by_link(
    patient: Patient, instrument: Instrument, answers: Answers, *, link: UUID, now: datetime
) -> Assessment:
    """Add what the patient answered alone, inside the caller's `acting`, the patient locked.

    It is scored, asks for a look and settles tasks as what staff enter does.
    """
    if instrument.by_patient is None:
        raise PermissionDenied(instrument.key)
    answered = Answered(answers=answers, observed_at=now)
    row = _write(patient, instrument, answered, None, now, link=link)
    audit.record("assessment.recorded", subject=row, instrument=row.instrument)
    planning.reconcile(patient, by=None, now=now)
    return row


def correct(
    wrong: Assessment,
    answered: Answered | None,
    *,
    by: User,
    reason: str,
    entry: Submission | None = None,
) -> Assessment:
    """Add a row that supersedes; without answers the wrong one was entered in error."""
    with acting(by, entry):
        patient = locked(wrong.patient_id, by=by, permission=RECORD)
        if Assessment.objects.filter(supersedes=wrong).exists():
            raise StaleVersionError
        if not explains(reason):
            raise ValidationError({"reason": "Say why it is corrected."})
        instrument, now = wrong.known, clock.now()
        if instrument is None:
            raise PermissionDenied(wrong.instrument)
        settled = {"kind": Task.Kind.RESULT, "source_id": wrong.public_id}
        tasks.close_for(by=by, note="The assessment was corrected.", **settled)
        if answered is None:
            same = Answered(answers=wrong.answers, observed_at=wrong.observed_at, note=wrong.note)
            row = _write(
                patient, instrument, same, by, now, wrong=wrong, reason=reason, in_error=True
            )
        else:
            row = _write(patient, instrument, answered, by, now, wrong=wrong, reason=reason)
        audit.record("assessment.corrected", subject=row, instrument=row.instrument)
        planning.reconcile(patient, by=by, now=now)
        return row


def _write(
    patient: Patient,
    instrument: Instrument,
    answered: Answered,
    by: User | None,
    now: datetime,
    *,
    link: UUID | None = None,
    wrong: Assessment | None = None,
    reason: str = "",
    in_error: bool = False,
) -> Assessment:
    _check(patient, instrument, answered, now)
    result = score(instrument, answered.answers, patient.sex)
    row = Assessment.objects.create(
        patient=patient,
        clinic_id=patient.clinic_id,
        course=TreatmentCourse.objects.running().filter(patient=patient).first(),
        treatment_session=_going_on(patient),
        instrument=instrument.key,
        version=instrument.version,
        answers={code: answered.answers.get(code) for code in instrument.codes},
        score=result.score,
        out_of=result.out_of,
        incomplete=result.incomplete,
        flags=[asdict(flag) for flag in result.flags],
        observed_at=answered.observed_at,
        recorded_at=now,
        recorded_by=by,
        link=link,
        note=answered.note,
        supersedes=wrong,
        reason=reason.strip(),
        entered_in_error=in_error,
    )
    if not in_error:
        for flag in result.flags:
            _ask_to_look(row, flag, now)
    return row


def _going_on(patient: Patient) -> TreatmentSession | None:
    return TreatmentSession.objects.filter(patient=patient, status__in=PRESENT).first()


def _check(patient: Patient, instrument: Instrument, answered: Answered, now: datetime) -> None:
    check_happened(answered.observed_at, now, field="observed_at")
    if answered.observed_at.astimezone(patient.clinic.zone).date() < patient.birth_date:
        raise ValidationError({"observed_at": "This is before the birth date."})
    if all(answered.answers.get(code) is None for code in instrument.codes):
        raise ValidationError("Enter at least one answer.", code="empty")
    total, most = answered.answers.get("score"), answered.answers.get("out_of")
    if total is not None and most is not None and total > most:
        raise ValidationError({"score": "The score is higher than the most there is."})


def _ask_to_look(row: Assessment, flag: Flag, now: datetime) -> None:
    if not flag.asks:
        return
    tasks.ask(
        Task.Kind.RESULT,
        patient=row.patient,
        role=Role.PRESCRIBER,
        text=flag.text[:300],
        due_at=now if flag.urgent else now + LOOK_WITHIN,
        dedupe_key=f"result:{row.public_id}:{flag.code}",
        source=row,
    )
