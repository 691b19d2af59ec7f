"""On the way to the door: the escort reached or not, waiting outside the chair, instructions."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe

from clinic import audit, clock
from clinic.access import fetch, staff
from clinic.htmx import HtmxHttpRequest
from monitoring.forms.leaving import WaitForm, WayHomeForm
from monitoring.models import DischargePolicy, Escort
from monitoring.services import way_home
from patients.models import PatientPolicy
from sessions.actions import Panel, answer, session_rows, today_of
from sessions.models import TreatmentSession

GET_POST = require_http_methods(["GET", "POST"])


@GET_POST
def note(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    treatment_session = fetch(request, session_rows(), way_home.RECORD, public_id=public_id)
    form = WayHomeForm(request.POST or None)
    panel = Panel(
        title="On the way home",
        form=form,
        url=request.path,
        button="Record",
        lead="An escort who can't be reached, or a patient who means to drive, keeps the door shut "
        "until it is settled.",
    )

    def save() -> str:
        saved = way_home.note(
            treatment_session.pk,
            form.cleaned_data["kind"],
            form.cleaned_data["note"],
            by=staff(request),
            entry=form.submission("way_home", public_id),
        )
        return f"{saved.get_kind_display()}: recorded."

    return answer(request, treatment_session, panel, save)


@GET_POST
def wait(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    treatment_session = fetch(request, session_rows(), way_home.WAIT, public_id=public_id)
    form = WaitForm(request.POST or None)
    panel = Panel(
        title="Wait for the ride",
        form=form,
        url=request.path,
        button="Waits outside the chair",
        lead="The chair is free for the next patient; this one stays on the board and under your "
        "care until released at the door.",
    )

    def save() -> str:
        entry = form.submission("wait", public_id)
        stay = way_home.wait_outside(treatment_session.pk, by=staff(request), entry=entry)
        return f"Now at {stay}."

    return answer(request, treatment_session, panel, save)


@require_safe
def instructions(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show what the patient takes home on paper: no drug, no diagnosis."""
    rows = TreatmentSession.objects.select_related("patient", "clinic")
    treatment_session = fetch(request, rows, way_home.RECORD, public_id=public_id)
    audit.read(staff(request), "instructions", treatment_session)
    policy = DischargePolicy.of(treatment_session.clinic_id)
    context = {
        "treatment_session": treatment_session,
        "patient": treatment_session.patient,
        "clinic": treatment_session.clinic,
        "lines": [line for line in policy.instructions.splitlines() if line.strip()],
        "escort": Escort.objects.filter(treatment_session=treatment_session).first(),
        "help": PatientPolicy.of(treatment_session.clinic_id),
        "today": today_of(treatment_session),
        "now": clock.now(),
    }
    return render(request, "monitoring/instructions.html", context)
