"""Entering an assessment, looking at one, correcting it."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_http_methods

from clinic import clock
from clinic.access import staff
from outcomes import services
from outcomes.forms import AssessmentForm, CorrectAssessmentForm
from outcomes.instruments import Instrument, registry
from outcomes.models import Assessment
from patients.banner import banner_for
from patients.forms.chart import EnteredInErrorForm
from patients.views.pages import Page, answer, open_patient, open_row

VIEW = "patients.view_chart"
RECORD = Page("", "Save", "The assessment is on the chart.", "outcomes/assess.html")
CORRECT = Page("Correct an assessment", "Save", "It is corrected.", "outcomes/assess.html")
IN_ERROR = Page("Entered in error", "Mark as entered in error", "It is marked as entered in error.")


@require_http_methods(["GET", "POST"])
def assess(request: HttpRequest, public_id: UUID, instrument: str) -> HttpResponse:
    patient = open_patient(request, services.RECORD, public_id, "assessment")
    known = _known(instrument)
    initial = {"observed_at": clock.now()}
    form = AssessmentForm(request.POST or None, initial=initial, instrument=known)

    def save() -> None:
        entry = form.submission("assess", f"{public_id} {known.key}")
        services.record(patient.pk, known, form.answered, by=staff(request), entry=entry)

    last = Assessment.objects.standing().filter(patient=patient, instrument=known.key).first()
    page = Page(known.title, RECORD.button, RECORD.saved, RECORD.template)
    return answer(request, form, patient, save, page, instrument=known, last=last)


def _known(key: str) -> Instrument:
    if key not in registry():
        raise Http404
    return registry()[key]


@require_GET
def assessment(request: HttpRequest, public_id: UUID) -> HttpResponse:
    rows = Assessment.objects.select_related("recorded_by", "superseded_by")
    row = open_row(request, rows, VIEW, public_id, "assessment")
    now = clock.now()
    today = now.astimezone(row.patient.clinic.zone).date()
    context = {
        "assessment": row,
        "patient": row.patient,
        "banner": banner_for(row.patient, staff(request), today),
        "now": now,
    }
    return render(request, "outcomes/assessment.html", context)


@require_http_methods(["GET", "POST"])
def correct(request: HttpRequest, public_id: UUID) -> HttpResponse:
    row = _to_correct(request, public_id)
    known = _known(row.instrument)
    form = CorrectAssessmentForm(request.POST or None, initial=_as_typed(row), instrument=known)

    def save() -> None:
        reason = form.cleaned_data["reason"]
        entry = form.submission("correct_assessment", public_id)
        services.correct(row, form.answered, by=staff(request), reason=reason, entry=entry)

    return answer(request, form, row.patient, save, CORRECT, instrument=known)


@require_http_methods(["GET", "POST"])
def in_error(request: HttpRequest, public_id: UUID) -> HttpResponse:
    row = _to_correct(request, public_id)
    form = EnteredInErrorForm(request.POST or None)

    def save() -> None:
        reason = form.cleaned_data["reason"]
        entry = form.submission("assessment_in_error", public_id)
        services.correct(row, None, by=staff(request), reason=reason, entry=entry)

    lead = f"{row}: it stays readable, and counts no more."
    return answer(request, form, row.patient, save, IN_ERROR, lead=lead)


def _to_correct(request: HttpRequest, public_id: UUID) -> Assessment:
    return open_row(request, Assessment.objects.all(), services.RECORD, public_id, "assessment")


def _as_typed(row: Assessment) -> dict[str, Any]:
    items = {f"item_{code}": value for code, value in row.answers.items()}
    return {"observed_at": row.observed_at, "note": row.note, **items}
