"""Adding to the chart and ending what is on it."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from clinic import clock
from clinic.access import staff
from patients.forms.chart import (
    AllergyForm,
    ConditionForm,
    EnteredInErrorForm,
    MeasureForm,
    MedicationForm,
    NoAllergiesForm,
    ResolveConditionForm,
    StopMedicationForm,
)
from patients.models import Allergy, BodyMeasure, Condition, Medication
from patients.models.chart import ChartRow
from patients.services import chart
from patients.views.pages import Page, answer, open_patient, open_row, today_at

MEDICATION = Page("Add a medicine", "Add medicine", "The medicine is on the chart.")
STOP = Page("Stop a medicine", "Stop medicine", "The medicine is marked as stopped.")
CONDITION = Page("Add a condition", "Add condition", "The condition is on the chart.")
RESOLVE = Page("Resolve a condition", "Mark as resolved", "The condition is marked as resolved.")
ALLERGY = Page("Add an allergy", "Add allergy", "The allergy is on the chart.")
NO_ALLERGIES = Page("No known allergies", "Record that none are known", "No allergies are known.")
MEASURE = Page(
    "Weight and height", "Save value", "The value is on the chart.", "patients/measure.html"
)
IN_ERROR = Page("Entered in error", "Mark as entered in error", "It is marked as entered in error.")
SECTIONS: dict[str, type[ChartRow]] = {
    "medicines": Medication,
    "conditions": Condition,
    "allergies": Allergy,
    "measures": BodyMeasure,
}


@require_http_methods(["GET", "POST"])
def add_medication(request: HttpRequest, public_id: UUID) -> HttpResponse:
    return _add(request, public_id, MedicationForm, chart.add_medication, MEDICATION)


@require_http_methods(["GET", "POST"])
def add_condition(request: HttpRequest, public_id: UUID) -> HttpResponse:
    return _add(request, public_id, ConditionForm, chart.add_condition, CONDITION)


@require_http_methods(["GET", "POST"])
def add_allergy(request: HttpRequest, public_id: UUID) -> HttpResponse:
    return _add(request, public_id, AllergyForm, chart.add_allergy, ALLERGY)


@require_http_methods(["GET", "POST"])
def no_allergies(request: HttpRequest, public_id: UUID) -> HttpResponse:
    return _add(request, public_id, NoAllergiesForm, chart.no_known_allergies, NO_ALLERGIES)


def _add(
    request: HttpRequest, public_id: UUID, form_class: Any, service: Any, page: Page
) -> HttpResponse:
    patient = open_patient(request, chart.CHART, public_id, "chart")
    form = form_class(request.POST or None)

    def save() -> None:
        entry = form.submission(service.__name__, public_id)
        service(patient.pk, by=staff(request), entry=entry, **form.values)

    return answer(request, form, patient, save, page)


@require_http_methods(["GET", "POST"])
def stop_medication(request: HttpRequest, public_id: UUID) -> HttpResponse:
    row = open_row(request, Medication.objects.all(), chart.CHART, public_id, "chart")
    form = StopMedicationForm(
        request.POST or None, initial={"stopped_on": today_at(row.patient.clinic)}
    )
    return _end(request, row, form, chart.stop_medication, STOP)


@require_http_methods(["GET", "POST"])
def resolve_condition(request: HttpRequest, public_id: UUID) -> HttpResponse:
    row = open_row(request, Condition.objects.all(), chart.CHART, public_id, "chart")
    form = ResolveConditionForm(
        request.POST or None, initial={"abated_on": today_at(row.patient.clinic)}
    )
    return _end(request, row, form, chart.resolve_condition, RESOLVE)


def _end(request: HttpRequest, row: Any, form: Any, service: Any, page: Page) -> HttpResponse:
    def save() -> None:
        entry = form.submission(service.__name__, row.public_id)
        service(row.pk, by=staff(request), entry=entry, **form.values)

    return answer(request, form, row.patient, save, page, lead=str(row))


@require_http_methods(["GET", "POST"])
def add_measure(request: HttpRequest, public_id: UUID) -> HttpResponse:
    patient = open_patient(request, chart.CHART, public_id, "chart")
    form = MeasureForm(request.POST or None, initial={"observed_at": clock.now()})

    def save() -> None:
        chart.add_measure(
            patient.pk,
            form.measured,
            by=staff(request),
            confirmed=form.cleaned_data["confirmed"],
            entry=form.submission("add_measure", public_id),
        )

    last = BodyMeasure.objects.standing().filter(patient=patient)[:4]
    return answer(request, form, patient, save, MEASURE, last=last)


@require_http_methods(["GET", "POST"])
def entered_in_error(request: HttpRequest, section: str, public_id: UUID) -> HttpResponse:
    model = SECTIONS.get(section)
    if model is None:
        raise Http404
    row = open_row(request, model.objects.all(), chart.CHART, public_id, "chart")
    form = EnteredInErrorForm(request.POST or None)

    def save() -> None:
        chart.enter_in_error(
            model,
            row.pk,
            by=staff(request),
            reason=form.cleaned_data["reason"],
            entry=form.submission("entered_in_error", public_id),
        )

    lead = f"{row}: it stays readable on the chart, struck through, with your reason."
    return answer(request, form, row.patient, save, IN_ERROR, lead=lead)
