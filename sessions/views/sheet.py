"""Steps, place and signature: each is a page of its own and a form on the sheet."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.views.decorators.http import require_http_methods

from clinic.access import allow, fetch, staff
from clinic.forms import VersionedForm
from clinic.htmx import HtmxHttpRequest, redirect_page
from sessions import lifecycle
from sessions.actions import Panel, action_url, answer, session_rows
from sessions.covered import covered
from sessions.forms.sheet import (
    CallOffForm,
    ChairForm,
    PlainStepForm,
    SignForm,
    StepForm,
)
from sessions.lifecycle import Status
from sessions.models import TreatmentSession
from sessions.notices import expects_notice
from sessions.services import signing, steps

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
    initial: dict[str, Any] = {"version": treatment_session.version}
    if (step.from_status, step.to_status) == (Status.PLANNED, Status.CANCELLED):
        initial["notify"] = expects_notice([treatment_session])
        form: VersionedForm = CallOffForm(data, initial=initial, needs_reason=True)
    elif asks:
        form = StepForm(data, initial=initial, needs_reason=step.needs_reason)
    else:
        form = PlainStepForm(data, initial=initial)
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
            notify=values.get("notify", False),
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
        lead="You vouch for this record. It is closed afterwards.",
        record=covered(treatment_session),
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
