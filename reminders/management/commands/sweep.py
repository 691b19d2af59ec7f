import signal
import threading
from argparse import ArgumentParser
from typing import Any

import structlog
from django.core.management.base import BaseCommand
from django.db import DatabaseError, close_old_connections

from reminders import sweeping

EVERY = 30.0  # seconds
log = structlog.get_logger(__name__)


class Command(BaseCommand):
    help = "Send the messages that are due: once, or with --loop until it is told to stop."

    def add_arguments(self, parser: ArgumentParser) -> None:
        how = parser.add_mutually_exclusive_group()
        how.add_argument("--loop", action="store_true", help="Sweep every 30 s; needs no broker.")
        how.add_argument("--once", action="store_true", help="Sweep once (the default).")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["loop"]:
            self.stdout.write(_told(sweeping.sweep()))
            return
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        self.stdout.write(f"Sweeping every {EVERY:.0f} s; Ctrl-C stops after the message in hand.")
        while not stop.is_set():
            unfinished = self._sweep(stop)
            stop.wait(0 if unfinished else EVERY)

    def _sweep(self, stop: threading.Event) -> bool:
        """Sweep; a database that is away is waited for."""
        try:
            swept = sweeping.sweep(stop.is_set)
        except DatabaseError as error:
            log.warning("messages.not_swept", error=type(error).__name__)
            return False
        finally:
            close_old_connections()
        if any((swept.states, swept.repaired, swept.asked, swept.called, swept.held)):
            self.stdout.write(_told(swept))
        return swept.unfinished


def _told(swept: sweeping.Swept) -> str:
    parts = [f"{count} {state}" for state, count in sorted(swept.states.items())]
    parts += [f"{swept.repaired} sessions planned anew", f"{swept.asked} without an answer"]
    parts += [f"{swept.called} calls to staff"]
    parts += [f"{swept.held} held after a restore"] if swept.held else []
    return ", ".join(parts) + (" (more is due)" if swept.unfinished else "")
