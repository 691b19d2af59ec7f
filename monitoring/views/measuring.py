"""Vital signs: entering and correcting."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from clinic.access import fetch, staff
from clinic.htmx import HtmxHttpRequest
from monitoring.forms.vitals import CorrectionForm, VitalsForm
from monitoring.models import VitalSigns
from monitoring.services import record
from sessions.actions import Panel, action_url, answer, session_rows
from sessions.models import TreatmentSession

GET_POST = require_http_methods(["GET", "POST"])
Previous = Mapping[str, str]


def vitals_panel(
    treatment_session: TreatmentSession, data: Any = None, previous: Previous | None = None
) -> Panel:
    return Panel(
        title="Vital signs",
        form=VitalsForm(data, previous=previous),
        url=action_url("monitoring:vitals", treatment_session),
        button="Save vital signs",
    )


@GET_POST
def vitals(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    treatment_session = fetch(request, session_rows(), record.RECORD, public_id=public_id)
    panel = vitals_panel(treatment_session, request.POST or None)

    def save() -> str:
        form = panel.form
        saved = record.record_vitals(
            treatment_session.pk,
            form.measured,
            by=staff(request),
            observed_at=form.cleaned_data["observed_at"],
            late_reason=form.cleaned_data["late_reason"],
            confirmed=form.cleaned_data["confirmed"],
            entry=form.submission("vitals", public_id),
        )
        return f"Vital signs of {timezone.localtime(saved.observed_at):%H:%M} saved."

    return answer(request, treatment_session, panel, save)


@GET_POST
def correct(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    wrong = get_object_or_404(VitalSigns.objects.visible_to(staff(request)), public_id=public_id)
    treatment_session = fetch(request, session_rows(), record.RECORD, pk=wrong.treatment_session_id)
    form = CorrectionForm(request.POST or None, vitals=wrong)
    taken = f"{timezone.localtime(wrong.observed_at):%H:%M}"
    panel = Panel(
        title=f"Correct vital signs of {taken}",
        form=form,
        url=request.path,
        button="Save correction",
        lead="The old values stay readable, struck through.",
    )

    def save() -> str:
        record.correct_vitals(
            wrong,
            form.measured,
            by=staff(request),
            observed_at=form.cleaned_data["observed_at"],
            reason=form.cleaned_data["reason"],
            entered_in_error=form.cleaned_data["entered_in_error"],
            confirmed=form.cleaned_data["confirmed"],
            entry=form.submission("correct", public_id),
        )
        return f"Vital signs of {taken} corrected; both sets stay on record."

    return answer(request, treatment_session, panel, save)
