"""What the pages of a course share: its row, its banner, its clinic's zone."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from clinic import audit
from clinic.access import fetch, staff
from patients.banner import banner_for
from patients.models import Patient
from sessions.models import TreatmentCourse

VIEW = "treatment_sessions.view_treatmentcourse"


def open_course(request: HttpRequest, permission: str, public_id: UUID) -> TreatmentCourse:
    """Return the course of a page and record that it was read."""
    courses = TreatmentCourse.objects.select_related(
        "patient__clinic", "clinic", "protocol", "chair__room", "created_by"
    )
    course: TreatmentCourse = fetch(request, courses, permission, public_id=public_id)
    audit.read(staff(request), "course", course)
    return course


def show(
    request: HttpRequest,
    template: str,
    patient: Patient,
    *,
    now: datetime,
    step: str = "",
    status: int = 200,
    **context: Any,
) -> HttpResponse:
    """Render a page of one patient in the zone of his clinic, under his banner."""
    with timezone.override(patient.clinic.zone):
        today = timezone.localdate(now)
        banner = banner_for(patient, staff(request), today, step=step)
        context |= {"patient": patient, "banner": banner, "now": now, "today": today}
        return render(request, template, context, status=status)
