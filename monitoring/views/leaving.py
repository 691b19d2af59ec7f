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
from monitoring.forms.leaving import (
    AssessForm,
    DepartureForm,
    EscortForm,
    OverrideForm,
    ReleaseForm,
)
from monitoring.models import DischargePolicy
from monitoring.services import discharge, history, witness
from monitoring.services.history import Record
from monitoring.services.seen import UnseenError
from sessions.actions import Panel, action_url, answer, session_rows
from sessions.lifecycle import Status
from sessions.models import TreatmentSession

GET_POST = require_http_methods(["GET", "POST"])


@GET_POST
def escort(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    treatment_session = fetch(request, session_rows(), discharge.ESCORT, public_id=public_id)
    accepted = DischargePolicy.of(treatment_session.clinic_id).accepted
    form = EscortForm(request.POST or None, accepted=accepted)
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
        if not saved.ready:
            return "Assessed as not ready yet."
        unmet = discharge.open_conditions(treatment_session, clock.now())
        still = f" Still open: {' '.join(condition.text for condition in unmet)}" if unmet else ""
        return f"Assessed as ready to leave.{still}"

    return answer(request, treatment_session, panel, save)


def release_panel(treatment_session: TreatmentSession, record: Record, data: Any = None) -> Panel:
    alone = not record.settings.escort_required
    return Panel(
        title="Release",
        form=ReleaseForm(data, escort=record.escort, may_go_alone=alone),
        url=action_url("monitoring:release", treatment_session),
        button="Release the patient",
        paper=("Print instructions", action_url("monitoring:instructions", treatment_session)),
    )


@GET_POST
def release(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    treatment_session = fetch(request, session_rows(), discharge.ASSESS, public_id=public_id)
    record = history.load(treatment_session)
    panel = release_panel(treatment_session, record, request.POST or None)

    def save() -> str:
        entry = panel.form.submission("release", public_id)
        discharge.release(
            treatment_session.pk, by=staff(request), leaving=panel.form.leaving, entry=entry
        )
        return "Released. A prescriber signs the session."

    return answer(request, treatment_session, panel, save)


@sensitive_post_parameters("second_password", "second_code")
@GET_POST
def override(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    treatment_session = fetch(request, session_rows(), discharge.ASSESS, public_id=public_id)
    record = history.load(treatment_session)
    unmet = record.gate(clock.now()).unmet
    lead = (
        "Two people decide, one of them a prescriber, that the patient leaves although this "
        "is open. Both names, the reason and this list go on record."
    )
    if treatment_session.status == Status.DOSING:
        lead = discharge.UNFINISHED
    now_shown = {"shown": " ".join(c.code for c in unmet), "rows": record.rows}
    form = OverrideForm(request.POST or None, initial=now_shown)
    panel = Panel(
        title="Release by override",
        form=form,
        url=request.path,
        button="Override and release",
        lead=lead,
        points=tuple(condition.text for condition in unmet),
        danger=True,
    )

    def save() -> str:
        typed, by = form.cleaned_data, staff(request)
        shown = discharge.Shown(frozenset(typed["shown"].split()), typed["rows"])
        entry = form.submission("override", public_id)
        try:
            discharge.check_override(treatment_session, typed["reason"], shown, by=by, entry=entry)
            second = witness.confirm(request, treatment_session, form.second, by=by)
            override = discharge.Override(typed["reason"], second, shown)
            discharge.release(treatment_session.pk, by=by, override=override, entry=entry)
        except UnseenError:
            form.ask_again(**now_shown)
            raise
        return "Released by override. A prescriber signs the session."

    return answer(request, treatment_session, panel, save)


@GET_POST
def departed(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    treatment_session = fetch(request, session_rows(), discharge.ASSESS, public_id=public_id)
    form = DepartureForm(request.POST or None)
    panel = Panel(
        title="Left already",
        form=form,
        url=request.path,
        button="Record departure",
        lead="Recorded outside the gate; a prescriber is asked to look at it.",
        danger=True,
    )

    def save() -> str:
        discharge.record_departure(
            treatment_session.pk,
            by=staff(request),
            entry=form.submission("departure", public_id),
            **form.values,
        )
        return "Departure recorded outside the gate; a prescriber is asked to look at it."

    return answer(request, treatment_session, panel, save)
