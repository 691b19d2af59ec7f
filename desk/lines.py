"""What is open before the dose and before the door, each with the action that settles it."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from django.urls import reverse

from desk.sheet import Sheet
from monitoring.conditions import Condition
from monitoring.services import discharge, predose, record
from patients.services.chart import CHART
from sessions.lifecycle import Status
from sessions.ports import Unmet
from sessions.services import doses

ARRIVE, ORDER = "desk:on_site_arrive", "sessions:order"


class Form(NamedTuple):
    """A form that settles something: what the link says, where it leads, who may."""

    words: str
    name: str
    permission: str


DECIDE = Form("Decide", "monitoring:decide", predose.DECIDE)
MEASURE = Form("Measure", "monitoring:vitals", record.RECORD)
SETTLES = {
    "end_trouble": Form("Go on", "monitoring:emergency", record.RECORD),
    "examine": Form("Check again", "monitoring:serotonin", record.RECORD),
    "explain": Form("Say why", "monitoring:missed", record.RECORD),
    "record_vitals": MEASURE,
    "assess": Form("Assess", "monitoring:assess", discharge.ASSESS),
    "escort": Form("Name escort", "monitoring:escort", discharge.ESCORT),
    "driving": Form("Settle it", "monitoring:way_home", discharge.ESCORT),
    "end_infusion": Form("Stop it", "sessions:infusion_change", doses.GIVE),
    "record_dose": Form("Record dose", "sessions:device", doses.GIVE),
}
SUPPLIES = {
    "predose_check": Form("Check", "monitoring:predose", predose.RECORD),
    "predose_stop": DECIDE,
    "predose_bp": DECIDE,
    "predose_repeat": MEASURE,
    "predose_values": MEASURE,
    "predose_critical": MEASURE,
    "pregnancy": Form("Ask", "monitoring:private", predose.RECORD),
    "pregnancy_stop": DECIDE,
    "trouble": DECIDE,
    "weight": Form("Weigh", "monitoring:weight", CHART),
    "hold": Form("Recheck", "monitoring:vitals", record.RECORD),
    "second_check": Form("Check", "sessions:second_check", doses.GIVE),
    "baseline": MEASURE,
    "baseline_old": MEASURE,
    "consent": Form("Record consent", "patients:consent", "patients.record_consent"),
    "screen": Form("Screen", "patients:screen", "patients.screen_patient"),
    "rems_patient": Form("Enrol", "patients:enrol", "patients.record_enrolment"),
    "on_site": Form("Register", ARRIVE, "clinic.be_on_site"),
    "interaction": Form("Acknowledge", "patients:medicines", "patients.acknowledge_interaction"),
    "medicine": Form("Check", "patients:medicines", "patients.change_chart"),
    "order": Form("Order", ORDER, "treatment_sessions.order_dose"),
}
DECIDED_OR_MEASURED = {"predose_repeat", "predose_values"}  # by a prescriber, or by anybody again


@dataclass(frozen=True, slots=True)
class Action:
    words: str
    url: str
    danger: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One condition: met or open, with the action that settles it where this person may take it."""

    words: str
    met: bool
    at: datetime | None = None
    action: Action | None = None


def url(sheet: Sheet, name: str, *args: str) -> str:
    return reverse(name, args=[sheet.treatment_session.public_id, *args])


def without_actions(lines: list[Line], inline: set[str]) -> list[Line]:
    """Leave out actions whose form is shown on the sheet already."""
    return [
        replace(line, action=None) if line.action and line.action.url in inline else line
        for line in lines
    ]


def gate_lines(sheet: Sheet) -> list[Line]:
    """Return what stands between the patient and the door."""
    if sheet.gate is None or sheet.status != Status.MONITORING:
        return []
    return [_gate_line(sheet, condition) for condition in sheet.gate.conditions]


def _gate_line(sheet: Sheet, condition: Condition) -> Line:
    return Line(
        condition.text,
        condition.met,
        None if condition.met else condition.ready_at,
        None if condition.met else _settle(sheet, condition.action),
    )


def _settle(sheet: Sheet, action: str) -> Action | None:
    if action == "resolve_event":
        return _resolve(sheet)
    if action == "end_trouble" and not sheet.emergency:
        action = "examine"
    return _offer(sheet, SETTLES.get(action))


def _resolve(sheet: Sheet) -> Action | None:
    event = next((e for e in sheet.record.standing_events if e.resolved_at is None), None)
    if event is None or not sheet.may(record.RECORD):
        return None
    if sheet.panic and sheet.panic.event_id == event.pk:
        return Action("Go on", reverse("monitoring:panic", args=[sheet.panic.public_id]))
    return Action("Record the end", reverse("monitoring:resolve", args=[event.public_id]))


def predose_lines(sheet: Sheet) -> list[Line]:
    return [Line(unmet.text, met=False, action=_supply(sheet, unmet)) for unmet in sheet.unmet]


def _supply(sheet: Sheet, unmet: Unmet) -> Action | None:
    if unmet.code in DECIDED_OR_MEASURED and sheet.may(predose.DECIDE):
        return _offer(sheet, DECIDE)
    return _offer(sheet, SUPPLIES.get(unmet.code))


def _offer(sheet: Sheet, form: Form | None) -> Action | None:
    if form is None or not sheet.may(form.permission):
        return None
    return Action(form.words, _address(sheet, form.name))


def _address(sheet: Sheet, name: str) -> str:
    row = sheet.treatment_session
    if name == ARRIVE:
        return reverse(name)
    if name == ORDER:
        return reverse(name, args=[row.course.public_id])
    about = row.patient if name.startswith("patients:") else row
    return reverse(name, args=[about.public_id])
