"""The REMS Patient Monitoring Form of a session: seen, answered, printed, filed."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_http_methods

from clinic import audit, clock
from clinic.access import fetch, staff
from clinic.forms import errors_on
from clinic.htmx import HtmxHttpRequest, redirect_page
from monitoring.forms.rems import AnswersForm, FileForm
from monitoring.models import RemsFiling, RemsForm
from monitoring.services import rems
from monitoring.services.seen import UnseenError
from sessions.actions import Panel, session_banner, session_rows, show
from sessions.models import TreatmentSession

VIEW = "patients.view_chart"
GET_POST = require_http_methods(["GET", "POST"])


@require_GET
def form(request: HttpRequest, public_id: UUID) -> HttpResponse:
    treatment_session = _open(request, public_id, VIEW)
    sheet = rems.load(treatment_session, clock.now())
    filings = RemsFiling.objects.filter(treatment_session=treatment_session)
    context = {
        "sheet": sheet,
        "not_due": rems.NOT_DUE,
        "filings": filings.select_related("filed_by") if sheet else (),
        "treatment_session": sheet.treatment_session if sheet else treatment_session,
        "banner": session_banner(request, treatment_session),
        "now": clock.now(),
    }
    return render(request, "monitoring/rems.html", context)


@require_GET
def print_page(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show the form in its own order, for paper; without JavaScript."""
    treatment_session = _open(request, public_id, VIEW)
    sheet = rems.load(treatment_session, clock.now())
    context = {"sheet": sheet, "not_due": rems.NOT_DUE, "treatment_session": treatment_session}
    return render(request, "monitoring/rems_print.html", context)


@GET_POST
def answers(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    treatment_session = _open(request, public_id, rems.FILE)
    sheet = rems.load(treatment_session, clock.now())
    if sheet is None:
        return redirect_page(request, "monitoring:rems", public_id)
    told = RemsForm.objects.filter(treatment_session=treatment_session).first()
    asked = AnswersForm(request.POST or None, form=sheet.form, answers=told.answers if told else {})
    panel = Panel(
        "Questions of the REMS form",
        asked,
        request.path,
        "Save answers",
        lead="About this session alone. What the session's log tells is not asked.",
    )

    def save() -> str:
        entry = asked.submission("rems.answers", public_id)
        rems.record_answers(treatment_session.pk, asked.values, by=staff(request), entry=entry)
        return "The answers are saved."

    return _answer(request, treatment_session, panel, save)


@GET_POST
def file(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    treatment_session = _open(request, public_id, rems.FILE)
    sheet = rems.load(treatment_session, clock.now())
    if sheet is None:
        return redirect_page(request, "monitoring:rems", public_id)
    missing = sheet.form.missing
    now_shown = {"shown": sheet.shown}
    filing = FileForm(request.POST or None, complete=not missing, initial=now_shown)
    lead = "Required fields without a value:" if missing else "Every required field has a value."
    panel = Panel(
        "File the REMS form",
        filing,
        request.path,
        "Record the filing",
        lead=lead,
        points=tuple(field.label for field in missing),
    )

    def save() -> str:
        entry = filing.submission("rems.file", public_id)
        try:
            rems.file(treatment_session.pk, by=staff(request), entry=entry, **filing.values)
        except UnseenError:
            filing.ask_again(**now_shown)
            raise
        return "The form is on record as filed."

    return _answer(request, treatment_session, panel, save)


def _open(request: HttpRequest, public_id: UUID, permission: str) -> TreatmentSession:
    treatment_session: TreatmentSession = fetch(
        request, session_rows(), permission, public_id=public_id
    )
    audit.read(staff(request), "rems", treatment_session)
    return treatment_session


def _answer(
    request: HtmxHttpRequest,
    treatment_session: TreatmentSession,
    panel: Panel,
    save: Callable[[], str],
) -> HttpResponse:
    """Save a valid form and go to the REMS form; a signed session takes it, too."""
    if panel.form.is_bound:
        if panel.form.is_for(request, treatment_session.patient_id):
            with errors_on(panel.form):
                messages.success(request, save())
        if not panel.form.errors or panel.form.was_saved(staff(request)):
            return redirect_page(request, "monitoring:rems", treatment_session.public_id)
    return show(request, treatment_session, panel)
