"""Targets in turn, round by round: what disturbs the machine disturbs all of them alike."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median

from bench import proc
from bench.driver import Target, burst


@dataclass(frozen=True, slots=True)
class Turn:
    """One burst, per request."""

    cpu_web: float  # ms of the web server's processes
    cpu_db: float  # ms of PostgreSQL's
    p50: float  # ms
    wall: float  # ms of the whole burst by the number of answers: 1 / throughput

    @property
    def cpu(self) -> float:
        return self.cpu_web + self.cpu_db


@dataclass(frozen=True)
class Measured:
    turns: list[Turn]
    wrong: Counter[str]

    def median(self, value: Callable[[Turn], float]) -> float:
        return median(map(value, self.turns))

    def ratio(self, other: "Measured", value: Callable[[Turn], float]) -> float:
        """Return the median of the ratios within a round."""
        pairs = zip(self.turns, other.turns, strict=True)
        return median(value(mine) / max(value(theirs), 0.001) for mine, theirs in pairs)


@dataclass(frozen=True)
class Plan:
    rounds: int = 5
    seconds: float = 1.0
    requests: int = 400


@dataclass(frozen=True)
class Place:
    """A target and the process that serves it."""

    target: Target
    server: int


def measure(
    places: Mapping[str, Place], database: int, *, clients: int, plan: Plan
) -> dict[str, Measured]:
    found = {name: Measured([], Counter()) for name in places}
    for place in places.values():  # each worker has met each page
        burst(place.target, clients=max(clients, 4), seconds=plan.seconds, requests=12)
    for _ in range(plan.rounds):
        for name, place in places.items():
            turn, wrong = _turn(place, database, clients, plan)
            found[name].wrong.update(wrong)
            if turn:
                found[name].turns.append(turn)
    return found


def _turn(
    place: Place, database: int, clients: int, plan: Plan
) -> tuple[Turn | None, Counter[str]]:
    burst(place.target, clients=1, seconds=plan.seconds, requests=1)  # a poll gets its tag
    web, db = proc.cpu_seconds(place.server), proc.cpu_seconds(database)
    met = burst(place.target, clients=clients, seconds=plan.seconds, requests=plan.requests)
    web, db = proc.cpu_seconds(place.server) - web, proc.cpu_seconds(database) - db
    if not met.times:
        return None, Counter(met.wrong)
    per_answer = 1000 / len(met.times)
    turn = Turn(
        web * per_answer, db * per_answer, median(met.times) * 1000, met.seconds * per_answer
    )
    return turn, Counter(met.wrong)
