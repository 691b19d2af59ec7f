"""Every change of a session's status goes through `take`, whoever asks for it."""

from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError

from clinic import audit, clock, locks, times
from clinic.audit import acting
from clinic.entries import Submission
from clinic.locks import check_version
from clinic.models import Chair, User
from clinic.words import explains
from sessions import lifecycle, ports
from sessions.lifecycle import ENDINGS, GuardName, Status
from sessions.models import ChairStay, Dose, StatusChange, TreatmentSession
from sessions.models.protocol import Route
from sessions.services import asks, authorization, drips

SIT = "treatment_sessions.run_session"


def lock(pk: int) -> TreatmentSession:
    """Lock the session for this transaction; every clinical child write begins here.

    What hangs on it is read after the lock: joined, it would be as it stood before the wait.
    """
    return locks.exclusive(TreatmentSession, pk)


def lock_all(**conditions: Any) -> list[TreatmentSession]:
    """Lock sessions by key and return them as they are under the lock.

    PostgreSQL asks conditions on the session's own columns again once it holds the row: one that
    meanwhile stopped meeting them is not returned.
    """
    rows = TreatmentSession.objects.select_for_update(of=("self",)).select_related(
        "clinic", "patient", "course", "course__protocol", "phase", "chair"
    )
    return list(rows.filter(**conditions).order_by("pk"))


def lock_open(pk: int) -> TreatmentSession:
    """Lock a session to add to its record, which a signature closes.

    What is added after the end makes every page stale that a prescriber may have open to sign.
    """
    treatment_session = lock(pk)
    refuse_signed(treatment_session)
    if treatment_session.is_over:
        treatment_session.version += 1
        treatment_session.save(update_fields=["version"])
    return treatment_session


def lock_for(pk: int, by: User, permission: str) -> TreatmentSession:
    """Lock a session to add to its record, for somebody who may."""
    treatment_session = lock_open(pk)
    if not by.may(permission, treatment_session.clinic_id):
        raise PermissionDenied(permission)
    return treatment_session


def refuse_signed(treatment_session: TreatmentSession) -> None:
    if treatment_session.is_signed:
        raise ValidationError(
            "This session is signed: its record is closed. Nothing can be added or changed.",
            code="signed",
        )


def take(
    treatment_session: TreatmentSession,
    to_status: Status,
    *,
    by: User,
    now: datetime,
    at: datetime | None = None,
    reason: str = "",
    outside_gate: bool = False,
    guarded: bool = True,
) -> None:
    """Take one step with a locked session, inside `acting`.

    Outside the gate the guard is not asked: what has happened is recorded, with its reason, and a
    prescriber is asked to look at it. `guarded=False` is for callers that have asked it themselves.
    """
    step = lifecycle.step(treatment_session.status, to_status)
    refuse_signed(treatment_session)
    if not by.may(step.permission, treatment_session.clinic_id):
        raise PermissionDenied(step.permission)
    if (step.needs_reason or outside_gate) and not explains(reason):
        raise ValidationError({"reason": "Say why."}, code="reason")
    if guarded and not outside_gate:
        _ask_guard(step.guard, treatment_session, now)
    left = treatment_session.status
    if left == Status.NO_SHOW:
        _refuse_made_up(treatment_session)
    _apply(treatment_session, to_status, at=at or now, reason=reason, outside_gate=outside_gate)
    StatusChange.objects.create(
        treatment_session=treatment_session,
        from_status=left,
        to_status=to_status,
        at=at or now,
        recorded_at=now,
        by=by,
        reason=reason.strip(),
        outside_gate=outside_gate,
    )
    audit.record(f"session.{to_status}", subject=treatment_session, outside_gate=outside_gate)
    ports.status_changed(treatment_session, left)
    asks.after_step(treatment_session, left, by=by, now=now, outside_gate=outside_gate)


def _apply(
    treatment_session: TreatmentSession,
    to_status: Status,
    *,
    at: datetime,
    reason: str,
    outside_gate: bool,
) -> None:
    """Write the new status with the times that belong to it."""
    ends = to_status in ENDINGS
    treatment_session.status = to_status
    treatment_session.version += 1
    treatment_session.ended_at = at if ends else None
    treatment_session.ending_reason = reason.strip() if ends else ""
    if to_status == Status.PLANNED:
        treatment_session.arrived_at = None
    elif to_status == Status.CHECKED_IN and treatment_session.arrived_at is None:
        treatment_session.arrived_at = at
    treatment_session.outside_gate = treatment_session.outside_gate or outside_gate
    treatment_session.save(
        update_fields=[
            "status",
            "version",
            "ended_at",
            "ending_reason",
            "arrived_at",
            "outside_gate",
        ]
    )


def _refuse_made_up(treatment_session: TreatmentSession) -> None:
    again = treatment_session.stand_in
    if again is not None:
        raise ValidationError(
            f"It has a new date, {asks.when(again)}. Check in there, or cancel that one first.",
            code="made_up",
        )


def _ask_guard(guard: GuardName, treatment_session: TreatmentSession, now: datetime) -> None:
    if guard == GuardName.PREDOSE:
        unmet = authorization.missing(treatment_session, now)
    elif guard == GuardName.DISCHARGE:
        unmet = ports.discharge(treatment_session, now)
    else:
        return
    if unmet:
        raise ValidationError([condition.text for condition in unmet], code=guard)


def change_status(
    pk: int,
    to_status: Status,
    *,
    by: User,
    at: datetime | None = None,
    reason: str = "",
    outside_gate: bool = False,
    notify: bool = False,
    version: int | None,
    entry: Submission | None = None,
) -> TreatmentSession:
    """Take one step, unless the session has changed since the page was opened."""
    with acting(by, entry):
        treatment_session = lock(pk)
        check_version(treatment_session, version)
        now = clock.now(treatment_session)
        if at is not None:
            times.check_happened(at, now, field="at", not_before=treatment_session.arrived_at)
        if to_status == Status.MONITORING:
            _refuse_while_it_runs(treatment_session)
        take(
            treatment_session,
            to_status,
            by=by,
            now=now,
            at=at,
            reason=reason,
            outside_gate=outside_gate,
        )
        if notify and to_status == Status.CANCELLED:
            ports.notice_wanted(treatment_session)
        return treatment_session


def _refuse_while_it_runs(treatment_session: TreatmentSession) -> None:
    """The stop of an infusion leads to monitoring: before it, the pump still gives."""
    infusions = Dose.objects.filter(treatment_session=treatment_session, route=Route.IV)
    last = infusions.standing().last()
    events = drips.steps_of(treatment_session, last.number) if last else []
    if events and events[-1].kind != drips.Kind.STOP:
        raise ValidationError("The infusion is running: record its stop.", code="running")


def sit(
    pk: int,
    *,
    by: User,
    chair: Chair | None = None,
    place: str = "",
    reason: str = "",
    entry: Submission | None = None,
) -> ChairStay:
    """Record where the patient sits now; the booking stays as it is."""
    with acting(by, entry):
        treatment_session = lock(pk)
        if chair is not None and chair.room.clinic_id != treatment_session.clinic_id:
            raise ValidationError({"chair": "Choose a chair of this clinic."})
        if chair is None and not place.strip():
            raise ValidationError({"place": "Choose a chair, or say where the patient is."})
        return sit_down(treatment_session, chair=chair, place=place, by=by, reason=reason)


def sit_down(
    treatment_session: TreatmentSession,
    *,
    by: User,
    chair: Chair | None = None,
    place: str = "",
    reason: str = "",
) -> ChairStay:
    """Write where the patient of a locked session sits from now on."""
    if not by.may(SIT, treatment_session.clinic_id):
        raise PermissionDenied(SIT)
    if treatment_session.status not in lifecycle.PRESENT:
        raise ValidationError("The patient is not here now.", code="not_present")
    stay = ChairStay.objects.create(
        treatment_session=treatment_session,
        chair=chair,
        place=place.strip() if chair is None else "",
        since=clock.now(),
        by=by,
        reason=reason.strip(),
    )
    audit.record("session.moved_to_chair", subject=treatment_session)
    return stay
