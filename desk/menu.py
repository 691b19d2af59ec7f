"""The menu of the sheet: the rare and the destructive actions of a state."""

from collections.abc import Iterable

from django.urls import reverse

from desk.lines import Action, url
from desk.sheet import Sheet
from monitoring.services import discharge, medicines, predose, record, watches
from patients.services.chart import CHART
from sessions import lifecycle, rems
from sessions.lifecycle import DOSED, PRESENT, Status
from sessions.models import Dose, TreatmentSession
from sessions.services import checks, doses
from sessions.services.signing import SIGN
from sessions.views.sheet import STEP_WORDS, words_of

RUN = "treatment_sessions.run_session"
OWN_FORMS = {
    Status.TRANSFERRED: "monitoring:transfer",
    Status.LEFT_AGAINST_ADVICE: "monitoring:against_advice",
}


def menu(sheet: Sheet) -> list[Action]:
    """Return the rare and the destructive actions of this state."""
    return [
        *_observing(sheet),
        *_watching(sheet),
        *_checking(sheet),
        *_giving(sheet),
        *_going(sheet),
        *_errors(sheet),
        *_leaving(sheet),
        *_steps(sheet),
        *_signing(sheet),
        *_reporting(sheet),
    ]


def _observing(sheet: Sheet) -> Iterable[Action]:
    row = sheet.treatment_session
    if not row.arrived_at or row.is_signed:
        return
    if sheet.may(record.RECORD):
        yield Action("Vital signs", url(sheet, "monitoring:vitals"))
        yield Action("Adverse event", url(sheet, "monitoring:event"))
        yield Action("Panic or anxiety", url(sheet, "monitoring:panic_begin"))
        yield Action("Serotonin check", url(sheet, "monitoring:serotonin"))
    if sheet.may(medicines.RECORD):
        yield Action("Another medicine", url(sheet, "monitoring:medicine"))


def _watching(sheet: Sheet) -> Iterable[Action]:
    if sheet.status not in PRESENT or not sheet.may(watches.WATCH):
        return
    if sheet.watches:
        yield Action("Hand over watching", url(sheet, "monitoring:hand_over"))
    else:
        yield Action("Take over watching", url(sheet, "monitoring:take_over"))


def _checking(sheet: Sheet) -> Iterable[Action]:
    before_dose = sheet.status in PRESENT and sheet.status not in DOSED
    if before_dose and sheet.may(predose.RECORD):
        yield Action("Pre-dose check", url(sheet, "monitoring:predose"))
    if sheet.off_chart and not sheet.treatment_session.is_signed and sheet.may(CHART):
        yield Action("New medicines to the chart", url(sheet, "monitoring:to_chart"))


def _giving(sheet: Sheet) -> Iterable[Action]:
    if not sheet.may(doses.GIVE):
        return
    if sheet.status in PRESENT:
        name = "sessions:infusion" if sheet.is_iv else "sessions:device"
        yield Action("Record a dose", url(sheet, name))
        if sheet.order and sheet.status in checks.due_in(sheet.order.route):
            yield Action("Second check", url(sheet, "sessions:second_check"))
    if not sheet.treatment_session.is_signed:
        yield from _waste(sheet)


def _going(sheet: Sheet) -> Iterable[Action]:
    here = sheet.status in PRESENT
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
        if step.to_status == Status.MONITORING and sheet.record.standing_steps:
            continue  # an infusion ends with its stop
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
