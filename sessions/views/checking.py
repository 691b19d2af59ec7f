"""What two people do together: the second check of a dose, and its waste."""

from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from clinic import clock, entries, second_person
from clinic.access import fetch, staff
from clinic.htmx import HtmxHttpRequest
from clinic.models import User
from clinic.numbers import plain
from sessions.actions import Panel, action_url, answer, session_rows
from sessions.covered import order_words, totals_words
from sessions.dosing import MG_PER_DEVICE
from sessions.drip_totals import Totals
from sessions.forms.checking import DoseCheckForm, WasteForm
from sessions.models import Dose, DoseOrder, DoseWaste, DosingPolicy, TreatmentSession
from sessions.models.protocol import Route
from sessions.services import authorization, checks, wastes

GET_POST = require_http_methods(["GET", "POST"])
ALONE = (
    "The second person reads patient and order here, works out the numbers alone, and enters them "
    "with their own name and password."
)
AGAIN = "Both of you compute again. The difference is on record, and nothing may be given yet."


def check_panel(
    treatment_session: TreatmentSession,
    order: DoseOrder | None,
    policy: DosingPolicy,
    data: Any = None,
) -> Panel:
    route = treatment_session.course.protocol.route
    patient = treatment_session.patient
    who = f"{patient}, born {patient.birth_date:%d %b %Y}"
    what = order_words(order) if order else "No order stands today"
    return Panel(
        title="Second check",
        form=DoseCheckForm(data, order=order, route=route),
        url=action_url("sessions:second_check", treatment_session),
        button="Confirm the second check",
        lead=f"{who}: {what}. {ALONE}",
        points=checks.unusual(order, policy) if order else (),
    )


@sensitive_post_parameters("second_password", "second_code")
@GET_POST
def second_check(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    treatment_session = fetch(request, session_rows(), authorization.GIVE, public_id=public_id)
    policy = DosingPolicy.of(treatment_session.clinic_id)
    order = authorization.standing_order(treatment_session, clock.now())
    panel = check_panel(treatment_session, order, policy, request.POST or None)
    form, by = panel.form, staff(request)

    def save() -> str:
        entry = form.submission("second_check", public_id)
        entries.check_unused(entry, by)
        second = second_person.confirm(
            request,
            treatment_session,
            checks.SECOND_CHECK,
            form.second,
            by=by,
            other_than=checks.other_than(order, policy) if order else (),
        )
        check = checks.record(
            treatment_session.pk, form.prepared, form.counted, second, by=by, entry=entry
        )
        if not check.agrees:
            form.ask_again()
            raise ValidationError([*check.differences, AGAIN], code="differs")
        return f"Checked by {second}. It holds for {policy.check_minutes} minutes."

    return answer(request, treatment_session, panel, save)


def waste_panel(
    treatment_session: TreatmentSession,
    dose: Dose | None,
    policy: DosingPolicy,
    ran: Totals | None = None,
    data: Any = None,
) -> Panel:
    """Ask what was left; `ran` are the totals of an infusion, `dose` None of one not begun."""
    number = dose.number if dose else 0
    initial = {"lot": dose.lot, "vials": 1} if dose else {}
    title, lead = "What was left", "Nothing was given of what was prepared."
    if dose is not None and dose.route == Route.NASAL:
        title = f"Dispose of device {number}"
        initial["vial_mg"] = plain(MG_PER_DEVICE)
        lead = f"Given of it: {plain(wastes.given_mg(dose, dose.given_at))} mg."
    elif ran is not None:
        lead = f"Given: {totals_words(ran)}."
    witnessed = policy.asks_for_witness(treatment_session.course.protocol.route)
    return Panel(
        title=title,
        form=WasteForm(data, witnessed=witnessed, initial=initial),
        url=reverse("sessions:waste", args=[treatment_session.public_id, number]),
        button="Record the waste",
        lead=lead,
    )


@sensitive_post_parameters("second_password", "second_code")
@GET_POST
def waste(request: HtmxHttpRequest, public_id: UUID, number: int) -> HttpResponse:
    """Record the waste of the dose of this number; 0 stands for one that was not begun."""
    treatment_session = fetch(request, session_rows(), authorization.GIVE, public_id=public_id)
    dose = wastes.standing_dose(treatment_session, number) if number else None
    if number and dose is None:
        raise Http404
    policy = DosingPolicy.of(treatment_session.clinic_id)
    is_drip = dose is not None and dose.route == Route.IV
    ran = wastes.totals_of(dose, clock.now()) if dose and is_drip else None
    panel = waste_panel(treatment_session, dose, policy, ran, request.POST or None)
    form, by = panel.form, staff(request)

    def save() -> str:
        entry = form.submission("waste", f"{public_id}.{number}")
        entries.check_unused(entry, by)
        witness = _witness(request, treatment_session, form, by)
        row = wastes.record(
            treatment_session.pk, number, form.wasted, by=by, witness=witness, entry=entry
        )
        return f"{row}."

    return answer(request, treatment_session, panel, save)


@sensitive_post_parameters("second_password", "second_code")
@GET_POST
def waste_correct(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    wrong = get_object_or_404(DoseWaste.objects.visible_to(staff(request)), public_id=public_id)
    treatment_session = fetch(
        request, session_rows(), authorization.GIVE, pk=wrong.treatment_session_id
    )
    policy = DosingPolicy.of(treatment_session.clinic_id)
    witnessed = policy.asks_for_witness(wrong.route)
    form, by = WasteForm(request.POST or None, witnessed=witnessed, wrong=wrong), staff(request)
    panel = Panel(
        title="Correct the waste",
        form=form,
        url=request.path,
        button="Save correction",
        lead="The old entry stays on record.",
    )

    def save() -> str:
        entry = form.submission("waste_correct", public_id)
        entries.check_unused(entry, by)
        witness = _witness(request, treatment_session, form, by)
        wastes.correct(
            wrong,
            form.wasted,
            by=by,
            witness=witness,
            entered_in_error=form.cleaned_data["entered_in_error"],
            entry=entry,
        )
        return "The waste was corrected; both entries stay on record."

    return answer(request, treatment_session, panel, save)


def _witness(
    request: HtmxHttpRequest, treatment_session: TreatmentSession, form: WasteForm, by: User
) -> User | None:
    """Return who confirmed, or nobody where nobody tried; the service asks for one it needs."""
    if not form.has_second:
        return None
    return second_person.confirm(request, treatment_session, wastes.WASTE, form.second, by=by)
