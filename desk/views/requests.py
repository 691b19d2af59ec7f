"""What a patient asked for through a link, and the decision about it."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from clinic.access import allow, staff
from desk.forms import AcceptForm, DeclineForm
from patients.views.pages import Page, answer, open_row
from portal.models import ChangeRequest
from portal.services import deciding, notices
from portal.services.deciding import Kind
from sessions.services import moving

SHOWN = "desk/request.html"
ACCEPT = {
    Kind.RESCHEDULE: Page(
        "The patient asks for another time",
        "Move the session",
        "The session moved.",
        SHOWN,
    ),
    Kind.CANCEL: Page(
        "The patient wants to call a visit off",
        "Cancel the session",
        "The session is cancelled.",
        SHOWN,
    ),
    Kind.REBOOK: Page(
        "The patient asks for a new time", "It is arranged", "The request is settled.", SHOWN
    ),
}
DECLINE = Page("Decline what the patient asked for", "Decline", "The session stays as it is.")
LEAD = "The session stays as it is. Call the patient first: no e-mail says this."


@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show the request, with the button that does what was asked."""
    row = _open(request, public_id)
    form = AcceptForm(request.POST or None, kind=row.kind)

    def save() -> None:
        entry = form.submission("accept_request", public_id)
        reason = form.cleaned_data.get("reason", "")
        deciding.accept(row.pk, reason=reason, by=staff(request), entry=entry)
        if row.kind != Kind.REBOOK:
            _say_who_tells(request, row)

    page, session = ACCEPT[Kind(row.kind)], row.treatment_session
    return answer(request, form, row.patient, save, page, asked=row, treatment_session=session)


def _say_who_tells(request: HttpRequest, row: ChangeRequest) -> None:
    obstacle = notices.obstacle(row.treatment_session_id)
    if obstacle:
        messages.warning(request, f"Call the patient: no e-mail goes. {obstacle}")
    else:
        messages.info(request, "The patient is told by e-mail.")


@require_http_methods(["GET", "POST"])
def decline(request: HttpRequest, public_id: UUID) -> HttpResponse:
    row, form = _open(request, public_id), DeclineForm(request.POST or None)

    def save() -> None:
        entry = form.submission("decline_request", public_id)
        reason = form.cleaned_data["reason"]
        deciding.decline(row.pk, reason=reason, by=staff(request), entry=entry)

    return answer(request, form, row.patient, save, DECLINE, lead=LEAD)


def _open(request: HttpRequest, public_id: UUID) -> ChangeRequest:
    rows = ChangeRequest.objects.select_related(
        *("treatment_session__chair__room", "treatment_session__course"),
        *("treatment_session__phase", "decided_by"),
    )
    row: ChangeRequest = open_row(request, rows, moving.MOVE, public_id, "request")
    allow(staff(request), deciding.PERMISSION[Kind(row.kind)], row)
    return row
