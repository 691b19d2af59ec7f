"""The dates of a course: choose, look at every date and why, book all or nothing."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from clinic import audit, clock
from clinic.access import fetch, staff
from clinic.forms import errors_on
from clinic.htmx import redirect_page
from patients.banner import banner_for
from patients.models import Patient
from sessions.forms.planning import BookForm, PlanForm
from sessions.models import TreatmentCourse
from sessions.services import booking
from sessions.services.calendar import hours_of
from sessions.services.drafts import Draft, DraftRow
from sessions.strip import Entry, weeks


@require_http_methods(["GET", "POST"])
def plan(request: HttpRequest, public_id: UUID) -> HttpResponse:
    patient = fetch(
        request,
        Patient.objects.select_related("clinic"),
        booking.BOOK,
        public_id=public_id,
    )
    if request.method == "POST":
        return _book(request, patient)
    form = PlanForm(request.GET, patient=patient) if request.GET else _empty_form(patient)
    return _page(request, patient, form)


def _empty_form(patient: Patient) -> PlanForm:
    chosen = Patient.objects.none()  # nothing is chosen for a new course but its usual time
    del chosen
    return PlanForm(initial={"time_of_day": "10:00"}, patient=patient)


def _book(request: HttpRequest, patient: Patient) -> HttpResponse:
    form = BookForm(request.POST, patient=patient)
    if form.is_valid():
        with errors_on(form):
            course = booking.book(
                form.choice,
                by=staff(request),
                accept_unplaced=form.cleaned_data["accept_unplaced"],
                shown=form.cleaned_data["shown"],
                entry=form.submission("book_course", patient.public_id),
            )
            count = course.sessions.count()
            messages.success(request, f"{count} sessions are booked. Next: order the dose.")
            return redirect_page(request, "sessions:course", course.public_id)
        if form.result_url:
            return redirect_page(request, form.result_url)
    return _page(request, patient, form)


def _page(request: HttpRequest, patient: Patient, form: PlanForm) -> HttpResponse:
    user, now = staff(request), clock.now()
    audit.read(user, "plan", patient)
    refusals = booking.refusals_for(patient, now)
    running = TreatmentCourse.objects.running().filter(patient=patient).first()
    with timezone.override(patient.clinic.zone):
        today = timezone.localdate(now)
        shown = {} if refusals or not form.is_bound else _preview(form, now)
        if "starts_on" not in form.initial and not form.is_bound:
            form.initial["starts_on"] = today
        context = {
            "form": form,
            "patient": patient,
            "banner": banner_for(patient, user, today),
            "refusals": refusals,
            "running": running,
            "now": now,
            **shown,
        }
        status = getattr(form, "status_code", 200)
        return render(request, "sessions/plan.html", context, status=status)


def _preview(form: PlanForm, now: Any) -> dict[str, Any]:
    """Draft the dates once more for the page; what the planner refuses stands at its field."""
    if not hasattr(form, "cleaned_data") and not form.is_valid():
        return {}
    if not {"protocol", "starts_on", "weekdays", "time_of_day"} <= form.cleaned_data.keys():
        return {}
    try:
        made = booking.draft(form.choice, now=now)
    except ValidationError as error:
        if not form.errors:
            _show(form, error)
        return {}
    entries = [_entry(row) for row in made.rows]
    return {
        "draft": made,
        "rows": [_row(form, row) for row in made.rows],
        "weeks": list(weeks(entries, hours_of(form.patient.clinic).calendar)),
        "book_form": form if isinstance(form, BookForm) else BookForm(patient=form.patient),
        "hidden": form.query,
        "warnings": [w for w in made.plan.warnings if w.code not in {"unplaced"}],
        "label": _label(made),
    }
