import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops import places

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root changes accounts")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a short path that the database's account can reach, unlike pytest's own."""
    made = places.temporary_folder(places.service_account())
    yield made
    shutil.rmtree(made)


@pytest.fixture
def system_state(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Path:
    """Stands for /var/lib."""
    monkeypatch.setattr(places, "SYSTEM_STATE", (folder,))
    return folder
