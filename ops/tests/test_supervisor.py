import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.errors import ServiceError
from ops.services import Services
from ops.supervisor import LOG_SIZE_KEPT, Stopped, Supervisor

SLEEP = ["-c", "import time; time.sleep(60)"]
FAIL = ["-c", "print('the disk is full'); raise SystemExit(3)"]


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    before = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
    given = {"DATABASE_URL": "given", "REDIS_URL": "given"}
    made = Supervisor(Services(tmp_path, given), logs=tmp_path)
    yield made
    made.stop()
    for signum, handler in before.items():
        signal.signal(signum, handler)


def test_a_child_that_dies_is_named_with_its_last_words(supervisor: Supervisor) -> None:
    supervisor.start("web", SLEEP)
    supervisor.start("beat", FAIL)
    with pytest.raises(ServiceError, match="(?s)beat ended with code 3.*the disk is full"):
        supervisor.watch()


def test_stopping_stops_everything(supervisor: Supervisor) -> None:
    supervisor.start("web", SLEEP)
    supervisor.start("beat", SLEEP)
    supervisor.stop()
    assert not any(child.alive for child in supervisor.processes)


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_watch(supervisor: Supervisor, signum: signal.Signals) -> None:
    supervisor.listen_for_signals()
    supervisor.start("web", SLEEP)
    os.kill(os.getpid(), signum)
    with pytest.raises(Stopped):
        supervisor.watch()


def test_a_step_that_fails_ends_the_start(supervisor: Supervisor) -> None:
    with pytest.raises(ServiceError, match="The preparation failed"):
        supervisor.run_to_end("The preparation", FAIL)


def test_a_large_log_is_put_aside(supervisor: Supervisor, tmp_path: Path) -> None:
    (tmp_path / "web.log").write_bytes(b"x" * (LOG_SIZE_KEPT + 1))
    supervisor.start("web", SLEEP)
    assert (tmp_path / "web.log.1").exists()
    assert (tmp_path / "web.log").stat().st_size == 0


def test_what_the_environment_gives_is_not_started(tmp_path: Path) -> None:
    services = Services(tmp_path, {"DATABASE_URL": "given", "REDIS_URL": "given"})
    services.start()
    assert services.children == []
