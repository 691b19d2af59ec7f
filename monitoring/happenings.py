"""What happened in a session in words: for the sheet, for the signature, for an ambulance crew."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from monitoring import reviewed
from monitoring.models import (
    AdverseEventFollowUp,
    Emergency,
    EmergencyAction,
    PanicEntry,
    PanicEpisode,
    SerotoninCheck,
)
from monitoring.models.panic import END, PEAK, SUDS
from monitoring.models.taps import Tap
from monitoring.services.incidents import Incidents, last_of_each


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


def _in_error(row: SerotoninCheck | PanicEpisode) -> str:
    return f"in error: {row.reason} ({row.recorded_by})"
