"""Critical values: acknowledged with what was done, and a prescriber asked until one knows."""

from collections.abc import Iterable
from datetime import datetime
from functools import cache

from django.core.exceptions import ValidationError
from django.db.models import OuterRef

from clinic import audit, clock, times
from clinic.audit import acting
from clinic.bundles import Bundle, One
from clinic.entries import Submission
from clinic.models import User
from clinic.roles import Role
from clinic.words import explains
from monitoring.alerts import Alert
from monitoring.calls import as_rows
from monitoring.models import CriticalAcknowledgement
from monitoring.readings import said
from monitoring.services import history, history_rows, seen
from patients.models import Task
from patients.services import tasks
from sessions.lifecycle import PRESENT
from sessions.models import TreatmentSession
from sessions.services import steps

RECORD = "monitoring.record_vitals"
PRESCRIBER = "treatment_sessions.override_gate"
How = CriticalAcknowledgement.How
TEXT = "Critical vital signs: go to the patient or call back, and acknowledge on the session sheet."
SETTLED = "No critical value waits for a prescriber any more."


def digest(found: tuple[Alert, ...]) -> str:
    """Return what stands in the form for the values that it showed."""
    return seen.digest(f"{alert.setting} {alert.observed_at} {alert.text}" for alert in found)


def acknowledge(
    pk: int,
    action: str,
    *,
    by: User,
    informed_name: str = "",
    informed_at: datetime | None = None,
    shown: str | None = None,
    entry: Submission | None = None,
) -> CriticalAcknowledgement:
    """Record that the critical values of now were seen, and what was done.

    A prescriber's word ends the call; so does a nurse's who names the prescriber they informed.
    `shown` is the digest of what the form named; None: no form was shown (a command, a test).
    """
    with acting(by, entry):
        treatment_session = steps.lock_for(pk, by, RECORD)
        now = clock.now(treatment_session)
        record = history.load(treatment_session)
        found = record.critical(now)
        how = _how(by, treatment_session, informed_name)
        _check(found, shown, action)
        if how == How.SEEN and not record.calls(now).unseen:
            text = "This was acknowledged. Name the prescriber who was informed, and when."
            raise ValidationError({"informed_name": text}, code="seen")
        if how == How.INFORMED:
            informed_at = informed_at or now
            arrived = treatment_session.arrived_at
            times.check_happened(informed_at, now, field="informed_at", not_before=arrived)
        row = CriticalAcknowledgement.objects.create(
            treatment_session=treatment_session,
            how=how,
            alerts=as_rows(found),
            digest=digest(found),
            action=action.strip(),
            informed_name=informed_name.strip() if how == How.INFORMED else "",
            informed_at=informed_at if how == How.INFORMED else None,
            by=by,
            at=now,
        )
        audit.record("critical.acknowledged", subject=treatment_session, how=how.value)
        follow(treatment_session, by=by, now=now)
        return row


def know(
    treatment_session: TreatmentSession,
    decided: Iterable[Alert],
    action: str,
    *,
    by: User,
    now: datetime,
) -> None:
    """Take a prescriber's decision on critical values as their acknowledgement of these.

    Inside the transaction of the decision, whose form showed the values.
    """
    about = {(alert.key, alert.observed_at) for alert in decided}
    stands = history.load(treatment_session).critical(now)
    found = tuple(alert for alert in stands if (alert.key, alert.observed_at) in about)
    if not found:
        return
    CriticalAcknowledgement.objects.create(
        treatment_session=treatment_session,
        how=How.PRESCRIBER,
        alerts=as_rows(found),
        digest=digest(found),
        action=action,
        by=by,
        at=now,
    )
    audit.record("critical.acknowledged", subject=treatment_session, how=How.PRESCRIBER.value)
    follow(treatment_session, by=by, now=now)


def follow(treatment_session: TreatmentSession, *, by: User, now: datetime) -> None:
    """Ask a prescriber once where critical values wait for one, and no longer where none does.

    Inside the transaction, after each change of what the values rest on.
    """
    found = _bundle().read(treatment_session.pk)
    waiting, asked = history.record_of(treatment_session, found).calls(now).waiting, found["asked"]
    if not waiting:
        if asked:
            tasks.close_for(
                by=by,
                note=SETTLED,
                kind=Task.Kind.CRITICAL,
                source_id=treatment_session.public_id,
            )
        return
    if treatment_session.status not in PRESENT or asked:
        return
    tasks.ask(
        Task.Kind.CRITICAL,
        patient=treatment_session.patient,
        role=Role.PRESCRIBER,
        text=TEXT,
        due_at=now,
        dedupe_key=f"critical:{treatment_session.public_id}:{digest(waiting)[:16]}",
        source=treatment_session,
    )


@cache
def _bundle() -> Bundle:
    asked = Task.objects.open().filter(kind=Task.Kind.CRITICAL, source_id=OuterRef("public_id"))
    return Bundle(TreatmentSession, history_rows.parts() | {"asked": One(asked, "kind")})


def _how(by: User, treatment_session: TreatmentSession, informed_name: str) -> How:
    if by.may(PRESCRIBER, treatment_session.clinic_id):
        return How.PRESCRIBER
    return How.INFORMED if said(informed_name) else How.SEEN


def _check(found: tuple[Alert, ...], shown: str | None, action: str) -> None:
    if not found:
        text = "No critical value stands now: there is nothing to acknowledge."
        raise ValidationError(text, code="none")
    if shown is not None and shown != digest(found):
        text = "The values changed since you looked. Acknowledge again with all in view."
        raise seen.UnseenError(text)
    if not explains(action):
        raise ValidationError(
            {"action": "Say what was done, such as “lies down, recheck at 14:10”."}
        )
