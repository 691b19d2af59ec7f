from datetime import UTC, datetime, time, timedelta
from itertools import product
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reminders import kinds, rules
from reminders.kinds import Kind
from reminders.rules import Facts, Quiet, Reach, Timing
from reminders.shipped_rules import EVER, shipped_rules
from reminders.tests.clocks import DAY, Walk, changes, local
from sessions.lifecycle import Status

BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
HOUR = timedelta(hours=1)
SHIPPED = {rule.key: rule.timing for rule in shipped_rules(1)}
LONG_BEFORE = datetime(2024, 1, 1, tzinfo=UTC)
# Zones whose days never drop out of the calendar; their clocks jump as they like.
ZONES = st.sampled_from(sorted(available_timezones())).map(ZoneInfo)
FIRST, LAST = datetime.fromisoformat("2024-02-01"), datetime.fromisoformat("2030-12-31")
MOMENTS = st.datetimes(FIRST, LAST, timezones=st.just(UTC))


def berlin(text: str, zone: ZoneInfo = BERLIN) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def visit(starts_at: datetime, scheduled_at: datetime = LONG_BEFORE) -> Facts:
    return Facts(starts_at=starts_at, scheduled_at=scheduled_at)


def slot(key: str, facts: Facts, zone: ZoneInfo = BERLIN):
    found = rules.slot(SHIPPED[key], facts, Reach(zone))
    assert found is not None
    return found


def by_hours(hours: int, kind: str = Kind.REMINDER, useful: int = 1, since=EVER) -> Timing:
    return Timing(kind, hours, None, None, useful * HOUR, since)


def by_days(days: int, at: time, kind: str = Kind.REMINDER, useful: int = 1) -> Timing:
    return Timing(kind, None, days, at, useful * HOUR, EVER)


@pytest.mark.parametrize(
    ("key", "starts_at", "due"),
    [
        ("reminder_72h", "2027-03-04 10:00", "2027-03-01 10:00"),
        ("reminder_24h", "2027-03-04 10:00", "2027-03-03 10:00"),
        ("reminder_24h", "2027-03-04 07:30", "2027-03-03 08:00"),
        ("reminder_24h", "2027-03-04 20:00", "2027-03-04 08:00"),
        ("reminder_24h", "2027-03-04 19:59", "2027-03-03 19:59"),
        # the clocks go forward on 28 March 2027 and back on 31 October: 24 h are elapsed time
        ("reminder_24h", "2027-03-28 10:00", "2027-03-27 09:00"),
        ("reminder_24h", "2027-10-31 10:00", "2027-10-30 11:00"),
        ("reminder_72h", "2027-03-29 10:00", "2027-03-26 09:00"),
        # days count on the wall
        ("preparation", "2027-03-29 10:00", "2027-03-27 10:00"),
    ],
)
def test_a_reminder_goes_that_long_before_the_start_but_not_at_night(key, starts_at, due):
    found = slot(key, visit(berlin(starts_at)))
    assert (found.window.not_before, found.obstacle) == (berlin(due), "")


def test_the_night_is_that_of_the_patients_clock():
    found = slot("reminder_24h", visit(berlin("2027-03-04 10:00")), NEW_YORK)
    assert found.window.not_before == berlin("2027-03-03 08:00", NEW_YORK)


def test_each_reminder_loses_its_worth_before_the_start():
    starts_at = berlin("2027-03-04 10:00")
    assert slot("reminder_72h", visit(starts_at)).window.expires_at == starts_at - 24 * HOUR
    assert slot("reminder_24h", visit(starts_at)).window.expires_at == starts_at - 2 * HOUR


@pytest.mark.parametrize(("ahead", "late"), [(73, False), (72, False), (71, True), (24, True)])
def test_a_visit_booked_after_the_point_says_so_instead_of_a_late_mail(ahead, late):
    now = berlin("2027-03-01 10:00")
    found = slot("reminder_72h", visit(now + ahead * HOUR, now))
    assert found.obstacle == (rules.BOOKED_LATER if late else "")


@pytest.mark.parametrize(("ahead", "due"), [(25, False), (24, False), (23, True), (3, True)])
def test_short_notice_goes_at_once_to_whoever_booked_within_its_hours(ahead, due):
    now = berlin("2027-03-01 10:00")
    found = rules.slot(SHIPPED["late_booking"], visit(now + ahead * HOUR, now), Reach(BERLIN))
    assert (found is not None and found.window.not_before == now and not found.obstacle) is due


def test_short_notice_has_no_time_for_a_visit_in_an_hour():
    now = berlin("2027-03-01 10:00")
    assert slot("late_booking", visit(now + HOUR, now)).obstacle == rules.NO_TIME_LEFT


def test_a_reminder_that_could_go_only_at_night_says_so():
    found = slot("reminder_24h", visit(berlin("2027-03-04 00:30"), LONG_BEFORE), BERLIN)
    assert found.obstacle == ""
    timing = by_hours(3, useful=1)
    late = rules.slot(timing, visit(berlin("2027-03-04 07:00")), Reach(BERLIN))
    assert late is not None
    assert late.obstacle == rules.NO_TIME_LEFT


@pytest.mark.parametrize("kind", [Kind.REMINDER, Kind.MISSED])
def test_a_rule_never_writes_about_what_lay_behind_it_when_it_came_into_use(kind):
    """A-139: switching a rule on mails nobody about the past."""
    starts_at = berlin("2027-03-04 10:00")
    facts = Facts(starts_at=starts_at, scheduled_at=LONG_BEFORE, ended_at=starts_at)
    sign = -1 if kind == Kind.REMINDER else 1
    for minutes, obstacle in ((0, ""), (1, rules.RULE_IS_NEWER)):
        since = starts_at + sign * 4 * HOUR + timedelta(minutes=minutes)
        found = rules.slot(by_hours(4, kind, 1, since), facts, Reach(BERLIN))
        assert found is not None
        assert found.obstacle == obstacle


@pytest.mark.parametrize(
    ("ended_at", "zone", "due"),
    [
        ("2027-03-01 13:00", BERLIN, "2027-03-02 10:00"),
        ("2027-03-27 23:30", BERLIN, "2027-03-28 10:00"),
        ("2027-03-02 04:00", NEW_YORK, "2027-03-02 10:00"),  # still 1 March in New York
    ],
)
def test_the_follow_up_goes_at_ten_on_the_day_after(ended_at, zone, due):
    found = slot("follow_up", Facts(ended_at=berlin(ended_at)), zone)
    assert found.window.not_before == berlin(due, zone)
    assert found.window.expires_at == berlin(due, zone) + 48 * HOUR


def test_a_date_of_the_chart_counts_back_in_days():
    due_on = berlin("2027-03-29 00:00").date()
    found = slot("consent_expiring", Facts(due_on=due_on))
    assert found.window.not_before == berlin("2027-03-15 10:00")


@pytest.mark.parametrize("key", sorted(SHIPPED))
def test_a_rule_without_its_date_plans_nothing(key):
    assert rules.slot(SHIPPED[key], Facts(), Reach(BERLIN)) is None


def test_a_wall_time_that_is_skipped_moves_on_and_a_doubled_one_is_the_first():
    gap = rules.wall_time(berlin("2027-03-28 00:00").date(), time(2, 30), BERLIN)
    fold = rules.wall_time(berlin("2027-10-31 00:00").date(), time(2, 30), BERLIN)
    assert gap == datetime(2027, 3, 28, 1, 30, tzinfo=UTC)
    assert fold == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize("status", list(Status))
def test_each_kind_goes_only_in_its_statuses(status):
    assert kinds.may_go(Kind.REMINDER, status) == (status == "planned")
    assert kinds.may_go(Kind.MISSED, status) == (status == "no_show")
    assert kinds.may_go(Kind.CALLED_OFF, status) == (status == "cancelled")
    assert kinds.may_go(Kind.FOLLOW_UP, status) == (status in {"discharged", "left_against_advice"})


@pytest.mark.parametrize(
    ("change", "obstacle"),
    [
        ({}, ""),
        ({"address": ""}, "No e-mail address."),
        ({"verified": False}, "The e-mail address is not verified."),
        ({"consent": False}, "No consent to e-mail."),
        ({"deceased": True}, "The patient has died."),
        ({"held": True}, "Mail to the patient is held: a person lifts that on the chart."),
        ({"declined": {"reminder"}}, "The patient doesn't want this kind of message."),
        ({"declined": {"missed"}}, ""),
    ],
)
def test_what_stands_in_the_way_is_named(change, obstacle):
    reachable = {"zone": BERLIN, "address": "a@mail.example", "verified": True, "consent": True}
    assert Reach(**{**reachable, **change}).obstacle_to(Kind.REMINDER) == obstacle


@pytest.mark.parametrize(
    ("kind", "asked", "starts", "due"),
    [
        (Kind.CHANGED, "2027-03-01 15:00", "2027-03-04 10:00", "2027-03-01 15:00"),
        (Kind.CHANGED, "2027-03-01 21:00", "2027-03-04 10:00", "2027-03-02 08:00"),
        # in the morning it would be known too late
        (Kind.CHANGED, "2027-03-01 21:00", "2027-03-02 10:59", "2027-03-01 21:00"),
        (Kind.CHANGED, "2027-03-01 21:00", "2027-03-02 11:00", "2027-03-02 08:00"),
        # news of a visit that begins before the quiet hours end
        (Kind.CHANGED, "2027-03-01 21:00", "2027-03-02 07:30", "2027-03-01 21:00"),
        (Kind.CALLED_OFF, "2027-03-01 21:00", "2027-03-02 07:30", "2027-03-01 21:00"),
        (Kind.ON_CALL, "2027-03-01 03:00", "2027-03-02 07:30", "2027-03-01 03:00"),
    ],
)
def test_what_somebody_asked_for_goes_at_once_or_in_the_morning(kind, asked, starts, due):
    window = rules.asked_window(
        kind,
        starts_at=berlin(starts),
        ended_at=None,
        asked_at=berlin(asked),
        reach=Reach(BERLIN),
    )
    assert window is not None
    assert window.not_before == berlin(due)


@pytest.mark.parametrize("kind", [Kind.CHANGED, Kind.CALLED_OFF])
def test_no_opt_out_holds_back_what_somebody_has_to_know(kind):
    reach = Reach(BERLIN, "a@mail.example", True, True, declined={kind})
    assert reach.obstacle_to(kind) == ""


def test_a_new_time_is_told_before_the_old_one_comes():
    window = rules.asked_window(
        Kind.CHANGED,
        starts_at=berlin("2027-03-04 10:00"),
        ended_at=None,
        asked_at=berlin("2027-03-01 21:00"),
        reach=Reach(BERLIN),
        left_at=berlin("2027-03-02 07:30"),
    )
    assert window is not None
    assert window.not_before == berlin("2027-03-01 21:00")


def test_waits_grow_to_a_quarter_of_an_hour():
    waits = [rules.wait_before_next(attempt, 0.5) for attempt in (1, 2, 3, 7, 40, 4000)]
    assert [wait.total_seconds() for wait in waits] == [30, 60, 120, 900, 900, 900]
    assert rules.wait_before_next(1, 0.0) < rules.wait_before_next(1, 1.0)


@given(MOMENTS, ZONES, st.times(), st.times())
def test_a_waking_moment_is_never_earlier_and_never_quiet(moment, zone, begins, ends):
    quiet = Quiet(begins.replace(second=0, microsecond=0), ends.replace(second=0, microsecond=0))
    if quiet.begins == quiet.ends:
        return  # refused by the settings
    found = rules.next_waking(moment, zone, quiet)
    assert moment <= found < moment + timedelta(hours=49)  # a zone may drop a whole day
    if found != moment:
        shown = local(found, zone).time()
        assert shown == quiet.ends or not quiet.covers(shown)  # a skipped end is counted on


@given(MOMENTS, ZONES, st.sampled_from(["reminder_72h", "reminder_24h"]))
def test_a_reminder_has_time_to_go_and_is_never_early(starts_at, zone, key):
    timing = SHIPPED[key]
    window = slot(key, visit(starts_at), zone).window
    assert starts_at - (timing.hours or 0) * HOUR <= window.not_before < window.expires_at
    assert window.expires_at == starts_at - timing.useful


TIMES = (time(0), time(1, 30), time(2, 30), time(9), time(23, 45))
ELAPSED = (2, 24, 72)
ON_THE_WALL = tuple(product((0, 1, 2, 7), TIMES))
STARTS = tuple(timedelta(hours=hours) for hours in (-36, -13, -2, -1, 0, 1, 3, 5, 12, 26, 49))


def test_wall_clock_rules_agree_with_a_walk_through_time_at_every_change_of_a_clock():
    """R7 and R8: all zones, 2024 to 2030; hours are elapsed, days are on the wall."""
    quiet, cases, wrong = Quiet(), 0, []
    for name, at in changes():
        zone = ZoneInfo(name)
        walk, reach = Walk.around(at, zone), Reach(zone)
        for ahead in STARTS:
            starts_at = at + ahead
            day = local(starts_at, zone).date()
            expected = [(by_hours(hours), starts_at - hours * HOUR) for hours in ELAPSED]
            expected += [
                (by_days(days, wall), walk.wall(day - days * DAY, wall))
                for days, wall in ON_THE_WALL
            ]
            for timing, point in expected:
                found = rules.slot(timing, visit(starts_at), reach)
                due = walk.awake(point, quiet.begins, quiet.ends)
                cases += 1
                if found is None or found.window.not_before != due:
                    wrong.append((name, starts_at, timing, due, found))
    assert wrong == []
    assert cases >= 100_000
