"""What a patient asked for through a link, and the decision about it."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from clinic import audit, clock
from clinic.access import allow, fetch, staff
from clinic.forms import ClinicalForm, errors_on
from clinic.htmx import redirect_page
from desk.forms import DecideForm, DeclineForm
from patients.banner import banner_for
from portal.models import ChangeRequest
from portal.services import deciding
from sessions.services import moving

ROWS = (
    *("patient__clinic", "treatment_session__chair__room", "treatment_session__course"),
    *("treatment_session__phase", "decided_by"),
)


@require_GET
def change(request: HttpRequest, public_id: UUID) -> HttpResponse:
    return _show(request, _open(request, public_id))


@require_POST
def accept(request: HttpRequest, public_id: UUID) -> HttpResponse:
    row, form = _open(request, public_id), DecideForm(request.POST)

    def save() -> None:
        entry = form.submission("accept_request", public_id)
        deciding.accept(row.pk, reason=form.cleaned_data["reason"], by=staff(request), entry=entry)

    return _decide(request, row, form, save, accepting=form)


@require_POST
def decline(request: HttpRequest, public_id: UUID) -> HttpResponse:
    row, form = _open(request, public_id), DeclineForm(request.POST)

    def save() -> None:
        entry = form.submission("decline_request", public_id)
        deciding.decline(row.pk, reason=form.cleaned_data["reason"], by=staff(request), entry=entry)

    return _decide(request, row, form, save, declining=form)


def _open(request: HttpRequest, public_id: UUID) -> ChangeRequest:
    rows = ChangeRequest.objects.select_related(*ROWS)
    row: ChangeRequest = fetch(request, rows, moving.MOVE, public_id=public_id)
    allow(staff(request), deciding.PERMISSION[deciding.Kind(row.kind)], row)
    audit.read(staff(request), "request", row)
    return row


def _decide(
    request: HttpRequest,
    row: ChangeRequest,
    form: ClinicalForm,
    save: Callable[[], None],
    **shown: ClinicalForm,
) -> HttpResponse:
    if form.is_for(request, row.patient_id):
        with errors_on(form):
            save()
            messages.success(request, "It is decided, and the task is closed.")
        if not form.errors:
            return redirect_page(request, "desk:request", row.public_id)
    return _show(request, row, status=form.status_code, **shown)


def _show(
    request: HttpRequest, row: ChangeRequest, *, status: int = 200, **shown: Any
) -> HttpResponse:
    now = clock.now()
    today = now.astimezone(row.patient.clinic.zone).date()
    context = {
        "asked": row,
        "patient": row.patient,
        "treatment_session": row.treatment_session,
        "banner": banner_for(row.patient, staff(request), today),
        "accepting": DecideForm(),
        "declining": DeclineForm(),
        "now": now,
        **shown,
    }
    return render(request, "desk/request.html", context, status=status)
