"""After the storm: sweeps that must change nothing, bookings with a clock, mail beside poison."""

import hashlib
import json
import os
import signal
import time as stopwatch
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import time, timedelta
from pathlib import Path

import redis
from django.conf import settings

from clinic import clock
from faults.inside import cast
from faults.inside.cast import LEAD
from reminders import sweeping, tasks
from reminders.models import Message
from sessions.services import booking

SWEEPS = RINGS = 10
RING_SECONDS = 10.0
SETTLED = ("sent", "failed", "suppressed", "cancelled", "expired")
BESIDE = 20
PATIENCE = 120.0


def main(what: str, count: str = "0") -> None:
    print(json.dumps({"sweep": sweep, "book": book, "due": due}[what](int(count))))


def sweep(count: int) -> dict[str, object]:
    before = _digests()
    for _ in range(SWEEPS):
        sweeping.sweep()
    for _ in range(RINGS):
        tasks.sweep.delay()
    stopwatch.sleep(RING_SECONDS)
    after = _digests()
    changed = [pk for pk, digest in before.items() if after.get(pk) != digest]
    return {"settled": len(before), "changed": changed}


def _digests() -> dict[int, str]:
    rows = Message.objects.filter(state__in=SETTLED).values()
    return {row["id"]: hashlib.sha256(repr(row).encode()).hexdigest() for row in rows}


def book(count: int) -> dict[str, list[float]]:
    """Book with Valkey as usual, flushed, frozen and away, by turns; return each one's seconds."""
    patients = iter(cast.clinic_of(count * len(STATES), cast.Zones.at(clock.now()).day[0]))
    protocol, user = cast.protocol(), cast.user()
    took: dict[str, list[float]] = {name: [] for name in STATES}
    for _ in range(count):
        for name, state in STATES.items():
            starts_on = (clock.now() + timedelta(days=2)).date()
            days = (starts_on.weekday(), (starts_on.weekday() + 3) % 7)
            choice = booking.Choice(next(patients), protocol, starts_on, days, time(10))
            with state():
                begun = stopwatch.perf_counter()
                booking.book(choice, by=user, accept_unplaced=True)
                took[name].append(stopwatch.perf_counter() - begun)
    return took


@contextmanager
def usual() -> Iterator[None]:
    yield


@contextmanager
def flushed() -> Iterator[None]:
    with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=5) as broker:
        broker.flushall()
    yield


@contextmanager
def frozen() -> Iterator[None]:
    pid = int(os.environ["FAULTS_BROKER"])
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@contextmanager
def down() -> Iterator[None]:
    """Nobody listens where Valkey did."""
    path = Path(settings.REDIS_URL.removeprefix("unix://").partition("?")[0])
    away = path.rename(path.with_suffix(".away"))
    try:
        yield
    finally:
        away.rename(path)


STATES: dict[str, Callable[[], AbstractContextManager[None]]] = {
    each.__name__: each for each in (usual, flushed, frozen, down)
}


def due(poisoned: int) -> float:
    """Let mail to some patients be due at once, behind so many that can't be written; wait."""
    patients = cast.clinic_of(BESIDE, cast.Zones.at(clock.now()).day[0])
    starts_at = clock.now().replace(microsecond=0) + LEAD + timedelta(seconds=6)
    if poisoned:
        cast.poison(poisoned, starts_at - timedelta(seconds=1))
    cast.book_each(patients, starts_at)
    ends = stopwatch.monotonic() + PATIENCE
    rows = Message.objects.filter(patient__in=patients, not_before__lt=starts_at)
    waiting = rows.filter(state__in=["planned", "sending", "failed"])
    while waiting.exists():
        if stopwatch.monotonic() > ends:
            return PATIENCE
        stopwatch.sleep(0.5)
    assert rows.filter(state="sent").count() == BESIDE
    return max(0.0, stopwatch.time() - (starts_at - LEAD).timestamp())
