"""`./dev run`: the whole product on one machine under one small supervisor."""

import os
import signal
import socket
import sys
import time
import urllib.error
import urllib.request

from ops import environment, lock
from ops.environment import LOCK, VAR
from ops.errors import ServiceError
from ops.services import Services
from ops.supervisor import Stopped, Supervisor
from ops.terminal import say

PORT, LAST_PORT, PORTS_TRIED = 8000, 65_535, 100
SECONDS_TO_READY = 90
WEB = ["-m", "gunicorn", "clinic.wsgi", "--preload", "-w", "2", "--threads", "4"]
PATIENCE = ["--graceful-timeout", "10", "--no-control-socket"]
WORKER = ["-m", "celery", "-A", "clinic", "worker", "-c", "2"]
BEAT = ["-m", "celery", "-A", "clinic", "beat", "-s", str(VAR / "celerybeat-schedule")]
NO_SWEEP = b"not ready: no sweep"
READY = """
  Taper is ready    {address}

  Sign in as        frontdesk, nurse, prescriber, admin, auditor; nurse2 in the second clinic
  Password          taper-demo

  Mails             {mails}
  Logs              {logs}
  Ctrl-C stops everything; the data stays in {data}
"""


def main() -> int:
    environment.prepare()
    try:
        with lock.held(LOCK, doing="./dev run") as held:
            return _run(held)
    except lock.Busy as busy:
        where = busy.told.get("SITE_URL", "its address will follow")
        say(f"already running: {busy.told.get('doing')} (process {busy.told.get('pid')}), {where}")
        return 1
    except ServiceError as error:
        say(str(error))
        return 1


def _run(held: lock.Lock) -> int:
    keep = [held.descriptor]
    supervisor = Supervisor(Services(VAR, keep=keep), logs=VAR / "log", keep=keep)
    supervisor.listen_for_signals()
    try:
        _start(supervisor, held)
        supervisor.watch()
    except Stopped:
        say("stopping")
    finally:
        supervisor.stop()
    say("stopped")
    return 0


def _start(supervisor: Supervisor, held: lock.Lock) -> None:
    with _listen(_wanted_port()) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        os.environ.setdefault("SITE_URL", address)
        _start_services(supervisor)
        environment.share(held)
        supervisor.run_to_end("The preparation", ["-m", "ops.prepare"])
        say("Starting web, worker and beat")
        web = [*WEB, *PATIENCE, "--bind", f"fd://{listener.fileno()}"]
        supervisor.start("web", web, keep=[listener.fileno()])
        # Its broker dies with us, and a worker that closes down in order would wait for it.
        worker = [*WORKER, "--without-gossip", "--without-mingle", "-l", "INFO"]
        supervisor.start("worker", worker, orphan_signal=signal.SIGKILL)
        supervisor.start("beat", [*BEAT, "--pidfile="])
    if not supervisor.wait_for(lambda: _is_ready(address), seconds=SECONDS_TO_READY):
        raise ServiceError(f"{address}/readyz doesn't say ready; see {VAR / 'log' / 'web.log'}.")
    mails = os.environ.get("EMAIL_URL") and "sent by EMAIL_URL"
    words = {"mails": mails or VAR / "mail", "logs": VAR / "log", "data": VAR}
    print(READY.format(address=address, **words), flush=True)


def _start_services(supervisor: Supervisor) -> None:
    supervisor.check()
    begun = time.monotonic()
    supervisor.services.start()
    names = f"Database {supervisor.services.database}, broker {supervisor.services.broker}"
    say(f"{names}: {time.monotonic() - begun:.1f} s")


def _wanted_port() -> int:
    """Return $PORT, or the usual one; 0 lets the system choose."""
    given = os.environ.get("PORT") or str(PORT)
    if given.isdecimal() and int(given) <= LAST_PORT:
        return int(given)
    raise ServiceError(f"PORT is “{given}”: set it to a number up to {LAST_PORT}.")


def _listen(wanted: int) -> socket.socket:
    """Hold the port from the start, so that nobody takes it before gunicorn is there."""
    ports = range(wanted, min(wanted + PORTS_TRIED, LAST_PORT + 1))
    for port in ports:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
            listener.listen(64)
        except PermissionError:
            listener.close()
            raise ServiceError(f"Port {port} is for root only: set PORT to another.") from None
        except OSError:
            listener.close()
            say(f"Port {port} is taken")
            continue
        if port != wanted:
            say(f"Using port {port} instead")
        return listener
    raise ServiceError(f"No free port from {ports[0]} to {ports[-1]}: set PORT to another.")


def _is_ready(address: str) -> bool:
    """Say whether pages are served; the first sweep after a pause may take a moment longer."""
    try:
        with urllib.request.urlopen(f"{address}/readyz", timeout=10) as answer:  # noqa: S310  ours
            return bool(answer.status == 200)
    except urllib.error.HTTPError as answer:
        return answer.read().startswith(NO_SWEEP)
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(main())
