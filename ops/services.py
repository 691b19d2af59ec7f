"""PostgreSQL and Valkey together, each only where the environment doesn't name another one."""

import os
from collections.abc import Iterable, MutableMapping
from pathlib import Path

from ops import children, places
from ops.postgres import Postgres
from ops.valkey import Valkey


class Services:
    """`start` writes DATABASE_URL and REDIS_URL into the environment it was given."""

    def __init__(
        self,
        folder: Path,
        environment: MutableMapping[str, str] = os.environ,
        *,
        durable: bool = True,
        keep: Iterable[int] = (),
    ) -> None:
        self.folder, self.environment = folder, environment
        self.durable, self.keep = durable, tuple(keep)
        self.running: list[Postgres | Valkey] = []
        self.database = self.broker = "given by the environment"

    @property
    def children(self) -> list[children.Child]:
        return [service.child for service in self.running if service.child]

    def start(self) -> None:
        places.passage(self.folder / "log")
        if not self.environment.get("DATABASE_URL"):
            self._start_database()
        if not self.environment.get("REDIS_URL"):
            self._start_broker()

    def _start_database(self) -> None:
        log = self.folder / "log" / "postgres.log"
        postgres = Postgres(self.folder / "postgres", log=log, durable=self.durable, keep=self.keep)
        self.running.append(postgres)
        postgres.start()
        self.environment["DATABASE_URL"] = postgres.url
        self.database = f"PostgreSQL {postgres.programs.version} ({postgres.programs.origin})"
        if postgres.home != self.folder / "postgres":
            self.database += f" with its files in {postgres.home}"

    def _start_broker(self) -> None:
        log = self.folder / "log" / "valkey.log"
        valkey = Valkey(self.folder / "valkey", log=log, durable=self.durable, keep=self.keep)
        self.running.append(valkey)
        valkey.start()
        self.environment["REDIS_URL"] = valkey.url
        self.broker = f"Valkey {valkey.version}"

    def stop(self) -> None:
        while self.running:
            self.running.pop().stop()
