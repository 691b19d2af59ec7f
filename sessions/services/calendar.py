"""A clinic's opening hours and closures as values: the planner's calendar, the times of a day."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from clinic.models import Clinic, Closure
from sessions.plans import Calendar

STEP = timedelta(minutes=15)  # starts that are offered instead of a taken one


@dataclass(frozen=True, slots=True)
class ClinicHours:
    zone: ZoneInfo
    calendar: Calendar
    open_between: dict[int, list[tuple[time, time]]]

    def at(self, day: date, wall_time: time) -> datetime:
        """Return the instant of a wall time; a clock change never moves a session's local time.

        It is in UTC: a length added to a local time would be one on the clock's face.
        """
        return datetime.combine(day, wall_time, tzinfo=self.zone).astimezone(UTC)

    def refusal(self, day: date, wall_time: time, length: timedelta) -> str:
        """Say why a visit of this length can't start then; empty when it fits into the hours."""
        if not self.calendar.is_open(day):
            return f"{self.calendar.reason(day)}."
        hours = self.open_between[day.weekday()]
        ends_at = self.at(day, wall_time) + length
        for opens, closes in hours:
            if opens <= wall_time and ends_at <= self.at(day, closes):
                return ""
        spans = " and ".join(f"{opens:%H:%M} to {closes:%H:%M}" for opens, closes in hours)
        minutes = int(length.total_seconds() // 60)
        return f"A visit of {minutes} minutes from {wall_time:%H:%M} does not fit into {spans}."

    def starts(self, day: date, length: timedelta) -> Iterator[datetime]:
        """Yield the starts of a day at which a visit of this length ends within hours."""
        for opens, closes in self.open_between.get(day.weekday(), []):
            moment = self.at(day, opens)
            while moment + length <= self.at(day, closes):
                yield moment
                moment += STEP


def hours_of(clinic: Clinic) -> ClinicHours:
    """Read the clinic's hours and closures: two queries."""
    open_between: dict[int, list[tuple[time, time]]] = {}
    for hours in clinic.opening_hours.order_by("opens_at"):
        open_between.setdefault(hours.weekday, []).append((hours.opens_at, hours.closes_at))
    names = {day: closure.reason for closure in clinic.closures.all() for day in _days(closure)}
    calendar = Calendar(
        closed_weekdays=frozenset(range(7)) - open_between.keys(),
        closed=frozenset(names),
        names=names,
    )
    return ClinicHours(clinic.zone, calendar, open_between)


def _days(closure: Closure) -> Iterator[date]:
    for offset in range((closure.ends_on - closure.starts_on).days + 1):
        yield closure.starts_on + timedelta(days=offset)
