"""What `/readyz` says: which of database, migrations and sweeps is not well, and nothing more."""

import time

import pytest
from django.db import DatabaseError, connection
from django.test import Client

from clinic import heartbeat, views
from clinic.models import Heartbeat

pytestmark = pytest.mark.django_db


def ready(client: Client) -> tuple[int, str]:
    answer = client.get("/readyz")
    return answer.status_code, answer.content.decode()


def swept(seconds_ago: float) -> None:
    """Let the last sweep lie so far back on the database's own clock."""
    heartbeat.beat(heartbeat.SWEEP)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE clinic_heartbeat SET beat_at = clock_timestamp() - make_interval(secs => %s)",
            [seconds_ago],
        )


@pytest.fixture
def began(monkeypatch: pytest.MonkeyPatch):
    """Say how many seconds ago this process began."""

    def began(seconds_ago: float) -> None:
        monkeypatch.setattr(heartbeat, "_process_began", time.monotonic() - seconds_ago)

    return began


def test_it_is_ready_while_sweeps_finish(client: Client, began) -> None:
    began(900)
    swept(seconds_ago=100)
    assert ready(client) == (200, "ok\n")


def test_it_is_not_ready_when_no_sweep_finished_for_two_minutes(client: Client, began) -> None:
    """Also not just after a start: a worker that is alive has swept by then."""
    began(1)
    swept(seconds_ago=130)
    code, words = ready(client)
    assert code == 503
    assert words in {f"not ready: no sweep for {seconds} s\n" for seconds in range(130, 140)}


@pytest.mark.parametrize(("seconds", "code"), [(100, 200), (125, 503)])
def test_a_fresh_installation_has_two_minutes_for_its_first_sweep(
    client: Client, began, seconds: float, code: int
) -> None:
    assert not Heartbeat.objects.exists()
    began(seconds)
    assert ready(client)[0] == code


def test_it_says_that_the_database_is_away(client: Client, monkeypatch) -> None:
    def away() -> bool:
        raise DatabaseError("host=secret")

    monkeypatch.setattr(views, "_is_migrated", away)
    assert ready(client) == (503, "not ready: database\n")


def test_it_says_that_migrations_wait(client: Client, monkeypatch) -> None:
    monkeypatch.setattr(views, "_is_migrated", lambda: False)
    assert ready(client) == (503, "not ready: migrations\n")


def test_a_silent_worker_leaves_the_web_process_alive(client: Client) -> None:
    swept(seconds_ago=900)
    assert client.get("/healthz").status_code == 200
