"""Which form the sheet shows now: one primary action for each state."""

from collections.abc import Mapping

from django.utils import timezone

from desk.flowsheet import shown
from desk.sheet import Sheet
from monitoring.readings import first_dose_at
from monitoring.services import discharge, predose, record
from monitoring.services.discharge import PRESCRIBER
from monitoring.views.leaving import assess_panel, release_panel
from monitoring.views.measuring import vitals_panel
from monitoring.views.predose import check_panel, decide_panel, private_panel, weight_panel
from patients.services.chart import CHART
from sessions import lifecycle
from sessions.actions import Panel
from sessions.lifecycle import Status
from sessions.services import doses, signing
from sessions.views.checking import check_panel as second_check_panel
from sessions.views.checking import waste_panel
from sessions.views.giving import device_panel, infusion_change_panel, infusion_panel
from sessions.views.sheet import sign_panel, step_panel

PREVIOUS = ("bp", "pulse", "spo2", "respiratory_rate", "sedation", "dissociation")
DECIDED = {"predose_stop", "pregnancy_stop", "predose_bp", "predose_values", "trouble"}
A_PERSON_SETTLES = {"assessment", "escort", "driving"}


def panels(sheet: Sheet) -> list[Panel]:
    """Return the form of now, and below it a second one where two things go on at once."""
    match sheet.status:
        case Status.PLANNED | Status.NO_SHOW:
            return _step(sheet, Status.CHECKED_IN)
        case Status.CHECKED_IN:
            return _before_dose(sheet)
        case Status.CLEARED:
            return _dose(sheet)
        case Status.DOSING:
            return [*_vitals(sheet), *_dose(sheet)] if sheet.is_iv else _dose(sheet)
        case Status.MONITORING:
            return [*_monitoring(sheet), *_waste(sheet)]
    return [*_sign(sheet), *_waste(sheet)]


def _step(sheet: Sheet, to_status: Status) -> list[Panel]:
    step = lifecycle.step(sheet.status, to_status)
    return [step_panel(sheet.treatment_session, step)] if sheet.may(step.permission) else []


def _before_dose(sheet: Sheet) -> list[Panel]:
    codes = {condition.code for condition in sheet.unmet}
    decides = sheet.may(predose.DECIDE)
    if "predose_check" in codes and sheet.may(predose.RECORD):
        return [check_panel(sheet.treatment_session, sheet.asking, decides=decides)]
    if "pregnancy" in codes and sheet.may(predose.RECORD):
        return [private_panel(sheet.treatment_session)]
    if "weight" in codes and sheet.may(CHART):
        return [weight_panel(sheet.treatment_session, sheet.weight)]
    if codes & {"baseline", "baseline_old", "predose_critical", "predose_repeat"}:
        return _vitals(sheet)
    if codes & DECIDED and decides:
        return [decide_panel(sheet.treatment_session, sheet.unmet)]
    if sheet.held or "predose_values" in codes:
        return _vitals(sheet)
    return [] if codes else _step(sheet, Status.CLEARED)


def _dose(sheet: Sheet) -> list[Panel]:
    if sheet.is_held and not sheet.record.infusion_events:
        return _vitals(sheet)  # a recheck comes first; what was given all the same is in the menu
    if not sheet.may(doses.GIVE):
        return []
    if sheet.needs_check:
        return [second_check_panel(sheet.treatment_session, sheet.order, sheet.dosing)]
    if not sheet.is_iv:
        return [device_panel(sheet.treatment_session, sheet.next_number, sheet.devices_ordered)]
    events = sheet.record.standing_steps
    if events:
        return [infusion_change_panel(sheet.treatment_session, events[-1])]
    return [infusion_panel(sheet.treatment_session, sheet.order, sheet.valid_check)]


def _monitoring(sheet: Sheet) -> list[Panel]:
    """Release when all is met; assess when only a person's word is missing; else measure.

    While a critical value stands, the next thing is to measure again, not to judge who may leave.
    """
    gate = sheet.gate
    if gate is None or not sheet.may(discharge.ASSESS):
        return []
    if gate.ready:
        return [release_panel(sheet.treatment_session, sheet.record)]
    prescriber = sheet.may(PRESCRIBER)
    if not sheet.alerts and all(
        c.code in A_PERSON_SETTLES or (c.decidable and (prescriber or not c.needs_prescriber))
        for c in gate.unmet
    ):
        return [assess_panel(sheet.treatment_session, gate, prescriber=prescriber)]
    return _vitals(sheet)


def _waste(sheet: Sheet) -> list[Panel]:
    """Ask what was left of an infusion, from its stop until the session is signed."""
    closed = sheet.treatment_session.is_signed or not sheet.may(doses.GIVE)
    if closed or not sheet.waste_is_open:
        return []
    return [waste_panel(sheet.treatment_session, sheet.drip, sheet.dosing, sheet.ran)]


def _vitals(sheet: Sheet) -> list[Panel]:
    if not sheet.may(record.RECORD):
        return []
    return [vitals_panel(sheet.treatment_session, previous=_previous(sheet))]


def _sign(sheet: Sheet) -> list[Panel]:
    if not sheet.waits_for_signature or not sheet.may(signing.SIGN):
        return []
    return [sign_panel(sheet.treatment_session)]


def _previous(sheet: Sheet) -> Mapping[str, str]:
    """Show each measure's last value beside its field, and the baseline of the two scales."""
    found: dict[str, str] = {}
    first = first_dose_at(sheet.record.administrations)
    for name in PREVIOUS:
        sets = [row for row in sheet.record.standing_vitals if shown(name, row)]
        if not sets:
            continue
        last = sets[-1]
        found[name] = shown(name, last)
        if name == "bp":
            found[name] += f" at {timezone.localtime(last.observed_at):%H:%M}"
        before = [row for row in sets if first and row.observed_at < first]
        if name in {"sedation", "dissociation"}:
            baseline = f", baseline {shown(name, before[-1])}" if before else ""
            found[name] = f"last {found[name]}{baseline}"
    return found
