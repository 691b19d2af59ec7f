"""The safety screen."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from clinic.access import staff
from patients.basis import basis_of
from patients.forms.consent import ScreenForm
from patients.rules import months_later
from patients.services import screening
from patients.views.pages import Page, answer, open_patient, today_at

SCREEN = Page(
    "Safety screen",
    "Record screen",
    "The safety screen is recorded.",
    "patients/screen.html",
)


@require_http_methods(["GET", "POST"])
def screen(request: HttpRequest, public_id: UUID) -> HttpResponse:
    patient = open_patient(request, screening.SCREEN, public_id, "screen")
    today = today_at(patient.clinic)
    until = months_later(today, screening.USUAL_MONTHS)
    form = ScreenForm(request.POST or None, initial={"valid_until": until})

    def save() -> None:
        entry = form.submission("screen", public_id)
        screening.screen(patient.pk, form.decision, by=staff(request), entry=entry)

    basis = basis_of(patient, today)
    return answer(request, form, patient, save, SCREEN, basis=basis)
