"""What a signature vouches for of the monitoring, in words."""

from collections.abc import Iterable

from monitoring.happenings import happenings
from monitoring.models import (
    CriticalAcknowledgement,
    DischargeAssessment,
    MedicationGiven,
    PreDoseCheck,
    VitalSigns,
)
from monitoring.questions import PRIVATE, QUESTIONS
from monitoring.readings import BloodPressure
from monitoring.services import history
from monitoring.services.history import Record
from sessions.covered import time_of
from sessions.models import TreatmentSession
from sessions.sections import Fact, Section

WORDS = {
    "pulse": "pulse",
    "spo2": "SpO₂",
    "oxygen_l_min": "oxygen L/min",
    "respiratory_rate": "respiration",
    "temperature": "temperature",
    "sedation": "MOAA/S",
    "dissociation": "dissociation",
}


def told(treatment_session: TreatmentSession) -> list[Section]:
    record = history.load(treatment_session)
    checks = treatment_session.predose_checks.select_related("completed_by", "decided_by")
    missed = tuple(Fact(f"“{label}”", f"missed: {why}") for label, why in record.missed.items())
    return [
        *(_check(check) for check in checks.order_by("completed_at", "pk")),
        *_private(treatment_session),
        Section(
            "Vital signs",
            (*map(_vitals, record.standing_vitals), *missed),
            "Nothing was measured.",
        ),
        Section(
            "Other medicines", tuple(map(_medicine, record.shown_medicines)), "None was given."
        ),
        Section("Adverse events", tuple(_events(record)), "None is on record."),
        *_incidents(record),
        *_calls(record),
        Section("Leaving", tuple(_leaving(treatment_session, record)), "Nothing is on record."),
    ]


def _check(check: PreDoseCheck) -> Section:
    facts = [
        Fact(
            words,
            QUESTIONS[code].told(getattr(check, code)),
            getattr(check, code) != QUESTIONS[code].passes,
        )
        for code, words in check.asked_words.items()
    ]
    for label, at in (("Last ate", check.last_food_at), ("Last drank", check.last_fluids_at)):
        if at:
            facts.append(Fact(label, time_of(at)))
    if check.new_medicines_text:
        facts.append(Fact("Which new medicines", check.new_medicines_text))
    if check.note:
        facts.append(Fact("Note", check.note))
    if check.decided_by:
        facts.append(
            Fact("Treated all the same", f"{check.decided_by}: {check.decision_reason}", True)
        )
    if check.safety_plan:
        facts.append(Fact("Safety plan", check.safety_plan))
    title = f"Pre-dose check, {time_of(check.completed_at)}, {check.completed_by}"
    stops = ", stopped the dose" if check.stops else ""
    return Section(f"{title}{stops}", tuple(facts))


def _private(treatment_session: TreatmentSession) -> list[Section]:
    rows = treatment_session.pregnancy_answers.select_related("asked_by").order_by("pk")
    facts = tuple(
        Fact(
            f"Pregnancy, {time_of(row.asked_at)}, {row.asked_by}",
            f"{PRIVATE[row.answer].words.lower()}{f'. {row.note}' if row.note else ''}",
            bool(PRIVATE[row.answer].stop),
        )
        for row in rows
    )
    return [Section("Private question", facts)] if facts else []


def _vitals(row: VitalSigns) -> Fact:
    parts = [str(BloodPressure(row.systolic or 0, row.diastolic or 0))] if row.systolic else []
    known = {name: getattr(row, name) for name in WORDS}
    parts += [f"{WORDS[name]} {value}" for name, value in known.items() if value is not None]
    parts += [f"not obtained: {row.not_obtained}"] if row.not_obtained else []
    parts += [row.note] if row.note else []
    parts += [f"late: {row.late_reason}"] if row.late_reason else []
    parts += [f"corrected: {row.reason}"] if row.supersedes_id else []
    return Fact(time_of(row.observed_at), ", ".join(parts))


def _medicine(row: MedicationGiven) -> Fact:
    if row.entered_in_error:
        return Fact(time_of(row.given_at), f"{row}: entered in error, {row.reason}")
    effect = f" {row.get_effect_display()}: {row.minutes} min." if row.minutes else ""
    less = f" Less than its kind asks for: {row.effect_reason}." if row.effect_reason else ""
    corrected = f" Corrected: {row.reason}." if row.supersedes_id else ""
    text = f"{row}, {row.get_route_display().lower()}, for {row.why}; {row.given_by}, ordered by"
    text += f" {row.ordered_by}.{effect}{less}{corrected}"
    return Fact(time_of(row.given_at), text, bool(row.effect_reason))


def _events(record: Record) -> Iterable[Fact]:
    for event in record.standing_events:
        serious = ", serious" if event.serious else ""
        serious += f" ({event.serious_words})" if event.seriousness else ""
        text = f"{event.get_severity_display().lower()}{serious}"
        text += f". {event.action}" if event.action else ""
        text += f" {event.medicine_words}." if event.medicine_actions else ""
        judged = event.relation != event.Relation.UNKNOWN
        text += f" Relation: {event.get_relation_display().lower()}." if judged else ""
        ended = getattr(event, "resolution", None)
        text += (
            f" Ended: {ended.get_outcome_display().lower()}, {ended.resolution}"
            if ended
            else " Still open."
        )
        yield Fact(f"{event.term}, {time_of(event.onset_at)}", text, not ended or event.serious)


def _incidents(record: Record) -> Iterable[Section]:
    """Tell what else happened; what was entered in error doesn't stand."""
    standing = [found for found in happenings(record.incidents) if not found.struck]
    if standing:
        facts = [
            Fact(f"{found.words}, {time_of(found.at)}", found.detail, found.flag)
            for found in standing
        ]
        yield Section("What else happened", tuple(facts))


def _calls(record: Record) -> Iterable[Section]:
    """Name who knew of critical values, and who watched; nothing where there was neither."""
    if record.acknowledgements:
        yield Section("Critical values", tuple(map(_acknowledged, record.acknowledgements)))
    if record.watches:
        watched = tuple(
            Fact(f"{row.get_kind_display()}, {time_of(row.at)}", str(row.watcher))
            for row in record.watches
        )
        yield Section("Watching", watched)


def _acknowledged(row: CriticalAcknowledgement) -> Fact:
    values = " ".join(alert["text"] for alert in row.alerts)
    informed = f" {row.informed_name}, {time_of(row.informed_at)}." if row.informed_at else ""
    what = f"{row.get_how_display()}, {time_of(row.at)}, {row.by}"
    return Fact(what, f"{values}{informed} Done: {row.action}")


def _leaving(treatment_session: TreatmentSession, record: Record) -> Iterable[Fact]:
    if escort := treatment_session.escorts.first():
        phone = f", {escort.phone}" if escort.phone else ""
        yield Fact("Way home", f"{escort.get_kind_display()}: {escort.name}{phone}")
    for note in record.way_home:
        yield Fact(f"{note.get_kind_display()}, {time_of(note.at)}", f"{note.note}, {note.by}")
    if record.assessment:
        yield _assessed(record.assessment)
    left = getattr(treatment_session, "discharge", None)
    if left is None:
        return
    people = [str(person) for person in (left.released_by, left.second_person) if person]
    yield Fact("Left", f"{time_of(left.left_at)}, {' and '.join(people)}")
    if left.collected_by:
        yield Fact("At the door", f"{left.get_collected_kind_display()}: {left.collected_by}")
    if left.instructions:
        yield Fact("Instructions", left.get_instructions_display())
    if left.override_reason:
        how = "Outside the gate" if left.outside_gate else "By override"
        yield Fact(how, left.override_reason, True)
        yield Fact("Open at that time", " ".join(left.unmet) or "nothing")


def _assessed(row: DischargeAssessment) -> Fact:
    decided = "".join(f" Decided: {reason}." for reason in row.decisions.values())
    note = f" {row.note}" if row.note else ""
    text = f"{row}, {time_of(row.assessed_at)}, {row.assessed_by}.{decided}{note}"
    return Fact("Assessment", text, not row.ready)
