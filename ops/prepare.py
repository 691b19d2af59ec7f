"""Bring the database and the static files up to date; one process, so Django starts only once."""

import hashlib
import os
import time
from pathlib import Path

import django
from django.conf import settings
from django.core.management import call_command

from ops.environment import ROOT, VAR
from ops.terminal import say

STAMP = VAR / "static.stamp"


def main() -> None:
    django.setup()
    _step("Migrating the database", "migrate")
    _step("Making the cache table", "createcachetable")
    _step("Loading the treatment protocols", "load_protocols")
    if _static_is_stale():
        _step("Collecting the static files", "collectstatic", interactive=False, clear=True)
        STAMP.write_text(_static_fingerprint())
    _step("Making the demo clinics if there is nothing yet", "demo_clinic", if_empty=True)


def _step(title: str, command: str, **options: bool) -> None:
    begun = time.monotonic()
    call_command(command, verbosity=0, **options)
    say(f"{title}: {time.monotonic() - begun:.1f} s")


def _static_is_stale() -> bool:
    collected = Path(settings.STATIC_ROOT).is_dir() and STAMP.exists()
    return not collected or STAMP.read_text() != _static_fingerprint()


def _static_fingerprint() -> str:
    """Changes with the locked packages, the settings and our own static files."""
    sources = [*ROOT.glob("requirements/*.lock"), *ROOT.glob("clinic/settings/*.py")]
    sources += [path for path in ROOT.glob("static/**/*") if path.is_file()]
    facts = [(str(path), os.stat(path).st_mtime_ns, os.stat(path).st_size) for path in sources]
    return hashlib.sha256(repr(sorted(facts)).encode()).hexdigest()


if __name__ == "__main__":
    main()
