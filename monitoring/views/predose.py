"""The check before today's dose, its private question, and a prescriber's decision on it."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from clinic import clock
from clinic.access import fetch, staff
from clinic.htmx import HtmxHttpRequest
from monitoring.forms.predose import DecideForm, PreDoseForm, PrivateForm, ToldForm, WeightForm
from monitoring.services import predose, seen, told_medicines
from monitoring.services.predose import Asking
from patients.measures import in_both_units
from patients.models import BodyMeasure
from patients.services import chart
from sessions.actions import Panel, action_url, answer, session_rows
from sessions.models import TreatmentSession
from sessions.ports import Unmet

GET_POST = require_http_methods(["GET", "POST"])
WEIGHT = BodyMeasure.Kind.WEIGHT


def check_panel(
    treatment_session: TreatmentSession, asking: Asking, *, decides: bool, data: Any = None
) -> Panel:
    return Panel(
        title="Pre-dose check",
        form=PreDoseForm(data, asked=asking.questions, decides=decides),
        url=action_url("monitoring:predose", treatment_session),
        button="Save pre-dose check",
        lead=asking.lookup_words,
    )


@GET_POST
def check(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    treatment_session = fetch(request, session_rows(), predose.RECORD, public_id=public_id)
    user = staff(request)
    decides = user.may(predose.DECIDE, treatment_session.clinic_id)
    asking = predose.asking_now(treatment_session, clock.now())
    panel = check_panel(treatment_session, asking, decides=decides, data=request.POST or None)
    form = panel.form

    def save() -> str:
        saved = predose.complete(
            treatment_session.pk,
            form.answers,
            by=user,
            decision_reason=form.cleaned_data.get("decision_reason", ""),
            entry=form.submission("predose", public_id),
        )
        found = saved.stops
        said = "Pre-dose check saved."
        if found and not saved.decided_by_id:
            said += f" A prescriber decides: {'; '.join(found).lower()}."
        if saved.told_medicines:
            said = f"{said} {told_medicines.raised(treatment_session)}".strip()
        return said

    return answer(request, treatment_session, panel, save)


@GET_POST
def to_chart(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    treatment_session = fetch(request, session_rows(), told_medicines.TAKE, public_id=public_id)
    waiting = told_medicines.waiting(treatment_session)
    panel = Panel(
        title="Take new medicines into the chart",
        form=ToldForm(request.POST or None, told=waiting),
        url=request.path,
        button="Take into the chart",
        lead="" if waiting else "Everything that was named before the dose is on the chart.",
    )

    def save() -> str:
        rows = told_medicines.take(
            treatment_session,
            panel.form.cleaned_data["texts"],
            by=staff(request),
            entry=panel.form.submission("told_medicines", public_id),
        )
        return f"On the chart: {', '.join(row.text for row in rows)}."

    return answer(request, treatment_session, panel, save)


def private_panel(treatment_session: TreatmentSession, data: Any = None) -> Panel:
    return Panel(
        title="Private question",
        form=PrivateForm(data),
        url=action_url("monitoring:private", treatment_session),
        button="Save answer",
        lead="Ask where nobody else listens. The board doesn't show it.",
    )


@GET_POST
def private(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    treatment_session = fetch(request, session_rows(), predose.RECORD, public_id=public_id)
    panel = private_panel(treatment_session, request.POST or None)

    def save() -> str:
        predose.answer_privately(
            treatment_session.pk,
            by=staff(request),
            entry=panel.form.submission("private", public_id),
            **panel.form.values,
        )
        return "Answer saved."

    return answer(request, treatment_session, panel, save)


def weight_panel(
    treatment_session: TreatmentSession, last: BodyMeasure | None, data: Any = None
) -> Panel:
    lead = "No weight is on record yet."
    if last is not None:
        taken = timezone.localtime(last.observed_at)
        lead = f"Last weight: {in_both_units(WEIGHT, last.value)}, {taken:%d %b %Y}."
    return Panel(
        title="Weight",
        form=WeightForm(data),
        url=action_url("monitoring:weight", treatment_session),
        button="Save weight",
        lead=lead,
    )


@GET_POST
def weight(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    treatment_session = fetch(request, session_rows(), chart.CHART, public_id=public_id)
    weights = BodyMeasure.objects.standing().filter(patient=treatment_session.patient_id)
    last = weights.filter(kind=WEIGHT).first()
    panel = weight_panel(treatment_session, last, request.POST or None)
    form = panel.form

    def save() -> str:
        typed = form.cleaned_data
        measured = chart.Measured(WEIGHT, typed["number"], typed["unit"], clock.now())
        try:
            saved = chart.add_measure(
                treatment_session.patient_id,
                measured,
                by=staff(request),
                confirmed=_confirmed(typed),
                entry=form.submission("weight", public_id),
            )
        except chart.DoubtfulMeasureError:
            form.ask_about(measured.value)
            raise
        return f"Weight saved: {in_both_units(WEIGHT, saved.value)}."

    return answer(request, treatment_session, panel, save)


def _confirmed(typed: dict[str, Any]) -> Decimal | None:
    return typed["doubted"] if typed["confirmed"] else None


def decide_panel(
    treatment_session: TreatmentSession, unmet: Sequence[Unmet], data: Any = None
) -> Panel:
    points = predose.to_decide(unmet)
    return Panel(
        title="Treat all the same",
        form=DecideForm(
            data, plan=predose.needs_plan(unmet), initial={"shown": seen.digest(points)}
        ),
        url=action_url("monitoring:decide", treatment_session),
        button="Decide to treat",
        lead="Your decision covers what is shown here; a value that comes later needs another.",
        points=points,
    )


@GET_POST
def decide(request: HtmxHttpRequest, public_id: UUID) -> HttpResponse:
    treatment_session = fetch(request, session_rows(), predose.DECIDE, public_id=public_id)
    unmet = predose.guard(treatment_session, clock.now())
    panel = decide_panel(treatment_session, unmet, request.POST or None)

    def save() -> str:
        typed = panel.form.cleaned_data
        try:
            predose.decide(
                treatment_session.pk,
                typed["reason"],
                by=staff(request),
                safety_plan=typed.get("safety_plan", ""),
                shown=typed["shown"],
                entry=panel.form.submission("decide", public_id),
            )
        except seen.UnseenError:
            panel.form.ask_again(shown=seen.digest(panel.points))
            raise
        return "Decision saved."

    return answer(request, treatment_session, panel, save)
