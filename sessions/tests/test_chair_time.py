"""How long a visit needs its chair: the longest dose offered, then the observation."""

from dataclasses import replace

import pytest

from sessions.chair_time import ChairTime, needed, too_short
from sessions.shipped import read_all

PROTOCOLS = {protocol.key: protocol for protocol in read_all()}
NASAL, IV = PROTOCOLS["esketamine-trd-us"], PROTOCOLS["ketamine-iv-twice-weekly"]


def with_settings(protocol, **settings):
    return replace(protocol, monitoring={**protocol.monitoring, **settings})


def test_three_devices_have_two_rests_between_them():
    resting = with_settings(NASAL, rest_between_devices_minutes=5)
    assert needed(resting) == ChairTime(dosing=10, observation=120)


def test_an_infusion_counts_from_its_start():
    assert needed(IV) == ChairTime(dosing=40, observation=60)


@pytest.mark.parametrize(
    ("anchor", "minute", "observation"),
    [
        ("infusion_end", 75, 75),
        ("infusion_start", 130, 90),
        ("infusion_start", 90, 60),
        ("before_dose", 200, 60),
    ],
)
def test_a_late_check_prolongs_the_observation(anchor, minute, observation):
    late = with_settings(IV, checks=[{"anchor": anchor, "minute": minute}])
    assert needed(late).observation == observation


@pytest.mark.parametrize(("minutes", "fits"), [(99, False), (100, True)])
def test_a_visit_is_too_short_by_a_minute(minutes, fits):
    words = too_short(replace(IV, visit_minutes=minutes))
    assert (words == "") is fits
    if not fits:
        assert "A visit of 99 minutes is too short" in words
        assert "needed for 100 minutes" in words
