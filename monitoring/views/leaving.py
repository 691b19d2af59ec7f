"""What leads to the door: escort, assessment, release."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from clinic import clock
from clinic.access import fetch, staff
from clinic.htmx import HtmxHttpRequest
from monitoring.discharge import Gate
from monitoring.forms import AssessForm, EscortForm, ReleaseForm
from monitoring.services import discharge, history, witness
from sessions.actions import Panel, action_url, answer, session_rows
from sessions.models import TreatmentSession

GET_POST = require_http_methods(["GET", "POST"])


@GET_POST
def escort(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    treatment_session = fetch(request, session_rows(), discharge.ESCORT, public_id=public_id)
    form = EscortForm(request.POST or None)
    panel = Panel(title="The way home", form=form, url=request.path, button="Save escort")

    def save() -> str:
        named = discharge.name_escort(
            treatment_session.pk,
            by=staff(request),
            entry=form.submission("escort", public_id),
            **form.values,
        )
        return f"{named.get_kind_display()} saved: {named.name}."

    return answer(request, treatment_session, panel, save)


def assess_panel(
    treatment_session: TreatmentSession, gate: Gate, *, prescriber: bool, data: Any = None
) -> Panel:
    return Panel(
        title="Assess for discharge",
        form=AssessForm(data, gate=gate, prescriber=prescriber),
        url=action_url("monitoring:assess", treatment_session),
        button="Save assessment",
    )


@GET_POST
def assess(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    treatment_session = fetch(request, session_rows(), discharge.ASSESS, public_id=public_id)
    user = staff(request)
    gate = history.load(treatment_session).gate(clock.now())
    prescriber = user.may(discharge.PRESCRIBER, treatment_session.clinic_id)
    panel = assess_panel(treatment_session, gate, prescriber=prescriber, data=request.POST or None)
    form = panel.form

    def save() -> str:
        saved = discharge.assess(
            treatment_session.pk,
            ready=form.cleaned_data["ready"] == "yes",
            by=user,
            decisions=form.decisions,
            note=form.cleaned_data["note"],
            entry=form.submission("assess", public_id),
        )
        return "Assessed as ready to leave." if saved.ready else "Assessed as not ready yet."

    return answer(request, treatment_session, panel, save)


RELEASE_WORDS = {
    "gate": ("Release", "Release the patient", ""),
    "override": (
        "Release by override",
        "Override and release",
        "Two people decide, one of them a prescriber. Both names go on record.",
    ),
    "left": (
        "Left already",
        "Record departure",
        "Recorded outside the gate; a prescriber is asked to look at it.",
    ),
}


def release_panel(
    treatment_session: TreatmentSession, how: str = "gate", data: Any = None
) -> Panel:
    title, button, lead = RELEASE_WORDS[how if how in RELEASE_WORDS else "gate"]
    return Panel(
        title=title,
        form=ReleaseForm(data, initial={"how": how}),
        url=action_url("monitoring:release", treatment_session),
        button=button,
        lead=lead,
        danger=how != "gate",
    )


@sensitive_post_parameters("second_password")
@GET_POST
def release(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    """Release as the gate allows; `how` chooses the override or the departure that has happened."""
    treatment_session = fetch(request, session_rows(), discharge.ASSESS, public_id=public_id)
    how = request.POST.get("how") or request.GET.get("how", "gate")
    panel = release_panel(treatment_session, how, request.POST or None)
    form = panel.form

    def save() -> str:
        values, user = form.cleaned_data, staff(request)
        if how == "left":
            discharge.record_departure(
                treatment_session.pk,
                left_at=values["left_at"] or clock.now(),
                reason=values["reason"],
                by=user,
                entry=form.submission("departure", public_id),
            )
            return "Departure recorded outside the gate; a prescriber is asked to look at it."
        override = _override(request, treatment_session, form) if how == "override" else None
        entry = form.submission("release", public_id)
        discharge.release(treatment_session.pk, by=user, override=override, entry=entry)
        return "Released. A prescriber signs the session."

    return answer(request, treatment_session, panel, save)


def _override(
    request: HtmxHttpRequest, treatment_session: TreatmentSession, form: ReleaseForm
) -> discharge.Override:
    second = witness.confirm(
        request,
        treatment_session,
        by=staff(request),
        username=form.cleaned_data["second_username"],
        password=form.cleaned_data["second_password"],
    )
    return discharge.Override(form.cleaned_data["reason"], second)
