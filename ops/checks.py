"""`./dev check`: everything that can be said about the code without running its tests."""

import os
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ops import places
from ops.environment import ROOT
from ops.errors import ServiceError
from ops.services import Services
from ops.terminal import say

LAYERS = "from importlinter.cli import lint_imports_command as lint; lint()"


@dataclass(frozen=True)
class Check:
    name: str
    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)

    def run(self) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command,
            cwd=ROOT,
            env={**os.environ, **self.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )


def checks() -> list[Check]:
    python, manage = [sys.executable, "-m"], [sys.executable, "manage.py"]
    schema = ["check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    return [
        Check("lint (ruff)", [*python, "ruff", "check", "--output-format=concise", ".", "dev"]),
        Check("format (ruff)", [*python, "ruff", "format", "--check", ".", "dev"]),
        Check("types (mypy)", [*python, "mypy", "."]),
        Check("layers (import-linter)", [sys.executable, "-c", LAYERS]),
        Check("templates (djade)", [_program("djade"), "--check", *_djade_arguments()]),
        Check("missing migrations", [*manage, "makemigrations", "--check", "--dry-run"]),
        Check(
            "production settings",
            [*manage, "check", "--deploy", "--fail-level=WARNING"],
            production_environment(),
        ),
        Check("compose file", [*python, *schema, "docker-compose.yml"]),
    ]


def production_environment() -> dict[str, str]:
    """Return what production settings ask for, thrown away after use."""
    return {
        "DJANGO_SETTINGS_MODULE": "clinic.settings.production",
        "SECRET_KEY": secrets.token_urlsafe(64),
        "AUDIT_KEY": secrets.token_urlsafe(64),
        "ALLOWED_HOSTS": "taper.example",
        "SITE_URL": "https://taper.example",
        "EMAIL_URL": "smtp+tls://taper:secret@mail.example:587",
        "DEFAULT_FROM_EMAIL": "clinic@taper.example",
    }


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings.test")
    try:
        with _servers():
            failed = [check.name for check in checks() if not _passes(check)]
    except ServiceError as error:
        say(str(error))
        return 1
    say(f"failed: {', '.join(failed)}" if failed else "all checks pass")
    return 1 if failed else 0


def _passes(check: Check) -> bool:
    begun = time.monotonic()
    result = check.run()
    verdict = "FAILED" if result.returncode else "ok"
    say(f"{check.name:24} {verdict:7} {time.monotonic() - begun:5.1f} s")
    if result.returncode:
        print(result.stdout, flush=True)
    return result.returncode == 0


@contextmanager
def _servers() -> Iterator[None]:
    folder = places.temporary_folder(places.service_account())
    services = Services(folder, durable=False)
    try:
        services.start()
        yield
    finally:
        services.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _program(name: str) -> str:
    """Return a program of the environment that isn't a Python module."""
    return str(Path(sys.executable).with_name(name))


def _djade_arguments() -> list[str]:
    templates = sorted(str(path) for path in ROOT.glob("templates/**/*.html"))
    return ["--target-version", "5.2", *templates]


if __name__ == "__main__":
    sys.exit(main())
