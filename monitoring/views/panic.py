"""Panic in a session: begun, answered step by step, ended, or taken back."""

from uuid import UUID, uuid4

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from clinic.access import fetch, staff
from clinic.htmx import HtmxHttpRequest, redirect_page
from monitoring import reviewed
from monitoring.forms.panic import PanicEndForm, PanicForm, PanicInErrorForm, PanicStepForm
from monitoring.forms.taps import BareForm, buttons
from monitoring.happenings import panic_words
from monitoring.models import PanicEntry, PanicEpisode
from monitoring.models.panic import END
from monitoring.services import panic
from monitoring.views.taps import show, tapped, whole_rows
from sessions.actions import Panel, answer, session_rows
from sessions.models import TreatmentSession
from sessions.models.protocol import Route

GET_POST = require_http_methods(["GET", "POST"])
OPENS = {
    "vitals": "monitoring:vitals",
    "serotonin": "monitoring:serotonin",
    "medicine": "monitoring:medicine",
    "emergency": "monitoring:emergency",
}


@GET_POST
def begin(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    treatment_session = fetch(request, session_rows(), panic.RECORD, public_id=public_id)
    form = PanicForm(request.POST or None)
    panel = Panel(title="Panic or anxiety", form=form, url=request.path, button="Begin")
    begun: list[PanicEpisode] = []

    def save() -> str:
        entry = form.submission("panic", public_id)
        began = panic.Began(**form.values)
        begun.append(panic.begin(treatment_session.pk, began, by=staff(request), entry=entry))
        return "The episode is open. Go step by step; each tap is timed."

    response = answer(request, treatment_session, panel, save)
    return redirect_page(request, "monitoring:panic", begun[0].public_id) if begun else response


@require_GET
def episode(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    found, treatment_session = _episode(request, public_id)
    rows = PanicEntry.objects.standing().filter(episode=found).select_related("by")
    done = list(rows.order_by("-at", "-pk"))
    by_drip = treatment_session.course.protocol.route == Route.IV
    steps = [row for row in reviewed.topic("panic")["steps"] if _fits(row.more, by_drip)]
    context = {
        "episode": found,
        "open": not any(row.code == END for row in done) and not found.entered_in_error,
        "done": [(row, panic_words(row), uuid4()) for row in done],
        "buttons": [
            (button, OPENS.get(button.row.more.get("opens", "")))
            for button in buttons(steps, [row.code for row in done])
        ],
        "scores": [(score, uuid4()) for score in range(11)],
        "peak": BareForm(),
    }
    return show(request, treatment_session, "monitoring/panic.html", context)


@require_POST
def step(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    found, _ = _episode(request, public_id)
    form = PanicStepForm(request.POST)

    def save() -> object:
        entry = form.submission("panic.step", public_id)
        return panic.step(found, by=staff(request), entry=entry, **form.values)

    return tapped(request, form, save, "monitoring:panic", public_id)


@require_POST
def undo(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    rows = PanicEntry.objects.visible_to(staff(request)).select_related("episode")
    found = get_object_or_404(rows, public_id=public_id)
    fetch(request, session_rows(), panic.RECORD, pk=found.treatment_session_id)
    form = BareForm(request.POST)

    def save() -> object:
        entry = form.submission("panic.undo", public_id)
        return panic.undo(found, by=staff(request), entry=entry)

    return tapped(request, form, save, "monitoring:panic", found.episode.public_id)


@GET_POST
def end(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    found, treatment_session = _episode(request, public_id)
    form = PanicEndForm(request.POST or None)
    url = request.path
    panel = Panel(title="The episode is over", form=form, url=url, button="Record the end")

    def save() -> str:
        entry = form.submission("panic.end", public_id)
        panic.end(found, by=staff(request), entry=entry, **form.values)
        return "The end of the episode is recorded."

    return answer(request, treatment_session, panel, save)


@GET_POST
def in_error(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    found, treatment_session = _episode(request, public_id)
    form = PanicInErrorForm(request.POST or None)
    panel = Panel(
        title="Panic episode entered in error",
        form=form,
        url=request.path,
        button="Mark as entered in error",
        lead="It counts no more, nor does its adverse event; both stay readable.",
    )

    def save() -> str:
        entry = form.submission("panic.in_error", public_id)
        panic.enter_in_error(found, form.cleaned_data["reason"], by=staff(request), entry=entry)
        return "The episode is marked as entered in error."

    return answer(request, treatment_session, panel, save)


def _episode(request: HtmxHttpRequest, public_id: UUID) -> tuple[PanicEpisode, TreatmentSession]:
    rows = PanicEpisode.objects.visible_to(staff(request)).select_related("event")
    found = get_object_or_404(rows, public_id=public_id)
    return found, fetch(request, whole_rows(), panic.RECORD, pk=found.treatment_session_id)


def _fits(more: object, by_drip: bool) -> bool:
    route = more.get("route") if isinstance(more, dict) else None
    return route is None or (route == "iv") == by_drip
