"""What happened in a session in words: for the sheet, for the signature, for an ambulance crew."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from monitoring import reviewed
from monitoring.models import AdverseEventFollowUp, SerotoninCheck
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


def _in_error(row: SerotoninCheck) -> str:
    return f"in error: {row.reason} ({row.recorded_by})"
