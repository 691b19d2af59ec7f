"""The discharge gate: what still stands between the patient and the door.

Pure: a session's history, the template's numbers and the time come in, a list of conditions comes
out. Unknown is never good enough. What was decided where the label is silent:

- The clock runs from the last device or the end of the infusion, to the second. Another medicine
  starts it again or adds its own minutes, and what was measured or judged before it counts no more.
- Baseline = before the first dose. Peak = inside the window after the *first* dose, or a later
  reading with a reason, or the reason why it was missed once the window is over. Pre-departure =
  after the last dose, within `recent_minutes`, and not the same reading as the peak's.
- The assessment follows the minimum time, and nobody leaves while a critical value stands, an
  emergency runs or a serotonin check calls for help.
- Of readings that share the latest time, each has to be good.
- Only a clinician's valid assessment can decide a condition, and only one marked decidable:
  a known blood pressure (from the ceiling on, or a critically low one, a prescriber), or, a
  prescriber too, a MOAA/S or a dissociation at baseline but short of the limit.
- Settling is a fall: a pressure over the limit and higher than the one before it settles nothing.
- Once oxygen was given, a saturation without a word on oxygen isn't one on room air.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from math import ceil

from clinic.words import explains
from monitoring import pressure
from monitoring.alerts import LOW_PRESSURE
from monitoring.conditions import Condition, Gate
from monitoring.evidence import Evidence
from monitoring.readings import DISSOCIATION_NONE, MOAAS_BEST, History, Settings, said, utc

__all__ = ["Condition", "Gate", "gate", "gate_of"]


def gate(history: History, settings: Settings, now: datetime) -> Gate:
    return gate_of(Evidence(history, settings, utc(now)))


def gate_of(evidence: Evidence) -> Gate:
    if not evidence.history.administrations:
        text = "No dose is on record: record it, or end the session as left before dose."
        return Gate((Condition("no_dose", False, text, "record_dose"),))
    return Gate(tuple(_decided(rule(evidence), evidence) for rule in RULES))


def _decided(condition: Condition, evidence: Evidence) -> Condition:
    if condition.met or not condition.decidable:
        return condition
    assessment = evidence.valid_assessment
    if assessment is None:
        return condition
    reason = assessment.decisions.get(condition.code, "")
    if not explains(reason) or (condition.needs_prescriber and not assessment.is_prescriber):
        return condition
    found = condition.text.partition(":")[0]  # what was decided about stays in sight
    text = f"{found}. Decided by {assessment.by}: {reason}"
    return condition._replace(met=True, text=text, action="", reason=reason)


def _infusion_running(evidence: Evidence) -> Condition:
    if evidence.last is None:
        text = "The infusion is still running: record when it ended."
        return Condition("infusion_running", False, text, "end_infusion")
    return Condition("infusion_running", True, "The dose is complete.")


def _minimum_time(evidence: Evidence) -> Condition:
    minimum = timedelta(minutes=evidence.settings.min_minutes_after_last_dose)
    asked = f"{evidence.settings.min_minutes_after_last_dose} minutes after the last dose"
    if evidence.last is None:
        text = f"The {asked} start when the infusion has ended."
        return Condition("minimum_time", False, text, "wait")
    if evidence.last > evidence.now:
        text = "The last dose is dated after now: correct its time."
        return Condition("minimum_time", False, text, "correct")
    ready_at = evidence.observed_until or evidence.last + minimum
    asked = _asked_minutes(evidence, ready_at) or asked
    left = ceil((ready_at - evidence.now) / timedelta(minutes=1))
    if left > 0:
        text = f"{left} of the {asked} are still to go."
        return Condition("minimum_time", False, text, "wait", ready_at=ready_at)
    return Condition("minimum_time", True, f"The {asked} have passed.", ready_at=ready_at)


def _asked_minutes(evidence: Evidence, ready_at: datetime) -> str:
    """Name the medicine that the minimum time runs from, if it is one."""
    minutes = evidence.settings.min_minutes_after_last_dose
    for one in evidence.history.medicines:
        if one.effect == "restart" and one.at + timedelta(minutes=minutes) == ready_at:
            return f"{minutes} minutes after {one.words}"
        if one.effect == "recheck" and one.due_at == ready_at:
            return f"{one.minutes} minutes after {one.words}"
    return ""


def _medicine_recheck(evidence: Evidence) -> Condition:
    waiting = evidence.open_rechecks()
    if not waiting:
        return Condition("medicine_recheck", True, "No recheck after a medicine is open.")
    first = waiting[0]
    what = "vital signs with MOAA/S" if first.effect == "restart" else "blood pressure"
    text = f"After {first.words}: {what} {first.minutes} minutes later still to be taken."
    action = "wait" if first.opens_at > evidence.now else "record_vitals"
    return Condition("medicine_recheck", False, text, action, ready_at=first.opens_at)


def _sedation(evidence: Evidence) -> Condition:
    values, limit = evidence.current_values("sedation"), evidence.settings.moaas_ready
    if not values:
        return _unknown("sedation", "MOAA/S", evidence)
    latest, baseline = min(values), max(evidence.baseline_values("sedation"), default=None)
    # The best score is at least any baseline, also one that nobody took.
    at_baseline = latest == MOAAS_BEST or (baseline is not None and latest >= baseline)
    if at_baseline and latest >= limit:
        return Condition("sedation", True, f"Latest MOAA/S {latest}.")
    if at_baseline:
        text = f"Latest MOAA/S {latest} is at baseline but under {limit}: the prescriber decides."
        return Condition("sedation", False, text, "assess", decidable=True, needs_prescriber=True)
    shown = "not known" if baseline is None else str(baseline)
    text = f"Latest MOAA/S {latest}, baseline {shown}: wait until the patient is awake as before."
    return Condition("sedation", False, text, "record_vitals")


def _dissociation(evidence: Evidence) -> Condition:
    values, limit = evidence.current_values("dissociation"), evidence.settings.dissociation_ready
    if not values:
        return _unknown("dissociation", "Dissociation", evidence)
    latest = max(values)
    baseline = min(evidence.baseline_values("dissociation"), default=DISSOCIATION_NONE)
    if latest <= limit:
        return Condition("dissociation", True, f"Latest dissociation {latest}.")
    if latest <= baseline:
        text = (
            f"Latest dissociation {latest} is as before the dose but over {limit}: "
            "the prescriber decides."
        )
        return Condition(
            "dissociation", False, text, "assess", decidable=True, needs_prescriber=True
        )
    text = f"Latest dissociation {latest} is over {max(baseline, limit)}: wait and assess again."
    return Condition("dissociation", False, text, "record_vitals")


def _spo2(evidence: Evidence) -> Condition:
    values, limit = evidence.current_values("spo2"), evidence.settings.spo2_min
    if not values:
        return _unknown("spo2", "SpO2", evidence)
    readings = evidence.current("spo2")
    if any(reading.oxygen_l_min for reading in readings):
        text = f"SpO2 {min(values)} % was measured on oxygen: it has to hold on room air."
        return Condition("spo2", False, text, "record_vitals")
    if any(reading.oxygen_unsaid for reading in readings):
        text = (
            f"SpO2 {min(values)} % may be on oxygen, which was given before. Say whether on room "
            "air: measure again, and enter the oxygen, 0 on room air."
        )
        return Condition("spo2", False, text, "record_vitals")
    if min(values) >= limit:
        return Condition("spo2", True, f"Latest SpO2 {min(values)} % on room air.")
    text = f"Latest SpO2 {min(values)} % is under {limit} %: keep monitoring and measure again."
    return Condition("spo2", False, text, "record_vitals")


def _unknown(code: str, label: str, evidence: Evidence) -> Condition:
    minutes = evidence.settings.recent_minutes
    text = f"{label} is not known after the last dose and within {minutes} minutes: record it now."
    return Condition(code, False, text, "record_vitals")


def _adverse_event(evidence: Evidence) -> Condition:
    events = evidence.history.unresolved_adverse_events
    if not events:
        return Condition("adverse_event", True, "No adverse event is open.")
    text = f"Still open: {', '.join(events)}. Record how it ended."
    return Condition("adverse_event", False, text, "resolve_event")


def _critical(evidence: Evidence) -> Condition:
    found = [alert for alert in evidence.critical if alert.setting not in LOW_PRESSURE]
    if not found:
        return Condition("critical", True, "No critical value stands.")
    words = " ".join(alert.text for alert in found)
    text = f"{words} Treat, and measure again: nobody leaves on a critical value."
    return Condition("critical", False, text, "record_vitals")


def _trouble(evidence: Evidence) -> Condition:
    found = evidence.history.going_on
    if not found:
        return Condition("trouble", True, "No emergency runs.")
    text = f"{'; '.join(found)}. Nobody leaves before that has ended."
    return Condition("trouble", False, text, "end_trouble")


def _escort(evidence: Evidence) -> Condition:
    if not evidence.settings.escort_required:
        return Condition("escort", True, "This clinic asks for no escort.")
    if evidence.history.escort and evidence.history.escort.settled:
        return Condition("escort", True, "The way home is settled.")
    why = evidence.history.escort.why if evidence.history.escort else ""
    text = why or "Nobody is named to take the patient home: settle the escort or the transport."
    return Condition("escort", False, text, "escort")


def _driving(evidence: Evidence) -> Condition:
    if not evidence.history.means_to_drive:
        return Condition("driving", True, "Nothing says that the patient means to drive.")
    text = "The patient means to drive: talk it over, and record how it was settled."
    return Condition("driving", False, text, "driving")


def _assessment(evidence: Evidence) -> Condition:
    if valid := evidence.valid_assessment:
        return Condition("assessment", True, f"{valid.by} finds the patient ready to leave.")
    given = evidence.history.assessment
    if given is None or not said(given.by):
        text = "No clinician has assessed the patient: assess after the last dose, with your name."
    elif not given.ready:
        text = f"{given.by} found the patient not ready: assess again later."
    elif not evidence.assessment_in_time:
        text = "The assessment follows the observation: assess again when its time has passed."
    else:
        text = (
            "A dose, a reading, an event or a correction came after the assessment: assess again."
        )
    return Condition("assessment", False, text, "assess")


def _clock(evidence: Evidence) -> Condition:
    if not evidence.history.clock_suspect:
        return Condition("clock", True, "The server's clock ran steadily.")
    text = "The server's clock jumped: check the time by another clock and release by override."
    return Condition("clock", False, text, "override")


def _future_time(evidence: Evidence) -> Condition:
    if not (count := evidence.future_times()):
        return Condition("future_time", True, "No entry is dated after now.")
    text = f"Dated after now and not counted: {count}. Correct the time."
    return Condition("future_time", False, text, "correct")


RULES: tuple[Callable[[Evidence], Condition], ...] = (
    _infusion_running,
    _minimum_time,
    _medicine_recheck,
    pressure.bp_baseline,
    pressure.bp_peak,
    pressure.bp_predeparture,
    pressure.bp_high,
    pressure.bp_low,
    _sedation,
    _dissociation,
    _spo2,
    _critical,
    _adverse_event,
    _trouble,
    _escort,
    _driving,
    _assessment,
    _clock,
    _future_time,
)
