"""The last finished run of a regular job, and whether the clock jumped since the one before."""

import time
from datetime import datetime, timedelta
from pathlib import Path

from django.db import connection, transaction

from clinic import clock
from clinic.models import Heartbeat

JUMP = 60.0  # seconds between the wall clock and the clock that nobody can set
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
# Counts on while the machine sleeps, where the system has such a clock.
STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
SWEEP = "sweep"
SILENT_AFTER = timedelta(minutes=2)  # four sweeps missed
_process_began = time.monotonic()


def beat(name: str) -> Heartbeat:
    """Note that the job has just finished, by the database's clock."""
    with transaction.atomic():
        Heartbeat.objects.bulk_create(
            [Heartbeat(name=name, beat_at=clock.now(), monotonic=steady(), boot_id=boot_id())],
            ignore_conflicts=True,
        )
        row = Heartbeat.objects.select_for_update().get(name=name)
        now, counted = clock.now(), steady()
        jumped = _jump(row, now, counted)
        if abs(jumped) > JUMP:
            row.jumped_at, row.jump_seconds = now, jumped
        row.beat_at, row.monotonic, row.boot_id = now, counted, boot_id()
        row.save()
        return row


def silence(name: str) -> timedelta | None:
    """Return how long ago the job last finished, by the database's clock; None if it never did."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT max(clock_timestamp() - beat_at) FROM {Heartbeat._meta.db_table}"
            " WHERE name = %s",
            [name],
        )
        return cursor.fetchone()[0]


def overdue(name: str) -> timedelta | None:
    """Return for how long a job has been silent that should have run; None while all is well.

    Where it never ran yet, it has as long from the start of this process.
    """
    silent = silence(name)
    if silent is None:
        silent = timedelta(seconds=time.monotonic() - _process_began)
    return silent if silent > SILENT_AFTER else None


def _jump(before: Heartbeat, now: datetime, counted: float) -> float:
    """Return by how many seconds the wall clock ran ahead; another boot can't be compared."""
    if before.boot_id != boot_id() or counted < before.monotonic:
        return 0.0
    return (now - before.beat_at).total_seconds() - (counted - before.monotonic)


def steady() -> float:
    return time.clock_gettime(STEADY)


def boot_id() -> str:
    try:
        return BOOT_ID.read_text().strip()
    except OSError:
        return ""
