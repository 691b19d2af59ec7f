"""What is open before the dose and before the door, each with the action that settles it."""

from dataclasses import dataclass, replace
from datetime import datetime

from django.urls import reverse

from desk.sheet import Sheet
from monitoring.conditions import Condition
from monitoring.services import discharge, predose, record
from patients.services.chart import CHART
from sessions.lifecycle import Status
from sessions.ports import Unmet
from sessions.services import doses


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
        event = next((e for e in sheet.record.standing_events if e.resolved_at is None), None)
        if event is None or not sheet.may(record.RECORD):
            return None
        if sheet.panic and sheet.panic.event_id == event.pk:
            return Action("Go on", reverse("monitoring:panic", args=[sheet.panic.public_id]))
        return Action("Record the end", reverse("monitoring:resolve", args=[event.public_id]))
    if action == "end_trouble" and not sheet.emergency:
        action = "examine"
    known = {
        "end_trouble": ("Go on", "monitoring:emergency", record.RECORD),
        "examine": ("Check again", "monitoring:serotonin", record.RECORD),
        "explain": ("Say why", "monitoring:missed", record.RECORD),
        "assess": ("Assess", "monitoring:assess", discharge.ASSESS),
        "escort": ("Name escort", "monitoring:escort", discharge.ESCORT),
        "driving": ("Settle it", "monitoring:way_home", discharge.ESCORT),
        "end_infusion": ("Stop it", "sessions:infusion_change", doses.GIVE),
        "record_dose": ("Record dose", "sessions:device", doses.GIVE),
    }
    if action not in known:
        return None
    words, name, permission = known[action]
    return Action(words, url(sheet, name)) if sheet.may(permission) else None


def predose_lines(sheet: Sheet) -> list[Line]:
    return [Line(unmet.text, met=False, action=_supply(sheet, unmet)) for unmet in sheet.unmet]


def _supply(sheet: Sheet, unmet: Unmet) -> Action | None:
    patient, course = sheet.treatment_session.patient, sheet.treatment_session.course
    again = (
        ("Decide", url(sheet, "monitoring:decide"), predose.DECIDE)
        if sheet.may(predose.DECIDE)
        else ("Measure", url(sheet, "monitoring:vitals"), record.RECORD)
    )
    known = {
        "predose_check": ("Check", url(sheet, "monitoring:predose"), predose.RECORD),
        "predose_stop": ("Decide", url(sheet, "monitoring:decide"), predose.DECIDE),
        "predose_bp": ("Decide", url(sheet, "monitoring:decide"), predose.DECIDE),
        "predose_repeat": again,
        "predose_values": again,
        "predose_critical": ("Measure", url(sheet, "monitoring:vitals"), record.RECORD),
        "pregnancy": ("Ask", url(sheet, "monitoring:private"), predose.RECORD),
        "pregnancy_stop": ("Decide", url(sheet, "monitoring:decide"), predose.DECIDE),
        "trouble": ("Decide", url(sheet, "monitoring:decide"), predose.DECIDE),
        "weight": ("Weigh", url(sheet, "monitoring:weight"), CHART),
        "hold": ("Recheck", url(sheet, "monitoring:vitals"), record.RECORD),
        "second_check": ("Check", url(sheet, "sessions:second_check"), doses.GIVE),
        "baseline": ("Measure", url(sheet, "monitoring:vitals"), record.RECORD),
        "consent": (
            "Record consent",
            reverse("patients:consent", args=[patient.public_id]),
            "patients.record_consent",
        ),
        "screen": (
            "Screen",
            reverse("patients:screen", args=[patient.public_id]),
            "patients.screen_patient",
        ),
        "rems_patient": (
            "Enroll",
            reverse("patients:enrol", args=[patient.public_id]),
            "patients.record_enrolment",
        ),
        "on_site": ("Register", reverse("desk:on_site_arrive"), "clinic.be_on_site"),
        "interaction": (
            "Acknowledge",
            reverse("patients:medicines", args=[patient.public_id]),
            "patients.acknowledge_interaction",
        ),
        "medicine": (
            "Check",
            reverse("patients:medicines", args=[patient.public_id]),
            "patients.change_chart",
        ),
        "order": (
            "Order",
            reverse("sessions:order", args=[course.public_id]),
            "treatment_sessions.order_dose",
        ),
    }
    if unmet.code not in known:
        return None
    words, target, permission = known[unmet.code]
    return Action(words, target) if sheet.may(permission) else None
