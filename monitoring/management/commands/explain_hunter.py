import json
import sys
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandError, CommandParser

from monitoring import reviewed, serotonin
from monitoring.hunter import CRITERIA, EXPOSED, FEVER, SIGNS, SOURCE, Exam, Result, judge

SPELLINGS = {"yes": True, "no": False, "unknown": None}
VALUES = {True: "met", False: "not met", None: "open"}


class Command(BaseCommand):
    help = (
        "Judge an examination by the Hunter criteria and say why. What is not named is unknown. "
        "Needs no database."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        for name in (EXPOSED, *SIGNS):
            parser.add_argument(f"--{name.replace('_', '-')}", choices=SPELLINGS)
        parser.add_argument("--temperature", help="in °C, or unknown")
        parser.add_argument(
            "--from", dest="file", help="a JSON object with these names; - for standard input"
        )
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        typed = _object(options["file"]) if options["file"] else {}
        named = {name: options[name] for name in (EXPOSED, *SIGNS, FEVER)}
        typed |= {name: value for name, value in named.items() if value is not None}
        exam = _exam(typed)
        result = judge(exam)
        if options["json"]:
            self.stdout.write(json.dumps(_as_json(exam, result), ensure_ascii=False, indent=2))
        else:
            self.stdout.write("\n".join(_as_text(exam, result)))


def _object(path: str) -> dict[str, Any]:
    try:
        text = sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")
        found = json.loads(text, parse_float=Decimal, parse_constant=_no_number)
    except (OSError, ValueError) as error:
        raise CommandError(f"{path} can't be read as JSON: {error}") from error
    if not isinstance(found, dict):
        raise CommandError("Give one JSON object: sign to yes, no or unknown.")
    return found


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")


def _exam(typed: Mapping[str, Any]) -> Exam:
    unknown = set(typed) - {EXPOSED, FEVER, *SIGNS}
    if unknown:
        raise CommandError(f"Not a sign: {', '.join(sorted(unknown))}.")
    signs = {name: _value(name, typed.get(name)) for name in (EXPOSED, *SIGNS)}
    return Exam(temperature=_temperature(typed.get(FEVER)), **signs)


def _value(name: str, value: Any) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str) and value in SPELLINGS:
        return SPELLINGS[value]
    raise CommandError(f"{name}: say yes, no or unknown.")


def _temperature(value: Any) -> Decimal | None:
    if value is None or value == "unknown":
        return None
    try:
        degrees = Decimal(str(value))
    except InvalidOperation:
        degrees = Decimal("NaN")
    if isinstance(value, bool) or not degrees.is_finite() or not 30 <= degrees <= 44:
        raise CommandError("temperature: type 30 to 44 °C, or unknown.")
    return degrees


def _as_json(exam: Exam, result: Result) -> dict[str, Any]:
    return {
        "verdict": result.verdict,
        "met": [criterion.code for criterion in result.met],
        "keeps_open": list(result.keeps_open),
        "criteria": {c.code: c.value(exam.signs) for c in CRITERIA},
        "calls_for_help": result.calls_for_help,
        "shows_emergency": result.shows_emergency,
        "tier": serotonin.tier(exam, ()),
        "source": str(SOURCE),
    }


def _as_text(exam: Exam, result: Result) -> list[str]:
    lines = [f"Verdict: {result.verdict.replace('_', ' ')}"]
    lines += [f"  {VALUES[c.value(exam.signs)]:8} {c.words}" for c in CRITERIA]
    if result.keeps_open:
        labels = dict(reviewed.choices("serotonin", "signs")) | {FEVER: "Temperature"}
        labels[EXPOSED] = "Exposure to a serotonergic medicine"
        lines.append(f"Still to find out: {', '.join(labels[n] for n in result.keeps_open)}")
    if result.shows_emergency:
        lines += ["What to do:", *(f"  {line}" for line in serotonin.emergency_text())]
    return [*lines, f"Source: {SOURCE}"]
