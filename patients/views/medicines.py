"""The medicines with what they raise, and acknowledging it."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from clinic.access import staff
from patients.forms.medicines import ReviewForm
from patients.services import medicines
from patients.services.chart import CHART
from patients.views.pages import Page, answer, open_patient, today_at

REVIEW = Page(
    "Medicines and interactions",
    "Record that you looked",
    "What you looked at is recorded.",
    "patients/medicines.html",
)


@require_http_methods(["GET", "POST"])
def review(request: HttpRequest, public_id: UUID) -> HttpResponse:
    patient = open_patient(request, CHART, public_id, "medicines")
    user = staff(request)
    found = medicines.review_of(patient, today_at(patient.clinic))
    settled = [item for item in found.to_settle if medicines.settles(user, patient.clinic_id, item)]
    form = ReviewForm(request.POST or None, items=settled)

    def save() -> None:
        entry = form.submission("review_medicines", public_id)
        medicines.acknowledge(
            patient.pk,
            form.cleaned_data["about"],
            by=user,
            reason=form.cleaned_data["reason"],
            entry=entry,
        )

    offered = any(item.is_open for item in settled)
    waits = not offered and not found.is_settled
    return answer(request, form, patient, save, REVIEW, review=found, offered=offered, waits=waits)
