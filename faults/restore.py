"""R15: what was due before a restore must not leave again before somebody has looked."""

import subprocess
import time

import psycopg

from faults.checker.reading import lines
from faults.checker.verdict import Verdict
from faults.theatre import Theatre
from ops.errors import ServiceError
from ops.terminal import say

MESSAGES, SECONDS = 40, 2
SWEEP = ["manage.py", "sweep"]
HELD = "SELECT count(*) FROM reminders_message WHERE state = 'held'"


def run(*, keep: bool = False) -> list[Verdict]:
    """Dump, send, restore the dump into a new database, sweep; count what leaves then."""
    with Theatre(short=False, keep=keep) as theatre:
        theatre.open()
        theatre.run(["manage.py", "migrate", "--verbosity", "0"], theatre.surroundings())
        theatre.run(SWEEP, theatre.surroundings())  # as in a clinic that has been at work
        filled = theatre.ask("faults.inside.fill", str(MESSAGES), str(SECONDS), "restore")
        time.sleep(max(0.0, float(filled["begins"]) + SECONDS + 1 - time.time()))
        dump = str(theatre.folder / "dump")
        _postgres(theatre, "pg_dump", "-Fc", "-f", dump, "faults")
        theatre.run(SWEEP, theatre.surroundings())
        sent = _mails(theatre)
        theatre.database = theatre.make_database("restored")
        _postgres(theatre, "pg_restore", "-d", "restored", dump)
        theatre.run(SWEEP, theatre.surroundings())
        again = _mails(theatre) - sent
        waiting = _held(theatre)
        say(f"{sent} mails before the restore, {again} after it; {waiting} messages wait")
    return [verdict(sent, again, waiting)]


def verdict(sent: int, again: int, waiting: int) -> Verdict:
    found = Verdict("R15", "after a restore nothing due before it leaves without a look", sent)
    found.violations = ["sent again"] * again
    if waiting < sent:
        found.violations.append(f"{sent} mails were due, {waiting} messages wait for a look")
    return found


def _postgres(theatre: Theatre, program: str, *arguments: str) -> None:
    path, sockets = theatre.postgres.programs.bin / program, theatre.postgres.sockets
    command = [str(path), "-h", str(sockets), "-U", "taper", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ServiceError(f"{program} failed:\n{done.stderr}")


def _held(theatre: Theatre) -> int:
    with psycopg.connect(theatre.database) as connection:
        row = connection.execute(HELD).fetchone()
    return int(row[0]) if row else 0


def _mails(theatre: Theatre) -> int:
    return sum("mail" in line for line in lines(theatre.post_folder / "mail.jsonl"))
