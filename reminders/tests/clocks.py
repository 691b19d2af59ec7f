"""A second opinion on wall clocks: it walks through time in steps and never asks for a wall time.

All zones of these years change at, and by, whole quarters of an hour.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

STEP = timedelta(minutes=15)
DAY = timedelta(days=1)
FIRST, LAST = datetime(2024, 1, 1, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC)
AROUND = timedelta(days=10)


def local(moment: datetime, zone: ZoneInfo) -> datetime:
    """Return what the wall clock shows, without a zone."""
    return moment.astimezone(zone).replace(tzinfo=None)


@cache
def changes() -> tuple[tuple[str, datetime], ...]:
    """Return every change of a clock, once for all zones that change alike at that moment."""
    found: dict[tuple[datetime, datetime, datetime], str] = {}
    for name in sorted(available_timezones()):
        zone = ZoneInfo(name)
        for at in _changes_of(zone):
            found.setdefault((at, local(at - STEP, zone), local(at, zone)), name)
    return tuple((name, at) for (at, _, _), name in found.items())


def _changes_of(zone: ZoneInfo) -> Iterator[datetime]:
    day = FIRST
    while day < LAST:
        if _offset(day, zone) != _offset(day + DAY, zone):
            at = day
            while _offset(at, zone) == _offset(day, zone):
                at += STEP
            yield at
        day += DAY


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta | None:
    return moment.astimezone(zone).utcoffset()


@dataclass
class Walk:
    """What the wall clock shows at each step around a change."""

    zone: ZoneInfo
    moments: list[datetime]
    shown: list[datetime]

    @classmethod
    def around(cls, at: datetime, zone: ZoneInfo) -> "Walk":
        count = int(2 * AROUND / STEP)
        moments = [at - AROUND + number * STEP for number in range(count)]
        return cls(zone, moments, [local(moment, zone) for moment in moments])

    def __post_init__(self) -> None:
        self.first: dict[datetime, datetime] = {}
        for moment, shown in zip(self.moments, self.shown, strict=True):
            self.first.setdefault(shown, moment)

    def wall(self, day: date, at: time) -> datetime:
        """Return the first moment at which the clock shows this; a skipped one is counted on."""
        wanted = datetime.combine(day, at)
        if wanted in self.first:
            return self.first[wanted]
        before = max(i for i, shown in enumerate(self.shown) if shown < wanted)
        return self.moments[before] + (wanted - self.shown[before])

    def awake(self, moment: datetime, begins: time, ends: time) -> datetime:
        """Return the first step from the moment on that lies outside the quiet hours."""
        place = int((moment - self.moments[0]) / STEP)
        while _is_quiet(self.shown[place].time(), begins, ends):
            place += 1
        return self.moments[place]


def _is_quiet(at: time, begins: time, ends: time) -> bool:
    minute = timedelta(hours=at.hour, minutes=at.minute)
    start = timedelta(hours=begins.hour, minutes=begins.minute)
    length = (timedelta(hours=ends.hour, minutes=ends.minute) - start) % DAY
    return (minute - start) % DAY < length
