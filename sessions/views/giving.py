"""What is given, and its corrections: each is a page of its own, most are a form on the sheet."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_http_methods

from clinic import clock
from clinic.access import fetch, staff
from clinic.htmx import HtmxHttpRequest
from sessions.actions import Panel, action_url, answer, session_rows
from sessions.covered import time_of
from sessions.forms.sheet import (
    DeviceCorrectionForm,
    DeviceForm,
    InfusionChangeForm,
    InfusionCorrectionForm,
    InfusionForm,
    InfusionStepForm,
)
from sessions.models import Dose, DoseCheck, DoseOrder, InfusionEvent, TreatmentSession
from sessions.models.protocol import Route
from sessions.services import authorization, checks, corrections, doses, drips, infusions
from sessions.services.pumps import Change, Infusion

GET_POST = require_http_methods(["GET", "POST"])


def device_panel(
    treatment_session: TreatmentSession, number: int, ordered: int, data: Any = None
) -> Panel:
    of = f" of {ordered}" if number <= ordered else ""
    return Panel(
        title=f"Device {number}{of}",
        form=DeviceForm(data, initial={"number": number}),
        url=action_url("sessions:device", treatment_session),
        button=f"Record device {number}",
    )


@GET_POST
def device(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    treatment_session = fetch(request, session_rows(), doses.GIVE, public_id=public_id)
    number = doses.next_number(treatment_session)
    order = authorization.standing_order(treatment_session, clock.now())
    ordered = doses.devices_ordered(order) if order else 0
    panel = device_panel(treatment_session, number, ordered, request.POST or None)

    def save() -> str:
        values = panel.form.values
        outside = values.pop("outside_gate")
        dose = doses.record_device(
            treatment_session.pk,
            doses.Device(**values),
            by=staff(request),
            outside_gate=outside,
            entry=panel.form.submission("device", public_id),
        )
        return f"Device {dose.number} of {time_of(dose.given_at)} saved."

    return answer(request, treatment_session, panel, save)


@GET_POST
def device_correct(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    wrong = get_object_or_404(Dose.objects.visible_to(staff(request)), public_id=public_id)
    treatment_session = fetch(request, session_rows(), doses.GIVE, pk=wrong.treatment_session_id)
    is_device = wrong.route == Route.NASAL
    form_of_it = DeviceCorrectionForm if is_device else InfusionCorrectionForm
    form = form_of_it(request.POST or None, dose=wrong)
    what = "device" if is_device else "infusion"
    others = (
        "" if is_device else " A rate, a pause and the stop are corrected in their own columns."
    )
    panel = Panel(
        title=f"Correct {what} {wrong.number}",
        form=form,
        url=request.path,
        button="Save correction",
        lead=f"The old entry stays readable, struck through.{others}",
    )

    def save() -> str:
        values = form.values
        how: dict[str, Any] = {
            "by": staff(request),
            "entered_in_error": values.pop("entered_in_error"),
            "entry": form.submission("device_correct", public_id),
        }
        if is_device:
            corrections.correct_device(wrong, doses.Device(**values), **how)
        else:
            corrections.correct_infusion(wrong, corrections.Drip(**values), **how)
        return f"{what.capitalize()} {wrong.number} corrected; both entries stay on record."

    return answer(request, treatment_session, panel, save)


def infusion_panel(
    treatment_session: TreatmentSession,
    order: DoseOrder | None,
    check: DoseCheck | None = None,
    data: Any = None,
) -> Panel:
    return Panel(
        title="Start the infusion",
        form=InfusionForm(data, order=order, check=check),
        url=action_url("sessions:infusion", treatment_session),
        button="Start infusion",
    )


@GET_POST
def infusion(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    treatment_session = fetch(request, session_rows(), doses.GIVE, public_id=public_id)
    now = clock.now()
    order = authorization.standing_order(treatment_session, now)
    check = checks.valid_now(treatment_session, order, now) if order else None
    panel = infusion_panel(treatment_session, order, check, request.POST or None)

    def save() -> str:
        values = panel.form.values
        outside = values.pop("outside_gate")
        infusions.start(
            treatment_session.pk,
            Infusion(**values),
            by=staff(request),
            outside_gate=outside,
            entry=panel.form.submission("infusion", public_id),
        )
        return "Infusion started."

    return answer(request, treatment_session, panel, save)


def infusion_change_panel(
    treatment_session: TreatmentSession, last: InfusionEvent | None, data: Any = None
) -> Panel:
    return Panel(
        title="Infusion",
        form=InfusionChangeForm(data, last=last),
        url=action_url("sessions:infusion_change", treatment_session),
        button="Record",
    )


@GET_POST
def infusion_change(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    treatment_session = fetch(request, session_rows(), doses.GIVE, public_id=public_id)
    found = infusions.current(treatment_session)
    last = found[1][-1] if found and found[1] else None
    panel = infusion_change_panel(treatment_session, last, request.POST or None)

    def save() -> str:
        values = panel.form.values
        outside = values.pop("outside_gate")
        event = infusions.change(
            treatment_session.pk,
            Change(**values),
            by=staff(request),
            outside_gate=outside,
            entry=panel.form.submission("infusion_change", public_id),
        )
        return f"Infusion: {event.get_kind_display().lower()}."

    return answer(request, treatment_session, panel, save)


@GET_POST
def infusion_correct(request: HtmxHttpRequest, public_id: UUID, number: int) -> HttpResponse:
    """Correct the step of this number; a step that was corrected keeps it."""
    treatment_session = fetch(request, session_rows(), doses.GIVE, public_id=public_id)
    rows = InfusionEvent.objects.filter(treatment_session=treatment_session)
    line = drips.numbered(rows.select_related("dose")).get(number, [])
    if not line or line[-1].kind == InfusionEvent.Kind.START:
        raise Http404
    standing, seen = line[-1], len(line) - 1
    form = InfusionStepForm(request.POST or None, wrong=standing, seen=seen)
    what = standing.get_kind_display().lower()
    panel = Panel(
        title=f"Correct “{what}”",
        form=form,
        url=request.path,
        button="Save correction",
        lead="The old entry stays readable.",
    )

    def save() -> str:
        values = form.values
        shown = line[values.pop("seen")]
        right = Change(shown.kind, **values)
        entry = form.submission("infusion_correct", f"{public_id}.{number}")
        corrections.correct_step(shown, right, by=staff(request), entry=entry)
        return f"“{what.capitalize()}” corrected; both entries stay on record."

    return answer(request, treatment_session, panel, save)
