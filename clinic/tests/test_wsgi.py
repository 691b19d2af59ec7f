"""The web application as gunicorn loads it, before its processes part."""

import subprocess
import sys

from django.conf import settings

LOADED = """
import sys, threading
from clinic.wsgi import application
from django.db import connections
assert all(each.connection is None for each in connections.all()), "an open connection"
assert threading.active_count() == 1, "a thread"
assert "patients.views.imports" in sys.modules, "views come with the first request"
assert "pydantic" not in sys.modules, "the models of FHIR"
"""


def test_nothing_is_loaded_that_processes_may_not_share() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADED],
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
