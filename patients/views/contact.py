"""Where mail to the patient goes."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from clinic import clock
from clinic.access import staff
from patients.forms.register import EmailContactForm
from patients.models import Consent, EmailContact, Patient
from patients.services import contact
from patients.services.register import CHANGE
from patients.views.pages import Page, answer, open_patient

EMAIL = Page(
    "E-mail contact", "Save contact", "The e-mail contact is saved.", "patients/email.html"
)


@require_http_methods(["GET", "POST"])
def email(request: HttpRequest, public_id: UUID) -> HttpResponse:
    patient = open_patient(request, CHANGE, public_id, "email")
    form = EmailContactForm(request.POST or None, patient=patient, contact=_contact(patient))

    def save() -> None:
        contact.save(
            patient.pk,
            form.contact,
            by=staff(request),
            version=form.cleaned_data["version"],
            entry=form.submission("email_contact", public_id),
        )

    def current() -> dict[str, Any]:
        now = Patient.objects.select_related("clinic").get(pk=patient.pk)
        return EmailContactForm.initial_of(now, _contact(now))

    has_consent = _agrees_to_mail(patient)
    return answer(request, form, patient, save, EMAIL, current=current, has_consent=has_consent)


def _agrees_to_mail(patient: Patient) -> bool:
    consents = Consent.objects.filter(patient=patient).of_kind(Consent.Kind.EMAIL).standing()
    now = clock.now()
    return any(consent.stands_at(now) for consent in consents.select_related("clinic"))


def _contact(patient: Patient) -> EmailContact | None:
    return EmailContact.objects.filter(patient=patient).first()
