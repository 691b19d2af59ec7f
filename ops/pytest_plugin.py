"""Give the tests a PostgreSQL and a Valkey before Django reads its settings.

Loaded by `-p ops.pytest_plugin` in pyproject.toml. The process that starts the tests starts the
servers; parallel workers of pytest-xdist find their addresses in the environment.
"""

import gc
import os
import shutil
from collections.abc import Generator
from pathlib import Path

import pytest

from ops import browser, places, template
from ops.errors import ServiceError
from ops.postgres import NAME
from ops.services import Services

_STARTED = pytest.StashKey[Services]()


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, None, None]:
    """Runs around pytest-django's hook of that name, so before it reads the settings."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings.test")
    os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # Playwright runs an event loop
    if not {"-h", "--help", "--version", "-V"} & set(early_config.invocation_params.args):
        _start(early_config)
    yield


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Keep what was read out of the garbage collector's rounds: it stays until the end."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with `./dev run`: it waits more than it works, and as the last it would wait alone."""
    items.sort(key=lambda item: item.path.name != "test_run.py")


def pytest_report_header(config: pytest.Config) -> str:
    services = config.stash.get(_STARTED, None)
    database = services.database if services else "given"
    broker = services.broker if services else "given"
    chromium = browser.find()
    return f"taper: database {database}, broker {broker}, browser {chromium or browser.MISSING}"


def _start(config: pytest.Config) -> None:
    if os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL"):
        return
    folder = places.temporary_folder(places.service_account(), in_memory=True)
    services = Services(folder, durable=False)
    config.add_cleanup(lambda: _stop(services, folder))
    ours = not os.environ.get("DATABASE_URL")
    try:
        services.start()
    except ServiceError as error:
        raise pytest.UsageError(str(error)) from error
    config.stash[_STARTED] = services
    if ours and config.known_args_namespace.numprocesses:
        migrating = template.start(folder, NAME)
        config.add_cleanup(migrating.stop)


def _stop(services: Services, folder: Path) -> None:
    services.stop()
    shutil.rmtree(folder, ignore_errors=True)
