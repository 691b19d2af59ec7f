"""The REMS Patient Monitoring Form, derived from one session (clinical reference 3.3).

Pure: what is on record comes in, the form's fields come out in the form's own order, each with its
value and where that is from. Nothing is taken from another session. What the log can't tell is
asked; what nobody told is missing, never normal.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import NamedTuple

from monitoring import discharge, timeline
from monitoring.evidence import Evidence, newest
from monitoring.readings import DISSOCIATION_NONE, MOAAS_BEST, History, Reading, Settings, said

YES, NO = "Yes", "No"
ANSWERED = {"yes": YES, "no": NO}
TWO_HOURS = 120
USUAL_MG = (Decimal(28), Decimal(56), Decimal(84))
# Newer forms ask for opioids, too: drugs that sedate, depress breathing or change blood pressure.
CLASSES = {
    "benzodiazepines": "Benzodiazepines",
    "sedative_hypnotics": "Non-benzodiazepine sedative hypnotics",
    "psychostimulants": "Psychostimulants",
    "maois": "Monoamine oxidase inhibitors (MAOIs)",
    "opioids": "Opioids",
}
CRITERIA = {
    "hospitalization": "Hospitalization",
    "disability": "Disability",
    "death": "Death",
    "life_threatening": "Life-threatening",
    "important": "Important medical event",
}
OBSERVED = {
    "sedation": "Sedation",
    "dissociation": "Dissociation",
    "respiratory": "Respiratory depression",
}
# What says where and by whom, not what happened: a change of it leaves a filed form as it is.
AROUND = frozenset({"provider", "setting"})


class Field(NamedTuple):
    key: str
    label: str
    value: str  # empty: missing
    origin: str = ""  # where it is from
    required: bool = False
    note: str = ""

    @property
    def is_missing(self) -> bool:
        return self.required and not self.value


class Part(NamedTuple):
    """A numbered section of the form."""

    key: str
    title: str
    fields: tuple[Field, ...]


class Change(NamedTuple):
    label: str
    filed: str
    now: str


class Concomitant(NamedTuple):
    """What the medicine list says of one class: which medicines, and which nobody recognised."""

    named: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()


class Device(NamedTuple):
    number: int
    given_at: datetime
    lot: str
    mg: Decimal | None  # None: less than the whole device, nobody estimated how much
    what: str  # "one spray only", empty when complete


class Event(NamedTuple):
    term: str
    serious: bool
    onset_at: datetime
    severity: str
    action: str
    ended_at: datetime | None
    ended: str
    criteria: tuple[str, ...] = ()  # keys of CRITERIA


@dataclass(frozen=True, slots=True)
class Provider:
    """Who monitored: the clinician that assessed the patient, else who measured last."""

    name: str = ""
    phone: str = ""
    email: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the form may know of one session."""

    given_name: str
    family_name: str
    birth_date: date
    sex: str
    enrolment_number: str
    is_first: bool  # no dose before this session
    provider: Provider
    site: str
    address: str
    site_phone: str
    site_number: str
    zone: tzinfo
    arrived_at: datetime | None
    ended_at: datetime
    devices: tuple[Device, ...]
    history: History
    settings: Settings
    events: tuple[Event, ...] = ()
    decision: str = ""  # why a prescriber let the treatment go on
    answers: Mapping[str, str | list[str]] = field(default_factory=dict)
    answered_by: str = ""
    medicines: Mapping[str, Concomitant] = field(default_factory=dict)  # by CLASSES


@dataclass(frozen=True, slots=True)
class Form:
    parts: tuple[Part, ...]

    @property
    def fields(self) -> tuple[Field, ...]:
        return tuple(found for part in self.parts for found in part.fields)

    @property
    def missing(self) -> tuple[Field, ...]:
        return tuple(found for found in self.fields if found.is_missing)

    @property
    def done(self) -> int:
        """Count the required fields that have a value."""
        return sum(found.required and bool(found.value) for found in self.fields)

    @property
    def required(self) -> int:
        return sum(found.required for found in self.fields)

    def value(self, key: str) -> str:
        return next(found.value for found in self.fields if found.key == key)

    def snapshot(self) -> list[dict[str, str]]:
        return [
            {
                "part": part.key,
                "title": part.title,
                "key": f.key,
                "label": f.label,
                "value": f.value,
            }
            for part in self.parts
            for f in part.fields
        ]


def changes(filed: Iterable[Mapping[str, str]], form: Form) -> tuple[Change, ...]:
    """Say what a correction after the filing changed."""
    was = {row["key"]: row for row in filed if row["part"] not in AROUND}
    now = {f.key: f for part in form.parts if part.key not in AROUND for f in part.fields}
    found = []
    for key in dict.fromkeys([*was, *now]):
        before = was[key]["value"] if key in was else ""
        after = now[key].value if key in now else ""
        if before != after:
            label = now[key].label if key in now else was[key]["label"]
            found.append(Change(label, before or "missing", after or "missing"))
    return tuple(found)


def derive(facts: Facts) -> Form:
    log = _Log(facts)
    return Form(
        (
            Part("patient", "Patient", _patient(facts)),
            Part("medicines", "Concomitant medication", tuple(_medicines(facts))),
            Part("provider", "Monitoring health care provider", _provider(facts.provider)),
            Part("setting", "Setting", _setting(facts)),
            Part("treatment", "Treatment", _treatment(facts, log)),
            Part("time", "Monitoring time", _time(facts, log)),
            Part("acceptable", "Vital signs acceptable", _acceptable(facts, log)),
            Part("pressure", "Blood pressure", _pressure(facts, log)),
            Part("effects", "Sedation, dissociation, breathing", tuple(_effects(facts, log))),
            Part("serious", "Serious adverse events", tuple(_serious(facts, log))),
        )
    )


class _Log:
    """The readings of the session up to its end."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.evidence = Evidence(facts.history, facts.settings, facts.ended_at)
        self.first = min((device.given_at for device in facts.devices), default=None)
        self.last = max((device.given_at for device in facts.devices), default=None)

    def at(self, moment: datetime) -> str:
        local = moment.astimezone(self.facts.zone)
        began = (self.first or moment).astimezone(self.facts.zone)
        return f"{local:%H:%M}" if local.date() == began.date() else f"{local:%Y-%m-%d %H:%M}"

    def minutes(self, since: datetime | None) -> str:
        if since is None or self.facts.ended_at < since:
            return ""
        return str((self.facts.ended_at - since) // timedelta(minutes=1))

    def after_first(self, moment: datetime) -> int:
        return (moment - self.first) // timedelta(minutes=1) if self.first else 0

    def peak(self) -> tuple[Reading | None, str]:
        """Return the reading that settled the 40-minute check, or why there is none."""
        wanted = self.facts.settings.peak_check
        if wanted is None:
            return self.evidence.in_peak_window(), ""
        history = self.facts.history
        checks = timeline.due(
            self.facts.settings,
            history.administrations,
            history.readings,
            history.missed,
            self.facts.ended_at,
            arrived_at=self.facts.arrived_at,
        )
        check = next(check for check in checks if check.label == wanted.label)
        taken = (r for r in history.readings if r.id == check.settled_by)
        return next(taken, None), f"missed: {check.reason}" if check.state == "missed" else ""


def _patient(facts: Facts) -> tuple[Field, ...]:
    first, _, others = facts.given_name.partition(" ")
    chart = "chart"
    return (
        Field("first_name", "First name", first, chart, required=True),
        Field("middle_initial", "Middle initial", others[:1], chart),
        Field("last_name", "Last name", facts.family_name, chart, required=True),
        Field("birth_date", "Date of birth", f"{facts.birth_date:%m/%d/%Y}", chart, required=True),
        Field("sex", "Sex", "" if facts.sex == "unknown" else facts.sex, chart, required=True),
        Field("first_treatment", "First treatment", YES if facts.is_first else NO, "earlier doses"),
        Field("enrolled", "REMS enrollment number", facts.enrolment_number, "chart"),
    )


def _medicines(facts: Facts) -> Iterable[Field]:
    """Name what the list has; while a line of it isn't recognised, “no” is a person's word."""
    for key, label in CLASSES.items():
        found, stated = facts.medicines.get(key), _answer(facts, key)
        if found and found.named:
            yield Field(key, label, YES, "medicine list", True, "; ".join(found.named))
        elif found and not found.unread and stated != YES:
            yield Field(key, label, NO, "medicine list", required=True)
        else:
            unread = "; ".join(found.unread) if found else ""
            note = f"not recognised, check by hand: {unread}" if unread else ""
            yield Field(key, label, stated, _asked(facts), required=True, note=note)


def _provider(provider: Provider) -> tuple[Field, ...]:
    return (
        Field("provider_name", "Name", provider.name, provider.why, required=True),
        Field("provider_phone", "Phone", provider.phone, "clinic", required=True),
        Field("provider_email", "E-mail", provider.email, "staff record", required=True),
    )


def _setting(facts: Facts) -> tuple[Field, ...]:
    address = ", ".join(line.strip() for line in facts.address.splitlines() if line.strip())
    return (
        Field("site", "Name", facts.site, "clinic", required=True),
        Field("address", "Address, city, state, ZIP", address, "clinic", required=True),
        Field("site_number", "Site number", facts.site_number, "certification"),
    )


def _treatment(facts: Facts, log: _Log) -> tuple[Field, ...]:
    day = f"{log.first.astimezone(facts.zone):%m/%d/%Y}" if log.first else ""
    known = [device.mg for device in facts.devices if device.mg is not None]
    total = sum(known, Decimal(0))
    unusual = [f"device {d.number}: {d.what}" for d in facts.devices if d.what]
    if not facts.devices:
        dose = ""
    elif len(known) < len(facts.devices):
        dose = f"Other: at least {total.normalize():f} mg"
    else:
        dose = f"{'' if total in USUAL_MG else 'Other: '}{total.normalize():f} mg"
    lots = dict.fromkeys(device.lot for device in facts.devices if device.lot)
    return (
        Field("treated_on", "Date of treatment", day, "first device", required=True),
        Field("dose", "Dose", dose, "devices", required=True, note="; ".join(unusual)),
        Field("lots", "Lot numbers", ", ".join(lots), "devices"),
    )


def _time(facts: Facts, log: _Log) -> tuple[Field, ...]:
    total = log.minutes(log.first)
    short = "under two hours" if total and int(total) < TWO_HOURS else ""
    earlier = facts.answers.get("ready_minutes", "")
    return (
        Field(
            "minutes",
            "Minutes from the first device to the end of monitoring",
            total,
            "first device and departure",
            required=True,
            note=short,
        ),
        Field(
            "minutes_after_last",
            "Minutes from the last device to the end of monitoring",
            log.minutes(log.last),
            "last device and departure",
        ),
        Field(
            "ready_minutes",
            "Minutes after which the patient would have been ready without the two-hour rule",
            str(earlier),
            _asked(facts),
        ),
    )


def _acceptable(facts: Facts, log: _Log) -> tuple[Field, ...]:
    before, note = _acceptable_before(facts, log)
    rule = "the clinic's limits"
    return (
        Field("acceptable_before", "Before administration", before, rule, True, note),
        Field("acceptable_after", "Before completion", _acceptable_after(facts, log), rule, True),
    )


def _acceptable_before(facts: Facts, log: _Log) -> tuple[str, str]:
    known = [reading.bp for reading in newest(log.evidence.before_dose, "bp")]
    if not known or None in known:
        return "", "not measured before the dose"
    limit = facts.settings.predose_systolic, facts.settings.predose_diastolic
    over = any(bp and (bp.systolic > limit[0] or bp.diastolic > limit[1]) for bp in known)
    if not over:
        return YES, ""
    if said(facts.decision):
        return YES, f"over {limit[0]}/{limit[1]}; a prescriber decided: {facts.decision}"
    return NO, f"over {limit[0]}/{limit[1]}"


def _acceptable_after(facts: Facts, log: _Log) -> str:
    """Judge as the discharge gate does at the end; a value that was not taken is no good one."""
    pressures = log.evidence.current("bp")
    if not pressures or any(reading.bp is None for reading in pressures):
        return ""
    if not log.evidence.current_values("spo2"):
        return ""
    met = {c.code: c.met for c in discharge.gate_of(log.evidence).conditions}
    return YES if met["bp_high"] and met["spo2"] else NO


def _pressure(facts: Facts, log: _Log) -> tuple[Field, ...]:
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


def _bp(key: str, label: str, found: Sequence[Reading], log: _Log, why_not: str) -> Field:
    if not found or not found[0].bp:
        return Field(key, label, "", "vital signs", required=True, note=why_not)
    reading = found[0]
    minute = log.after_first(reading.observed_at)
    note = f"{minute} minutes after the first device" if key == "bp_peak" else ""
    if said(reading.late_reason):
        note = f"{note}; {reading.late_reason}".strip("; ")
    origin = f"vital signs of {log.at(reading.observed_at)}"
    return Field(key, label, str(reading.bp), origin, required=True, note=note)


def _effects(facts: Facts, log: _Log) -> Iterable[Field]:
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
    facts: Facts, log: _Log, key: str, topic: str, rule: Callable[[Reading], bool | None]
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
        stated = _answer(facts, key)
        yield Field(key, label, stated, _asked(facts), required=True, note=why)
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


def _serious(facts: Facts, log: _Log) -> Iterable[Field]:
    """Take “yes” from the log; “no” is a clinician's word, since nothing noted is not nothing."""
    serious = [event for event in facts.events if event.serious]
    label = "Serious adverse event"
    if not serious:
        stated = _answer(facts, "serious")
        if stated == YES:
            note = "stated, but none is on record: record it as an adverse event"
            yield Field("serious", label, "", _asked(facts), required=True, note=note)
        else:
            yield Field("serious", label, stated, _asked(facts), required=True)
        return
    yield Field("serious", label, YES, "adverse events", required=True)
    for number, event in enumerate(serious, start=1):
        yield from _one_serious(facts, log, f"serious_{number}", event)


def _one_serious(facts: Facts, log: _Log, key: str, event: Event) -> Iterable[Field]:
    stated = facts.answers.get("criteria", ())
    met = event.criteria or tuple(stated if isinstance(stated, list | tuple) else ())
    words = ", ".join(CRITERIA[name] for name in CRITERIA if name in met)
    origin = "adverse events" if event.criteria else _asked(facts)
    told = f"{event.term}, {log.at(event.onset_at)}, {event.severity}"
    if event.action:
        told += f". {event.action}"
    told += f" Ended {log.at(event.ended_at)}: {event.ended}" if event.ended_at else ". Not ended."
    yield Field(f"{key}_criteria", f"{event.term}: why serious", words, origin, required=True)
    yield Field(f"{key}_details", f"{event.term}: details", told, "adverse events", required=True)


def _answer(facts: Facts, key: str) -> str:
    return ANSWERED.get(str(facts.answers.get(key, "")), "")


def _asked(facts: Facts) -> str:
    return f"stated by {facts.answered_by}" if facts.answered_by else "asked"
