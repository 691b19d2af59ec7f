from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from sessions.forms.fields import MomentField, PlainNumberField

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch):
    """Set the web server's clock, in a clinic in Berlin."""

    def set_clock(year: int, month: int, day: int, hour: int, minute: int) -> None:
        now = local(year, month, day, hour, minute).astimezone(UTC)
        monkeypatch.setattr(timezone, "now", lambda: now)

    with timezone.override(BERLIN):
        set_clock(2026, 11, 23, 14, 30)
        yield set_clock


def local(year: int, month: int, day: int, hour: int, minute: int) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=BERLIN)


@pytest.mark.parametrize(
    "typed", ["1_0", "1e2", "-0", "１２", "NaN", "0x10", "84,5", " 84 ", "+8", "08"]
)
def test_only_plain_digits_are_a_number(typed: str) -> None:
    for places in (0, 1):
        with pytest.raises(ValidationError):
            PlainNumberField(places=places).clean(typed)


def test_numbers_keep_their_decimals_and_bounds() -> None:
    assert PlainNumberField(places=2, high=100).clean("38.5") == Decimal("38.5")
    with pytest.raises(ValidationError, match="Type 0 to 28 mg"):
        PlainNumberField(places=2, high=28, unit="mg").clean("70")


def test_an_empty_time_is_now(at) -> None:
    assert MomentField(required=False).clean("") is None


@pytest.mark.parametrize("typed", ["14:05", "1405", "2026-11-23 14:05", "2026-11-23T14:05"])
def test_ways_to_type_a_time(at, typed: str) -> None:
    assert MomentField(required=False).clean(typed) == local(2026, 11, 23, 14, 5)


def test_a_time_late_at_night_was_yesterday(at) -> None:
    at(2026, 11, 24, 0, 10)
    assert MomentField(required=False).clean("23:50") == local(2026, 11, 23, 23, 50)


@pytest.mark.parametrize(
    "typed", ["25:00", "14:5", "now", "0001-01-01 10:00", "9999-12-31 23:59", "2027-02-29 10:00"]
)
def test_what_is_no_time(at, typed: str) -> None:
    with pytest.raises(ValidationError):
        MomentField(required=False).clean(typed)


def test_an_hour_that_never_was(at) -> None:
    with pytest.raises(ValidationError, match="put forward"):
        MomentField(required=False).clean("2026-03-29 02:30")


def test_of_an_hour_that_comes_twice_the_last_one_that_has_passed(at) -> None:
    at(2026, 10, 25, 5, 0)
    typed = MomentField(required=False).clean("2026-10-25 02:30")
    assert typed is not None
    assert typed.astimezone(UTC) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


def test_an_untouched_time_keeps_its_seconds(at) -> None:
    original = local(2026, 11, 23, 14, 5).replace(second=42)
    assert MomentField(original=original).clean("14:05") == original
