"""The gate's conditions on blood pressure: three on record, and the latest one good enough."""

from monitoring.alerts import LOW_PRESSURE
from monitoring.conditions import Condition
from monitoring.evidence import Evidence
from monitoring.readings import BloodPressure, Settings


def bp_baseline(evidence: Evidence) -> Condition:
    code = "bp_baseline_missing"
    if any(reading.bp for reading in evidence.before_dose):
        return Condition(code, True, "Blood pressure before the first dose is on record.")
    if reason := evidence.missed_reason(evidence.settings.baseline_check, code):
        text = f"Blood pressure before the first dose was missed: {reason}"
        return Condition(code, True, text, reason=reason)
    text = "No blood pressure before the first dose: record it if it was taken, or say why not."
    return Condition(code, False, text, "explain")


def bp_peak(evidence: Evidence) -> Condition:
    code, numbers = "bp_peak_missing", evidence.settings
    minutes = f"{numbers.peak_window_from} to {numbers.peak_window_to} minutes"
    window = f"{minutes} after the first dose"
    if evidence.in_peak_window():
        return Condition(code, True, f"Blood pressure {window} is on record.")
    if evidence.peak_window_is_over():
        return _bp_peak_explained(code, window, evidence)
    text = f"Blood pressure {window} is still to be taken."
    opens_at = evidence.peak_opens_at()
    action = "wait" if opens_at > evidence.now else "record_vitals"
    return Condition(code, False, text, action, ready_at=opens_at)


def _bp_peak_explained(code: str, window: str, evidence: Evidence) -> Condition:
    if reason := evidence.missed_reason(evidence.settings.peak_check, code):
        text = f"Blood pressure {window} was missed: {reason}"
        return Condition(code, True, text, reason=reason)
    if late := evidence.after_peak_window():
        text = f"Blood pressure {window} was taken late: {late.late_reason}"
        return Condition(code, True, text, reason=late.late_reason)
    text = f"No blood pressure {window}: say why it was missed or taken late."
    return Condition(code, False, text, "explain")


def bp_predeparture(evidence: Evidence) -> Condition:
    code = "bp_predeparture_missing"
    if _departure_bps(evidence):
        return Condition(code, True, "Blood pressure before leaving is on record.")
    text = (
        "No blood pressure before leaving: take one now, after the last dose, "
        f"at most {evidence.settings.recent_minutes} minutes old and apart from the 40-minute one."
    )
    return Condition(code, False, text, "record_vitals")


def bp_high(evidence: Evidence) -> Condition:
    settings, readings = evidence.settings, evidence.current("bp")
    latest = [reading.bp for reading in readings if reading.bp]
    if not latest or len(latest) < len(readings):
        text = "The latest blood pressure is not known: take it now."
        return Condition("bp_high", False, text, "record_vitals")
    shown = " and ".join(map(str, latest))
    before = evidence.bps_before(readings[0].observed_at)
    peak = evidence.highest_after_dose()
    if peak and all(_bp_acceptable(bp, peak, before, settings) for bp in latest):
        return Condition("bp_high", True, f"Latest blood pressure {shown}.")
    limit = BloodPressure(settings.bp_discharge_systolic, settings.bp_discharge_diastolic)
    ceiling = (settings.bp_ceiling_systolic, settings.bp_ceiling_diastolic)
    severe = any(bp[part] >= ceiling[part] for bp in latest for part in (0, 1))
    text = (
        f"Latest blood pressure {shown} is over {limit} and not settling: "
        f"measure again, or a {'prescriber' if severe else 'clinician'} decides with a reason."
    )
    return Condition(
        "bp_high", False, text, "record_vitals", decidable=True, needs_prescriber=severe
    )


def bp_low(evidence: Evidence) -> Condition:
    found = [alert for alert in evidence.critical if alert.setting in LOW_PRESSURE]
    if not found:
        return Condition("bp_low", True, "No critically low blood pressure stands.")
    words = " ".join(alert.text for alert in found).rstrip(".")
    text = f"{words}: lay the patient down and measure again, or a prescriber decides."
    return Condition("bp_low", False, text, "record_vitals", decidable=True, needs_prescriber=True)


def _bp_acceptable(
    latest: BloodPressure, peak: BloodPressure, before: list[BloodPressure], settings: Settings
) -> bool:
    """Judge each number by itself: low enough, or falling, steady and under the ceiling."""
    limits = (settings.bp_discharge_systolic, settings.bp_discharge_diastolic)
    ceilings = (settings.bp_ceiling_systolic, settings.bp_ceiling_diastolic)
    near = settings.bp_near_previous_mmhg
    for part in (0, 1):
        steady = all(0 <= bp[part] - latest[part] <= near for bp in before) and bool(before)
        settling = steady and latest[part] < peak[part] and latest[part] < ceilings[part]
        if latest[part] > limits[part] and not settling:
            return False
    return True


def _departure_bps(evidence: Evidence) -> list[BloodPressure]:
    """Return the pressures that count before leaving; one that stands for the peak does not."""
    readings = evidence.current("bp")
    known = [reading.bp for reading in readings if reading.bp]
    if not known or len(known) < len(readings):
        return []
    used = evidence.in_peak_window()
    if used is None and not evidence.missed_reason(evidence.settings.peak_check, "bp_peak_missing"):
        used = evidence.after_peak_window()
    stands_for_peak = used is not None and used.observed_at == readings[0].observed_at
    return [] if stands_for_peak else known
