"""R15: what was due before a restore must not leave again before somebody has looked."""

import subprocess
import time

from faults.checker.evidence import lines
from faults.checker.verdict import Verdict
from faults.theatre import Theatre
from ops.errors import ServiceError
from ops.terminal import say

MESSAGES, SECONDS = 40, 2
SWEEP = ["manage.py", "sweep"]


def run(*, keep: bool = False) -> list[Verdict]:
    """Dump, send, restore the dump into a new database, sweep; count what leaves then."""
    with Theatre(short=False, keep=keep) as theatre:
        theatre.open()
        theatre.run(["manage.py", "migrate", "--verbosity", "0"], theatre.surroundings())
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
        say(f"{sent} mails before the restore, {again} after it")
    verdict = Verdict("R15", "after a restore nothing due before it leaves without a look", sent)
    verdict.violations = ["sent again"] * again
    return [verdict]


def _postgres(theatre: Theatre, program: str, *arguments: str) -> None:
    path, sockets = theatre.postgres.programs.bin / program, theatre.postgres.sockets
    command = [str(path), "-h", str(sockets), "-U", "taper", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ServiceError(f"{program} failed:\n{done.stderr}")


def _mails(theatre: Theatre) -> int:
    return sum("mail" in line for line in lines(theatre.post_folder / "mail.jsonl"))
