"""Judge one session's history, without a database: checks, alerts and the discharge gate."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from monitoring.judging import DocumentError, judge, read


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="a document as docs/judge-history.md says")
        parser.add_argument("--json", action="store_true", help="answer as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        judged = judge(_document(options["file"]))
        if options["json"]:
            self.stdout.write(json.dumps(judged, indent=2, ensure_ascii=False))
            return
        for line in _lines(judged):
            self.stdout.write(line)


def _document(path: Path) -> Any:
    try:
        return read(json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_once))
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
        yield f"  {'met' if condition['met'] else 'open':<9} {condition['text']}"
