"""The real servers and workers on loopback, each of which can be killed, frozen and started."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import redis

from bench import proc
from bench.stage import Stage
from faults.post import Phase
from ops import children
from ops.environment import ROOT
from ops.errors import ServiceError
from ops.postgres import Postgres
from ops.terminal import say
from ops.valkey import Valkey

WORKER = ["-m", "celery", "-A", "clinic", "worker", "--concurrency", "2", "--loglevel", "WARNING"]
QUIET = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
BEAT = ["-m", "celery", "-A", "clinic", "beat", "--loglevel", "WARNING", "--pidfile=", "--schedule"]
LOOP = ["manage.py", "sweep", "--loop"]


@dataclass
class Actor:
    """A program that may be killed: how it is started again."""

    name: str
    arguments: list[str]
    child: children.Child | None = None


class Theatre(Stage):
    """A stage whose database tells when each transaction was committed."""

    def __init__(self, *, short: bool, keep: bool = False) -> None:
        super().__init__()
        self.short, self.keep = short, keep
        self.actors: dict[str, Actor] = {}
        self.post: subprocess.Popen[str] | None = None
        self.post_port = 0
        self.database = ""

    def open(self) -> None:
        with psycopg.connect(self.addresses["DATABASE_URL"], autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET track_commit_timestamp = on")
        self.postgres.stop()
        self.postgres.start()
        self.database = self.make_database("faults")
        (self.folder / "post").mkdir()
        self.start_post()

    @property
    def post_folder(self) -> Path:
        return self.folder / "post"

    @property
    def postgres(self) -> Postgres:
        return next(each for each in self.services.running if isinstance(each, Postgres))

    @property
    def valkey(self) -> Valkey:
        return next(each for each in self.services.running if isinstance(each, Valkey))

    def surroundings(self, **more: str) -> dict[str, str]:
        """Return the environment of every program of Taper here."""
        short = {"FAULTS_LEASE": "45", "FAULTS_SHORT": "true"} if self.short else {}
        return self.environment(
            self.database,
            DJANGO_SETTINGS_MODULE="faults.settings",
            FAULTS_FOLDER=str(self.folder),
            FAULTS_BROKER=str(self.broker_pid()),
            EMAIL_URL=f"smtp://127.0.0.1:{self.post_port}",
            LOG_LEVEL="WARNING",
            **short,
            **more,
        )

    def ask(self, module: str, *arguments: str) -> Any:
        """Run a module where Django is set up; its last line is JSON."""
        said = self.run(["-m", "faults.inside", module, *arguments], self.surroundings())
        return json.loads(said.splitlines()[-1])

    # the mail server

    def start_post(self) -> None:
        command = [sys.executable, "-m", "faults.post", str(self.post_folder), str(self.post_port)]
        self.post = subprocess.Popen(
            command,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=children.die_with_parent(signal.SIGKILL),
        )
        assert self.post.stdout is not None
        self.post_port = int(self.post.stdout.readline())

    def kill_post(self) -> None:
        assert self.post is not None
        self.post.kill()
        self.post.wait()

    def set_phase(self, mode: str) -> None:
        Phase(mode).write(self.post_folder)

    # workers, beats, loops

    def cast(self, *, workers: int = 2, beats: int = 2, loops: int = 2) -> None:
        for number in range(workers):
            self._add(f"worker{number}", [*WORKER, *QUIET, "-n", f"worker{number}@faults"])
        for number in range(beats):
            self._add(f"beat{number}", [*BEAT, str(self.folder / f"beat{number}")])
        for number in range(loops):
            self._add(f"loop{number}", LOOP)

    def _add(self, name: str, arguments: list[str]) -> None:
        self.actors[name] = Actor(name, arguments)
        self.raise_up(name)

    def raise_up(self, name: str) -> None:
        actor = self.actors[name]
        actor.child = self.start(name, actor.arguments, env=self.surroundings())

    def kill(self, name: str) -> None:
        """Kill the whole of it at once, as when the machine dies."""
        child = self.actors[name].child
        if child is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.process.pid, signal.SIGKILL)
            child.process.wait()
            self.running.remove(child)

    def kill_pool_process(self, name: str, choose: Callable[[list[int]], int]) -> bool:
        """Kill one process of a worker's pool, as when memory runs out; False: there is none."""
        child = self.actors[name].child
        if child is None or not child.alive:
            return False
        below = [pid for pid in proc.tree(child.process.pid) if pid != child.process.pid]
        if not below:
            return False
        with contextlib.suppress(ProcessLookupError):
            os.kill(choose(below), signal.SIGKILL)
        return True

    # PostgreSQL and Valkey

    def crash_database(self, how: signal.Signals) -> None:
        """SIGQUIT is `-m immediate`; SIGKILL takes the postmaster away from its children."""
        child = self.postgres.child
        assert child is not None
        child.process.send_signal(how)
        child.process.wait(30)

    def restart_database(self) -> None:
        ends = time.monotonic() + 60
        while True:
            try:
                self.postgres.start()
                return
            except ServiceError:  # what the dead postmaster left is not all gone yet
                if time.monotonic() > ends:
                    raise
                time.sleep(0.5)

    def broker_pid(self) -> int:
        assert self.valkey.child is not None
        return self.valkey.child.process.pid

    def flush_broker(self) -> None:
        with redis.Redis.from_url(self.addresses["REDIS_URL"], socket_timeout=5) as broker:
            broker.flushall()

    def freeze_broker(self) -> None:
        os.kill(self.broker_pid(), signal.SIGSTOP)

    def thaw_broker(self) -> None:
        os.kill(self.broker_pid(), signal.SIGCONT)

    def close(self) -> None:
        with contextlib.suppress(StopIteration, AssertionError, ProcessLookupError):
            self.thaw_broker()
        for name, actor in self.actors.items():
            if actor.child in self.running:
                self.kill(name)
        if self.post is not None:
            self.post.kill()
            self.post.wait()
        if self.keep:
            kept = shutil.copytree(
                self.folder, f"{self.folder}-kept", ignore=shutil.ignore_patterns("postgres", "run")
            )
            say(f"kept: {kept}")
        super().close()
