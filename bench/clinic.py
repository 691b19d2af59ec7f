"""Taper and the floor, each filled and served, with somebody signed in."""

import time
from dataclasses import dataclass

import psycopg

from bench import targets
from bench.driver import Target
from bench.facts import Facts
from bench.person import Person, SignInError
from bench.rounds import Place
from bench.stage import Server, Stage
from ops.errors import ServiceError
from ops.terminal import say

USERNAME, PASSWORD = "load", "taper-demo"


@dataclass
class Clinic:
    """One filled database of Taper and a server on it."""

    patients: int
    environment: dict[str, str]
    server: Server
    facts: Facts
    person: Person

    def pages(self) -> dict[str, Target]:
        return targets.taper(self.person, self.facts)

    def places(self) -> dict[str, Place]:
        return {name: Place(target, self.server.pid) for name, target in self.pages().items()}

    def vitals(self) -> Place:
        return Place(targets.vitals(self.person, self.facts), self.server.pid)


@dataclass
class Floor:
    environment: dict[str, str]
    server: Server
    session_key: str

    def places(self) -> dict[str, Place]:
        pages = targets.floor(self.server.port, self.session_key)
        return {name: Place(page, self.server.pid) for name, page in pages.items()}


def open_floor(stage: Stage, patients: int) -> Floor:
    environment = stage.environment(
        stage.make_database("floor"), DJANGO_SETTINGS_MODULE="bench.floor.settings"
    )
    made = stage.inside("bench.floor.fill", environment, str(patients))
    return Floor(
        environment, stage.serve("floor", "bench.floor.wsgi", environment), made["session"]
    )


def open_clinic(stage: Stage, patients: int, years: int) -> Clinic:
    name = f"taper_{patients}"
    address = stage.make_database(name)
    environment = stage.environment(address)
    _fill(stage, environment, patients, years)
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")
    facts = Facts(**stage.inside("bench.inside.facts", environment))
    server = stage.serve(name, "clinic.wsgi", environment, "--preload")  # as in production
    person = Person(server.port)
    try:
        person.sign_in(USERNAME, PASSWORD)
    except SignInError as error:
        raise ServiceError(f"{error}:\n{server.child.last_lines()}") from error
    return Clinic(patients, environment, server, facts, person)


def _fill(stage: Stage, environment: dict[str, str], patients: int, years: int) -> None:
    begun = time.monotonic()
    manage = ["manage.py"]
    stage.run([*manage, "migrate", "--verbosity", "0"], environment)
    stage.run([*manage, "load_protocols"], environment)
    stage.run([*manage, "load_consents"], environment)
    if not (stage.folder / "static").exists():
        stage.run([*manage, "collectstatic", "--noinput", "--verbosity", "0"], environment)
    amount = ["--patients", str(patients), "--years", str(years)]
    stage.run([*manage, "seed_load", *amount], environment)
    say(f"{patients} patients are in the database: {time.monotonic() - begun:.0f} s")
