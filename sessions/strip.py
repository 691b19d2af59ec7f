"""A course as a strip of calendar weeks: what falls on each day, drawn by `_weeks.html`."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

from sessions.plans import Calendar


class Mark(StrEnum):
    """How a day shows; the value is its class in the style sheet."""

    PLACED = "is-placed"
    MOVED = "is-moved"
    CONFLICT = "is-conflict"
    NOMINAL = "is-nominal"
    CLOSED = "is-closed"


@dataclass(frozen=True, slots=True)
class Entry:
    """One session on the strip: its nominal day, and the day that it has, if any."""

    number: int
    phase: str
    nominal_on: date
    day: date | None
    in_conflict: bool = False

    @property
    def mark(self) -> Mark:
        if self.in_conflict:
            return Mark.CONFLICT
        return Mark.PLACED if self.day == self.nominal_on else Mark.MOVED


@dataclass(frozen=True, slots=True)
class Day:
    day: date
    classes: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class Week:
    days: tuple[Day, ...]
    phase: str = field(default="")  # named in the week in which it begins


def weeks(entries: Iterable[Entry], calendar: Calendar) -> Iterator[Week]:
    """Yield the weeks, Monday to Sunday, from the first session to the last."""
    entries = list(entries)
    by_day = {entry.day: entry for entry in entries if entry.day is not None}
    nominal = {entry.nominal_on: entry for entry in entries if entry.day != entry.nominal_on}
    known = sorted(by_day.keys() | nominal.keys())
    if not known:
        return
    monday, phase = known[0] - timedelta(days=known[0].weekday()), ""
    while monday <= known[-1]:
        days = [monday + timedelta(days=offset) for offset in range(7)]
        phases = [by_day[day].phase for day in days if day in by_day]
        begins = next((name for name in phases if name != phase), "")
        phase = phases[-1] if phases else phase
        cells = tuple(_cell(day, by_day, nominal, calendar) for day in days)
        yield Week(cells, begins)
        monday += timedelta(days=7)


def _cell(
    day: date, by_day: Mapping[date, Entry], nominal: Mapping[date, Entry], calendar: Calendar
) -> Day:
    marks, words = [], []
    if day in by_day:
        marks.append(by_day[day].mark)
        words.append(f"session {by_day[day].number}")
    elif not calendar.is_open(day):
        marks.append(Mark.CLOSED)
        words.append("closed")
    if day in nominal:
        marks.append(Mark.NOMINAL)
        words.append(f"nominal day of session {nominal[day].number}")
    return Day(day, " ".join(marks), ", ".join(words))
