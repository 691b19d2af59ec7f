"""`./dev manage CMD`: with the servers of a running clinic, or with some started for it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from ops import environment, lock
from ops.children import die_with_parent
from ops.environment import LOCK, ROOT, SHARED, VAR
from ops.errors import ServiceError
from ops.postgres import find_programs
from ops.services import Services
from ops.terminal import say


def main(arguments: list[str]) -> int:
    environment.prepare()
    command = [sys.executable, str(ROOT / "manage.py"), *arguments]
    try:
        with lock.held(LOCK, doing=f"./dev manage {' '.join(arguments[:1])}") as held:
            return _with_own_servers(command, held)
    except lock.Busy as busy:
        os.environ.update(_servers_of(busy.told))
        _find_psql()
        os.execv(sys.executable, command)  # noqa: S606  no shell
    except ServiceError as error:
        say(str(error))
        return 1


def _with_own_servers(command: list[str], held: lock.Lock) -> int:
    services = Services(VAR, keep=[held.descriptor])
    try:
        services.start()
        environment.share(held)
        _find_psql()
        return _run(command)
    finally:
        services.stop()


def _run(command: list[str]) -> int:
    """Run it in this terminal: Ctrl-C is its own business, SIGTERM is passed on."""
    running = subprocess.Popen(command, preexec_fn=die_with_parent(signal.SIGTERM))
    signal.signal(signal.SIGINT, lambda *_: None)
    signal.signal(signal.SIGTERM, lambda *_: running.terminate())
    code = running.wait()
    return code if code >= 0 else 128 - code


def _servers_of(told: dict[str, str]) -> dict[str, str]:
    """Return the addresses the holder of the lock wrote, once its servers are up."""
    deadline = time.monotonic() + 60
    while "DATABASE_URL" not in told and time.monotonic() < deadline:
        time.sleep(0.2)
        told = lock.read(LOCK)
    if "DATABASE_URL" not in told:
        raise ServiceError(f"{told.get('doing')} (process {told.get('pid')}) has no database yet.")
    return {name: told[name] for name in SHARED if name in told and name not in os.environ}


def _find_psql() -> None:
    """`./dev manage dbshell` needs psql; it comes with the server."""
    try:
        programs: Path = find_programs().bin
    except ServiceError:
        return
    os.environ["PATH"] = f"{os.environ.get('PATH', os.defpath)}{os.pathsep}{programs}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
