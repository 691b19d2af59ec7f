from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions.drip_totals import Totals, totals

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@dataclass
class Taken:
    kind: str
    at: datetime
    rate_ml_h: Decimal | None = None
    given_ml: Decimal | None = None


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def step(kind: str, minutes: float, number: str = "") -> Taken:
    value = Decimal(number) if number else None
    stops = kind == "stop"
    return Taken(kind, at(minutes), None if stops else value, value if stops else None)


def run(
    *steps: Taken, until: float = 60, began: float = 0, mg: int = 38, per_ml: int = 1
) -> Totals:
    return totals(
        steps, began=at(began), dose_mg=Decimal(mg), mg_per_ml=Decimal(per_ml), until=at(until)
    )


@pytest.mark.parametrize(
    ("steps", "until", "ml"),
    [
        ([step("start", 0, "57")], 0, "0.0"),
        ([step("start", 0, "57")], 10, "9.5"),
        ([step("start", 0, "57")], 40, "38.0"),
        ([step("start", 0, "57")], 90, "38.0"),
        ([step("start", 0, "57"), step("pause", 10)], 30, "9.5"),
        ([step("start", 0, "57"), step("pause", 10), step("resume", 15, "57")], 45, "38.0"),
        ([step("start", 0, "57"), step("rate", 10, "30")], 20, "14.5"),
        ([step("start", 0, "60"), step("rate", 10, "30"), step("rate", 20, "90")], 30, "30.0"),
    ],
)
def test_a_running_infusion_counts_its_rates(steps, until: float, ml: str) -> None:
    found = run(*steps, until=until)
    assert (found.given_ml, found.is_stopped) == (Decimal(ml), False)


def test_an_interrupted_and_resumed_infusion_is_right_in_all_totals() -> None:
    found = run(
        step("start", 0, "57"),
        step("pause", 10),
        step("resume", 15, "40"),
        step("pause", 27),
        step("resume", 40, "57"),
        step("stop", 60, "36.2"),
        until=300,
    )
    assert (found.by_rates_ml, found.recorded_ml) == (Decimal("36.5"), Decimal("36.2"))
    assert (found.given_ml, found.given_mg) == (Decimal("36.2"), Decimal("36.2"))


def test_milligrams_follow_the_concentration() -> None:
    found = run(step("start", 0, "10"), step("stop", 60, "9.5"), mg=40, per_ml=4)
    assert (found.prepared_ml, found.given_mg) == (Decimal("10.0"), Decimal("38.0"))


def test_a_corrected_start_moves_what_has_run() -> None:
    assert run(step("start", 0, "60"), until=20, began=5).given_ml == 15


def test_a_stop_after_nothing_is_nothing() -> None:
    found = run(step("start", 0, "57"), step("stop", 0, "0"))
    assert found.is_stopped
    assert found.given_mg == 0


@given(st.lists(st.tuples(st.sampled_from(["rate", "pause"]), st.integers(1, 30)), max_size=8))
def test_what_has_run_never_shrinks_nor_exceeds_the_prepared(changes) -> None:
    steps, minute = [step("start", 0, "57")], 0
    for kind, later in changes:
        minute += later
        steps.append(step(kind, minute, "" if kind == "pause" else "30"))
    seen = [run(*steps, until=minute + more).given_ml for more in (0, 1, 30, 600)]
    assert seen == sorted(seen)
    assert all(0 <= ml <= 38 for ml in seen)
