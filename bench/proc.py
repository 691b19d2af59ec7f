"""CPU time and memory of a server with all its processes, as the kernel counts them."""

import os
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

PROC = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


def cpu_seconds(root: int) -> float:
    """Return what `root` and everything below it has used, with what it has already buried."""
    return sum(_cpu_of(pid) for pid in tree(root))


def pss_mib(root: int) -> float:
    """Return the memory of the tree; what processes share is counted once."""
    return sum(_pss_kib(pid) for pid in tree(root)) / 1024


def rss_mib(pid: int) -> float:
    return int(_read(PROC / str(pid) / "statm").split()[1]) * PAGE / 2**20


def tree(root: int) -> Iterator[int]:
    children = _children()
    waiting = [root]
    while waiting:
        pid = waiting.pop()
        yield pid
        waiting += children[pid]


def _children() -> dict[int, list[int]]:
    found = defaultdict(list)
    for folder in PROC.iterdir():
        if folder.name.isdigit():
            fields = stat_fields(_read(folder / "stat"))
            if fields:
                found[int(fields[1])].append(int(folder.name))
    return found


def stat_fields(text: str) -> list[str]:
    """Return what follows the name: it may hold spaces and parentheses of its own."""
    return text.rpartition(")")[2].split()


def cpu_of(text: str) -> float:
    """Read a `/proc/PID/stat`: user and system time, its own and its buried children's."""
    fields = stat_fields(text)
    return sum(map(int, fields[11:15])) / TICKS if fields else 0.0


def pss_of(text: str) -> int:
    """Read a `/proc/PID/smaps_rollup`, in KiB."""
    lines = [line.split() for line in text.splitlines()]
    return sum(int(line[1]) for line in lines if line and line[0] == "Pss:")


def _cpu_of(pid: int) -> float:
    return cpu_of(_read(PROC / str(pid) / "stat"))


def _pss_kib(pid: int) -> int:
    return pss_of(_read(PROC / str(pid) / "smaps_rollup"))


def _read(path: Path) -> str:
    """Return the text, empty if the process is gone."""
    try:
        return path.read_text()
    except OSError:
        return ""
