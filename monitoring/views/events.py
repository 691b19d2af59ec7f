"""Missed checks and adverse events: entering, settling, taking back."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_http_methods

from clinic import clock
from clinic.access import fetch, staff
from clinic.htmx import HtmxHttpRequest
from monitoring.forms.events import (
    EventForm,
    EventInErrorForm,
    MissedForm,
    ResolveForm,
    WithdrawForm,
)
from monitoring.models import AdverseEvent
from monitoring.models.events import STILL_OPEN
from monitoring.services import events, history
from monitoring.services import missed as missed_checks
from sessions.actions import Panel, answer, session_rows

GET_POST = require_http_methods(["GET", "POST"])


@GET_POST
def missed(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    treatment_session = fetch(request, session_rows(), missed_checks.RECORD, public_id=public_id)
    labels = missed_checks.explainable(history.load(treatment_session), clock.now())
    form = MissedForm(request.POST or None, labels=labels)
    panel = Panel(
        title="A check was missed",
        form=form,
        url=request.path,
        button="Save reason",
        lead="" if labels else "No check needs a reason now.",
    )

    def save() -> str:
        settled = missed_checks.settle(
            treatment_session.pk,
            by=staff(request),
            entry=form.submission("missed", public_id),
            **form.values,
        )
        return f"“{settled.label}” is settled by its reason."

    return answer(request, treatment_session, panel, save)


@GET_POST
def withdraw(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    """Take back that a check was missed."""
    treatment_session = fetch(request, session_rows(), missed_checks.RECORD, public_id=public_id)
    labels = list(history.load(treatment_session).missed)
    form = WithdrawForm(request.POST or None, labels=labels)
    panel = Panel(
        title="A check was not missed",
        form=form,
        url=request.path,
        button="Withdraw",
        lead="The check is open again; what was said stays readable."
        if labels
        else "No check is on record as missed.",
    )

    def save() -> str:
        error = missed_checks.withdraw(
            treatment_session.pk,
            by=staff(request),
            entry=form.submission("withdraw", public_id),
            **form.values,
        )
        return f"“{error.label}” is open again."

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
        to_report = " A prescriber is asked to report it." if reported.serious else ""
        return f"“{reported.term}” recorded. It stays open until its end is recorded.{to_report}"

    return answer(request, treatment_session, panel, save)


@GET_POST
def resolve(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    found = get_object_or_404(AdverseEvent.objects.visible_to(staff(request)), public_id=public_id)
    treatment_session = fetch(request, session_rows(), events.RECORD, pk=found.treatment_session_id)
    form = ResolveForm(request.POST or None)
    panel = Panel(title=f"End of “{found.term}”", form=form, url=request.path, button="Save")

    def save() -> str:
        typed, entry = form.cleaned_data, form.submission("resolve", public_id)
        told: dict[str, Any] = {"outcome": typed["outcome"], "at": typed["at"]}
        if typed["outcome"] in STILL_OPEN:
            row = events.follow(found, typed["resolution"], by=staff(request), entry=entry, **told)
            return f"“{found.term}”: {row.get_outcome_display().lower()}. It stays open."
        events.resolve(found, typed["resolution"], by=staff(request), entry=entry, **told)
        return f"“{found.term}” has ended."

    return answer(request, treatment_session, panel, save)


@GET_POST
def in_error(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    found = get_object_or_404(AdverseEvent.objects.visible_to(staff(request)), public_id=public_id)
    treatment_session = fetch(request, session_rows(), events.RECORD, pk=found.treatment_session_id)
    form = EventInErrorForm(request.POST or None)
    panel = Panel(
        title=f"“{found.term}” entered in error",
        form=form,
        url=request.path,
        button="Mark as entered in error",
        lead="It counts no more, and stays readable.",
    )

    def save() -> str:
        events.enter_in_error(
            found,
            form.cleaned_data["reason"],
            by=staff(request),
            entry=form.submission("in_error", public_id),
        )
        return f"“{found.term}” is marked as entered in error."

    return answer(request, treatment_session, panel, save)
