"""The dates of a course: choose, look at every date and why, book all or nothing."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from clinic import audit, clock
from clinic.access import fetch, staff
from clinic.forms import errors_on
from clinic.htmx import redirect_page
from patients.models import Patient
from sessions.forms.planning import BookForm, PlanForm
from sessions.models import TreatmentCourse
from sessions.planning import next_open_day
from sessions.services import booking
from sessions.services.calendar import hours_of
from sessions.services.drafts import Draft, DraftRow
from sessions.services.orders import ORDER
from sessions.strip import Entry, weeks
from sessions.views.pages import show

USUAL_TIME = "10:00"


@require_http_methods(["GET", "POST"])
def plan(request: HttpRequest, public_id: UUID) -> HttpResponse:
    patients = Patient.objects.select_related("clinic")
    patient = fetch(request, patients, booking.BOOK, public_id=public_id)
    audit.read(staff(request), "plan", patient)
    if request.method == "POST":
        return _book(request, patient)
    now = clock.now()
    if request.GET:
        form = PlanForm(request.GET, patient=patient)
    else:
        form = PlanForm(initial=_suggestion(patient, now), patient=patient)
    return _page(request, patient, form, now)


def _suggestion(patient: Patient, now: datetime) -> dict[str, Any]:
    tomorrow = now.astimezone(patient.clinic.zone).date() + timedelta(days=1)
    starts_on = next_open_day(hours_of(patient.clinic).calendar, tomorrow)
    return {"starts_on": starts_on or tomorrow, "time_of_day": USUAL_TIME}


def _book(request: HttpRequest, patient: Patient) -> HttpResponse:
    form = BookForm(request.POST, patient=patient)
    if form.is_for(request, patient.pk):
        booked = ""
        with errors_on(form):
            course = booking.book(
                form.choice,
                by=staff(request),
                accept_unplaced=form.cleaned_data["accept_unplaced"],
                shown=form.cleaned_data["shown"],
                entry=form.submission("book_course", patient.public_id),
                shown_at=_course_url,
            )
            count = course.sessions.count()
            orders = staff(request).may(ORDER, patient.clinic_id)
            step = "order the dose." if orders else "a prescriber orders the dose."
            messages.success(request, f"{count} sessions are booked. Next: {step}")
            booked = _course_url(course)
        if not form.errors:
            return redirect_page(request, booked or form.result_url)
    return _page(request, patient, form, clock.now())


def _course_url(course: TreatmentCourse) -> str:
    return reverse("sessions:course", args=[course.public_id])


def _page(request: HttpRequest, patient: Patient, form: PlanForm, now: datetime) -> HttpResponse:
    refusals = booking.refusals_for(patient, now)
    made = None if refusals else _draft(form, now)
    preview = {} if made is None else _preview(form, made)
    status = form.status_code if isinstance(form, BookForm) else 200
    return show(
        request,
        "sessions/plan.html",
        patient,
        now=now,
        status=status,
        form=form,
        refusals=refusals,
        running=TreatmentCourse.objects.running().filter(patient=patient).first(),
        **preview,
    )


def _draft(form: PlanForm, now: datetime) -> Draft | None:
    """Draft the dates for the page; what the planner refuses is shown at its field."""
    if not form.is_bound or not form.is_chosen:
        return None
    try:
        return booking.draft(form.choice, now=now)
    except ValidationError as error:
        if not form.errors:
            form.add_error(None, error)
        return None


def _preview(form: PlanForm, made: Draft) -> dict[str, Any]:
    zone, wanted = form.patient.clinic.zone, form.choice.chair
    elsewhere = [row.planned.number for row in made.booked if wanted and row.chair != wanted]
    calendar = hours_of(form.patient.clinic).calendar
    return {
        "draft": made,
        "rows": [_row(form, row) for row in made.rows],
        "weeks": list(weeks((_entry(row, zone) for row in made.rows), calendar)),
        "book_form": form if isinstance(form, BookForm) else BookForm(patient=form.patient),
        "warnings": [warning for warning in made.plan.warnings if warning.code != "unplaced"],
        "protocol": form.choice.protocol,
        "wanted_chair": wanted,
        "elsewhere": elsewhere,
    }


def _entry(row: DraftRow, zone: Any) -> Entry:
    day = row.starts_at.astimezone(zone).date() if row.starts_at else None
    planned = row.planned
    return Entry(planned.number, planned.phase.name, planned.nominal_on, day, bool(row.conflict))


def _row(form: PlanForm, row: DraftRow) -> dict[str, Any]:
    zone = form.patient.clinic.zone
    day = row.starts_at.astimezone(zone).date() if row.starts_at else None
    return {
        "row": row,
        "planned": row.planned,
        "shift": (day - row.planned.nominal_on).days if day else 0,
        "is_pinned": row.planned.number in form.pins,
        "without_pin": form.without_pin(row.planned.number),
        "alternatives": [
            {"pin": pin, "query": form.with_pin(row, pin)} for pin in row.alternatives
        ],
    }
