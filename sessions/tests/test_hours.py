"""Opening hours on the nights in which the clock changes: a length is elapsed time."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sessions.plans import Calendar
from sessions.services.calendar import ClinicHours

AUTUMN = date(2027, 10, 31)  # Berlin has two hours from 2 to 3
SPRING = date(2027, 3, 28)  # and none here
THREE_HOURS = timedelta(hours=3)


def hours(closes):
    calendar = Calendar(closed_weekdays=frozenset(), closed=frozenset(), names={})
    open_between = {6: [(time(0), closes)]}
    return ClinicHours(ZoneInfo("Europe/Berlin"), calendar, open_between)


def test_a_length_is_elapsed_time_on_the_autumn_night():
    starts_at = hours(time(4)).at(AUTUMN, time(1))
    assert starts_at + THREE_HOURS == datetime(2027, 10, 31, 2, tzinfo=UTC)  # 3 o'clock, winter


def test_a_visit_fits_into_the_longer_night_and_not_into_the_shorter():
    assert hours(time(3)).refusal(AUTUMN, time(1), THREE_HOURS) == ""
    assert "does not fit" in hours(time(4)).refusal(SPRING, time(1), THREE_HOURS)
    assert hours(time(5)).refusal(SPRING, time(1), THREE_HOURS) == ""


def test_every_start_of_the_longer_night_leaves_the_whole_length():
    starts = list(hours(time(3)).starts(AUTUMN, THREE_HOURS))
    assert starts[-1] == hours(time(3)).at(AUTUMN, time(1))
    assert len(starts) == 5
