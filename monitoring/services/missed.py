"""Checks that were not done: settled with a reason, or withdrawn where that was wrong."""

from datetime import datetime

from django.core.exceptions import ValidationError

from clinic import audit, clock
from clinic.audit import acting
from clinic.entries import Submission
from clinic.models import User
from clinic.refusals import refused_kindly
from clinic.words import explains
from monitoring.models import MissedCheck
from monitoring.services import history
from sessions.models import TreatmentSession
from sessions.services import steps

RECORD = "monitoring.record_vitals"


def settle(
    pk: int, label: str, reason: str, *, by: User, entry: Submission | None = None
) -> MissedCheck:
    """Say why a check that is due was not done, or was done too late to count."""
    with refused_kindly(), acting(by, entry):
        treatment_session = steps.lock_for(pk, by, RECORD)
        now = clock.now()
        if not explains(reason):
            raise ValidationError({"reason": "Say why it was missed."})
        if label not in explainable(history.load(treatment_session), now):
            raise ValidationError(
                {"label": "This check needs no reason now: it is not due, or settled."}
            )
        missed = MissedCheck.objects.create(
            treatment_session=treatment_session,
            label=label,
            reason=reason.strip(),
            by=by,
            at=now,
            supersedes=_last_error(treatment_session, label),
        )
        audit.record("check.missed", subject=treatment_session, check=label)
        return missed


def withdraw(
    pk: int, label: str, reason: str, *, by: User, entry: Submission | None = None
) -> MissedCheck:
    """Take back that a check was missed: it is open again until it is done or explained."""
    with acting(by, entry):
        treatment_session = steps.lock_for(pk, by, RECORD)
        if not explains(reason):
            raise ValidationError({"reason": "Say why this was wrong."})
        standing = MissedCheck.objects.filter(treatment_session=treatment_session).standing()
        wrong = standing.filter(label=label).first()
        if wrong is None:
            raise ValidationError({"label": "This check is not on record as missed."})
        error = MissedCheck.objects.create(
            treatment_session=treatment_session,
            label=label,
            reason=reason.strip(),
            by=by,
            at=clock.now(),
            supersedes=wrong,
            entered_in_error=True,
        )
        audit.record("check.missed_in_error", subject=treatment_session, check=label)
        return error


def explainable(record: history.Record, now: datetime) -> list[str]:
    """Return the labels of the checks for which a reason may be given now.

    A blood pressure of the gate that no check of the template stands for goes by its own code.
    """
    labels = [
        check.label
        for check in record.due(now)
        if check.is_open and check.due_at is not None and check.due_at <= now
    ]
    checks = {
        "bp_baseline_missing": record.settings.baseline_check,
        "bp_peak_missing": record.settings.peak_check,
    }
    asked = [c.code for c in record.gate(now).unmet if c.action == "explain" and c.code in checks]
    for code in asked:
        check = checks[code]
        label = check.label if check else code
        if label not in labels:
            labels.append(label)
    return [label for label in labels if label not in record.missed]


def _last_error(treatment_session: TreatmentSession, label: str) -> MissedCheck | None:
    errors = MissedCheck.objects.filter(treatment_session=treatment_session, entered_in_error=True)
    return errors.filter(label=label, superseded_by__isnull=True).first()
