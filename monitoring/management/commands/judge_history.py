"""Judge one session's history, without a database: checks, alerts and the discharge gate."""

import json
from argparse import ArgumentTypeError, RawDescriptionHelpFormatter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from monitoring.documents import DocumentError, moment
from monitoring.judging import judge, read

EPILOG = """\
A small document; docs/judge-history.md names every field, docs/histories/ holds whole ones:

  {
    "template": "esketamine-trd-us",
    "now": "2026-11-16T09:50:00-05:00",
    "administrations": [{ "started_at": "2026-11-16T09:00:00-05:00" }],
    "readings": [
      { "observed_at": "2026-11-16T08:50:00-05:00", "systolic": 124, "diastolic": 78,
        "spo2": 98, "sedation": 5, "dissociation": 0 }
    ]
  }
"""


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="a document as docs/judge-history.md says")
        parser.add_argument("--json", action="store_true", help="answer as JSON")
        parser.add_argument(
            "--at",
            metavar="TIME",
            type=_moment,
            help="judge what was known at this time, instead of the document's own “now”",
        )
        parser.epilog = EPILOG
        parser.formatter_class = RawDescriptionHelpFormatter

    def handle(self, *args: Any, **options: Any) -> None:
        judged = judge(_document(options["file"], options["at"]))
        if options["json"]:
            self.stdout.write(json.dumps(judged, indent=2, ensure_ascii=False))
            return
        for line in _lines(judged):
            self.stdout.write(line)


def _moment(text: str) -> datetime:
    try:
        return moment(text)
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from error


def _document(path: Path, at: datetime | None) -> Any:
    try:
        return read(json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_once), at)
    except OSError as error:
        raise CommandError(f"{path} can't be read: {error.strerror}.") from error
    except DocumentError as error:
        raise CommandError(f"{path}: {error}.") from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise CommandError(f"{path} is no JSON document: {error}.") from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a field that is given twice: JSON would silently keep the last."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = sorted({name for name in names if names.count(name) > 1})
        raise DocumentError("document", f"given twice: {', '.join(twice)}")
    return found


def _lines(judged: dict[str, Any]) -> Iterator[str]:
    yield f"At {judged['now']}"
    if judged["not_yet_written"]:
        yield f"Not yet written then: {', '.join(judged['not_yet_written'])}"
    yield "Checks"
    for check in judged["checks"]:
        due = check["due_at"] or "no time yet"
        why = f" ({check['reason']})" if check["reason"] else ""
        yield f"  {check['state']:<9} {check['label']}, {due}{why}"
    yield "Alerts"
    for alert in judged["alerts"]:
        source = f" [{alert['setting']}: {alert['source']}]" if alert["source"] else ""
        yield f"  {alert['level']:<9} {alert['text']}{source}"
    if not judged["alerts"]:
        yield "  none"
    yield f"Before leaving: {'ready' if judged['ready'] else 'not ready'}"
    for condition in judged["conditions"]:
        state = "met" if condition["met"] else "open"
        why = f" ({condition['reason']})" if condition["reason"] else ""
        yield f"  {state:<9} {condition['code']}: {condition['text']}{why}"
    if judged["override"] is not None:
        yield f"Override: {judged['override'] or 'the two may let the patient go'}"
