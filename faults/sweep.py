"""The crash-point sweep: every step at which planning, sending, cancelling or moving may die."""

import time
from pathlib import Path

from faults.checker import judge, reading
from faults.checker.evidence import Measured
from faults.checker.verdict import Verdict
from faults.theatre import Theatre
from ops.terminal import say

LATER = 180.0  # seconds: nothing is on its way any more


def run(*, keep: bool = False) -> list[Verdict]:
    with Theatre(short=False, keep=keep) as theatre:
        theatre.open()
        theatre.run(["manage.py", "migrate", "--verbosity", "0"], theatre.surroundings())
        begins = time.time()
        died = theatre.ask("faults.inside.points", str(theatre.folder / "injuries.jsonl"))
        for name, count in died.items():
            say(f"{name}: died at {count} points, then survived")
        return verdicts(theatre.database, theatre.folder, begins)


def verdicts(database: str, folder: Path, begins: float) -> list[Verdict]:
    """Judge all patients of a sweep; what has no clock of its own here is left out."""
    later = time.time() + LATER
    measured = Measured(begins=begins, calm=later, drained=0.0, left=0, ended=later)
    evidence = reading.read(database, folder, measured, committed=reading.WRITTEN)
    return [each for each in judge(evidence) if each.key not in {"R12", "ack"}]
