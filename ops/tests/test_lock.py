import subprocess
import sys
import time
from pathlib import Path

import pytest

from ops import lock
from ops.children import command_of

# Takes the lock, hands it to a child of two seconds as a server would have it, and is killed.
KILLED_HOLDER = """
import os, signal, subprocess, sys
from pathlib import Path
from ops import lock
from ops.children import command_of
with lock.held(Path(sys.argv[1]), doing="./dev run") as held:
    subprocess.Popen(["sleep", "2"], pass_fds=[held.descriptor])
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_the_second_learns_who_was_first(tmp_path: Path) -> None:
    with lock.held(tmp_path / "lock", doing="./dev run") as held:
        held.tell(SITE_URL="http://127.0.0.1:8000")
        with pytest.raises(lock.Busy) as busy, lock.held(tmp_path / "lock", doing="again"):
            pass
    assert busy.value.told["doing"] == "./dev run"
    assert busy.value.told["SITE_URL"] == "http://127.0.0.1:8000"


def test_it_is_free_again_afterwards(tmp_path: Path) -> None:
    for _ in range(2):
        with lock.held(tmp_path / "lock", doing="./dev run"):
            pass


def test_what_a_killed_holder_left_running_is_waited_for(tmp_path: Path) -> None:
    """Also while the holder itself is a zombie that nobody has waited for."""
    path = tmp_path / "lock"
    path.touch()
    holder = subprocess.Popen([sys.executable, "-c", KILLED_HOLDER, path])
    while "pid" not in lock.read(path):
        time.sleep(0.01)
    while command_of(str(holder.pid)):
        time.sleep(0.01)
    begun = time.monotonic()
    with lock.held(path, doing="./dev run"):
        assert 0.1 < time.monotonic() - begun < 10
    holder.wait()


def test_only_the_owner_may_read_it(tmp_path: Path) -> None:
    with lock.held(tmp_path / "lock", doing="./dev run"):
        assert (tmp_path / "lock").stat().st_mode & 0o777 == 0o600
