"""Judge an examination by the Hunter criteria for serotonin toxicity, and say why.

    manage.py explain_hunter --exposed yes --tremor yes --hyperreflexia yes --json
    echo '{"exposed": true, "tremor": "yes", "temperature": 38.4}' > exam.json
    manage.py explain_hunter --from exam.json

Needs no database. What is named neither as an option nor in the JSON object is unknown; an option
wins over the object. The names: `exposed` (to a serotonergic medicine), `spontaneous_clonus`,
`inducible_clonus`, `ocular_clonus`, `agitation`, `diaphoresis`, `tremor`, `hyperreflexia`,
`hypertonia`: true, false or null, or the words yes, no, present, absent, unknown, not examined.
`temperature`: 30 to 44 °C as a number or its digits, null or unknown. Anything else is refused.

The JSON document: `verdict` (positive, negative, indeterminate, not_applicable); `met` (criteria);
`keeps_open` (what is unknown and could change the verdict); `criteria` (each true, false or null);
`calls_for_help` (a criterion is met and exposure not ruled out); `shows_emergency`; `tier`;
`source`.
"""

import json
import sys
from argparse import RawDescriptionHelpFormatter
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandError, CommandParser

from monitoring import reviewed, serotonin
from monitoring.hunter import CRITERIA, EXPOSED, FEVER, SIGNS, SOURCE, Exam, Result, judge

SPELLINGS = {
    **dict.fromkeys(("yes", "true", "present"), True),
    **dict.fromkeys(("no", "false", "absent"), False),
    **dict.fromkeys(("unknown", "not examined", "not_examined"), None),
}
VALUES = {True: "met", False: "not met", None: "open"}


class Command(BaseCommand):
    help = __doc__ or ""
    requires_system_checks: list[str] = []

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        kwargs["formatter_class"] = RawDescriptionHelpFormatter
        return super().create_parser(prog_name, subcommand, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        for name in (EXPOSED, *SIGNS):
            parser.add_argument(f"--{name.replace('_', '-')}", metavar="ANSWER")
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
        found = json.loads(
            text, parse_float=Decimal, parse_constant=_no_number, object_pairs_hook=_once
        )
    except (OSError, ValueError) as error:
        raise CommandError(f"{path} can't be read as JSON: {error}") from error
    if not isinstance(found, dict):
        raise CommandError("Give one JSON object: sign to yes, no or unknown.")
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a sign that is given twice: JSON would silently keep the last."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name is given twice")
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
    if isinstance(value, str) and value.strip().lower() in SPELLINGS:
        return SPELLINGS[value.strip().lower()]
    raise CommandError(f"{name}: say yes, no or unknown.")


def _temperature(value: Any) -> Decimal | None:
    if value is None or (
        isinstance(value, str) and SPELLINGS.get(value.strip().lower(), 0) is None
    ):
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
