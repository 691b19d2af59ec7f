"""What goes wrong and when, from a seed, and the one loop that does it."""

import json
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from faults.post import BUSY, LOST, OK, SLOW, TARPIT
from faults.theatre import Theatre
from ops.terminal import say

CRASHES = (signal.SIGQUIT, signal.SIGQUIT, signal.SIGKILL)
FROZEN_SECONDS = (3.0, 8.0)
POST_AWAY_SECONDS = (0.5, 4.0)
PHASE_SECONDS = (3.0, 8.0)

After = tuple[float, Callable[[], object]]  # in so many seconds, what is done then


@dataclass(frozen=True)
class Amounts:
    """How many of each in one run."""

    kills: int
    crashes: int = 0
    post_kills: int = 0
    flushes: int = 0
    freezes: int = 0
    phases: int = 0


@dataclass
class Injuries:
    theatre: Theatre
    rng: random.Random
    counts: Counter[str] = field(default_factory=Counter)
    is_frozen: bool = False

    def plan(self, amounts: Amounts, seconds: float) -> list[tuple[float, str]]:
        """Return what happens when, in seconds from the start; each kind spread over the run."""
        kinds = {
            "kill": amounts.kills,
            "crash": amounts.crashes,
            "post": amounts.post_kills,
            "flush": amounts.flushes,
            "freeze": amounts.freezes,
        }
        moments = [
            ((place + self.rng.random()) * seconds / count, kind)
            for kind, count in kinds.items()
            for place in range(count)
        ]
        modes = [SLOW, BUSY, LOST, TARPIT]
        for place in range(amounts.phases):
            begins = (place + self.rng.random() * 0.5) * seconds / amounts.phases
            length = min(self.rng.uniform(*PHASE_SECONDS), seconds / amounts.phases / 2)
            moments.append((begins, f"phase {modes[place % len(modes)]}"))
            moments.append((begins + length, f"phase {OK}"))
        return sorted(moments)

    def run(self, planned: list[tuple[float, str]], begins: float) -> None:
        """Do it all; what takes longer than planned delays what follows."""
        waiting = list(planned)
        later: list[After] = []
        while waiting or later:
            now = time.time()
            for moment in [each for each in later if each[0] <= now]:
                later.remove(moment)
                moment[1]()
            if waiting and begins + waiting[0][0] <= now:
                after = self._do(waiting.pop(0)[1])
                if after is not None:
                    later.append((time.time() + after[0], after[1]))
            time.sleep(0.02)
        self.theatre.set_phase(OK)

    def _do(self, what: str) -> After | None:
        name, _, mode = what.partition(" ")
        if name == "phase":
            with self._noted(f"phase {mode}", what="phase", mode=mode):
                self.theatre.set_phase(mode)
            return None
        found: After | None = getattr(self, f"_{name}")()
        return found

    def _kill(self) -> After | None:
        name = self.rng.choice(sorted(self.theatre.actors))
        alive = [
            each
            for each, actor in sorted(self.theatre.actors.items())
            if actor.child is not None and actor.child in self.theatre.running
        ]
        if name not in alive or (name.startswith("beat") and self.rng.random() < 0.7):
            name = self.rng.choice([each for each in alive if not each.startswith("beat")] or alive)
        if name.startswith("worker") and self.rng.random() < 0.6:
            with self._noted("kill -9 of a pool's process", what="kill", who=name):
                if self.theatre.kill_pool_process(name, self.rng.choice):
                    return None
        with self._noted(f"kill -9 of a {name.rstrip('0123456789')}", what="kill", who=name):
            self.theatre.kill(name)
        return self.rng.uniform(0.2, 1.5), lambda: self.theatre.raise_up(name)

    def _crash(self) -> None:
        how = self.rng.choice(CRASHES)
        with self._noted("PostgreSQL crash", what="crash", how=how.name):
            self.theatre.crash_database(how)
            self.theatre.restart_database()  # until then a dead postmaster's children may live

    def _post(self) -> After:
        with self._noted("kill -9 of the mail server", what="post"):
            self.theatre.kill_post()
        return self.rng.uniform(*POST_AWAY_SECONDS), self.theatre.start_post

    def _flush(self) -> After | None:
        if self.is_frozen:
            return FROZEN_SECONDS[1], self._flush
        with self._noted("flush of Valkey", what="flush"):
            self.theatre.flush_broker()
        return None

    def _freeze(self) -> After:
        self.is_frozen = True
        with self._noted("freeze of Valkey", what="freeze"):
            self.theatre.freeze_broker()
        return self.rng.uniform(*FROZEN_SECONDS), self._thaw

    def _thaw(self) -> None:
        self.is_frozen = False
        self.theatre.thaw_broker()

    @contextmanager
    def _noted(self, title: str, **facts: str) -> Iterator[None]:
        """Write when it began and ended into `injuries.jsonl`."""
        began = time.time()
        yield
        self.counts[title] += 1
        line = json.dumps({**facts, "began": began, "ended": time.time()})
        with (self.theatre.folder / "injuries.jsonl").open("a") as file:
            file.write(line + "\n")

    def told(self) -> None:
        for title, count in sorted(self.counts.items()):
            say(f"{count:6}  {title}")
