"""Child processes that never outlive the process that started them."""

import contextlib
import ctypes
import os
import pwd
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ops import places

PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


def die_with_parent(signum: signal.Signals) -> Callable[[], None]:
    """Return a hook for the child: the kernel sends it `signum` when its parent is gone.

    It runs after the account was changed, since changing it clears the request.
    """
    parent = os.getpid()

    def hook() -> None:
        if _LIBC is None:
            return
        _LIBC.prctl(PR_SET_PDEATHSIG, int(signum))
        if os.getppid() != parent:
            os._exit(1)

    return hook


@dataclass
class Child:
    """One running process, leader of its own session, so that Ctrl-C reaches only us."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    asked: bool = False

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def ask_to_stop(self) -> None:
        if self.alive and not self.asked:
            self.asked = True
            self.process.send_signal(self.stop_signal)

    def stop(self, patience: float = 15) -> None:
        """Ask, wait, and if need be kill the whole process group."""
        self.ask_to_stop()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(patience)
        self._kill_group()
        self.process.wait()

    def _kill_group(self) -> None:
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):  # macOS says EPERM for a group of zombies
            return

    def last_lines(self, count: int = 20) -> str:
        if self.log is None or not self.log.exists():
            return ""
        text = self.log.read_text(encoding="utf-8", errors="replace")
        return "\n".join(text.splitlines()[-count:])


def start(
    name: str,
    command: Iterable[str | Path],
    *,
    log: Path | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | str | None = None,
    account: pwd.struct_passwd | None = None,
    stop_signal: signal.Signals = signal.SIGTERM,
    orphan_signal: signal.Signals | None = None,
    keep: Iterable[int] = (),
) -> Child:
    """Start a child; `keep` are file descriptors it inherits, `log` takes all it says."""
    with contextlib.ExitStack() as files:
        out = files.enter_context(log.open("ab")) if log else None
        process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT if out else None,
            env=dict(env) if env is not None else None,
            cwd=cwd,
            start_new_session=True,
            pass_fds=tuple(keep),
            preexec_fn=die_with_parent(orphan_signal or stop_signal),
            **places.running_as(account),
        )
    return Child(name, process, log, stop_signal)


def wait_until(ready: Callable[[], bool], child: Child, seconds: float) -> bool:
    """Wait for `ready` while the child lives; False if it died or time ran out."""
    deadline = time.monotonic() + seconds
    while child.alive and time.monotonic() < deadline:
        if ready():
            return True
        time.sleep(0.03)
    return False


def command_of(pid: str) -> str:
    """Return the command line of a process; empty if there is none, or a zombie that has none."""
    if Path("/proc/self").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
        except OSError:
            return ""
    command = ["ps", "-o", "command=", "-p", pid]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    return "" if said.startswith("(") else said
