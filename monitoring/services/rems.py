"""The REMS Patient Monitoring Form: what was told for it, its deadline, and how it was filed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import DateField, Exists, F, Func, OuterRef, QuerySet
from django.db.models.functions import Cast

from clinic import audit, clock, times
from clinic.audit import acting
from clinic.entries import Submission
from clinic.models import RemsCertification, User
from clinic.roles import Role
from clinic.words import explains
from monitoring import rems
from monitoring.models import (
    RemsFiling,
    RemsForm,
    RemsPolicy,
)
from monitoring.rems import Change, Form
from monitoring.services import rems_rows, seen
from patients.models import RemsEnrolment, Task
from patients.services import tasks
from sessions.lifecycle import ENDINGS, Status
from sessions.models import Dose, TreatmentSession
from sessions.rems import applies, sessions_under_rems
from sessions.services import steps

FILE = "monitoring.file_rems_form"
LAST_MINUTE = time(23, 59)
NOT_DUE = (
    "REMS asks for no form here: it does for a session that ended after a dose of esketamine, "
    "of a patient enrolled by that day, since the site's certification began."
)


@dataclass(frozen=True, slots=True)
class Sheet:
    """One session's form as it stands now."""

    treatment_session: Any
    due_on: date
    today: date
    form: Form
    filing: RemsFiling | None  # the newest
    changes: tuple[Change, ...] = ()  # since then

    @property
    def is_open(self) -> bool:
        return self.filing is None or bool(self.changes)

    @property
    def is_overdue(self) -> bool:
        return self.filing is None and self.today > self.due_on

    @property
    def shown(self) -> str:
        return seen.digest(f"{row['key']}={row['value']}" for row in self.form.snapshot())


def wanted() -> QuerySet[TreatmentSession]:
    """Return sessions that need a form: every ending after a dose under REMS, and what was filed.

    Only of patients enrolled by that day, and not from before the site was certified. An enrolment
    that ended leaves the forms of its sessions due.
    """
    given = Dose.objects.given().filter(treatment_session=OuterRef("pk"))
    certified = RemsCertification.objects.filter(
        clinic=OuterRef("clinic"), certified_on__lte=OuterRef("treated_on")
    )
    enrolled = RemsEnrolment.objects.filter(
        patient=OuterRef("patient"), enrolled_on__lte=OuterRef("treated_on")
    )
    local = Func("clinic__time_zone", F("starts_at"), function="timezone")
    return (
        rems_rows.sessions()
        .alias(treated_on=Cast(local, DateField()))
        .filter(sessions_under_rems(), Exists(given), status__in=ENDINGS)
        .filter((Exists(certified) & Exists(enrolled)) | Exists(_filings()))
    )


def unfiled(rows: QuerySet[TreatmentSession]) -> QuerySet[TreatmentSession]:
    return rows.filter(~Exists(_filings()))


def _filings() -> QuerySet[RemsFiling]:
    return RemsFiling.objects.filter(treatment_session=OuterRef("pk"))


def sheets(rows: list[Any], now: datetime) -> list[Sheet]:
    """Derive the forms of sessions of one clinic, in the same few statements for any number."""
    if not rows:
        return []
    policy = RemsPolicy.of(rows[0].clinic_id)
    filings: dict[int, RemsFiling] = {}
    found = RemsFiling.objects.filter(treatment_session__in=rows).select_related("filed_by")
    for filing in found:
        filings.setdefault(filing.treatment_session_id, filing)
    forms = rems_rows.forms(rows)
    return [_sheet(row, forms[row.pk], filings.get(row.pk), policy, now) for row in rows]


def load(treatment_session: TreatmentSession, now: datetime) -> Sheet | None:
    """Return the session's form; None where REMS asks for none."""
    rows = list(wanted().filter(pk=treatment_session.pk))
    return next(iter(sheets(rows, now)), None)


def _sheet(
    row: Any, form: Form, filing: RemsFiling | None, policy: RemsPolicy, now: datetime
) -> Sheet:
    return Sheet(
        treatment_session=row,
        due_on=_due_on(row, policy),
        today=now.astimezone(row.clinic.zone).date(),
        form=form,
        filing=filing,
        changes=rems.changes(filing.snapshot, form) if filing else (),
    )


def _due_on(row: TreatmentSession, policy: RemsPolicy) -> date:
    treated_on = row.starts_at.astimezone(row.clinic.zone).date()
    return treated_on + timedelta(days=policy.file_within_days)


def ask_for_form(treatment_session: TreatmentSession, left: str) -> None:
    """Ask for the form once a session has ended after a dose; told of every step, in its turn."""
    if not treatment_session.is_over or left not in {Status.DOSING, Status.MONITORING}:
        return
    if not applies(treatment_session.clinic, treatment_session.course.protocol):
        return
    if wanted().filter(pk=treatment_session.pk).exists():
        to_file(treatment_session)


def to_file(treatment_session: TreatmentSession) -> Task:
    row = treatment_session
    due_on = _due_on(row, RemsPolicy.of(row.clinic_id))
    return tasks.ask(
        Task.Kind.REMS_FORM,
        patient=row.patient,
        role=Role.NURSE,
        text=f"File the REMS monitoring form of session {row.number}.",
        due_at=datetime.combine(due_on, LAST_MINUTE, tzinfo=row.clinic.zone),
        dedupe_key=f"rems:{row.public_id}",
        source=row,
    )


def record_answers(
    pk: int, answers: Mapping[str, Any], *, by: User, entry: Submission | None = None
) -> RemsForm:
    """Keep what the log can't tell; a signed session takes it, too: the form is no part of it."""
    with acting(by, entry):
        treatment_session, now = _lock(pk, by), clock.now()
        if load(treatment_session, now) is None:
            raise ValidationError(NOT_DUE, code="rems")
        kept = {name: answer for name, answer in answers.items() if answer not in (None, "", [])}
        form = RemsForm.objects.create(
            treatment_session=treatment_session, answers=kept, recorded_by=by, recorded_at=now
        )
        audit.record("rems.answered", subject=treatment_session)
        return form


def file(
    pk: int,
    *,
    channel: str,
    by: User,
    filed_at: datetime | None = None,
    reference: str = "",
    incomplete_reason: str = "",
    shown: str | None = None,
    entry: Submission | None = None,
) -> RemsFiling:
    """Record that the form, as it stands, went to REMS; missing fields are filed with a reason.

    `shown` is the digest of the form that the page showed; None: no page did (a command, a test).
    """
    with acting(by, entry):
        treatment_session, now = _lock(pk, by), clock.now()
        sheet = load(treatment_session, now)
        if sheet is None:
            raise ValidationError(NOT_DUE, code="rems")
        if shown is not None and shown != sheet.shown:
            raise seen.UnseenError("The form changed since you looked: compare it again.")
        filed_at = filed_at or now
        times.check_happened(filed_at, now, field="filed_at")
        if treatment_session.ended_at and filed_at < treatment_session.ended_at:
            raise ValidationError({"filed_at": "The session had not ended by then."})
        missing = [field.label for field in sheet.form.missing]
        if missing and not explains(incomplete_reason):
            text = f"Say why it is filed without: {', '.join(missing)}."
            raise ValidationError({"incomplete_reason": text})
        filing = RemsFiling.objects.create(
            treatment_session=treatment_session,
            filed_at=filed_at,
            filed_by=by,
            recorded_at=now,
            channel=channel,
            reference=reference.strip(),
            snapshot=sheet.form.snapshot(),
            missing=missing,
            incomplete_reason=incomplete_reason.strip() if missing else "",
        )
        asked = {"kind": Task.Kind.REMS_FORM, "source_id": treatment_session.public_id}
        tasks.close_for(by=by, note="The form is filed.", **asked)
        audit.record("rems.filed", subject=treatment_session, channel=channel)
        return filing


def _lock(pk: int, by: User) -> TreatmentSession:
    treatment_session = steps.lock(pk)
    if not by.may(FILE, treatment_session.clinic_id):
        raise PermissionDenied(FILE)
    return treatment_session
