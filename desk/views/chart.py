from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from clinic import audit, clock
from clinic.access import fetch, staff
from desk import chart as charts
from patients.banner import banner_for
from patients.models import Patient


@require_GET
def chart(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show the chart; the front desk gets the sections that are not clinical."""
    patient = fetch(request, Patient.objects.all(), "patients.view_patient", public_id=public_id)
    user, now = staff(request), clock.now()
    audit.read(user, "chart", patient)
    shown = charts.load(patient, user, now, everything_of=request.GET.get("all", ""))
    today = now.astimezone(patient.clinic.zone).date()
    context = {
        "chart": shown,
        "patient": patient,
        "banner": banner_for(
            patient,
            user,
            today,
            step=shown.step,
            allergies=shown.known_allergies,
            medicines=shown.review,
        ),
        "now": now,
        "today": today,
    }
    return render(request, "desk/chart.html", context)
