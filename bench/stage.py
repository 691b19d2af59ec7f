"""A PostgreSQL, a Valkey and web servers of our own in a temporary folder, gone afterwards."""

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import psycopg

from ops import children, places
from ops.checks import production_environment
from ops.environment import ROOT
from ops.errors import ServiceError
from ops.services import Services

GUNICORN = ["-m", "gunicorn", "-k", "sync", "-w", "2", "--no-control-socket"]
SECONDS_TO_START = 60


@dataclass(frozen=True)
class Server:
    name: str
    port: int
    child: children.Child

    @property
    def pid(self) -> int:
        return self.child.process.pid


class Stage:
    """Everything that a measurement stands on; durable, as in a clinic."""

    def __init__(self) -> None:
        self.folder = places.temporary_folder(places.service_account())
        self.addresses: dict[str, str] = {}
        self.services = Services(self.folder, self.addresses)
        self.running: list[children.Child] = []
        self.keys = {
            "SECRET_KEY": secrets.token_urlsafe(64),
            "AUDIT_KEY": secrets.token_urlsafe(64),
        }

    def __enter__(self) -> Self:
        try:
            self.services.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        for child in reversed(self.running):
            child.stop()
        self.services.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def database_pid(self) -> int:
        found = {child.name: child.process.pid for child in self.services.children}
        return found["PostgreSQL"]

    def make_database(self, name: str) -> str:
        """Create an empty database and return its address."""
        server, _, _ = self.addresses["DATABASE_URL"].rpartition("/")
        with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        return f"{server}/{name}"

    def environment(self, database: str, **more: str) -> dict[str, str]:
        """Return what production has, for one of the databases; the rest is a clinic's own."""
        return {
            **{name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ},
            **production_environment(),
            **self.keys,
            "PYTHONPATH": str(ROOT),
            "DJANGO_SETTINGS_MODULE": "bench.settings",
            "BENCH_STATIC": str(self.folder / "static"),
            "DATABASE_URL": database,
            "REDIS_URL": self.addresses["REDIS_URL"],
            "MFA_REQUIRED": "false",
            **more,
        }

    def run(
        self, arguments: list[str], environment: Mapping[str, str], *, seconds: int = 3600
    ) -> str:
        """Run a Python program to its end and return what it printed."""
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        if done.returncode:
            raise ServiceError(f"{' '.join(arguments)} failed:\n{done.stdout}{done.stderr}"[-4000:])
        return done.stdout

    def inside(self, module: str, environment: Mapping[str, str], *arguments: str) -> Any:
        """Run a module of ours where Django is set up; its last line is JSON."""
        said = self.run(["-m", "bench.inside", module, *arguments], environment)
        return json.loads(said.splitlines()[-1])

    def start(self, name: str, arguments: list[str], **options: Any) -> children.Child:
        log = self.folder / "log" / f"{name}.log"
        child = children.start(name, [sys.executable, *arguments], log=log, cwd=ROOT, **options)
        self.running.append(child)
        return child

    def serve(
        self, name: str, application: str, environment: Mapping[str, str], *options: str
    ) -> Server:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen(128)
            port = listener.getsockname()[1]
            descriptor = listener.fileno()
            child = self.start(
                name,
                [*GUNICORN, *options, "--bind", f"fd://{descriptor}", application],
                env=environment,
                keep=[descriptor],
            )
        if not children.wait_until(lambda: _answers(port), child, SECONDS_TO_START):
            raise ServiceError(f"{name} did not start:\n{child.last_lines()}")
        return Server(name, port, child)


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as line:
            line.sendall(b"GET /healthz HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")
            return line.recv(16).startswith(b"HTTP/1.")
    except OSError:
        time.sleep(0.1)
        return False
