"""What happened in a session in words: for the sheet, for the signature, for an ambulance crew."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from clinic.superseding import last_of_each
from monitoring import reviewed
from monitoring.models import (
    AdverseEventFollowUp,
    AgainstAdvice,
    Emergency,
    EmergencyAction,
    LeftUnnoticed,
    PanicEntry,
    PanicEpisode,
    SearchStep,
    SerotoninCheck,
    Transfer,
)
from monitoring.models.panic import END, PEAK, SUDS
from monitoring.models.taps import Tap
from monitoring.services.incidents import Incidents


class Happening(NamedTuple):
    at: datetime
    words: str
    detail: str = ""
    flag: bool = False  # somebody should look at it
    struck: bool = False  # entered in error


def happenings(incidents: Incidents) -> list[Happening]:
    """Return everything in the order in which it happened."""
    found = [
        *map(_follow_up, incidents.event_follow_ups),
        *map(_serotonin, last_of_each(incidents.serotonin_checks)),
        *map(_emergency, incidents.emergencies),
        *map(_action, last_of_each(incidents.emergency_actions)),
        *map(_panic, last_of_each(incidents.panic_episodes)),
        *(_tap(row, f"Panic: {panic_words(row)}") for row in last_of_each(incidents.panic_entries)),
        *map(_transfer, incidents.transfers),
        *map(_against_advice, incidents.against_advice),
        *map(_unnoticed, incidents.left_unnoticed),
        *map(_search_step, last_of_each(incidents.search_steps)),
    ]
    return sorted(found, key=lambda happening: happening.at)


def _follow_up(row: AdverseEventFollowUp) -> Happening:
    words = f"{row.event.term}: {row.get_outcome_display().lower()}"
    return Happening(row.at, words, f"{row.words} ({row.by})", flag=True)


def _serotonin(row: SerotoninCheck) -> Happening:
    if row.entered_in_error:
        return Happening(row.observed_at, str(row), _in_error(row), struck=True)
    corrected = f"corrected: {row.reason}" if row.supersedes_id else ""
    told = [*_signs(row), row.note, corrected, f"({row.recorded_by})"]
    tier = f", at least {row.get_tier_display()}" if row.tier and row.result.has_signs else ""
    detail = " ".join(part for part in told if part)
    return Happening(row.observed_at, f"{row}{tier}", detail, flag=row.result.shows_emergency)


def _signs(row: SerotoninCheck) -> Iterable[str]:
    labels = dict(reviewed.choices("serotonin", "signs"))
    present = [word for name, word in labels.items() if getattr(row, name)]
    present += reviewed.words_of("serotonin", "severity", row.further_signs)
    present += [f"{row.temperature} °C"] if row.temperature is not None else []
    if present:
        yield f"Found: {', '.join(present)}."
    if row.result.keeps_open:
        yield f"Not examined: {', '.join(still_open(row))}."


def still_open(row: SerotoninCheck) -> list[str]:
    """Name what was not examined and keeps the verdict open."""
    labels = {
        **dict(reviewed.choices("serotonin", "signs")),
        "temperature": "Temperature",
        "exposed": "Serotonergic medicine",
    }
    return [labels[name].lower() for name in row.result.keeps_open]


def _emergency(row: Emergency) -> Happening:
    return Happening(row.started_at, "Emergency started", f"({row.started_by})", flag=True)


def _action(row: EmergencyAction) -> Happening:
    return _tap(row, f"Emergency: {emergency_words(row)}")


def _tap(row: Tap, words: str) -> Happening:
    undone = row.entered_in_error
    return Happening(row.at, words, f"{'undone ' if undone else ''}({row.by})", struck=undone)


def _panic(row: PanicEpisode) -> Happening:
    if row.entered_in_error:
        return Happening(row.onset_at, str(row), _in_error(row), struck=True)
    symptoms = ", ".join(reviewed.words_of("panic", "symptoms", row.symptoms))
    told = [f"Trigger: {row.trigger}." if row.trigger else "", f"{symptoms}." if symptoms else ""]
    detail = " ".join(part for part in (*told, f"({row.recorded_by})") if part)
    return Happening(row.onset_at, f"{row} began", detail, flag=True)


def panic_words(row: PanicEntry) -> str:
    """Say one entry: "SUDS 7", "Infusion paused", "Over: settled. Next session: lower dose"."""
    if row.code == SUDS:
        return f"SUDS {row.suds}"
    if row.code == PEAK:
        return "Peak"
    if row.code != END:
        (words,) = reviewed.words_of("panic", "steps", [row.code])
        return words
    (outcome,) = reviewed.words_of("panic", "outcomes", [row.outcome])
    words = f"Over: {outcome.lower()}"
    if row.next_session:
        (after,) = reviewed.words_of("panic", "next", [row.next_session])
        words += f". Next session: {after.lower()}"
    return f"{words}. {row.text}" if row.text else words


def emergency_words(row: EmergencyAction) -> str:
    """Say what was done: "Medicine given: midazolam 2 mg"."""
    (words,) = reviewed.words_of("emergency", "actions", [row.code])
    return f"{words}: {row.text}" if row.text else words


def _transfer(row: Transfer) -> Happening:
    told = {"Taken by": row.taken_by, "Condition": row.condition, "Told": row.told}
    return Happening(row.handed_over_at, str(row), _said(told, row.recorded_by), flag=True)


def _against_advice(row: AgainstAdvice) -> Happening:
    told = {
        "Able to decide": row.get_has_capacity_display() if row.has_capacity else "not known",
        "Told about the risks": row.get_informed_display() if row.informed else "not known",
        "Form": row.get_paper_display() if row.paper else "not known",
        "Went with": row.escort,
        "Reason": row.reason,
    }
    return Happening(row.left_at, str(row), _said(told, row.recorded_by), flag=True)


def _unnoticed(row: LeftUnnoticed) -> Happening:
    told = {"Last seen": row.last_seen_where}
    words = "Last seen, then left unnoticed"
    return Happening(row.last_seen_at, words, _said(told, row.recorded_by), flag=True)


def _said(told: dict[str, str], by: object) -> str:
    parts = [f"{label}: {text.rstrip('.')}." for label, text in told.items() if text]
    return " ".join([*parts, f"({by})"])


def _search_step(row: SearchStep) -> Happening:
    return _tap(row, f"Search: {search_words(row)}")


def search_words(row: SearchStep) -> str:
    (words,) = reviewed.words_of("unnoticed", "steps", [row.code])
    return f"{words}: {row.text}" if row.text else words


def _in_error(row: SerotoninCheck | PanicEpisode) -> str:
    return f"in error: {row.reason} ({row.recorded_by})"
