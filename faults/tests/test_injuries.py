import random

from faults.injuries import Amounts, Injuries

AMOUNTS = Amounts(kills=20, crashes=3, post_kills=2, flushes=2, freezes=1, phases=4)


def plan(seed: str) -> list[tuple[float, str]]:
    theatre: object = None
    return Injuries(theatre, random.Random(seed)).plan(AMOUNTS, 100)  # type: ignore[arg-type]


def test_the_same_seed_plans_the_same():
    assert plan("1") == plan("1")
    assert plan("1") != plan("2")


def test_as_much_is_planned_as_was_asked_for_and_every_phase_ends():
    planned = plan("1")
    kinds = [kind for _, kind in planned]
    assert {kind: kinds.count(kind) for kind in ("kill", "crash", "post", "flush", "freeze")} == {
        "kill": 20,
        "crash": 3,
        "post": 2,
        "flush": 2,
        "freeze": 1,
    }
    phases = [kind for kind in kinds if kind.startswith("phase")]
    assert phases[1::2] == ["phase ok"] * 4
    assert all(0 <= moment <= 100 for moment, _ in planned)
