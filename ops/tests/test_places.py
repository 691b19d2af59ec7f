from pathlib import Path

import psycopg
import pytest

from ops import places
from ops.errors import ServiceError
from ops.postgres import Postgres
from ops.tests.conftest import as_root


@as_root
def test_in_a_folder_closed_to_others_the_files_lie_elsewhere_linked_from_there(
    folder: Path, system_state: Path
) -> None:
    home = places.private_folder(folder / "closed") / "var" / "postgres"
    account = places.service_account()
    outside = places.state_folder(home, account)
    assert home.is_symlink()
    assert outside == home.resolve()
    assert outside.is_relative_to(system_state / "taper")
    assert places.state_folder(home, account) == outside


@as_root
def test_the_database_runs_from_a_folder_closed_to_others(folder: Path, system_state: Path) -> None:
    home = places.private_folder(folder / "closed") / "var" / "postgres"
    server = Postgres(home, log=folder / "log", durable=False)
    server.start()
    with psycopg.connect(server.url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    server.stop()


@as_root
def test_a_copied_checkout_doesnt_share_the_data_of_the_first(
    folder: Path, system_state: Path
) -> None:
    account = places.service_account()
    first = places.private_folder(folder / "a") / "var" / "postgres"
    second = places.private_folder(folder / "b") / "var" / "postgres"
    original = places.state_folder(first, account)
    second.parent.mkdir()
    second.symlink_to(original)
    assert places.state_folder(second, account) != original


@as_root
def test_a_system_folder_that_others_may_write_to_is_refused(system_state: Path) -> None:
    (system_state / "taper").mkdir()
    (system_state / "taper").chmod(0o770)
    home = places.private_folder(system_state / "closed") / "var" / "postgres"
    with pytest.raises(ServiceError, match="only root can write"):
        places.state_folder(home, places.service_account())


def test_nothing_moves_where_the_database_runs_under_our_own_account(tmp_path: Path) -> None:
    assert places.state_folder(tmp_path / "var" / "postgres", None) == tmp_path / "var" / "postgres"


def test_without_room_in_memory_temporary_files_lie_where_they_usually_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(places, "ROOM_IN_MEMORY", float("inf"))
    made = places.temporary_folder(places.service_account(), in_memory=True)
    made.rmdir()
    assert made.parent != Path("/dev/shm")  # noqa: S108
