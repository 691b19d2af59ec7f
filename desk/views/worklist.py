from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from clinic import clock
from clinic.access import fetch, staff
from clinic.forms import errors_on
from clinic.htmx import redirect_page
from desk import worklist as worklists
from desk.forms import CloseTaskForm
from desk.views.here import clinic_here
from patients.models import Task
from patients.services import tasks


@require_GET
def worklist(request: HttpRequest) -> HttpResponse:
    now = clock.now()
    shown = worklists.load(clinic_here(request), staff(request), now)
    return render(request, "desk/worklist.html", {"worklist": shown, "now": now})


@require_http_methods(["GET", "POST"])
def close_task(request: HttpRequest, public_id: UUID) -> HttpResponse:
    task: Task = fetch(
        request,
        Task.objects.select_related("patient", "closed_by"),
        "patients.close_task",
        public_id=public_id,
    )
    form = CloseTaskForm(request.POST or None)
    if form.is_valid():
        entry = form.submission("close_task", public_id)
        with errors_on(form):
            tasks.close(task.pk, by=staff(request), entry=entry, **form.values)
            messages.success(request, "The task is closed.")
        if not form.errors:
            return redirect_page(request, form.result_url or reverse("desk:worklist"))
    context = {"task": task, "form": form, "now": clock.now()}
    return render(request, "desk/close_task.html", context, status=form.status_code)
