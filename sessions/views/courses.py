"""One course: its dates, its doses, its rhythm, its end."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET, require_http_methods

from clinic import clock
from clinic.access import staff
from clinic.forms import errors_on
from clinic.htmx import redirect_page
from clinic.numbers import plain
from patients.models import Task
from sessions.bodyweight import SOURCES as FORMULAS
from sessions.bodyweight import Basis
from sessions.dosing import DEFAULT_MG_PER_ML
from sessions.forms.courses import OrderForm, RhythmForm, StopForm
from sessions.lifecycle import HOLDING
from sessions.models import DosingPolicy, TreatmentCourse, TreatmentSession
from sessions.models.protocol import Route
from sessions.models.session import STANDING
from sessions.notices import expects_notice
from sessions.services import orders
from sessions.services.booking import unplaced_key
from sessions.services.calendar import hours_of
from sessions.services.ending import STOP, stop_course
from sessions.services.offers import Offer, offer_for, standing_order
from sessions.services.rhythm import change_rhythm
from sessions.services.weighing import Scales, scales_of
from sessions.strip import Entry, weeks
from sessions.views.pages import VIEW, open_course, show


@require_GET
def course(request: HttpRequest, public_id: UUID) -> HttpResponse:
    found = open_course(request, VIEW, public_id)
    now = clock.now()
    rows_of_course = found.sessions.select_related("phase", "chair__room", "clinic")
    sessions = list(rows_of_course.order_by("number", "pk"))
    again = {row.number for row in sessions if row.status in STANDING}
    zone = found.clinic.zone
    days = [row.starts_at.astimezone(zone).date() for row in sessions]
    placed = list(zip(sessions, days, strict=True))
    rows = [
        {"session": row, "shift": (day - row.nominal_on).days, "again": row.number in again}
        for row, day in placed
    ]
    entries = (Entry(row.number, row.phase.name, row.nominal_on, day) for row, day in placed)
    user = staff(request)
    return show(
        request,
        "sessions/course.html",
        found.patient,
        now=now,
        step=_step(found, sessions),
        course=found,
        rows=rows,
        numbered=len({row.number for row in sessions}),
        made_up=len({row.number for row in sessions if row.makes_up_for_id} & again),
        waiting=_waiting(found),
        weeks=list(weeks(entries, hours_of(found.clinic).calendar)),
        orders=_orders(request, found),
        rhythms=_rhythms(found),
        may_order=user.may(orders.ORDER, found.clinic_id),
        may_stop=user.may(STOP, found.clinic_id),
        may_move=user.may("treatment_sessions.move_session", found.clinic_id),
        is_running=found.status == TreatmentCourse.Status.ACTIVE,
    )


def _waiting(found: TreatmentCourse) -> list[dict[str, Any]]:
    """Return the numbers that still have no date, as their tasks say it."""
    prefix = unplaced_key(found, "")
    rows = Task.objects.open().filter(dedupe_key__startswith=prefix).order_by("pk")
    return [
        {"text": text, "number": int(key.removeprefix(prefix))}
        for text, key in rows.values_list("text", "dedupe_key")
    ]


def _step(found: TreatmentCourse, sessions: list[TreatmentSession]) -> str:
    """Say where the course stands, as in the banner: "Esketamine TRD (US), Induction 3 of 8"."""
    held = (row for row in sessions if row.status in HOLDING)
    current = next(held, sessions[-1] if sessions else None)
    if current is None:
        return found.protocol.short_title
    return f"{found.protocol.short_title}, {current.step_label}"


def _orders(request: HttpRequest, found: TreatmentCourse) -> list[Any]:
    """Return all orders, the standing one first; a dose is clinical, so only for those who may."""
    if not staff(request).may("patients.view_chart", found.clinic_id):
        return []
    return list(found.dose_orders.select_related("prescriber"))


def _rhythms(found: TreatmentCourse) -> list[str]:
    phases = found.protocol.phases.all()
    return next((phase.rhythm_choices for phase in phases if phase.rhythm_choices), [])


@require_http_methods(["GET", "POST"])
def order(request: HttpRequest, public_id: UUID) -> HttpResponse:
    found = open_course(request, orders.ORDER, public_id)
    now = clock.now()
    policy = DosingPolicy.of(found.clinic_id)
    scales = scales_of(found, now, policy)
    form, offer = _order_form(request, found, scales, now)
    if form.is_for(request, found.patient_id):
        with errors_on(form):
            orders.order_dose(
                found.pk,
                form.ordered,
                by=staff(request),
                replaces=form.cleaned_data["standing"],
                entry=form.submission("order_dose", public_id),
            )
        if not form.errors:
            messages.success(request, "The dose is ordered; it holds for the coming sessions.")
            return redirect_page(request, "sessions:course", public_id)
        if form.conflict:
            form.renew(standing_order(found))
    return show(
        request,
        "sessions/order.html",
        found.patient,
        title="Order the dose",
        button="Order this dose",
        now=now,
        status=form.status_code,
        course=found,
        form=form,
        offer=offer,
        is_infusion=found.protocol.route == Route.IV,
        standing=standing_order(found),
        scales=scales,
        policy=policy,
        formulas=FORMULAS,
    )


def _order_form(
    request: HttpRequest, found: TreatmentCourse, scales: Scales, now: datetime
) -> tuple[OrderForm, Offer]:
    """Build the form with doses for the weight and concentration that were typed, if any."""
    route, weights = found.protocol.route, scales.weights
    typed = OrderForm(request.POST or None, route=route, choices=(), basis="", weights=weights)
    concentration = _typed(typed, "concentration") or DEFAULT_MG_PER_ML
    weight = typed.kilograms() if typed.is_bound else weights.actual
    offer = offer_for(found, now=now, weight_kg=weight, mg_per_ml=concentration)
    basis = " ".join(plain(number) for number in (weight or Decimal(), concentration))
    standing = standing_order(found)
    default = next((i for i, choice in enumerate(offer.choices) if choice.is_default), None)
    form = OrderForm(
        request.POST or None,
        route=route,
        choices=offer.choices,
        basis=basis,
        weights=weights,
        mg_per_kg=offer.default_mg_per_kg,
        refusal=offer.refusal,
        refused_for=offer.refused_for,
        initial={
            "option": None if default is None else str(default),
            "weight_basis": Basis.ACTUAL if weights.actual else Basis.OTHER,
            "concentration": DEFAULT_MG_PER_ML,
            "valid_from": now.astimezone(found.clinic.zone).date(),
            "standing": standing.public_id if standing else "",
        },
    )
    return form, offer


def _typed(form: OrderForm, name: str) -> Decimal | None:
    if not form.is_bound or name not in form.fields:
        return None
    form.is_valid()
    return getattr(form, "cleaned_data", {}).get(name)


@require_http_methods(["GET", "POST"])
def rhythm(request: HttpRequest, public_id: UUID) -> HttpResponse:
    found = open_course(request, orders.ORDER, public_id)
    initial = {
        "version": found.version,
        "rhythm": _current_rhythm(found),
        "notify": expects_notice(found.sessions.planned()),
    }
    form = RhythmForm(request.POST or None, rhythms=_rhythms(found), initial=initial)
    if form.is_for(request, found.patient_id):
        with errors_on(form):
            moved = change_rhythm(
                found.pk,
                form.cleaned_data["rhythm"],
                notify=form.cleaned_data["notify"],
                by=staff(request),
                version=form.cleaned_data["version"],
                entry=form.submission("change_rhythm", public_id),
            )
            messages.success(request, f"The rhythm changed; {moved} sessions moved.")
        if not form.errors:
            return redirect_page(request, "sessions:course", public_id)
        if form.conflict:
            found.refresh_from_db(fields=["version", "rhythm", "rhythm_changes"])
            form.compare_with(
                {
                    "version": found.version,
                    "rhythm": _current_rhythm(found),
                    "notify": form.cleaned_data.get("notify"),
                }
            )
    return _form_page(request, found, form, title="Rhythm", button="Change the rhythm")


def _current_rhythm(found: TreatmentCourse) -> str:
    return found.rhythm_changes[-1][1] if found.rhythm_changes else found.rhythm


@require_http_methods(["GET", "POST"])
def stop(request: HttpRequest, public_id: UUID) -> HttpResponse:
    found = open_course(request, STOP, public_id)
    form = StopForm(request.POST or None, initial={"version": found.version})
    if form.is_for(request, found.patient_id):
        with errors_on(form):
            cancelled = stop_course(
                found.pk,
                reason=form.cleaned_data["reason"],
                by=staff(request),
                version=form.cleaned_data["version"],
                entry=form.submission("stop_course", public_id),
            )
            messages.success(request, f"The course stopped; {cancelled} sessions are cancelled.")
        if not form.errors:
            return redirect_page(request, "sessions:course", public_id)
        if form.conflict:
            found.refresh_from_db(fields=["version", "stop_reason"])
            current = {"version": found.version, "reason": form.cleaned_data.get("reason")}
            form.compare_with(current)
    planned = found.sessions.planned().count()
    lead = f"{planned} planned sessions will be cancelled, and their messages with them."
    return _form_page(
        request, found, form, title="Stop the course", button="Stop the course", lead=lead
    )


def _form_page(
    request: HttpRequest, found: TreatmentCourse, form: Any, **words: str
) -> HttpResponse:
    return show(
        request,
        "sessions/course_form.html",
        found.patient,
        now=clock.now(),
        status=form.status_code,
        course=found,
        form=form,
        **words,
    )
