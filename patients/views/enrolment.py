"""Recording and ending the enrolment in REMS."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from clinic import presence
from clinic.access import staff
from patients.forms.enrolment import EndEnrolmentForm, EnrolForm
from patients.models import RemsEnrolment
from patients.services import enrolment
from patients.views.pages import Page, answer, open_patient, open_row, today_at

ENROL = Page("REMS enrolment", "Record enrolment", "The enrolment is recorded.")
END = Page("End the REMS enrolment", "End enrolment", "The enrolment has ended.")


@require_http_methods(["GET", "POST"])
def enrol(request: HttpRequest, public_id: UUID) -> HttpResponse:
    patient = open_patient(request, enrolment.RECORD, public_id, "rems")
    today = today_at(patient.clinic)
    days = dict.fromkeys(("enrolled_on", "patient_signed_on", "prescriber_signed_on"), today)
    prescribers = presence.prescribers(patient.clinic)
    form = EnrolForm(request.POST or None, initial=days, prescribers=prescribers)

    def save() -> None:
        entry = form.submission("enrol", public_id)
        enrolment.enrol(patient.pk, form.enrolled, by=staff(request), entry=entry)

    lead = "From the enrolment form that the patient and a prescriber signed."
    return answer(request, form, patient, save, ENROL, lead=lead)


@require_http_methods(["GET", "POST"])
def end(request: HttpRequest, public_id: UUID) -> HttpResponse:
    row = open_row(request, RemsEnrolment.objects.all(), enrolment.RECORD, public_id, "rems")
    initial = {"ended_on": today_at(row.patient.clinic)}
    form = EndEnrolmentForm(request.POST or None, initial=initial)

    def save() -> None:
        entry = form.submission("end_enrolment", public_id)
        enrolment.end(row.pk, by=staff(request), entry=entry, **form.values)

    lead = f"Number {row.number}. No dose is authorised without an enrolment that stands."
    return answer(request, form, row.patient, save, END, lead=lead)
