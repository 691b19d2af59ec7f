"""Move one planned session."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from clinic import audit, clock
from clinic.access import fetch, staff
from clinic.forms import errors_on
from clinic.htmx import redirect_page
from sessions.forms.moving import MoveForm
from sessions.models import TreatmentSession
from sessions.services import moving
from sessions.views.pages import show


@require_http_methods(["GET", "POST"])
def move(request: HttpRequest, public_id: UUID) -> HttpResponse:
    sessions = TreatmentSession.objects.select_related(
        "patient__clinic", "clinic", "course__protocol", "phase", "chair__room"
    )
    treatment_session = fetch(request, sessions, moving.MOVE, public_id=public_id)
    audit.read(staff(request), "move", treatment_session)
    form = MoveForm(
        request.POST or None,
        treatment_session=treatment_session,
        initial=_current(treatment_session),
    )
    if form.is_valid():
        with errors_on(form):
            moved = moving.move(
                treatment_session.pk,
                by=staff(request),
                version=form.cleaned_data["version"],
                entry=form.submission("move_session", public_id),
                **form.values,
            )
            messages.success(request, "The session moved. Its messages follow the new time.")
            for warning in moved.warnings:
                messages.warning(request, warning)
        if not form.errors:
            return redirect_page(request, "sessions:course", treatment_session.course.public_id)
        if form.conflict:
            treatment_session = sessions.get(pk=treatment_session.pk)
            typed = {"reason": form.cleaned_data.get("reason")}
            form.compare_with(_current(treatment_session) | typed)
    return show(
        request,
        "sessions/move.html",
        treatment_session.patient,
        now=clock.now(),
        status=form.status_code,
        form=form,
        treatment_session=treatment_session,
        course=treatment_session.course,
        title="Move a session",
        button="Move the session",
    )


def _current(treatment_session: TreatmentSession) -> dict[str, Any]:
    local = treatment_session.starts_at.astimezone(treatment_session.clinic.zone)
    return {
        "version": treatment_session.version,
        "day": local.date(),
        "wall_time": local.time(),
        "chair": treatment_session.chair,
    }
