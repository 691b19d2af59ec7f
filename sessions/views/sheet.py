"""The actions of the session sheet; each is a page of its own and a form on the sheet."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from clinic import clock
from clinic.access import allow, fetch, staff
from clinic.htmx import HtmxHttpRequest, redirect_page
from sessions import lifecycle
from sessions.actions import Panel, action_url, answer, session_rows
from sessions.forms.sheet import (
    ChairForm,
    DeviceCorrectionForm,
    DeviceForm,
    InfusionChangeForm,
    InfusionCorrectionForm,
    InfusionForm,
    PlainStepForm,
    SignForm,
    StepForm,
)
from sessions.lifecycle import Status
from sessions.models import Dose, DoseOrder, InfusionEvent, TreatmentSession
from sessions.models.protocol import Route
from sessions.services import authorization, corrections, doses, infusions, signing, steps

VIEW = "treatment_sessions.view_treatmentsession"
GET_POST = require_http_methods(["GET", "POST"])


@dataclass(frozen=True, slots=True)
class Words:
    title: str
    button: str
    lead: str = ""
    danger: bool = False
    asks_time: bool = False


STEP_WORDS = {
    Status.CHECKED_IN: Words("Check in", "Check in"),
    Status.CLEARED: Words("Clear for dosing", "Clear for dosing"),
    Status.MONITORING: Words(
        "No more devices", "Go on to monitoring", "The dose stays as it was given so far."
    ),
    Status.PLANNED: Words("Undo the check-in", "Back to planned", "The patient is not here."),
    Status.NO_SHOW: Words("Did not come", "Record no-show", danger=True),
    Status.CANCELLED: Words(
        "Cancel the session", "Cancel session", "The place becomes free.", danger=True
    ),
    Status.DEFERRED: Words(
        "Put the session on hold", "Defer session", "A clinical reason: not today.", danger=True
    ),
    Status.LEFT_BEFORE_DOSE: Words(
        "Left before the dose", "Record", "Nothing was given.", danger=True, asks_time=True
    ),
    Status.LEFT_AGAINST_ADVICE: Words(
        "Left against advice",
        "Record departure",
        "The patient walked out. A nurse is asked to call.",
        danger=True,
        asks_time=True,
    ),
    Status.TRANSFERRED: Words(
        "Transferred to emergency care",
        "Record transfer",
        "Say where to and why.",
        danger=True,
        asks_time=True,
    ),
}
BACK_TO_CHECKED_IN = {
    Status.CLEARED: Words("Back to pre-dose", "Withdraw clearance", "Clearing again is needed."),
    Status.NO_SHOW: Words("Came after all", "Check in", "The patient came late."),
}


def words_of(step: lifecycle.Step) -> Words:
    if step.to_status == Status.CHECKED_IN and step.from_status in BACK_TO_CHECKED_IN:
        return BACK_TO_CHECKED_IN[step.from_status]
    return STEP_WORDS[step.to_status]


def step_panel(
    treatment_session: TreatmentSession, step: lifecycle.Step, data: Any = None
) -> Panel:
    words = words_of(step)
    asks = step.needs_reason or words.asks_time
    version = {"version": treatment_session.version}
    form = (
        StepForm(data, initial=version, needs_reason=step.needs_reason)
        if asks
        else PlainStepForm(data, initial=version)
    )
    return Panel(
        title=words.title,
        form=form,
        url=action_url("sessions:step", treatment_session, step.to_status),
        button=words.button,
        lead=words.lead,
        danger=words.danger,
    )


@GET_POST
def step(request: HtmxHttpRequest, public_id: UUID, to_status: str) -> HttpResponse:
    """Take a step of the lifecycle; dosing comes with a dose, and discharge has its own page."""
    treatment_session = fetch(request, session_rows(), VIEW, public_id=public_id)
    if to_status not in STEP_WORDS:
        raise Http404
    found = _step_or_why_not(request, treatment_session, Status(to_status))
    if found is None:
        return redirect_page(request, "desk:session", public_id)
    allow(staff(request), found.permission, treatment_session)
    panel = step_panel(treatment_session, found, request.POST or None)

    def save() -> str:
        values = panel.form.values
        steps.change_status(
            treatment_session.pk,
            found.to_status,
            by=staff(request),
            at=values.get("at"),
            reason=values.get("reason", ""),
            version=panel.form.cleaned_data["version"],
            entry=panel.form.submission(f"step.{to_status}", public_id),
        )
        return f"{words_of(found).title}: recorded."

    return answer(request, treatment_session, panel, save)


def _step_or_why_not(
    request: HtmxHttpRequest, treatment_session: TreatmentSession, to_status: Status
) -> lifecycle.Step | None:
    """Return the step; where it doesn't exist (any more), say so on the sheet."""
    try:
        return lifecycle.step(treatment_session.status, to_status)
    except ValidationError as error:
        if treatment_session.status == to_status:
            messages.info(request, f"The session is “{to_status.label}” already.")
        else:
            messages.error(request, " ".join(error.messages))
        return None


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
        return f"Device {dose.number} of {_clock(dose)} saved."

    return answer(request, treatment_session, panel, save)


@GET_POST
def device_correct(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    wrong = get_object_or_404(Dose.objects.visible_to(staff(request)), public_id=public_id)
    treatment_session = fetch(request, session_rows(), doses.GIVE, pk=wrong.treatment_session_id)
    is_device = wrong.route == Route.NASAL
    form_of_it = DeviceCorrectionForm if is_device else InfusionCorrectionForm
    form = form_of_it(request.POST or None, dose=wrong)
    what = "device" if is_device else "infusion"
    steps_stay = "" if is_device else " Rates, pauses and the stop stay as they were recorded."
    panel = Panel(
        title=f"Correct {what} {wrong.number}",
        form=form,
        url=request.path,
        button="Save correction",
        lead=f"The old entry stays readable, struck through.{steps_stay}",
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
    treatment_session: TreatmentSession, order: DoseOrder | None, data: Any = None
) -> Panel:
    return Panel(
        title="Start the infusion",
        form=InfusionForm(data, order=order),
        url=action_url("sessions:infusion", treatment_session),
        button="Start infusion",
    )


@GET_POST
def infusion(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    treatment_session = fetch(request, session_rows(), doses.GIVE, public_id=public_id)
    order = authorization.standing_order(treatment_session, clock.now())
    panel = infusion_panel(treatment_session, order, request.POST or None)

    def save() -> str:
        values = panel.form.values
        outside = values.pop("outside_gate")
        infusions.start(
            treatment_session.pk,
            infusions.Infusion(**values),
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
        event = infusions.change(
            treatment_session.pk,
            infusions.Change(**panel.form.values),
            by=staff(request),
            entry=panel.form.submission("infusion_change", public_id),
        )
        return f"Infusion: {event.get_kind_display().lower()}."

    return answer(request, treatment_session, panel, save)


@GET_POST
def sit(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    treatment_session = fetch(request, session_rows(), steps.SIT, public_id=public_id)
    form = ChairForm(request.POST or None, clinic=treatment_session.clinic)
    panel = Panel(
        title="Move to another place",
        form=form,
        url=request.path,
        button="Record move",
        lead="The booking stays as it is; the board shows where the patient really sits.",
    )

    def save() -> str:
        stay = steps.sit(
            treatment_session.pk,
            by=staff(request),
            entry=form.submission("sit", public_id),
            **form.values,
        )
        return f"Now at {stay}."

    return answer(request, treatment_session, panel, save)


def sign_panel(treatment_session: TreatmentSession, data: Any = None) -> Panel:
    return Panel(
        title="Sign this session",
        form=SignForm(data, initial={"version": treatment_session.version}),
        url=action_url("sessions:sign", treatment_session),
        button="Sign",
        lead="You vouch for the record as it is shown. It is closed afterwards.",
    )


@GET_POST
def sign(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    treatment_session = fetch(request, session_rows(), signing.SIGN, public_id=public_id)
    panel = sign_panel(treatment_session, request.POST or None)

    def save() -> str:
        signing.sign(
            treatment_session.pk,
            by=staff(request),
            version=panel.form.cleaned_data["version"],
            note=panel.form.cleaned_data["note"],
            entry=panel.form.submission("sign", public_id),
        )
        return "Signed."

    return answer(request, treatment_session, panel, save)


def _clock(dose: Dose) -> str:
    return f"{timezone.localtime(dose.given_at):%H:%M}"
