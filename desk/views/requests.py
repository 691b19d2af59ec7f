"""What a patient asked for through a link, and the decision about it."""

from dataclasses import replace
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from clinic import clock
from clinic.access import allow, staff
from desk.forms import AcceptForm, DeclineForm
from patients.views.pages import Page, answer, open_row
from portal.models import ChangeRequest
from portal.services import deciding, notices
from portal.services.deciding import Kind
from sessions.lifecycle import Status
from sessions.models import TreatmentSession
from sessions.services import making_up, moving

SHOWN = "desk/request.html"
MOVE = Page("The patient asks for another time", "Move the session", "The session moved.", SHOWN)
BOOK = Page(
    "The patient asks for a new time", "Book the session", "The new session is booked.", SHOWN
)
CANCEL = Page(
    "The patient wants to call a visit off",
    "Cancel the session",
    "The session is cancelled.",
    SHOWN,
)
NO_MORE = Page(
    "The patient wants no new time", "I have seen to it", "The request is settled.", SHOWN
)
DECLINE = Page("Decline what the patient asked for", "Decline", "The session stays as it is.")
LEAD = "The session stays as it is. Call the patient first: no e-mail says this."
DECLINE_MISSED = replace(DECLINE, saved="The session stays on record as missed.")
LEAD_MISSED = (
    "The session stays on record as missed. Call the patient first and say what comes next: "
    "no e-mail says this."
)


@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show the request, with the button that does what was asked."""
    row = _open(request, public_id)
    session, form = row.treatment_session, AcceptForm(request.POST or None)
    is_missed = session.status == Status.NO_SHOW

    def save() -> None:
        entry = form.submission("accept_request", public_id)
        deciding.accept(row.pk, by=staff(request), entry=entry)
        told = session.stand_in if is_missed else session
        if told is not None:
            _say_who_tells(request, told)

    return answer(
        request,
        form,
        row.patient,
        save,
        _page(row, is_missed=is_missed),
        asked=row,
        treatment_session=session,
        is_missed=is_missed,
        asked_before=is_missed and session.ended_at is not None and row.asked_at < session.ended_at,
        again=session.stand_in if is_missed else None,
        missed_rule=making_up.asked_first(session) if is_missed else "",
        why_none=making_up.why_none(session, clock.now()) if _found_none(row) else "",
    )


def _page(row: ChangeRequest, *, is_missed: bool) -> Page:
    if row.kind == Kind.CANCEL:
        return NO_MORE if is_missed else CANCEL
    return BOOK if is_missed else MOVE


def _found_none(row: ChangeRequest) -> bool:
    return row.kind == Kind.REBOOK and row.wanted_at is None and row.decided_at is None


def _say_who_tells(request: HttpRequest, session: TreatmentSession) -> None:
    obstacle = notices.obstacle(session.pk)
    if obstacle:
        messages.warning(request, f"Call the patient: no e-mail goes. {obstacle}")
    else:
        messages.info(request, "The patient is told by e-mail.")


@require_http_methods(["GET", "POST"])
def decline(request: HttpRequest, public_id: UUID) -> HttpResponse:
    row, form = _open(request, public_id), DeclineForm(request.POST or None)
    is_missed = row.treatment_session.status == Status.NO_SHOW
    page, lead = (DECLINE_MISSED, LEAD_MISSED) if is_missed else (DECLINE, LEAD)

    def save() -> None:
        entry = form.submission("decline_request", public_id)
        reason = form.cleaned_data["reason"]
        deciding.decline(row.pk, reason=reason, by=staff(request), entry=entry)

    return answer(request, form, row.patient, save, page, lead=lead)


def _open(request: HttpRequest, public_id: UUID) -> ChangeRequest:
    rows = ChangeRequest.objects.select_related(
        *("treatment_session__chair__room", "treatment_session__course"),
        *("treatment_session__phase", "treatment_session__clinic"),
        *("treatment_session__patient", "decided_by"),
    )
    row: ChangeRequest = open_row(request, rows, moving.MOVE, public_id, "request")
    allow(staff(request), deciding.PERMISSION[Kind(row.kind)], row)
    return row
