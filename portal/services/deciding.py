"""What staff make of a patient's request."""

from datetime import datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet

from clinic import audit, clock
from clinic.audit import acting
from clinic.entries import Submission
from clinic.models import User
from clinic.refusals import refused_kindly
from clinic.words import explains
from patients.services import tasks
from portal.models import ChangeRequest
from sessions import ports
from sessions.lifecycle import Status
from sessions.models import TreatmentSession
from sessions.services import making_up, moving, steps
from sessions.services.cancelling import CANCEL

Kind, Decision = ChangeRequest.Kind, ChangeRequest.Decision
PERMISSION = {
    Kind.RESCHEDULE: moving.MOVE,
    Kind.REBOOK: moving.MOVE,
    Kind.CANCEL: CANCEL,
}
ASKED = "The patient asked for it."


def accept(pk: int, *, by: User, entry: Submission | None = None) -> ChangeRequest:
    """Do what the patient asked for by the ordinary services, with their checks.

    Where no mail may go, a task asks to call. What was to be called off and is missed by now stays
    missed.
    """
    with refused_kindly(), acting(by, entry):
        request, session = _locked(pk, by)
        if request.kind != Kind.CANCEL and request.wanted_at is None:
            raise ValidationError("The patient named no time: call, book one, and this is settled.")
        _decide(request, Decision.ACCEPTED, "", by=by)
        if request.wanted_at is not None:
            session = _book(session, request.wanted_at, by=by)
        elif session.status != Status.NO_SHOW:
            steps.take(session, Status.CANCELLED, by=by, now=clock.now(), reason=ASKED)
        if session.status != Status.NO_SHOW:
            ports.notice_wanted(session)
        return request


def _book(session: TreatmentSession, wanted_at: datetime, *, by: User) -> TreatmentSession:
    """Move the visit there; a missed one is made up for by a new one."""
    is_missed = session.status == Status.NO_SHOW
    book = making_up.make_up if is_missed else moving.move
    local = wanted_at.astimezone(session.clinic.zone)
    booked = book(
        session.pk,
        day=local.date(),
        wall_time=local.time(),
        reason=ASKED,
        by=by,
        version=session.version,
    )
    if is_missed and booked.warnings:
        raise ValidationError([*booked.warnings, "Choose another date, or say why it is this one."])
    return booked.treatment_session


def decline(pk: int, *, by: User, reason: str, entry: Submission | None = None) -> ChangeRequest:
    """Leave the visit as it is; a person tells the patient why."""
    with acting(by, entry):
        request, _ = _locked(pk, by)
        if not explains(reason):
            raise ValidationError({"reason": "Say why, and that the patient knows."})
        _decide(request, Decision.DECLINED, reason, by=by)
        return request


def settle(rows: QuerySet[ChangeRequest], why: str) -> None:
    """Close open requests whose visits have just changed, inside that transaction."""
    for request in rows.order_by("pk").select_for_update(of=("self",)):
        _decide(request, Decision.SETTLED, why, by=None)


def _locked(pk: int, by: User) -> tuple[ChangeRequest, TreatmentSession]:
    """Lock in the usual order: course, chairs, session; the request comes after them."""
    found = ChangeRequest.objects.get(pk=pk)
    session = moving.lock(found.treatment_session_id)
    request = ChangeRequest.objects.select_for_update(of=("self",)).get(pk=pk)
    if not by.may(PERMISSION[Kind(request.kind)], request.clinic_id):
        raise PermissionDenied(PERMISSION[Kind(request.kind)])
    if request.decided_at is not None:
        raise ValidationError(
            f"This was decided already: {request.get_decision_display().lower()}.", code="decided"
        )
    return request, session


def _decide(request: ChangeRequest, decision: str, reason: str, *, by: User | None) -> None:
    request.decision, request.decision_reason = decision, reason.strip()
    request.decided_at, request.decided_by = clock.now(), by
    request.save(update_fields=["decision", "decision_reason", "decided_at", "decided_by"])
    audit.record(f"request.{decision}", subject=request)
    note = request.decision_reason or f"{request.get_decision_display()}."
    tasks.close_for(by=by, note=note, dedupe_key=request.task_key)
