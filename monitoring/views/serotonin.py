"""The serotonin check: made at the bedside, and corrected."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_http_methods

from clinic.access import fetch, staff
from clinic.htmx import HtmxHttpRequest
from monitoring.forms.serotonin import CorrectedSerotoninForm, SerotoninForm
from monitoring.models import SerotoninCheck
from monitoring.services import serotonin
from sessions.actions import Alarming, Panel, answer, session_rows

GET_POST = require_http_methods(["GET", "POST"])
LEAD = "Hunter criteria. What nobody looked at stays “not examined”, and never counts as absent."


@GET_POST
def check(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    treatment_session = fetch(request, session_rows(), serotonin.RECORD, public_id=public_id)
    proposed = serotonin.exposure_of(treatment_session).words
    form = SerotoninForm(request.POST or None, exposure=proposed)
    panel = Panel(
        title="Serotonin check", form=form, url=request.path, button="Save check", lead=LEAD
    )

    def save() -> str:
        saved = serotonin.record(
            treatment_session.pk,
            form.exam,
            by=staff(request),
            observed_at=form.cleaned_data["observed_at"],
            further_signs=form.cleaned_data["further_signs"],
            note=form.cleaned_data["note"],
            entry=form.submission("serotonin", public_id),
        )
        return said_of(saved)

    return answer(request, treatment_session, panel, save)


@GET_POST
def correct(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    rows = SerotoninCheck.objects.visible_to(staff(request))
    wrong = get_object_or_404(rows, public_id=public_id)
    treatment_session = fetch(
        request, session_rows(), serotonin.RECORD, pk=wrong.treatment_session_id
    )
    proposed = serotonin.exposure_of(treatment_session).words
    form = CorrectedSerotoninForm(request.POST or None, wrong=wrong, exposure=proposed)
    panel = Panel(
        title="Correct the serotonin check",
        form=form,
        url=request.path,
        button="Save correction",
        lead="The old check stays readable. An adverse event that it reported stays, too: "
        "take it back if it was none.",
    )

    def save() -> str:
        saved = serotonin.correct(
            wrong,
            form.exam,
            by=staff(request),
            reason=form.cleaned_data["reason"],
            further_signs=form.cleaned_data["further_signs"],
            note=form.cleaned_data["note"],
            entered_in_error=form.cleaned_data["entered_in_error"],
            entry=form.submission("serotonin_correct", public_id),
        )
        return "The check is entered in error." if saved.entered_in_error else said_of(saved)

    return answer(request, treatment_session, panel, save)


def said_of(check: SerotoninCheck) -> str:
    if check.result.calls_for_help:
        return Alarming(f"{check}. An adverse event is recorded and a prescriber is called.")
    return f"{check}."
