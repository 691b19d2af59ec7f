from datetime import UTC, datetime, timedelta

import pytest

from clinic import heartbeat
from clinic.models import Heartbeat

pytestmark = pytest.mark.django_db
NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def beat_at(monkeypatch):
    """Beat with the wall clock and the steady clock at these seconds after noon."""

    def beat(wall: float, steady: float, boot: str = "first"):
        monkeypatch.setattr("clinic.clock.now", lambda *_: NOON + timedelta(seconds=wall))
        monkeypatch.setattr(heartbeat, "steady", lambda: steady)
        monkeypatch.setattr(heartbeat, "boot_id", lambda: boot)
        return heartbeat.beat("sweep")

    return beat


def test_the_last_beat_is_kept(beat_at):
    beat_at(0, 100)
    beat_at(90, 190)
    assert Heartbeat.objects.get().beat_at == NOON + timedelta(seconds=90)


def test_clocks_in_step_show_no_jump(beat_at):
    beat_at(0, 100)
    assert beat_at(30, 131).jumped_at is None


@pytest.mark.parametrize("jump", [61.0, -3600.0])
def test_a_jump_of_more_than_a_minute_is_noted_and_stays(beat_at, jump):
    beat_at(0, 100)
    jumped = beat_at(30 + jump, 130)
    assert jumped.jump_seconds == pytest.approx(jump)
    assert beat_at(60 + jump, 160).jumped_at == jumped.jumped_at


def test_another_boot_can_not_be_compared(beat_at):
    beat_at(0, 100)
    assert beat_at(7200, 5, boot="second").jumped_at is None
