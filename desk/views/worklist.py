from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from clinic import clock
from clinic.access import allow, fetch, staff
from clinic.forms import ClinicalForm, errors_on
from clinic.htmx import redirect_page
from desk import worklist as worklists
from desk.forms import CloseTaskForm, PostponeTaskForm, settle_form
from desk.views.here import clinic_here
from patients.models import Task
from patients.services import tasks
from reminders.models import Message
from reminders.services import settling


@require_GET
def worklist(request: HttpRequest) -> HttpResponse:
    now = clock.now()
    shown = worklists.load(clinic_here(request), staff(request), now, request.GET)
    return render(request, "desk/worklist.html", {"worklist": shown, "now": now})


@require_http_methods(["GET", "POST"])
def close_task(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Close a task with what was done; a failed message asks how the patient was reached."""
    task = _task(request, public_id)
    if task.kind == Task.Kind.MESSAGE_FAILED:
        return _settle(request, task)
    if task.kind == Task.Kind.REQUEST and task.closed_at is None:
        return redirect_page(request, reverse("desk:request", args=[task.source_id]))
    form = CloseTaskForm(request.POST or None)

    def save() -> None:
        entry = form.submission("close_task", public_id)
        tasks.close(task.pk, by=staff(request), entry=entry, **form.values)

    return _answer(request, task, form, save, "The task is closed.", "desk/close_task.html")


def _settle(request: HttpRequest, task: Task) -> HttpResponse:
    message = Message.objects.filter(public_id=task.source_id).first() if task.source_id else None
    form = settle_form(message.kind if message else "")(request.POST or None)

    def save() -> None:
        entry = form.submission("close_task", task.public_id)
        settling.settle_task(task.pk, by=staff(request), entry=entry, **form.values)

    task.may_go_again = (  # type: ignore[attr-defined]  # for the page
        message is not None
        and message.state == Message.State.FAILED
        and message.expires_at > clock.now()
    )
    return _answer(request, task, form, save, "The task is closed.", "desk/settle_task.html")


@require_http_methods(["GET", "POST"])
def postpone_task(request: HttpRequest, public_id: UUID) -> HttpResponse:
    task, form = _task(request, public_id), PostponeTaskForm(request.POST or None)

    def save() -> None:
        entry = form.submission("postpone_task", public_id)
        tasks.postpone(task.pk, by=staff(request), entry=entry, **form.values)

    return _answer(request, task, form, save, "The task is postponed.", "desk/postpone_task.html")


@require_POST
def take_task(request: HttpRequest, public_id: UUID) -> HttpResponse:
    return _hold(request, public_id, tasks.take, "You see to it now.")


@require_POST
def release_task(request: HttpRequest, public_id: UUID) -> HttpResponse:
    return _hold(request, public_id, tasks.release, "The task waits for anybody of the role.")


def _task(request: HttpRequest, public_id: UUID) -> Task:
    rows = Task.objects.select_related("patient", "closed_by", "taken_by")
    task = fetch(request, rows, tasks.CLOSE, public_id=public_id)
    if task.kind == Task.Kind.CRISIS:
        allow(staff(request), tasks.SEE_CHART, task)
    return task


def _answer(
    request: HttpRequest,
    task: Task,
    form: ClinicalForm,
    save: Callable[[], None],
    saved: str,
    template: str,
) -> HttpResponse:
    if form.is_valid():
        with errors_on(form):
            save()
            messages.success(request, saved)
        if not form.errors:
            return redirect_page(request, form.result_url or _back(request))
    is_free = task.closed_at is None and task.taken_by is None
    context = {"task": task, "form": form, "now": clock.now(), "back": _back(request)}
    context["take"] = ClinicalForm() if is_free else None
    context["is_urgent"] = is_free and task.kind == Task.Kind.CRISIS
    return render(request, template, context, status=form.status_code)


def _hold(request: HttpRequest, public_id: UUID, service: Any, saved: str) -> HttpResponse:
    """Take or release; what was taken is shown at its place, a refusal is said above the list."""
    task, form, place = _task(request, public_id), ClinicalForm(request.POST), ""
    if form.is_valid():
        with errors_on(form):
            entry = form.submission(f"{service.__name__}_task", public_id)
            held = service(task.pk, by=staff(request), entry=entry)
            place = f"#task-{public_id}" if held.taken_by_id else ""
            messages.success(request, saved)
    for errors in form.errors.values():
        messages.error(request, " ".join(map(str, errors)))
    return redirect_page(request, _back(request) + place)


def _back(request: HttpRequest) -> str:
    """Return the list as it was narrowed; what else an address says is left out."""
    typed = request.POST.get("back", "") or request.GET.get("back", "")
    held = staff(request).roles_by_clinic.get(clinic_here(request).pk, frozenset())
    query = worklists.Chosen.read(QueryDict(typed[:200]), held).query
    return f"{reverse('desk:worklist')}?{query}" if query else reverse("desk:worklist")
