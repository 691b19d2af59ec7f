"""The check before today's dose, and a prescriber's decision on what it found."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.views.decorators.http import require_http_methods

from clinic import clock
from clinic.access import fetch, staff
from clinic.htmx import HtmxHttpRequest
from monitoring.forms.predose import DecideForm, PreDoseForm
from monitoring.services import predose, seen
from sessions.actions import Panel, action_url, answer, session_rows
from sessions.models import TreatmentSession

GET_POST = require_http_methods(["GET", "POST"])


def check_panel(treatment_session: TreatmentSession, *, decides: bool, data: Any = None) -> Panel:
    return Panel(
        title="Pre-dose check",
        form=PreDoseForm(data, decides=decides),
        url=action_url("monitoring:predose", treatment_session),
        button="Save pre-dose check",
    )


@GET_POST
def check(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    treatment_session = fetch(request, session_rows(), predose.RECORD, public_id=public_id)
    user = staff(request)
    decides = user.may(predose.DECIDE, treatment_session.clinic_id)
    panel = check_panel(treatment_session, decides=decides, data=request.POST or None)
    form = panel.form

    def save() -> str:
        saved = predose.complete(
            treatment_session.pk,
            form.answers,
            by=user,
            decision_reason=form.cleaned_data.get("decision_reason", ""),
            entry=form.submission("predose", public_id),
        )
        found = predose.stops(saved)
        if found and not saved.decided_by_id:
            return f"Pre-dose check saved. A prescriber decides: {'; '.join(found).lower()}."
        return "Pre-dose check saved."

    return answer(request, treatment_session, panel, save)


def decide_panel(
    treatment_session: TreatmentSession, points: tuple[str, ...], data: Any = None
) -> Panel:
    return Panel(
        title="Treat all the same",
        form=DecideForm(data, initial={"shown": seen.digest(points)}),
        url=action_url("monitoring:decide", treatment_session),
        button="Decide to treat",
        lead="Your decision covers what is shown here; a value that comes later needs another.",
        points=points,
    )


@GET_POST
def decide(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    treatment_session = fetch(request, session_rows(), predose.DECIDE, public_id=public_id)
    points = predose.to_decide(predose.guard(treatment_session, clock.now()))
    panel = decide_panel(treatment_session, points, request.POST or None)

    def save() -> str:
        typed = panel.form.cleaned_data
        try:
            predose.decide(
                treatment_session.pk,
                typed["reason"],
                by=staff(request),
                shown=typed["shown"],
                entry=panel.form.submission("decide", public_id),
            )
        except seen.UnseenError:
            panel.form.ask_again(shown=seen.digest(points))
            raise
        return "Decision saved."

    return answer(request, treatment_session, panel, save)
