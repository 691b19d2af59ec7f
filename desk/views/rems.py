from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from clinic import clock
from clinic.access import allow, staff
from desk import rems
from desk.views.here import clinic_here
from monitoring.views.rems import VIEW


@require_GET
def forms(request: HttpRequest) -> HttpResponse:
    clinic, now = clinic_here(request), clock.now()
    allow(staff(request), VIEW, clinic)
    context = {"waiting": rems.load(clinic, now), "clinic": clinic, "now": now}
    return render(request, "desk/rems.html", context)
