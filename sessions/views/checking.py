"""What two people do together: the second check of a dose."""

from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from clinic import clock, entries, second_person
from clinic.access import fetch, staff
from clinic.htmx import HtmxHttpRequest
from sessions.actions import Panel, action_url, answer, session_rows
from sessions.covered import order_words
from sessions.forms.checking import DoseCheckForm
from sessions.models import DoseOrder, DosingPolicy, TreatmentSession
from sessions.services import authorization, checks

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
