"""Prescribers on site: registering, confirming, leaving, handing over, correcting."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from clinic import clock, presence
from clinic.access import allow, fetch, staff
from clinic.forms import errors_on
from clinic.htmx import redirect_page
from clinic.models import HandOver, OnSite
from desk import on_site as registers
from desk.forms_on_site import (
    AnswerForm,
    ArriveForm,
    ConfirmForm,
    CorrectStayForm,
    HandOverForm,
    LeaveForm,
)
from desk.views.here import clinic_here
from sessions.actions import Panel

VIEW = "desk.view_board"
GET_POST = require_http_methods(["GET", "POST"])


@require_GET
def register(request: HttpRequest) -> HttpResponse:
    now = clock.now()
    context = {"register": registers.load(clinic_here(request), now), "now": now}
    return render(request, "desk/on_site.html", context)


@GET_POST
def arrive(request: HttpRequest) -> HttpResponse:
    clinic, user = clinic_here(request), staff(request)
    allow(user, presence.BE, clinic)
    form = ArriveForm(request.POST or None)
    lead = "From now on you are the prescriber on site, until you leave or hand over."
    panel = Panel("On site", form, request.path, "Register me", lead=lead)

    def save() -> str:
        entry = form.submission("on_site.arrive", clinic.public_id)
        presence.arrive(clinic, by=user, entry=entry, **form.values)
        return "You are registered on site."

    return _answer(request, panel, save)


@GET_POST
def confirm(request: HttpRequest, public_id: UUID) -> HttpResponse:
    stay = _stay(request, public_id, presence.BE)
    form = ConfirmForm(request.POST or None)
    panel = Panel("Still on site", form, request.path, "I am here")

    def save() -> str:
        entry = form.submission("on_site.confirm", public_id)
        presence.confirm(stay.pk, by=staff(request), entry=entry)
        return "Thank you: you count as on site."

    return _answer(request, panel, save)


@GET_POST
def leave(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Name the patients whom the last one leaves behind, and ask for a hand-over."""
    stay = _stay(request, public_id, presence.END)
    user = staff(request)
    behind = registers.treated(stay.clinic)
    asks_why = bool(behind) and presence.is_last(stay, clock.now())
    form = LeaveForm(request.POST or None, asks_why=asks_why)
    title = "Leave" if stay.person_id == user.pk else f"{stay.person} has left"
    lead = "Being treated now:" if behind else ""
    if asks_why:
        lead = "Patients are being treated, and nobody else is on site. Hand over first."
    panel = Panel(
        title,
        form,
        request.path,
        "Leave all the same" if asks_why else "Record leaving",
        lead=lead,
        points=tuple(behind),
        danger=asks_why,
    )

    def save() -> str:
        entry = form.submission("on_site.leave", public_id)
        presence.leave(stay.pk, by=user, entry=entry, **form.values)
        return f"{stay.person} is no longer registered on site."

    mine = stay.person_id == user.pk and bool(presence.others(stay.clinic, user.pk))
    return _answer(request, panel, save, hand_over=stay if asks_why and mine else None)


@GET_POST
def hand_over(request: HttpRequest, public_id: UUID) -> HttpResponse:
    stay = _stay(request, public_id, presence.BE)
    form = HandOverForm(request.POST or None, others=presence.others(stay.clinic, stay.person_id))
    panel = Panel(
        "Hand over",
        form,
        request.path,
        "Ask to take over",
        lead="You stay in charge until the other accepts.",
        points=tuple(registers.treated(stay.clinic)),
    )

    def save() -> str:
        to = form.others[form.cleaned_data["to"]]
        entry = form.submission("on_site.hand_over", public_id)
        presence.offer(stay.pk, to, by=staff(request), note=form.cleaned_data["note"], entry=entry)
        return f"{to} is asked to take over; you stay in charge until they accept."

    return _answer(request, panel, save)


@GET_POST
def answer(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Accept or decline; who offered takes it back."""
    rows = HandOver.objects.select_related("stay__person", "to")
    asked = fetch(request, rows, presence.BE, public_id=public_id)
    user = staff(request)
    mine = asked.stay.person_id == user.pk
    choices = [("no", "Take it back")] if mine else [("yes", "I take over"), ("no", "Decline")]
    form = AnswerForm(request.POST or None, choices=choices)
    lead = f"{asked.stay.person} asks {asked.to} to take over. {asked.note}".strip()
    panel = Panel(
        "Hand-over",
        form,
        request.path,
        "Save",
        lead=lead,
        points=tuple(registers.treated(asked.clinic)),
    )

    def save() -> str:
        accepted = form.cleaned_data["answer"] == "yes"
        entry = form.submission("on_site.answer", public_id)
        found = presence.answer(asked.pk, accepted=accepted, by=user, entry=entry)
        return f"Hand-over: {found.get_answer_display().lower()}."

    return _answer(request, panel, save)


@GET_POST
def correct(request: HttpRequest, public_id: UUID) -> HttpResponse:
    stay = _stay(request, public_id, presence.BE)
    form = CorrectStayForm(request.POST or None, stay=stay)
    panel = Panel(
        f"Correct the stay of {stay.person}",
        form,
        request.path,
        "Save correction",
        lead="The old entry stays readable.",
    )

    def save() -> str:
        entry = form.submission("on_site.correct", public_id)
        presence.correct(stay.pk, by=staff(request), entry=entry, **form.values)
        return "The register is corrected; both entries stay readable."

    return _answer(request, panel, save)


def _stay(request: HttpRequest, public_id: UUID, permission: str) -> Any:
    rows = OnSite.objects.select_related("person")
    return fetch(request, rows, permission, public_id=public_id)


def _answer(
    request: HttpRequest, panel: Panel, save: Callable[[], str], **context: Any
) -> HttpResponse:
    form = panel.form
    if form.is_bound:
        if form.is_valid():
            with errors_on(form):
                messages.success(request, save())
        if not form.errors or form.was_saved(staff(request)):
            return redirect_page(request, reverse("desk:board"))
    template = (
        "sessions/_form.html" if getattr(request, "htmx", False) else "desk/on_site_form.html"
    )
    context |= {"panel": panel, "form": form, "now": clock.now()}
    return render(request, template, context, status=form.status_code)
