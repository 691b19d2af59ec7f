"""One run: fill, let fall due, injure, wait for calm, look closely, judge."""

import contextlib
import pickle
import random
import subprocess
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

import psycopg

from faults.checker import judge, reading
from faults.checker.evidence import Evidence, Measured
from faults.checker.verdict import Verdict
from faults.injuries import Amounts, Injuries
from faults.theatre import Theatre
from ops import children
from ops.errors import ServiceError
from ops.terminal import say

CLIENTS = 3
BOOKINGS, POISONED = "12", "3"
DRAINS_WITHIN = 300.0
UNSETTLED = """
    SELECT count(*) FROM reminders_message
    WHERE state = 'sending'
       OR state = 'planned' AND (not_before <= clock_timestamp() - interval '1 second'
          OR attempts > 0 AND not_before < clock_timestamp() + interval '20 minutes')
"""


@dataclass(frozen=True)
class Size:
    messages: int
    seconds: float
    amounts: Amounts
    changes: int
    short: bool = False


FULL = Size(10_000, 360, Amounts(110, 10, 8, 5, 3, 16), changes=3_300)
SMALL = Size(300, 30, Amounts(12, 1, 1, 1, 1, 4), changes=120, short=True)
KILLS_ONLY = Size(3_000, 150, Amounts(60), changes=0)


def run(size: Size, seed: str, *, keep: bool = False) -> list[Verdict]:
    with Theatre(short=size.short, keep=keep) as theatre:
        theatre.open()
        return _run(theatre, size, seed)


def _run(theatre: Theatre, size: Size, seed: str) -> list[Verdict]:
    say(f"seed {seed}: {size.messages} messages in {size.seconds:.0f} s; {theatre.folder}")
    begun = time.monotonic()
    theatre.run(["manage.py", "migrate", "--verbosity", "0"], theatre.surroundings())
    filled = theatre.ask("faults.inside.fill", str(size.messages), str(size.seconds), seed)
    say(f"filled: {time.monotonic() - begun:.0f} s; it is day in {', '.join(filled['zones'])}")
    begins = float(filled["begins"])
    theatre.cast()
    ends = max(begins, time.time()) + size.seconds
    clients = [_client(theatre, number, size, seed, ends) for number in range(CLIENTS)]
    injuries = Injuries(theatre, random.Random(seed))
    injuries.run(injuries.plan(size.amounts, ends - time.time()), time.time())
    for client in clients:
        with contextlib.suppress(subprocess.TimeoutExpired):
            client.process.wait(120)
        if client.process.poll() != 0:
            raise ServiceError(f"{client.name} did not end well:\n{client.last_lines()}")
    calm = time.time()
    left = _drain(theatre)
    drained = time.time() - calm
    say(f"calm again; {left} left after {drained:.0f} s")
    measured = Measured(begins=begins, calm=calm, drained=drained, left=left)
    measured.quiet = _look_closely(theatre)
    measured.ended = time.time()
    say(f"looked closely: {measured.ended - calm - drained:.0f} s")
    evidence = reading.read(theatre.database, theatre.folder, measured)
    if theatre.keep:
        (theatre.folder / "evidence.pickle").write_bytes(pickle.dumps(evidence))
    verdicts = judge(evidence)
    injuries.told()
    _tell_history(evidence)
    return verdicts


def _client(theatre: Theatre, number: int, size: Size, seed: str, ends: float) -> children.Child:
    history = theatre.folder / f"history{number}.jsonl"
    calls = size.changes // CLIENTS
    arguments = [str(number), seed, str(calls), str(ends), str(history)]
    return theatre.start(
        f"client{number}",
        ["-m", "faults.inside", "faults.inside.client", *arguments],
        env=theatre.surroundings(),
    )


def _drain(theatre: Theatre) -> int:
    """Wait until nothing is due or being tried again; return how much is left."""
    ends = time.monotonic() + DRAINS_WITHIN
    while True:
        with psycopg.connect(theatre.database, autocommit=True) as connection:
            row = connection.execute(UNSETTLED).fetchone()
        left = int(row[0]) if row else 0
        if left == 0 or time.monotonic() > ends:
            return left
        time.sleep(1)


def _look_closely(theatre: Theatre) -> dict[str, Any]:
    """Measure, while nothing else happens, what would drown in the noise of the run."""
    quiet = "faults.inside.quiet"
    found: dict[str, Any] = theatre.ask(quiet, "sweep")
    found["booked"] = theatre.ask(quiet, "book", BOOKINGS)
    theatre.freeze_broker()
    found["frozen_mail"] = theatre.ask(quiet, "due")
    theatre.thaw_broker()
    found["beside_poison"] = theatre.ask(quiet, "due", POISONED)
    return found


def _tell_history(evidence: Evidence) -> None:
    outcomes = Counter(f"{call.name}: {call.outcome}" for call in evidence.calls)
    aimed = sum(call.aimed for call in evidence.calls)
    say(f"{len(evidence.calls)} changes, {aimed} aimed at a message in flight")
    for title, count in sorted(outcomes.items()):
        say(f"{count:6}  {title}")
