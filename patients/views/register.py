"""Registering and editing a patient."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from clinic import audit, clock
from clinic.access import allow, staff
from clinic.forms import errors_on
from clinic.htmx import redirect_page
from clinic.models import Clinic
from patients.forms.register import EditPersonForm, RegisterForm
from patients.models import Patient
from patients.services import register
from patients.views.pages import Page, answer, open_patient

EDIT = Page("Edit patient", "Save changes", "The changes are saved.", "patients/edit.html")

NEXT_CLINICAL = "medicines, allergies and consent to treatment, then the safety screen."
NEXT_AT_DESK = "the e-mail address and the consent to e-mail, then the dates of the course."


def current_clinic(request: HttpRequest) -> Clinic:
    clinic: Clinic | None = getattr(request, "clinic", None)
    if clinic is None:
        raise PermissionDenied
    return clinic


@require_http_methods(["GET", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    clinic = current_clinic(request)
    allow(staff(request), register.ADD, clinic)
    form = RegisterForm(request.POST or None)
    if form.is_valid():
        url = ""
        with errors_on(form):
            url = _register(request, form, clinic)
        if not form.errors:
            return redirect_page(request, url or form.result_url)
    duplicates = _duplicates(request, form, clinic) if form.asks_for_another_person else []
    context = {"form": form, "duplicates": duplicates, "now": clock.now()}
    return render(request, "patients/add.html", context, status=form.status_code)


def _register(request: HttpRequest, form: RegisterForm, clinic: Clinic) -> str:
    patient = register.register(
        clinic,
        form.person,
        by=staff(request),
        is_another_person=form.cleaned_data["is_another_person"],
        entry=form.submission("register", clinic.public_id),
        shown_at=_chart_url,
    )
    clinical = staff(request).may("patients.change_chart", clinic.pk)
    step = NEXT_CLINICAL if clinical else NEXT_AT_DESK
    messages.success(request, f"Registered as {patient.record_number}. Next: {step}")
    return _chart_url(patient)


def _chart_url(patient: Patient) -> str:
    return reverse("desk:chart", args=[patient.public_id])


def _duplicates(request: HttpRequest, form: RegisterForm, clinic: Clinic) -> list[Patient]:
    person = form.person
    found = register.possible_duplicates(
        clinic,
        family_name=person.family_name,
        given_name=person.given_name,
        birth_date=person.birth_date,
    )
    for patient in found:
        audit.read(staff(request), "register", patient)
    return found


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, public_id: UUID) -> HttpResponse:
    patient = open_patient(request, register.CHANGE, public_id, "edit")
    form = EditPersonForm(request.POST or None, patient=patient)

    def save() -> None:
        register.change(
            patient.pk,
            form.person,
            by=staff(request),
            version=form.cleaned_data["version"],
            entry=form.submission("edit_patient", public_id),
        )

    def current() -> dict[str, Any]:
        return EditPersonForm.initial_of(Patient.objects.get(pk=patient.pk))

    return answer(request, form, patient, save, EDIT, current=current)
