"""Starts things in order, watches them, stops them in the opposite order."""

import signal
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from types import FrameType

from ops import children
from ops.errors import ServiceError
from ops.services import Services

LOG_SIZE_KEPT = 5_000_000


class Stopped(Exception):
    """Someone asked us to stop: Ctrl-C, SIGTERM, or the terminal was closed."""


class Supervisor:
    """One child that dies takes the others with it; a signal stops them all."""

    def __init__(self, services: Services, *, logs: Path, keep: Iterable[int] = ()) -> None:
        self.services, self.logs, self.keep = services, logs, tuple(keep)
        self.processes: list[children.Child] = []
        self.asked_to_stop = False

    def listen_for_signals(self) -> None:
        for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(signum, self._on_signal)

    def _on_signal(self, signum: int, frame: FrameType | None) -> None:
        """Only take a note: raising here could lose a child that is just being started."""
        self.asked_to_stop = True

    def check(self) -> None:
        """Raise if we were asked to stop, or if something that should run doesn't."""
        if self.asked_to_stop:
            raise Stopped
        for child in (*self.services.children, *self.processes):
            if not child.alive:
                raise ServiceError(
                    f"{child.name} ended with code {child.process.returncode}."
                    f" The end of {child.log}:\n{child.last_lines()}"
                )

    def wait_for(self, done: Callable[[], bool], *, seconds: float, pause: float = 0.05) -> bool:
        deadline = time.monotonic() + seconds
        while not done():
            self.check()
            if time.monotonic() > deadline:
                return False
            time.sleep(pause)
        return True

    def run_to_end(self, name: str, arguments: Iterable[str], *, seconds: float = 1800) -> None:
        """Run one Python step; it speaks to the terminal itself."""
        self.check()
        step = children.start(name, [sys.executable, *arguments], keep=self.keep)
        try:
            self.wait_for(lambda: not step.alive, seconds=seconds)
        finally:
            step.stop()
        if step.process.returncode:
            raise ServiceError(f"{name} failed; see above.")

    def start(
        self,
        name: str,
        arguments: Iterable[str],
        *,
        orphan_signal: signal.Signals = signal.SIGTERM,
        keep: Iterable[int] = (),
    ) -> None:
        """Start a Python program that should run until we stop."""
        self.check()
        child = children.start(
            name,
            [sys.executable, *arguments],
            log=self._log(name),
            orphan_signal=orphan_signal,
            keep=[*self.keep, *keep],
        )
        self.processes.append(child)

    def _log(self, name: str) -> Path:
        log = self.logs / f"{name}.log"
        if log.exists() and log.stat().st_size > LOG_SIZE_KEPT:
            log.replace(log.with_suffix(".log.1"))
        return log

    def watch(self) -> None:
        while True:
            self.check()
            time.sleep(0.25)

    def stop(self) -> None:
        for child in self.processes:
            child.ask_to_stop()
        for child in self.processes:
            child.stop()
        self.services.stop()
