"""The safety screen."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from clinic.access import staff
from patients.forms.consent import ScreenForm
from patients.rules import months_later
from patients.services import screening
from patients.views.pages import Page, answer, open_patient, today_at

SCREEN = Page("Safety screen", "Record screen", "The safety screen is recorded.")


@require_http_methods(["GET", "POST"])
def screen(request: HttpRequest, public_id: UUID) -> HttpResponse:
    patient = open_patient(request, screening.SCREEN, public_id, "screen")
    until = months_later(today_at(patient.clinic), screening.USUAL_MONTHS)
    form = ScreenForm(request.POST or None, initial={"valid_until": until})

    def save() -> None:
        entry = form.submission("screen", public_id)
        screening.screen(patient.pk, form.decision, by=staff(request), entry=entry)

    lead = (
        "Decide with the medicines, conditions, allergies and blood pressure on the chart in view."
    )
    return answer(request, form, patient, save, SCREEN, lead=lead)
