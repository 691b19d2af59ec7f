"""Move one planned session, or find a date for one that has none, or that was missed."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from clinic import audit, clock
from clinic.access import fetch, staff
from clinic.forms import errors_on
from clinic.htmx import redirect_page
from sessions.forms.moving import MoveForm
from sessions.models import TreatmentSession
from sessions.models.session import TreatmentSessionQuerySet
from sessions.notices import expects_notice
from sessions.services import making_up, moving, placing
from sessions.services.moving import Move
from sessions.services.placing import missing_session
from sessions.views.pages import open_course, show


@require_http_methods(["GET", "POST"])
def move(request: HttpRequest, public_id: UUID) -> HttpResponse:
    sessions = _sessions()
    treatment_session = fetch(request, sessions, moving.MOVE, public_id=public_id)
    audit.read(staff(request), "move", treatment_session)
    form = MoveForm(
        request.POST or None,
        clinic=treatment_session.clinic,
        route=treatment_session.course.protocol.route,
        initial={**_current(treatment_session), "notify": expects_notice([treatment_session])},
    )
    if form.is_for(request, treatment_session.patient_id):
        with errors_on(form):
            moved = moving.move(
                treatment_session.pk,
                by=staff(request),
                version=form.cleaned_data["version"],
                entry=form.submission("move_session", public_id),
                **form.values,
            )
            _say(request, "The session moved. Its messages follow the new time.", moved)
        if not form.errors:
            return redirect_page(request, "sessions:course", treatment_session.course.public_id)
        if form.conflict:
            treatment_session = sessions.get(pk=treatment_session.pk)
            typed = {name: form.cleaned_data.get(name) for name in ("reason", "notify")}
            form.compare_with(_current(treatment_session) | typed)
    return _page(
        request, form, treatment_session, title="Move a session", button="Move the session"
    )


def _sessions() -> TreatmentSessionQuerySet:
    return TreatmentSession.objects.select_related(
        "patient__clinic", "clinic", "course__protocol", "phase", "chair__room"
    )


def _say(request: HttpRequest, words: str, move: Move) -> None:
    messages.success(request, words)
    for warning in move.warnings:
        messages.warning(request, warning)


def _page(
    request: HttpRequest, form: MoveForm, treatment_session: TreatmentSession, **words: str
) -> HttpResponse:
    return show(
        request,
        "sessions/move.html",
        treatment_session.patient,
        now=clock.now(),
        status=form.status_code,
        form=form,
        treatment_session=treatment_session,
        course=treatment_session.course,
        **words,
    )


def _current(treatment_session: TreatmentSession) -> dict[str, Any]:
    local = treatment_session.starts_at.astimezone(treatment_session.clinic.zone)
    return {
        "version": treatment_session.version,
        "day": local.date(),
        "wall_time": local.time(),
        "chair": treatment_session.chair,
    }


@require_http_methods(["GET", "POST"])
def place(request: HttpRequest, public_id: UUID, number: int) -> HttpResponse:
    course = open_course(request, moving.MOVE, public_id)
    treatment_session = missing_session(course, number)
    if treatment_session is None:
        if not course.sessions.filter(number=number).exists():
            raise Http404
        messages.info(request, f"Session {number} has its date already.")
        return redirect_page(request, "sessions:course", public_id)
    initial = {
        "version": course.version,
        "day": treatment_session.nominal_on,
        "wall_time": course.time_of_day,
    }
    form = MoveForm(
        request.POST or None,
        clinic=course.clinic,
        route=course.protocol.route,
        is_booked=False,
        initial=initial,
    )
    if form.is_for(request, course.patient_id):
        with errors_on(form):
            placed = placing.place(
                course.pk,
                number,
                by=staff(request),
                version=form.cleaned_data["version"],
                entry=form.submission("place_session", f"{public_id} {number}"),
                **form.values,
            )
            _say(request, f"Session {number} has its date.", placed)
        if not form.errors:
            return redirect_page(request, "sessions:course", public_id)
        if form.conflict:
            course.refresh_from_db(fields=["version"])
            form.compare_with(form.cleaned_data | {"version": course.version})
    return _page(
        request,
        form,
        treatment_session,
        title=f"Find a date for session {number}",
        button="Book this date",
    )


@require_http_methods(["GET", "POST"])
def make_up(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Book a new session for a missed one."""
    sessions = _sessions()
    missed = fetch(request, sessions, moving.MOVE, public_id=public_id)
    audit.read(staff(request), "make_up", missed)
    initial = {
        "version": missed.version,
        "wall_time": missed.course.time_of_day,
        "notify": expects_notice([missed]),
    }
    form = MoveForm(
        request.POST or None,
        clinic=missed.clinic,
        route=missed.course.protocol.route,
        initial=initial,
    )
    if form.is_for(request, missed.patient_id):
        with errors_on(form):
            booked = making_up.make_up(
                missed.pk,
                by=staff(request),
                version=form.cleaned_data["version"],
                entry=form.submission("make_up_session", public_id),
                **form.values,
            )
            _say(request, f"Session {missed.number} has a new date.", booked)
        if not form.errors:
            return redirect_page(request, "sessions:course", missed.course.public_id)
        if form.conflict:
            missed = sessions.get(pk=missed.pk)
            form.compare_with(form.cleaned_data | {"version": missed.version})
    elif reason := making_up.refusal(missed):
        messages.info(request, reason)
        return redirect_page(request, "sessions:course", missed.course.public_id)
    return _page(
        request,
        form,
        missed,
        title=f"Find a new date for session {missed.number}",
        button="Book this date",
        missed_rule=making_up.asked_first(missed),
    )
