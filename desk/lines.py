"""Lists of the sheet: its steps, what is open with the action that settles it, the rare actions."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from django.urls import reverse

from desk.sheet import IN_TREATMENT, Sheet
from monitoring.conditions import Condition
from monitoring.services import discharge, medicines, predose, record, watches
from patients.services.chart import CHART
from sessions import lifecycle, rems
from sessions.lifecycle import ENDINGS, PRESENT, Status
from sessions.models import Dose, TreatmentSession
from sessions.ports import Unmet
from sessions.services import checks, doses
from sessions.services.signing import SIGN
from sessions.views.sheet import STEP_WORDS, words_of

RUN = "treatment_sessions.run_session"
OWN_FORMS = {
    Status.TRANSFERRED: "monitoring:transfer",
    Status.LEFT_AGAINST_ADVICE: "monitoring:against_advice",
}


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


@dataclass(frozen=True, slots=True)
class RailStep:
    words: str
    state: str  # done, now, open
    at: datetime | None = None
    lacks: tuple[str, ...] = ()


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


def menu(sheet: Sheet) -> list[Action]:
    """Return the rare and the destructive actions of this state."""
    return [
        *_recording(sheet),
        *_errors(sheet),
        *_leaving(sheet),
        *_steps(sheet),
        *_signing(sheet),
        *_reporting(sheet),
    ]


def _recording(sheet: Sheet) -> Iterable[Action]:
    here = sheet.status in PRESENT
    if (
        sheet.treatment_session.arrived_at
        and not sheet.treatment_session.is_signed
        and sheet.may(record.RECORD)
    ):
        yield Action("Vital signs", url(sheet, "monitoring:vitals"))
        yield Action("Adverse event", url(sheet, "monitoring:event"))
        yield Action("Panic or anxiety", url(sheet, "monitoring:panic_begin"))
        yield Action("Serotonin check", url(sheet, "monitoring:serotonin"))
    if (
        sheet.treatment_session.arrived_at
        and not sheet.treatment_session.is_signed
        and sheet.may(medicines.RECORD)
    ):
        yield Action("Another medicine", url(sheet, "monitoring:medicine"))
    if here and sheet.may(watches.WATCH):
        if sheet.watches:
            yield Action("Hand over watching", url(sheet, "monitoring:hand_over"))
        else:
            yield Action("Take over watching", url(sheet, "monitoring:take_over"))
    if here and sheet.status not in IN_TREATMENT and sheet.may(predose.RECORD):
        yield Action("Pre-dose check", url(sheet, "monitoring:predose"))
    if sheet.off_chart and not sheet.treatment_session.is_signed and sheet.may(CHART):
        yield Action("New medicines to the chart", url(sheet, "monitoring:to_chart"))
    if here and sheet.may(doses.GIVE):
        name = "sessions:infusion" if sheet.is_iv else "sessions:device"
        yield Action("Record a dose", url(sheet, name))
        if sheet.order and sheet.status in checks.due_in(sheet.order.route):
            yield Action("Second check", url(sheet, "sessions:second_check"))
    if sheet.may(doses.GIVE) and not sheet.treatment_session.is_signed:
        yield from _waste(sheet)
    if (here or sheet.status == Status.PLANNED) and sheet.may(discharge.ESCORT):
        yield Action("Way home", url(sheet, "monitoring:escort"))
        yield Action("Escort not reached, driving", url(sheet, "monitoring:way_home"))
        yield Action("Print instructions", url(sheet, "monitoring:instructions"))
    if sheet.status == Status.MONITORING and sheet.may(RUN):
        yield Action("Wait for the ride", url(sheet, "monitoring:wait"))
    if here and sheet.may(RUN):
        yield Action("Move to another place", url(sheet, "sessions:sit"))


def _waste(sheet: Sheet) -> Iterable[Action]:
    """Offer to record what was thrown away of a dose, and to correct what is recorded of it."""
    known = {row.dose.number if row.dose else 0 for row in sheet.standing_wastes}
    session_id = sheet.treatment_session.public_id
    for number, words in _disposable(sheet):
        if number not in known:
            yield Action(words, reverse("sessions:waste", args=[session_id, number]))
    for row in sheet.standing_wastes:
        yield Action("Correct the waste", reverse("sessions:waste_correct", args=[row.public_id]))


def _disposable(sheet: Sheet) -> Iterable[tuple[int, str]]:
    if sheet.waste_is_open and sheet.drip:
        yield sheet.drip.number, "What was left"
    if sheet.is_iv and sheet.drip is None and sheet.treatment_session.arrived_at:
        yield 0, "Throw away what was prepared"
    for dose in sheet.record.standing_doses:
        if not sheet.is_iv and dose.outcome != Dose.Outcome.COMPLETE:
            yield dose.number, f"Dispose of device {dose.number}"


def _errors(sheet: Sheet) -> Iterable[Action]:
    """Offer to take back what was wrong; vital signs and doses have that in their columns."""
    if sheet.treatment_session.is_signed or not sheet.may(record.RECORD):
        return
    if sheet.record.missed:
        yield Action("A check was not missed", url(sheet, "monitoring:withdraw"))
    if check := sheet.record.incidents.serotonin:
        target = reverse("monitoring:serotonin_correct", args=[check.public_id])
        yield Action("Correct the serotonin check", target)
    for event in sheet.record.standing_events:
        target = reverse("monitoring:event_in_error", args=[event.public_id])
        yield Action(f"“{event.term}” entered in error", target)


def _leaving(sheet: Sheet) -> Iterable[Action]:
    if sheet.status == Status.MONITORING and sheet.may(discharge.ASSESS):
        yield Action("Assess", url(sheet, "monitoring:assess"))
        yield Action("Release by override", url(sheet, "monitoring:override"), danger=True)
        yield Action("Left already", url(sheet, "monitoring:departed"), danger=True)


def _steps(sheet: Sheet) -> Iterable[Action]:
    for step in lifecycle.steps_from(sheet.status):
        if step.to_status not in STEP_WORDS or not sheet.may(step.permission):
            continue
        if step.to_status == Status.CLEARED:
            continue
        if (sheet.status, step.to_status) == (Status.PLANNED, Status.CHECKED_IN):
            continue
        yield _ending(sheet, step)
    if sheet.status in PRESENT and sheet.may(RUN):
        yield Action("Left unnoticed", url(sheet, "monitoring:gone"), danger=True)


def _ending(sheet: Sheet, step: lifecycle.Step) -> Action:
    """Return the step with its own record where it has one."""
    if step.to_status not in OWN_FORMS:
        return step_action(sheet.treatment_session, step)
    words = words_of(step)
    return Action(words.title, url(sheet, OWN_FORMS[step.to_status]), words.danger)


def _signing(sheet: Sheet) -> Iterable[Action]:
    """Offer a signature also where none is waited for."""
    waits = sheet.treatment_session.is_signed or sheet.waits_for_signature
    if sheet.treatment_session.is_over and not waits and sheet.may(SIGN):
        yield Action("Sign", url(sheet, "sessions:sign"))


def _reporting(sheet: Sheet) -> Iterable[Action]:
    row = sheet.treatment_session
    dosed = row.is_over and bool(sheet.record.administrations)
    if dosed and rems.applies(row.clinic, row.course.protocol):
        yield Action("REMS monitoring form", url(sheet, "monitoring:rems"))


def step_action(treatment_session: TreatmentSession, step: lifecycle.Step) -> Action:
    words = words_of(step)
    target = reverse("sessions:step", args=[treatment_session.public_id, step.to_status])
    return Action(words.title, target, words.danger)


ORDER = ("Arrive", "Pre-dose", "Dose", "Monitor", "Discharge", "Sign")
NOW = {
    Status.PLANNED: 0,
    Status.CHECKED_IN: 1,
    Status.CLEARED: 2,
    Status.DOSING: 2,
    Status.MONITORING: 3,
}


def rail(sheet: Sheet) -> list[RailStep]:
    """Return the steps of the visit with what each still lacks."""
    signed = getattr(sheet.treatment_session, "signature", None)
    now = NOW.get(Status(sheet.status), 5 if sheet.waits_for_signature else len(ORDER))
    if sheet.gate is not None and sheet.status == Status.MONITORING and sheet.gate.ready:
        now = 4
    lacks = _lacks(sheet)
    taken = {change.to_status: change.at for change in sheet.changes}
    at = (
        sheet.treatment_session.arrived_at,
        taken.get(Status.CLEARED),
        sheet.first_dose,
        None,
        sheet.treatment_session.ended_at if sheet.record.administrations else None,
        signed.signed_at if signed else None,
    )
    return [
        RailStep(
            words,
            _state(sheet, place, now),
            at[place],
            lacks[place],
        )
        for place, words in enumerate(ORDER)
    ]


def _state(sheet: Sheet, place: int, now: int) -> str:
    """Steps that an early ending left out stay open."""
    if place == now:
        return "now"
    if place > now:
        return "open"
    ended_early = sheet.status in ENDINGS and not sheet.record.administrations
    arrived = place == 0 and sheet.treatment_session.arrived_at is not None
    signed = place == 5 and sheet.treatment_session.is_signed
    return "open" if ended_early and not arrived and not signed else "done"


def _lacks(sheet: Sheet) -> tuple[tuple[str, ...], ...]:
    to_come = sum(c.is_open and c.anchor != "before_dose" for c in sheet.due)
    overdue = sum(c.state == "overdue" and c.anchor != "before_dose" for c in sheet.due)
    monitored = sheet.gate is not None and sheet.status == Status.MONITORING
    open_conditions = len(sheet.gate.unmet) if sheet.gate and monitored else 0
    readings = [f"{to_come} reading{'s' if to_come > 1 else ''} to come"] if to_come else []
    if overdue:
        readings.insert(0, f"{overdue} overdue")
    in_treatment = sheet.status in IN_TREATMENT
    return (
        (),
        (f"{len(sheet.unmet)} open",) if sheet.unmet else (),
        (sheet.dose_words,) if sheet.dose_words else (),
        tuple(readings) if in_treatment else (),
        (f"{open_conditions} open",) if open_conditions else (),
        ("prescriber",) if sheet.waits_for_signature and not sheet.may(SIGN) else (),
    )
