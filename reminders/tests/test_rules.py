from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reminders import rules
from sessions.lifecycle import Status

BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
HOUR = timedelta(hours=1)
# Zones whose days never drop out of the calendar; their clocks jump as they like.
ZONES = st.sampled_from(sorted(available_timezones())).map(ZoneInfo)
FIRST, LAST = datetime.fromisoformat("2024-01-01"), datetime.fromisoformat("2030-12-31")
MOMENTS = st.datetimes(FIRST, LAST, timezones=st.just(UTC))


def local(text: str, zone: ZoneInfo = BERLIN) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def reminder(kind, starts_at, now, zone=BERLIN):
    return rules.window(kind, starts_at=starts_at, ended_at=None, zone=zone, now=now)


def follow_up(ended_at, now, zone=BERLIN):
    return rules.window("follow_up", starts_at=ended_at, ended_at=ended_at, zone=zone, now=now)


@pytest.mark.parametrize(
    ("kind", "starts_at", "due"),
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
    ],
)
def test_a_reminder_goes_that_long_before_the_start_but_not_at_night(kind, starts_at, due):
    window = reminder(kind, local(starts_at), local("2027-01-01 12:00"))
    assert window.not_before == local(due)


def test_the_night_is_that_of_the_patients_clock():
    window = reminder(
        "reminder_24h", local("2027-03-04 10:00"), local("2027-01-01 12:00"), NEW_YORK
    )
    assert window.not_before == local("2027-03-03 08:00", NEW_YORK)


def test_each_reminder_loses_its_worth_before_the_start():
    starts_at, now = local("2027-03-04 10:00"), local("2027-01-01 12:00")
    assert reminder("reminder_72h", starts_at, now).expires_at == starts_at - 24 * HOUR
    assert reminder("reminder_24h", starts_at, now).expires_at == starts_at - 2 * HOUR


@pytest.mark.parametrize(("ahead", "planned"), [(73, True), (72, True), (71, False), (24, False)])
def test_a_visit_booked_shortly_ahead_gets_no_early_reminder(ahead, planned):
    now = local("2027-03-01 10:00")
    assert bool(reminder("reminder_72h", now + ahead * HOUR, now)) is planned


@pytest.mark.parametrize(("ahead", "planned"), [(25, True), (20, True), (3, True), (2, False)])
def test_the_late_reminder_catches_up_until_it_is_worthless(ahead, planned):
    now = local("2027-03-01 10:00")
    assert bool(reminder("reminder_24h", now + ahead * HOUR, now)) is planned


@pytest.mark.parametrize(
    ("ended_at", "zone", "due"),
    [
        ("2027-03-01 13:00", BERLIN, "2027-03-02 10:00"),
        ("2027-03-27 23:30", BERLIN, "2027-03-28 10:00"),
        ("2027-03-02 04:00", NEW_YORK, "2027-03-02 10:00"),  # still 1 March in New York
    ],
)
def test_the_follow_up_goes_at_ten_on_the_day_after(ended_at, zone, due):
    ended = local(ended_at)
    assert follow_up(ended, ended, zone).not_before == local(due, zone)


def test_no_follow_up_is_planned_long_after():
    ended = local("2027-03-01 13:00")
    assert follow_up(ended, ended + timedelta(days=4)) is None


def test_a_wall_time_that_is_skipped_moves_on_and_a_doubled_one_is_the_first():
    gap = rules.wall_time(local("2027-03-28 00:00").date(), time(2, 30), BERLIN)
    fold = rules.wall_time(local("2027-10-31 00:00").date(), time(2, 30), BERLIN)
    assert gap == datetime(2027, 3, 28, 1, 30, tzinfo=UTC)
    assert fold == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize("status", list(Status))
def test_each_kind_goes_only_in_its_statuses(status):
    assert rules.may_go("reminder_24h", status) == (status == "planned")
    assert rules.may_go("follow_up", status) == (status in {"discharged", "left_against_advice"})


@pytest.mark.parametrize(
    ("change", "obstacle"),
    [
        ({}, ""),
        ({"address": ""}, "No e-mail address."),
        ({"verified": False}, "The e-mail address is not verified."),
        ({"consent": False}, "No consent to e-mail."),
        ({"deceased": True}, "The patient has died."),
        ({"held": True}, "Mail to the patient is held: a person lifts that on the chart."),
    ],
)
def test_what_stands_in_the_way_is_named(change, obstacle):
    reachable = {"zone": BERLIN, "address": "a@mail.example", "verified": True, "consent": True}
    assert rules.Reach(**{**reachable, **change}).obstacle == obstacle


def test_waits_grow_to_a_quarter_of_an_hour():
    waits = [rules.wait_before_next(attempt, 0.5) for attempt in (1, 2, 3, 7, 40, 4000)]
    assert [wait.total_seconds() for wait in waits] == [30, 60, 120, 900, 900, 900]
    assert rules.wait_before_next(1, 0.0) < rules.wait_before_next(1, 1.0)


@given(MOMENTS, ZONES)
def test_a_waking_moment_is_never_earlier_and_never_at_night(moment, zone):
    found = rules.next_waking(moment, zone)
    assert moment <= found < moment + timedelta(hours=37)  # a zone may drop a whole day
    assert rules.WAKES <= found.astimezone(zone).time() < rules.SLEEPS


@given(MOMENTS, ZONES, st.sampled_from(sorted(rules.REMINDERS)))
def test_a_reminder_has_time_to_go_and_is_never_early(starts_at, zone, kind):
    rule = rules.REMINDERS[kind]
    window = reminder(kind, starts_at, starts_at - timedelta(days=9), zone)
    assert starts_at - rule.lead <= window.not_before < window.expires_at
    assert window.expires_at == starts_at - rule.useless


@given(MOMENTS, ZONES)
def test_the_follow_up_waits_for_the_next_day_by_the_patients_clock(ended_at, zone):
    begins = follow_up(ended_at, ended_at, zone).not_before.astimezone(zone)
    assert begins.time() == rules.FOLLOW_UP_AT
    assert begins.date() - ended_at.astimezone(zone).date() == timedelta(days=1)
