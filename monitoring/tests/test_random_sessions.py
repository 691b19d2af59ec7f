"""A few hundred invented sessions; `python -m bench.histories` judges 10,000."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring.tests import random_sessions
from monitoring.tests.random_sessions import Log, Tally


def test_no_invented_session_is_ready_before_the_second_opinion_allows() -> None:
    tally = random_sessions.run(400)
    assert tally.early == []
    assert tally.late == []
    assert tally.sessions == 400
    assert 0.03 < tally.ready / tally.judged < 0.95  # both answers are common


@settings(max_examples=150, deadline=None)
@given(st.integers(10_000, 10**9))
def test_nor_is_any_other_one(seed: int) -> None:
    tally = Tally()
    random_sessions.judge(seed, tally)
    assert (tally.early, tally.late) == ([], [])


def test_the_simulation_has_all_that_makes_a_session_hard() -> None:
    def made(has: object) -> int:
        return sum(has(log) for log in logs)  # type: ignore[operator]

    logs = [random_sessions.invent(random_sessions.Random(seed)) for seed in range(300)]
    assert made(lambda log: bool(log.steps))
    assert made(lambda log: any(step["kind"] == "pause" for step in log.steps))
    assert made(lambda log: any(row["of"] for row in log.rows))
    assert made(lambda log: any(row["of"] for row in log.devices))
    assert made(lambda log: any(row["t"] > 1200 for row in log.devices))
    assert made(lambda log: log.jumped_at is not None)
    assert made(lambda log: random_sessions.end(log) is None)


def test_a_rule_that_let_go_too_early_would_be_found(monkeypatch: object) -> None:
    """The comparison can fail: a product that forgets corrections is caught."""
    monkeypatch.setattr(  # type: ignore[attr-defined]
        random_sessions, "product_says", lambda log, now: _forgetful(log, now)
    )
    assert random_sessions.run(300).early


def _forgetful(log: Log, now: int) -> bool:
    first_only = [row for row in log.rows if row["of"] is None]
    told = replace(log, rows=[{**row, "error": False} for row in first_only])
    return random_sessions.record_of(told).gate(random_sessions.moment(now)).ready
