"""What the processes of `./dev` find in their environment."""

import os
import secrets
from collections.abc import MutableMapping
from pathlib import Path

from ops import places
from ops.lock import Lock

ROOT = Path(__file__).resolve().parents[1]
VAR = Path(os.environ.get("TAPER_VAR") or ROOT / "var").absolute()
LOCK = VAR / "run.lock"
SHARED = ("DATABASE_URL", "REDIS_URL", "SITE_URL")


def prepare(environment: MutableMapping[str, str] = os.environ, var: Path = VAR) -> None:
    """Fill in what isn't set; what is set stays."""
    places.passage(var, places.service_account())
    environment.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings.local")
    environment.setdefault("SECRET_KEY", secret_key(var / "secret_key"))
    environment.setdefault("PYTHONUNBUFFERED", "1")


def secret_key(path: Path) -> str:
    """Return the key of this checkout, made on first use."""
    if not path.exists():
        fresh = path.with_suffix(f".{os.getpid()}")
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_urlsafe(50))
        fresh.rename(path)
    return path.read_text()


def share(lock: Lock) -> None:
    """Let `./dev manage` find the servers that are running."""
    lock.tell(**{name: os.environ[name] for name in SHARED if name in os.environ})
