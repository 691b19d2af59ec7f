import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ops import children

SLEEPER = [sys.executable, "-c", "import time; time.sleep(60)"]
STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
helper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print(helper.pid, flush=True)
time.sleep(60)
"""
PARENT = """
import sys, time
from ops import children
print(children.start("child", [sys.executable, "-c", "import time; time.sleep(60)"]).process.pid)
sys.stdout.flush()
time.sleep(60)
"""


def is_gone(pid: int, seconds: float = 5) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except (ProcessLookupError, FileNotFoundError):
            return True
        time.sleep(0.05)
    return False


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's end")
def test_a_child_dies_when_its_parent_is_killed() -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    assert is_gone(child)


def test_a_child_that_ignores_the_request_is_killed_with_all_it_started(tmp_path: Path) -> None:
    log = tmp_path / "log"
    child = children.start("stubborn", [sys.executable, "-c", STUBBORN], log=log)
    assert children.wait_until(lambda: bool(log.read_text()), child, seconds=10)
    child.stop(patience=0.2)
    assert child.process.returncode == -signal.SIGKILL
    assert is_gone(int(log.read_text()))


def test_waiting_ends_when_the_child_has_died() -> None:
    child = children.start("short", [sys.executable, "-c", ""])
    assert not children.wait_until(lambda: False, child, seconds=20)


def test_the_end_of_the_log_is_at_hand(tmp_path: Path) -> None:
    child = children.start(
        "talker", [sys.executable, "-c", "print('one'); print('two')"], log=tmp_path / "log"
    )
    child.process.wait()
    assert child.last_lines(1) == "two"
