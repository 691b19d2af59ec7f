"""Endings that aren't a discharge, and the search for somebody who left unnoticed."""

from uuid import UUID, uuid4

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from clinic.access import fetch, staff
from clinic.htmx import HtmxHttpRequest, redirect_page
from monitoring import reviewed
from monitoring.forms.endings import AgainstAdviceForm, GoneForm, TransferForm
from monitoring.forms.taps import BareForm, TapForm, buttons
from monitoring.happenings import search_words
from monitoring.models import LeftUnnoticed, SearchStep
from monitoring.services import endings
from monitoring.views.taps import show, tapped, whole_rows
from sessions.actions import Panel, answer, session_rows
from sessions.models import TreatmentSession

GET_POST = require_http_methods(["GET", "POST"])
LIST = ("unnoticed", "steps")


@GET_POST
def transfer(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    treatment_session = fetch(request, session_rows(), endings.RUN, public_id=public_id)
    form = TransferForm(request.POST or None, initial={"version": treatment_session.version})
    panel = Panel(
        title="Transferred to emergency care",
        form=form,
        url=request.path,
        button="Record transfer",
        lead="It ends the session. Automatic mail to the patient stops until a person lifts the "
        "hold; a nurse is asked to call tomorrow.",
        danger=True,
    )

    def save() -> str:
        typed = form.values
        at = typed.pop("at")
        version, entry = form.cleaned_data["version"], form.submission("transfer", public_id)
        endings.transfer(
            treatment_session.pk,
            endings.HandOver(**typed),
            by=staff(request),
            version=version,
            at=at,
            entry=entry,
        )
        return "Transfer recorded. Mail to the patient is held."

    return answer(request, treatment_session, panel, save)


@GET_POST
def against_advice(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    treatment_session = fetch(request, session_rows(), endings.RUN, public_id=public_id)
    form = AgainstAdviceForm(request.POST or None, initial={"version": treatment_session.version})
    panel = Panel(
        title="Left against advice",
        form=form,
        url=request.path,
        button="Record departure",
        lead="It ends the session. A nurse is asked to call.",
        danger=True,
    )

    def save() -> str:
        typed = form.values
        at = typed.pop("at")
        version, entry = form.cleaned_data["version"], form.submission("leave", public_id)
        endings.leave(
            treatment_session.pk,
            endings.Departure(**typed),
            by=staff(request),
            version=version,
            at=at,
            entry=entry,
        )
        return "The departure is recorded. A nurse is asked to call."

    return answer(request, treatment_session, panel, save)


@GET_POST
def gone(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    treatment_session = fetch(request, session_rows(), endings.RUN, public_id=public_id)
    form = GoneForm(request.POST or None, initial={"version": treatment_session.version})
    panel = Panel(
        title="Left unnoticed",
        form=form,
        url=request.path,
        button="The patient is gone",
        lead="It ends the session outside the gate and opens a search, with a task until the "
        "patient is found or handed on.",
        danger=True,
    )
    opened: list[LeftUnnoticed] = []

    def save() -> str:
        version, entry = form.cleaned_data["version"], form.submission("gone", public_id)
        pk, by = treatment_session.pk, staff(request)
        opened.append(endings.is_gone(pk, by=by, version=version, entry=entry, **form.values))
        return "Recorded outside the gate. Tell each thing that you try by one tap."

    response = answer(request, treatment_session, panel, save)
    return redirect_page(request, "monitoring:search", opened[0].public_id) if opened else response


@require_GET
def search(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    found, treatment_session = _search(request, public_id)
    rows = SearchStep.objects.standing().filter(search=found).select_related("by")
    done = list(rows.order_by("-at", "-pk"))
    steps = list(reviewed.topic("unnoticed")["steps"])
    over = any(row.code in endings.SEARCH_ENDS for row in done)
    context = {
        "search": found,
        "over": over,
        "done": [(row, search_words(row), uuid4()) for row in done],
        "buttons": [] if over else buttons(steps, [row.code for row in done]),
    }
    return show(request, treatment_session, "monitoring/search.html", context)


@require_POST
def search_step(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    found, _ = _search(request, public_id)
    form = TapForm(request.POST, topic=LIST[0], title=LIST[1])

    def save() -> object:
        entry = form.submission("search", public_id)
        return endings.search(found, by=staff(request), entry=entry, **form.values)

    return tapped(request, form, save, "monitoring:search", public_id)


@require_POST
def search_undo(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    rows = SearchStep.objects.visible_to(staff(request)).select_related("search")
    step = get_object_or_404(rows, public_id=public_id)
    _search(request, step.search.public_id)
    form = BareForm(request.POST)

    def save() -> object:
        entry = form.submission("search.undo", public_id)
        return endings.undo_search(step, by=staff(request), entry=entry)

    return tapped(request, form, save, "monitoring:search", step.search.public_id)


def _search(request: HtmxHttpRequest, public_id: UUID) -> tuple[LeftUnnoticed, TreatmentSession]:
    rows = LeftUnnoticed.objects.visible_to(staff(request))
    found = get_object_or_404(rows, public_id=public_id)
    return found, fetch(request, whole_rows(), endings.RUN, pk=found.treatment_session_id)
