"""The files of a deployment, run without containers: the same commands, roles and settings."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from ruamel.yaml import YAML

from deploy.make_env import env_file
from ops import children, places
from ops.checks import production_environment
from ops.environment import ROOT
from ops.postgres import Postgres
from ops.valkey import Valkey

PORT = 8977
COMPOSE: dict[str, Any] = YAML(typ="safe").load(ROOT / "docker-compose.yml")
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
Environment = dict[str, str]


@pytest.fixture(scope="module")
def cluster() -> Iterator[tuple[Postgres, Valkey]]:
    folder = places.temporary_folder(places.service_account())
    postgres = Postgres(folder / "postgres", log=folder / "log", durable=False)
    valkey = Valkey(folder / "valkey", log=folder / "log", durable=False)
    postgres.start()
    valkey.start()
    yield postgres, valkey
    valkey.stop()
    postgres.stop()
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def deployed(cluster: tuple[Postgres, Valkey]) -> Environment:
    """Roles made by the script of the database's container, then the migrations as their owner."""
    postgres, valkey = cluster
    at = postgres.url.partition("@")[2].rpartition("/")[0]
    owner = f"postgres://taper_owner:owner-secret@{at}/clinic"
    application = f"postgres://taper_app:app-secret@{at}/clinic"
    environment = {
        **os.environ,
        **production_environment(),
        "DATABASE_URL": application,
        "MIGRATE_DATABASE_URL": owner,
        "REDIS_URL": valkey.url,
        "PATH": f"{postgres.programs.bin}{os.pathsep}{os.environ['PATH']}",
        "PGHOST": str(postgres.sockets),
        "POSTGRES_USER": "taper",
    }
    run(["bash", "deploy/postgres/roles.sh"], environment)
    run(natively(SERVICES["migrate"]["command"]), {**environment, "DATABASE_URL": owner})
    return environment


def natively(command: list[str]) -> list[str]:
    """Return a container's command as it runs here, in our Python and on a port of ours."""
    python = sys.executable
    if command[0] == "sh":
        return [*command[:-1], command[-1].replace("python ", f"{python} ")]
    changed = [part.replace("0.0.0.0:8000", f"127.0.0.1:{PORT}") for part in command]
    changed = [part.replace("${WEB_WORKERS:-2}", "1") for part in changed]
    return [python, "-m", *changed]


def run(command: list[str], environment: Environment) -> str:
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


def wait_until_healthy(
    child: children.Child, command: list[str], environment: Environment, seconds: float = 60
) -> None:
    """Repeat a health check until it passes."""
    deadline = time.monotonic() + seconds

    def fails() -> bool:
        run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=False)
        return run.returncode != 0

    while fails():
        assert child.alive, child.last_lines()
        assert time.monotonic() < deadline, child.last_lines()
        time.sleep(0.2)


def test_web_serves_with_production_settings(deployed: Environment, tmp_path: Path) -> None:
    web = children.start(
        "web", natively(SERVICES["web"]["command"]), env=deployed, cwd=ROOT, log=tmp_path / "log"
    )
    for path in ("healthz", "readyz"):
        environment = {**deployed, "HEALTH_URL": f"http://127.0.0.1:{PORT}/{path}"}
        wait_until_healthy(web, [sys.executable, "deploy/is_alive.py"], environment)
    web.stop()


def test_the_worker_answers_its_health_check(deployed: Environment, tmp_path: Path) -> None:
    command = [*natively(SERVICES["worker"]["command"]), "-n", "celery@here"]
    worker = children.start("worker", command, env=deployed, cwd=ROOT, log=tmp_path / "log")
    check = SERVICES["worker"]["healthcheck"]["test"][1].replace("@$$HOSTNAME", "@here")
    assert children.wait_until(lambda: "ready" in worker.last_lines(), worker, seconds=60)
    wait_until_healthy(worker, ["sh", "-c", f"{sys.executable} -m {check}"], deployed)
    worker.stop()


def test_beat_leaves_the_file_that_its_health_check_looks_for(
    deployed: Environment, tmp_path: Path
) -> None:
    python, *arguments = natively(SERVICES["beat"]["command"])
    command = [python, *(part.replace("/tmp/", f"{tmp_path}/") for part in arguments)]
    beat = children.start("beat", command, env=deployed, cwd=ROOT, log=tmp_path / "log")
    found = children.wait_until(
        lambda: any(tmp_path.glob("celerybeat-schedule*")), beat, seconds=60
    )
    beat.stop()
    assert found, beat.last_lines()


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine (id int)",
        "TRUNCATE clinic_auditevent",
        "DROP TABLE clinic_auditevent",
        "ALTER TABLE clinic_auditevent DISABLE TRIGGER ALL",
        "SET session_replication_role = replica",
    ],
)
def test_the_applications_role_owns_nothing(deployed: Environment, statement: str) -> None:
    with (
        psycopg.connect(deployed["DATABASE_URL"]) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement)


def test_every_variable_of_the_compose_file_is_made_by_the_script() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    made = {line.partition("=")[0] for line in env_file("clinic.example.org").splitlines()}
    asked = {part.partition("}")[0] for part in text.split("${")[1:]}
    needed = {name.partition(":?")[0] for name in asked if ":-" not in name}
    assert needed <= made


def test_every_service_says_whether_it_is_healthy() -> None:
    silent = {name for name, service in SERVICES.items() if "healthcheck" not in service}
    assert silent == {"migrate"}


def test_only_the_proxy_is_open_to_the_world() -> None:
    def is_open(port: str) -> bool:
        return not port.startswith("127.0.0.1:")

    opened = {
        name for name, service in SERVICES.items() if any(map(is_open, service.get("ports", [])))
    }
    assert opened == {"proxy"}


def test_secrets_are_new_each_time() -> None:
    assert env_file("clinic.example.org") != env_file("clinic.example.org")
