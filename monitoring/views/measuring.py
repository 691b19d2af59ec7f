"""Vital signs, missed checks and adverse events: entering, correcting, settling."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from clinic import clock
from clinic.access import fetch, staff
from clinic.htmx import HtmxHttpRequest
from monitoring.forms import CorrectionForm, EventForm, MissedForm, ResolveForm, VitalsForm
from monitoring.models import AdverseEvent, VitalSigns
from monitoring.services import events, history, record
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


@GET_POST
def missed(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    treatment_session = fetch(request, session_rows(), record.RECORD, public_id=public_id)
    labels = record.explainable(history.load(treatment_session), clock.now())
    form = MissedForm(request.POST or None, labels=labels)
    panel = Panel(
        title="A check was missed",
        form=form,
        url=request.path,
        button="Save reason",
        lead="" if labels else "No check needs a reason now.",
    )

    def save() -> str:
        settled = record.settle_missed(
            treatment_session.pk,
            by=staff(request),
            entry=form.submission("missed", public_id),
            **form.values,
        )
        return f"“{settled.label}” is settled by its reason."

    return answer(request, treatment_session, panel, save)


@GET_POST
def event(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    treatment_session = fetch(request, session_rows(), events.RECORD, public_id=public_id)
    form = EventForm(request.POST or None)
    panel = Panel(title="Adverse event", form=form, url=request.path, button="Record adverse event")

    def save() -> str:
        reported = events.report(
            treatment_session.pk,
            events.Reported(**form.values),
            by=staff(request),
            entry=form.submission("event", public_id),
        )
        return f"“{reported.term}” recorded. It stays open until its end is recorded."

    return answer(request, treatment_session, panel, save)


@GET_POST
def resolve(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    found = get_object_or_404(AdverseEvent.objects.visible_to(staff(request)), public_id=public_id)
    treatment_session = fetch(request, session_rows(), events.RECORD, pk=found.treatment_session_id)
    form = ResolveForm(request.POST or None)
    panel = Panel(title=f"End of “{found.term}”", form=form, url=request.path, button="Save")

    def save() -> str:
        events.resolve(
            found,
            form.cleaned_data["resolution"],
            by=staff(request),
            entry=form.submission("resolve", public_id),
        )
        return f"“{found.term}” has ended."

    return answer(request, treatment_session, panel, save)
