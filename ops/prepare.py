"""Bring the database and the static files up to date; one process, so Django starts only once."""

import gc
import hashlib
import os
import time
from io import StringIO
from pathlib import Path

import django
from django.conf import settings
from django.core.management import call_command

from ops.environment import ROOT
from ops.terminal import say


def main() -> None:
    gc.set_threshold(100_000, 20, 100)  # migrating leaves little to find, and much to look through
    django.setup()
    say("Migrating the database: a new one may take a minute")
    _step("Migrating the database", "migrate")
    _step("Loading the treatment protocols", "load_protocols")
    _step("Loading the consent texts", "load_consents")
    _collect_static()
    _step("Making the demo clinics where they are needed", "demo_clinic", if_needed=True)


def _step(title: str, command: str, **options: bool) -> None:
    begun, said = time.monotonic(), StringIO()
    call_command(command, verbosity=0, stdout=said, **options)
    say(f"{title}: {time.monotonic() - begun:.1f} s")
    for line in said.getvalue().splitlines():
        say(line)


def _collect_static() -> None:
    """Collect and compress, but only if something changed: it takes seconds."""
    stamp = Path(settings.STATIC_ROOT) / "collected"
    fingerprint = _static_fingerprint()
    if stamp.exists() and stamp.read_text() == fingerprint:
        return
    _step("Collecting the static files", "collectstatic", interactive=False, clear=True)
    stamp.write_text(fingerprint)


def _static_fingerprint() -> str:
    """Changes with the locked packages, the settings and our own static files."""
    sources = [*ROOT.glob("requirements/*.lock"), *ROOT.glob("clinic/settings/*.py")]
    sources += [path for path in ROOT.glob("static/**/*") if path.is_file()]
    facts = [(str(path), os.stat(path).st_mtime_ns, os.stat(path).st_size) for path in sources]
    return hashlib.sha256(repr(sorted(facts)).encode()).hexdigest()


if __name__ == "__main__":
    main()
