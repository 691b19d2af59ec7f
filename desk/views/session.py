"""The session sheet, and its live part for background refreshes."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import render
from django.views.decorators.http import require_GET

from clinic import audit
from clinic.access import allow, fetch, staff
from clinic.models import User
from desk import flowsheet, lines, live, menu, polling, rail, said, sheet_rows
from desk.drawings import vital_graph
from desk.panels import panels
from desk.sheet import Sheet
from monitoring.forms.taps import BareForm
from monitoring.services import discharge, emergencies, record
from sessions import lifecycle
from sessions.actions import session_banner, session_rows
from sessions.lifecycle import PRESENT, Status
from sessions.models import TreatmentSession
from sessions.models.protocol import Route
from sessions.views.sheet import STEP_WORDS, step_panel

VIEW = "treatment_sessions.view_treatmentsession"
SEES_VALUES = "monitoring.view_vitalsigns"


@require_GET
def session(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show the sheet: whole to those who may see values, else booking, arrival and way home."""
    user = staff(request)
    pulse = _pulse(public_id, user)  # before the rows: a step taken meanwhile makes the tag stale
    treatment_session = fetch(request, session_rows(), VIEW, public_id=public_id)
    audit.read(user, "session", treatment_session)
    if not user.may(SEES_VALUES, treatment_session.clinic_id):
        context = _at_the_desk(treatment_session, user)
        context |= {"banner": session_banner(request, treatment_session), "now": pulse.now}
        context |= _emergency(treatment_session, user)
        return render(request, "desk/session_desk.html", context)
    shown = sheet_rows.load(treatment_session, user, pulse.now)
    banner = session_banner(request, treatment_session, shown.allergies, shown.medicines)
    context = {"banner": banner, "now": pulse.now, "menu": menu.menu(shown)}
    context |= _emergency(treatment_session, user)
    return render(request, "desk/session.html", context | _live(shown, pulse))


@polling.polled
@require_GET
def session_live(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Answer 304 in one query of the session's rows, or the read-only parts anew.

    Forms are never replaced; where the session has moved on, a note says so.
    """
    user = staff(request)
    pulse = _pulse(public_id, user)
    basis = live.state(pulse, public_id, user)
    if polling.still_holds(request.headers.get("If-None-Match", ""), basis, pulse.now):
        return HttpResponseNotModified()
    treatment_session = fetch(request, session_rows(), VIEW, public_id=public_id)
    allow(user, SEES_VALUES, treatment_session)
    audit.read(user, "session", treatment_session)
    shown = sheet_rows.load(treatment_session, user, pulse.now)
    context = _live(shown, pulse) | {"oob": True, "now": pulse.now}
    context["moved_on"] = request.GET.get("version") != str(treatment_session.version)
    return render(request, "desk/_session_live.html", context)


def _pulse(public_id: UUID, user: User) -> live.Pulse:
    pulse = live.read(public_id, user.clinic_ids)
    if pulse is None:
        raise Http404
    return pulse


def _emergency(treatment_session: TreatmentSession, user: User) -> dict[str, Any]:
    """Return the form behind the emergency button, for those who may press it."""
    may = user.may(emergencies.RUN, treatment_session.clinic_id) and not treatment_session.is_signed
    return {"emergency_form": BareForm() if may else None}


def _live(shown: Sheet, pulse: live.Pulse) -> dict[str, Any]:
    """Return what the sheet shows; a refresh in the background takes all but the forms."""
    forms = panels(shown)
    inline = {panel.url for panel in forms}
    may_correct = shown.may(record.RECORD) and not shown.treatment_session.is_signed
    return {
        "panels": forms,
        "treatment_session": shown.treatment_session,
        "sheet": shown,
        "poll_tag": live.tag(shown, pulse),
        "rail": rail.rail(shown),
        "gate": lines.without_actions(lines.gate_lines(shown), inline),
        "unmet": lines.without_actions(lines.predose_lines(shown), inline),
        "flow": flowsheet.flowsheet(shown.record, shown.due, may_correct=may_correct),
        "graph": _graph(shown),
    }


def _graph(shown: Sheet) -> Any:
    readings = shown.record.history.readings
    arrived = shown.treatment_session.arrived_at
    if not readings or arrived is None:
        return None
    begin = min(arrived, *(reading.observed_at for reading in readings))
    return vital_graph(
        readings,
        [given.started_at for given in shown.record.administrations],
        shown.record.settings,
        begin=begin.replace(minute=begin.minute // 30 * 30, second=0, microsecond=0),
        now=shown.now,
        ended=shown.status not in PRESENT,
        infusions=[
            (given.started_at, given.ended_at)
            for given in shown.record.administrations
            if given.route == Route.IV
        ],
        events=[(event.onset_at, event.term) for event in shown.record.standing_events],
    )


def _at_the_desk(treatment_session: TreatmentSession, user: User) -> dict[str, Any]:
    """Return what the front desk sees and does: no clinical value, no reason."""
    steps = [
        step
        for step in lifecycle.steps_from(treatment_session.status)
        if step.to_status in STEP_WORDS and user.may(step.permission, treatment_session.clinic_id)
    ]
    first = next((step for step in steps if step.to_status == Status.CHECKED_IN), None)
    booking = sheet_rows.load_booking(treatment_session)
    return {
        "treatment_session": treatment_session,
        "panel": step_panel(treatment_session, first) if first else None,
        "menu": [menu.step_action(treatment_session, s) for s in steps if s is not first],
        "escort": booking["escort"],
        "said": said.said(booking),
        "may_name_escort": user.may(discharge.ESCORT, treatment_session.clinic_id)
        and treatment_session.status in {Status.PLANNED, *PRESENT},
        "place": booking["stays"][-1] if booking["stays"] else treatment_session.chair,
    }
