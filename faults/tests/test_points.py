import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.db import connection
from psycopg.conninfo import make_conninfo

from faults.inside import points
from faults.sweep import verdicts
from ops.environment import ROOT


@dataclass
class Post:
    """A mail server whose log the checker reads."""

    folder: Path
    port: int

    def play(self, name: str) -> int:
        """Play a scene in a process of its own, since it forks: this one has threads."""
        given = urlsplit(os.environ["DATABASE_URL"])
        here = urlunsplit(given._replace(path=f"/{connection.settings_dict['NAME']}"))
        injuries = str(self.folder / "injuries.jsonl")
        played = subprocess.run(
            [sys.executable, "-m", "faults.inside", "faults.inside.points", injuries, name],
            cwd=ROOT,
            env={
                **os.environ,
                "DJANGO_SETTINGS_MODULE": "clinic.settings.local",
                "SECRET_KEY": "only-for-tests-" + "x" * 50,
                "DATABASE_URL": here,
                "EMAIL_URL": f"smtp://127.0.0.1:{self.port}",
                "LOG_LEVEL": "ERROR",
            },
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        died: dict[str, int] = json.loads(played.stdout.splitlines()[-1])
        return died[name]


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    (tmp_path / "post").mkdir()
    command = [sys.executable, "-m", "faults.post", str(tmp_path / "post"), "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        yield Post(tmp_path, int(server.stdout.readline()))
        server.kill()


def database() -> str:
    held = connection.settings_dict
    names = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD"}
    values = {name: held[key] for name, key in names.items() if held[key]}
    return make_conninfo(dbname=held["NAME"], **values)


@pytest.mark.django_db(transaction=True)
def test_a_sender_that_dies_at_any_step_loses_nothing_and_repeats_only_what_it_had_to(post):
    begins = time.time()
    died = post.play("send")
    assert died > 30
    found = {verdict.key: verdict for verdict in verdicts(database(), post.folder, begins)}
    assert {key: each.violations for key, each in found.items() if each.violations} == {}
    assert found["R1"].checked > died
    assert "by sender killed" in found["R5"].note


@pytest.mark.django_db(transaction=True)
def test_a_cancellation_that_dies_at_any_step_stands_or_never_was(post):
    begins = time.time()
    died = post.play("cancel")
    assert died > 20
    found = {verdict.key: verdict for verdict in verdicts(database(), post.folder, begins)}
    assert {key: each.violations for key, each in found.items() if each.violations} == {}
    assert found["R4"].checked > died / 2


def test_the_step_that_was_asked_for_is_the_one_that_kills(monkeypatch):
    ends = []
    monkeypatch.setattr(os, "kill", lambda pid, number: ends.append((pid, number)))
    dying = points.Dying(2)
    assert dying.around(lambda: len(ends))() == 0
    assert ends == [(os.getpid(), signal.SIGKILL)]
    dying.around(lambda: None)()
    assert len(ends) == 1
