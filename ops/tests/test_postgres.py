import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from ops import children, places, postgres
from ops.errors import ServiceError
from ops.postgres import Postgres, system_programs

Start = Callable[..., Postgres]


@pytest.fixture
def start(folder: Path) -> Iterator[Start]:
    started: list[Postgres] = []

    def one(
        home: Path = folder / "postgres",
        durable: bool = False,
        programs: postgres.Programs | None = None,
    ) -> Postgres:
        server = Postgres(home, log=folder / "log", durable=durable, programs=programs)
        started.append(server)
        server.start()
        return server

    yield one
    for server in started:
        server.stop()


def ask(server: Postgres, sql: str) -> object:
    with psycopg.connect(server.url) as connection:
        row = connection.execute(sql).fetchone()
    return row[0] if row else None


def test_whoever_started_it_owns_the_database(start: Start) -> None:
    assert ask(start(), "SELECT current_user || ' ' || current_database()") == "taper taper"


def test_it_listens_on_a_socket_only(start: Start) -> None:
    assert ask(start(), "SHOW listen_addresses") == ""


def test_its_socket_lies_in_a_folder_for_its_own_account_only(start: Start) -> None:
    assert start().sockets.stat().st_mode & 0o777 == 0o700


def test_nobody_is_trusted_without_being_asked_who_they_are(start: Start) -> None:
    server = start()
    rules = (server.data / "pg_hba.conf").read_text().split()
    assert rules == ["local", "all", "all", "peer", "map=taper"]


def test_what_was_written_is_there_after_a_kill(start: Start) -> None:
    server = start(durable=True)
    with psycopg.connect(server.url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    assert server.child
    os.killpg(server.child.process.pid, signal.SIGKILL)
    server.child.process.wait()
    assert ask(start(durable=True), "SELECT answer FROM kept") == 42


@pytest.mark.parametrize("left", ["files/data/postmaster.pid", "run/.s.PGSQL.5432.lock"])
def test_a_left_file_that_names_another_process_is_no_obstacle(start: Start, left: str) -> None:
    server = start()
    server.stop()
    another = children.start("another", ["sleep", "60"], account=server.account)
    path = server.home / left
    path.write_text(f"{another.process.pid}\n{server.data}\n")
    if server.account:
        os.chown(path, server.account.pw_uid, server.account.pw_gid)
    assert ask(start(), "SELECT 1") == 1
    another.stop()


def test_it_stops_though_clients_are_connected(start: Start) -> None:
    server = start()
    with psycopg.connect(server.url):
        begun = time.monotonic()
        server.stop()
    assert time.monotonic() - begun < 5


def test_a_path_too_long_for_a_socket_gets_its_socket_elsewhere(start: Start, folder: Path) -> None:
    server = start(folder / ("long" * 20) / "postgres")
    assert len(str(server.sockets)) <= places.LONGEST_SOCKET_FOLDER
    server.stop()
    assert not server.sockets.exists()


def test_data_of_another_major_version_is_refused_with_a_way_out(start: Start) -> None:
    server = start()
    server.stop()
    (server.data / "PG_VERSION").write_text("12\n")
    with pytest.raises(ServiceError, match="was made by PostgreSQL 12.*Move .* away"):
        start()


def test_a_systems_postgresql_serves_too(start: Start) -> None:
    programs = system_programs()
    if programs is None:
        pytest.skip("no PostgreSQL installed in the system")
    version = ask(start(programs=programs), "SHOW server_version")
    assert str(version).startswith(programs.version)


def test_without_any_postgresql_the_message_says_what_helps(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(postgres, "wheel_programs", lambda: None)
    monkeypatch.setattr(postgres, "system_programs", lambda: None)
    with pytest.raises(ServiceError, match="apt-get install postgresql"):
        postgres.find_programs()
