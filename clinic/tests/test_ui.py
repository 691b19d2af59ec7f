from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.template import Context, Template
from django.utils import timezone

from clinic.templatetags import ui

NOW = datetime(2026, 11, 23, 15, 56, 20, tzinfo=UTC)


def render(source: str, **context: object) -> str:
    return Template("{% load ui %}" + source).render(Context({"now": NOW, **context}))


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "now"),
        (59, "now"),
        (-59, "now"),
        (60, "in 1 min"),
        (12 * 60 + 59, "in 12 min"),
        (-8 * 60, "8 min ago"),
        (2 * 3600, "in 2 h"),
        (-(2 * 3600 + 600), "2 h 10 min ago"),
        (30 * 3600, "in 1 day"),
        (-73 * 3600, "3 days ago"),
    ],
)
def test_distances_are_said_in_whole_minutes_hours_or_days(seconds, words):
    assert ui.relative(NOW + timedelta(seconds=seconds), NOW) == words


def test_a_time_today_is_shown_in_the_clinics_zone_with_its_distance():
    with timezone.override(ZoneInfo("America/New_York")):
        html = render("{% when at %}", at=NOW + timedelta(minutes=10))
    assert "11:06" in html
    assert "in 10 min" in html
    assert "Nov" not in html


@pytest.mark.parametrize(
    ("utc_hour", "shown"),
    [(23, ">01:30<"), (0, ">02:30 CEST<"), (1, ">02:30 CET<"), (2, ">03:30<")],
)
def test_a_time_that_comes_twice_that_night_names_its_zone(utc_hour, shown):
    """INV-10: 02:30 on the night the clocks go back could be either."""
    at = datetime(2026, 10, 24 if utc_hour == 23 else 25, utc_hour, 30, tzinfo=UTC)
    with timezone.override(ZoneInfo("Europe/Berlin")):
        assert shown in render("{% clock_time at %}", at=at, now=at)


def test_a_time_on_another_day_names_the_day():
    assert "Tue 24 Nov 2026" in render("{% clock_time at %}", at=NOW + timedelta(days=1))


@pytest.mark.parametrize(
    ("minutes_past", "css"),
    [(-1, '"countdown"'), (0, "is-due"), (4, "is-due"), (5, "is-late"), (90, "is-late")],
)
def test_a_check_is_due_on_time_and_late_five_minutes_after(minutes_past, css):
    html = render("{% countdown at %}", at=NOW - timedelta(minutes=minutes_past))
    assert f"{css}" in html


@pytest.mark.parametrize(("minutes", "dash"), [(0, "0 100"), (43, "36 100"), (300, "100 100")])
def test_the_ring_fills_towards_the_minimum_and_no_further(minutes, dash):
    html = render("{% ring at 120 %}", at=NOW - timedelta(minutes=minutes))
    assert f'stroke-dasharray="{dash}"' in html
    assert f"<title>{minutes} of 120 minutes</title>" in html


@pytest.mark.parametrize("status", ui.STATES)
def test_every_state_has_color_icon_and_word(status):
    html = render("{% state_pill status %}", status=status)
    assert f"state-{ui.STATES[status].css}" in html
    assert f"#{ui.STATES[status].icon}" in html
    assert ui.STATES[status].word in html


def test_a_pill_escapes_its_words():
    assert "<b>" not in render("{% state_pill 'overdue' words %}", words="<b>9</b>")


@pytest.mark.parametrize(
    ("value", "baseline", "text"),
    [(142, 124, "↑ +18"), (93, 97, "↓ −4"), (5, 5, "= baseline"), (None, 5, ""), (5, None, "")],
)
def test_a_change_from_the_baseline_is_shown_and_a_missing_value_is_not_a_change(
    value, baseline, text
):
    assert text in str(ui.delta(value, baseline))
    if not text:
        assert ui.delta(value, baseline) == ""
