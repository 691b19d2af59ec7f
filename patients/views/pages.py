"""What the pages of one patient share: who may open them, the banner, saving."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from clinic import audit, clock
from clinic.access import fetch, staff
from clinic.forms import ClinicalForm, errors_on
from clinic.htmx import redirect_page
from clinic.models import Clinic
from clinic.models.scoping import ClinicScopedQuerySet
from patients.banner import banner_for
from patients.forms.base import EditForm
from patients.models import Patient


@dataclass(frozen=True, slots=True)
class Page:
    """The words of a form page."""

    title: str
    button: str
    saved: str
    template: str = "patients/form.html"


def open_patient(request: HttpRequest, permission: str, public_id: UUID, page: str) -> Patient:
    """Return the patient of a page and record that his data was read."""
    patients = Patient.objects.select_related("clinic")
    patient: Patient = fetch(request, patients, permission, public_id=public_id)
    audit.read(staff(request), page, patient)
    return patient


def open_row(
    request: HttpRequest, rows: ClinicScopedQuerySet, permission: str, public_id: UUID, page: str
) -> Any:
    """Return a row of a chart, with its patient; the clinic is the row's own."""
    rows = rows.select_related("patient__clinic")
    row = fetch(request, rows, permission, public_id=public_id)
    audit.read(staff(request), page, row.patient)
    return row


def answer(
    request: HttpRequest,
    form: ClinicalForm,
    patient: Patient,
    save: Callable[[], object],
    page: Page,
    *,
    current: Callable[[], dict[str, Any]] | None = None,
    **context: Any,
) -> HttpResponse:
    """Save a valid form and go to the chart, or show the form with what stands against it.

    `current` reads an edited row again when somebody else was faster.
    """
    if form.is_for(request, patient.pk):
        with errors_on(form):
            save()
        if not form.errors:
            messages.success(request, page.saved)
            return redirect_page(request, form.result_url or "desk:chart", *_of(form, patient))
        if form.conflict and isinstance(form, EditForm) and current is not None:
            form.compare_with(current())
    return show(request, form, patient, page, **context)


def _of(form: ClinicalForm, patient: Patient) -> list[UUID]:
    return [] if form.result_url else [patient.public_id]


def show(
    request: HttpRequest, form: ClinicalForm, patient: Patient, page: Page, **context: Any
) -> HttpResponse:
    now = clock.now()
    today = now.astimezone(patient.clinic.zone).date()
    banner = banner_for(patient, staff(request), today)
    context |= {"form": form, "patient": patient, "page": page, "banner": banner, "now": now}
    return render(request, page.template, context, status=form.status_code)


def today_at(clinic: Clinic) -> date:
    return clock.now().astimezone(clinic.zone).date()
