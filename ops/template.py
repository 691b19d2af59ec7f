"""The database that the tests' databases are copies of: migrated once, while the tests are read.

The process that migrates holds a lock on a file until it ends; a test that wants its database
waits for that lock. Where the migration failed, the copy's own migration fails and says why.
"""

import fcntl
import os
import sys
from pathlib import Path

from ops import children
from ops.environment import ROOT

LOCK, NAME = "TAPER_TEMPLATE_LOCK", "TAPER_TEMPLATE"
# Without the garbage collector in two thirds of the time, with a gigabyte while it lasts.
MIGRATE = """
import gc
gc.disable()
from django.core.management import execute_from_command_line
execute_from_command_line(["manage.py", "migrate", "--no-input", "--verbosity=0"])
"""


def start(folder: Path, database: str) -> children.Child:
    """Migrate `database`, that DATABASE_URL names, and tell the workers through the environment."""
    path = folder / "template.lock"
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        migrating = children.start(
            "the template of the tests' databases",
            [sys.executable, "-c", MIGRATE],
            log=folder / "log" / "template.log",
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            cwd=ROOT,
            keep=[descriptor],
        )
    finally:
        os.close(descriptor)
    os.environ.update({LOCK: str(path), NAME: database})
    return migrating


def wait() -> None:
    """Return when the template is there; at once where none is made."""
    if LOCK in os.environ:
        with open(os.environ[LOCK]) as file:
            fcntl.flock(file, fcntl.LOCK_SH)
