"""One at a time: the lock of a checkout, and what its holder tells the others.

Every server that is started inherits the lock's file descriptor. So it is free only when all of
them are gone, also after a `kill -9` of whoever started them.
"""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ops.children import command_of
from ops.errors import ServiceError

PATIENCE = 30.0  # seconds that leftovers of a killed start have for going away


class Busy(Exception):
    """Someone else holds the lock; `told` is what they wrote."""

    def __init__(self, told: dict[str, str]) -> None:
        super().__init__(told)
        self.told = told


@dataclass
class Lock:
    descriptor: int
    told: dict[str, str] = field(default_factory=dict)

    def tell(self, **facts: str) -> None:
        self.told |= facts
        os.ftruncate(self.descriptor, 0)
        os.pwrite(self.descriptor, json.dumps(self.told).encode(), 0)


@contextmanager
def held(path: Path, *, doing: str) -> Iterator[Lock]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _take(descriptor)
        lock = Lock(descriptor)
        lock.tell(pid=str(os.getpid()), doing=doing)
        yield lock
    finally:
        os.close(descriptor)


def _take(descriptor: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            told = _read(descriptor)
        if _lives(told.get("pid")):
            raise Busy(told)
        if time.monotonic() > deadline:
            raise ServiceError(
                "Processes of an earlier start are still running; end them first"
                " (lsof var/run.lock names them)."
            )
        time.sleep(0.1)


def read(path: Path) -> dict[str, str]:
    """Return what the holder has written so far."""
    with path.open() as file:
        return _read(file.fileno())


def _read(descriptor: int) -> dict[str, str]:
    try:
        told: dict[str, str] = json.loads(os.pread(descriptor, 65536, 0))
    except ValueError:  # its holder is just writing
        return {}
    return told


def _lives(pid: str | None) -> bool:
    """An empty file belongs to someone who has only just taken the lock."""
    return pid is None or command_of(pid) != ""
