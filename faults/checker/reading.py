"""Reads what a run left behind: the audit trail, the mail server's log, the clients' notes."""

import json
from collections import defaultdict
from collections.abc import Iterator
from email import message_from_string, policy
from email.message import EmailMessage
from pathlib import Path

import psycopg
from psycopg.rows import dict_row

from faults.checker.evidence import TABLES, Call, Copy, Evidence, Life, Measured, Row

TRAIL = """
    SELECT table_name, row_id::bigint, after,
           extract(epoch FROM {committed})::float8 AS committed
    FROM clinic_auditevent
    WHERE table_name = ANY(%s) AND event IN ('row.insert', 'row.update') ORDER BY id
"""
COMMITTED = "pg_xact_commit_timestamp(xmin)"  # the server has to keep these
WRITTEN = "at"  # as good where one thing happens after the other
TASKS = """
    SELECT source_id::text, closed_at, closing_note FROM patients_task
    WHERE kind = 'message_failed'
"""
CLINICS = "SELECT id, name, time_zone FROM clinic_clinic"
RULES = "SELECT id, kind, hours, days FROM reminders_messagerule"


def read(
    database: str, folder: Path, measured: Measured, *, committed: str = COMMITTED
) -> Evidence:
    lives: dict[str, dict[int, Life]] = {name: defaultdict(Life) for name in TABLES}
    with psycopg.connect(database, row_factory=dict_row) as connection:
        for row in connection.execute(TRAIL.format(committed=committed), [TABLES]):
            life = lives[row["table_name"]][row["row_id"]]
            life.add(row["committed"] or 0.0, row["after"])
        tasks = connection.execute(TASKS).fetchall()
        clinics, rules = (
            {row["id"]: row for row in connection.execute(query)} for query in (CLINICS, RULES)
        )
    return Evidence(
        copies=sorted(_copies(folder / "post" / "mail.jsonl"), key=lambda copy: copy.began),
        calls=[
            _call(line) for path in sorted(folder.glob("history*.jsonl")) for line in lines(path)
        ],
        injuries=list(lines(folder / "injuries.jsonl")),
        lives=lives,
        tasks=tasks,
        clinics=clinics,
        rules=rules,
        measured=measured,
    )


def lines(path: Path) -> Iterator[Row]:
    """Return the lines that were written whole."""
    if not path.exists():
        return
    for line in path.read_text().splitlines():
        try:
            yield json.loads(line)
        except json.JSONDecodeError:
            continue


def _copies(path: Path) -> Iterator[Copy]:
    log = list(lines(path))
    answered = {line["answered"]: line["at"] for line in log if "answered" in line}
    closed = {line["closed"]: line for line in log if "closed" in line}
    taken = [line for line in log if "mail" in line]
    last = {line["connection"]: line["mail"] for line in taken}
    for line in taken:
        end = closed.get(line["connection"], {})
        yield Copy(
            key=line["mail"],
            connection=line["connection"],
            began=line["began"],
            at=line["at"],
            recipients=tuple(line["recipients"]),
            code=line["code"],
            mode=line["mode"],
            mail=_parsed(line["text"]),
            answered=answered.get(line["mail"]),
            closed=end.get("at"),
            said_quit=bool(end.get("quit")),
            is_last=last[line["connection"]] == line["mail"],
        )


def _parsed(text: str) -> EmailMessage:
    mail = message_from_string(text.replace("\r\n..", "\r\n."), policy=policy.default)
    assert isinstance(mail, EmailMessage)
    return mail


def _call(line: Row) -> Call:
    known = {"call", "began", "ended", "outcome", "aimed", "session", "patient", "client"}
    return Call(
        name=line["call"],
        began=line["began"],
        ended=line["ended"],
        outcome=line["outcome"],
        aimed=bool(line.get("aimed")),
        session=line.get("session", 0),
        patient=line.get("patient", 0),
        values={name: value for name, value in line.items() if name not in known},
    )
