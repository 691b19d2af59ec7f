"""Another medicine given in the visit: entering and correcting."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_http_methods

from clinic.access import fetch, staff
from clinic.htmx import HtmxHttpRequest
from monitoring.forms.medicine import MedicineCorrectionForm, MedicineForm
from monitoring.models import MedicationGiven
from monitoring.services import medicines
from sessions.actions import Panel, answer, session_rows

GET_POST = require_http_methods(["GET", "POST"])
SAID = {
    "none": "It changes nothing on the clock.",
    "recheck": "Observed for {} minutes more, with a recheck at the end.",
    "restart": "The observation starts again; a recheck is due in {} minutes.",
}


def told(row: MedicationGiven) -> str:
    return f"{row} recorded. {SAID[row.effect].format(row.minutes)}"


@GET_POST
def give(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    treatment_session = fetch(request, session_rows(), medicines.RECORD, public_id=public_id)
    form = MedicineForm(request.POST or None, clinic_id=treatment_session.clinic_id)
    panel = Panel(title="Another medicine", form=form, url=request.path, button="Record medicine")

    def save() -> str:
        entry = form.submission("medicine", public_id)
        row = medicines.record(treatment_session.pk, form.given, by=staff(request), entry=entry)
        return told(row)

    return answer(request, treatment_session, panel, save)


@GET_POST
def correct(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    rows = MedicationGiven.objects.visible_to(staff(request)).select_related("ordered_by")
    wrong = get_object_or_404(rows, public_id=public_id)
    session_id = wrong.treatment_session_id
    treatment_session = fetch(request, session_rows(), medicines.RECORD, pk=session_id)
    form = MedicineCorrectionForm(
        request.POST or None, wrong=wrong, clinic_id=treatment_session.clinic_id
    )
    panel = Panel(
        title=f"Correct {wrong}",
        form=form,
        url=request.path,
        button="Save correction",
        lead="What it said stays readable.",
    )

    def save() -> str:
        row = medicines.correct(
            wrong,
            form.given,
            form.cleaned_data["reason"],
            by=staff(request),
            entered_in_error=form.cleaned_data["entered_in_error"],
            entry=form.submission("correct_medicine", public_id),
        )
        if row.entered_in_error:
            return f"{wrong} is marked as entered in error."
        return told(row)

    return answer(request, treatment_session, panel, save)
