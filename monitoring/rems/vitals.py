"""What the readings tell: vital signs acceptable, blood pressures, sedation and the like."""

from collections.abc import Callable, Iterable, Sequence

from monitoring import discharge
from monitoring.decisions import decision_about
from monitoring.evidence import Evidence, newest
from monitoring.readings import DISSOCIATION_NONE, MOAAS_BEST, Reading, Settings, said
from monitoring.rems.facts import Facts
from monitoring.rems.form import NO, OBSERVED, YES, Field
from monitoring.rems.log import Log, answer, asked
from patients.rules import age_on


def acceptable(facts: Facts, log: Log) -> tuple[Field, ...]:
    before, note = _acceptable_before(facts, log)
    rule = "the clinic's limits"
    return (
        Field("acceptable_before", "Before administration", before, rule, True, note),
        Field("acceptable_after", "Before completion", _acceptable_after(facts, log), rule, True),
    )


def _acceptable_before(facts: Facts, log: Log) -> tuple[str, str]:
    known = newest(log.evidence.before_dose, "bp")
    if not known or any(reading.bp is None for reading in known):
        return "", "not measured before the dose"
    day = (log.first or facts.ended_at).astimezone(facts.zone).date()
    limit = facts.settings.predose_limit(age_on(facts.birth_date, day))
    over = [r for r in known if r.bp and (r.bp[0] > limit[0] or r.bp[1] > limit[1])]
    if not over:
        return YES, ""
    decided = decision_about([reading.key("bp") for reading in over], facts.decisions)
    if decided and said(decided.reason):
        return YES, f"over {limit}; a prescriber decided: {decided.reason}"
    return NO, f"over {limit}"


def _acceptable_after(facts: Facts, log: Log) -> str:
    """Judge as the discharge gate does at the end; a value that was not taken is no good one."""
    pressures = log.evidence.current("bp")
    if not pressures or any(reading.bp is None for reading in pressures):
        return ""
    if not log.evidence.current_values("spo2"):
        return ""
    met = {c.code: c.met for c in discharge.gate_of(log.evidence).conditions}
    return YES if met["bp_high"] and met["bp_low"] and met["spo2"] else NO


def pressure(facts: Facts, log: Log) -> tuple[Field, ...]:
    settings, evidence = facts.settings, log.evidence
    before = [r for r in newest(evidence.before_dose, "bp") if r.bp]
    peak, why_not = log.peak()
    leaving = [r for r in evidence.current("bp") if r.bp and (peak is None or r.id != peak.id)]
    return (
        _bp("bp_before", "Before administration", before[-1:], log, _baseline_missed(evidence)),
        _bp("bp_peak", "40 minutes after administration", [peak] if peak else [], log, why_not),
        _bp(
            "bp_after",
            "Before completion of monitoring",
            leaving[-1:],
            log,
            f"none in the {settings.recent_minutes} minutes before the end",
        ),
    )


def _baseline_missed(evidence: Evidence) -> str:
    reason = evidence.missed_reason(evidence.settings.baseline_check, "bp_baseline_missing")
    return f"missed: {reason}" if reason else ""


def _bp(key: str, label: str, found: Sequence[Reading], log: Log, why_not: str) -> Field:
    if not found or not found[0].bp:
        return Field(key, label, "", "vital signs", required=True, note=why_not)
    reading = found[0]
    minute = log.after_first(reading.observed_at)
    note = f"{minute} minutes after the first device" if key == "bp_peak" else ""
    if said(reading.late_reason):
        note = f"{note}; {reading.late_reason}".strip("; ")
    origin = f"vital signs of {log.at(reading.observed_at)}"
    return Field(key, label, str(reading.bp), origin, required=True, note=note)


def effects(facts: Facts, log: Log) -> Iterable[Field]:
    evidence, settings = log.evidence, facts.settings
    sedation = max(evidence.baseline_values("sedation"), default=MOAAS_BEST)
    dissociation = min(evidence.baseline_values("dissociation"), default=DISSOCIATION_NONE)
    rules: dict[str, tuple[str, Callable[[Reading], bool | None]]] = {
        "sedation": ("sedation", lambda r: _worse(r.known("sedation"), lambda v: v < sedation)),
        "dissociation": (
            "dissociation",
            lambda r: _worse(r.known("dissociation"), lambda v: v > dissociation),
        ),
        "respiratory": ("spo2", lambda r: _breathes_badly(r, settings)),
    }
    for key, (topic, rule) in rules.items():
        yield from _effect(facts, log, key, topic, rule)


def _worse(value: int | None, is_bad: Callable[[int], bool]) -> bool | None:
    return None if value is None else is_bad(value)


def _breathes_badly(reading: Reading, settings: Settings) -> bool | None:
    spo2, rate = reading.known("spo2"), reading.known("resp_rate")
    if rate is not None and rate < settings.alert_resp_rate:
        return True
    return None if spo2 is None else spo2 < settings.alert_spo2


def _effect(
    facts: Facts, log: Log, key: str, topic: str, rule: Callable[[Reading], bool | None]
) -> Iterable[Field]:
    """Say yes when any set shows it, no when every set that has the word on it shows it isn't."""
    sets = log.evidence.after_first_dose
    bad = [reading for reading in sets if rule(reading)]
    label = OBSERVED[key]
    if not bad:
        told = [r for r in sets if r.speaks_for(topic) or rule(r) is not None]
        unknown = [log.at(r.observed_at) for r in told if rule(r) is None]
        if told and not unknown:
            yield Field(key, label, NO, "vital signs", required=True)
            return
        why = f"not known at {', '.join(unknown)}" if unknown else "never measured after the dose"
        stated = answer(facts, key)
        yield Field(key, label, stated, asked(facts), required=True, note=why)
        return
    yield Field(key, label, YES, "vital signs", required=True)
    yield Field(f"{key}_onset", f"{label}: onset", log.at(bad[0].observed_at), "vital signs")
    good = (r for r in sets if r.observed_at > bad[-1].observed_at and rule(r) is False)
    ended = next(good, None)
    yield Field(
        f"{key}_resolved",
        f"{label}: resolved",
        log.at(ended.observed_at) if ended else "",
        "vital signs",
        note="" if ended else "no later reading shows its end",
    )
