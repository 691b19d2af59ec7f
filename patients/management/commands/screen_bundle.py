"""Show what the safety screen finds in a FHIR R4 bundle; nothing is saved, no database is read.

    manage.py screen_bundle FILE --drug ketamine --jurisdiction EU --json

The JSON document has `treatment` (in words), `on` (the day) and `patients`, each with:

`patient` (the bundle's id), `age` (years), `sex`;
`findings`: `rule`, `title`, `level` (absolute, relative, caution), `says` (present, possible,
  not_known), `reason`, and `evidence`: `of`, `text`, `matched`, `why`;
`conditions`: `text`, `status`, `state`, `rules`, `why`; `not_classified`: texts;
`medicines`, what is taken now, each as `explain_medication` describes its `medicines`, and
  `alerts`: the `rule` of every alert that it takes part in;
`medicine_alerts`, the severest first, each as `explain_medication` describes its `alerts`.
"""

import json
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from patients import rules as persons
from patients.fhir.reader import BundleError, Limits, read_bundle
from patients.fhir.records import ConditionData, PatientRecord
from patients.medicines.explain import alert_in_words, explain, medicine_in_words
from patients.medicines.interactions import Context
from patients.screening.chart import Chart, ChartAllergy, ChartCondition
from patients.screening.matching import MATCHED, SET_ASIDE, match
from patients.screening.rules import rules
from patients.screening.treatment import DRUGS, ROUTES, Treatment, treatment

USUAL_ROUTE = {"esketamine": "nasal", "ketamine": "iv"}


class Command(BaseCommand):
    help = __doc__ or ""
    requires_system_checks = ()  # some of them ask the database

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        kwargs["formatter_class"] = RawDescriptionHelpFormatter
        return super().create_parser(prog_name, subcommand, **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="a FHIR R4 bundle in JSON")
        parser.add_argument("--drug", choices=DRUGS, default="esketamine")
        parser.add_argument("--route", choices=ROUTES, help="without it the drug's usual one")
        parser.add_argument("--jurisdiction", default="US", help="US, EU, or any for the strictest")
        parser.add_argument("--on", type=date.fromisoformat, help="the day of the screen; today")
        parser.add_argument("--json", action="store_true", help="print the report as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        route = options["route"] or USUAL_ROUTE[options["drug"]]
        to = treatment(options["drug"], route, options["jurisdiction"])
        today = options["on"] or datetime.now(UTC).date()
        try:
            with Path(options["file"]).open("rb") as file:
                reading = read_bundle(file.read(Limits().file_bytes + 1), today=today)
        except BundleError as error:
            raise CommandError(error.message) from error
        except OSError as error:
            raise CommandError(f"The file can't be read: {error.strerror}.") from error
        patients = [screened(record, to, today) for record in reading.patients]
        if options["json"]:
            document = {"treatment": str(to), "on": today.isoformat(), "patients": patients}
            self.stdout.write(json.dumps(document, indent=2))
            return
        self.stdout.write(f"Safety screen for {to}, on {today:%d %b %Y}")
        for found in patients:
            self.stdout.write("\n".join(in_words(found)))


def screened(record: PatientRecord, to: Treatment, today: date) -> dict[str, Any]:
    """Return what is suggested, what is not known, and what nobody has classified."""
    chart = chart_of(record, today)
    matches = match(chart, to)
    medicines = explain(taken_now(record, today), Context(to.drug, to.route))
    findings = [
        {
            "rule": each.rule,
            "title": rules()[each.rule].title,
            "level": rules()[each.rule].level_for(to).level,
            "says": each.says,
            "reason": rules()[each.rule].reason,
            "evidence": [
                {"of": row.kind, "text": row.text, "matched": row.matched, "why": row.why}
                for row in each.evidence
            ],
        }
        for each in matches.suggestions.values()
    ]
    return {
        "patient": record.patient.source_id,
        "age": chart.age,
        "sex": chart.sex,
        "findings": findings,
        "medicines": [
            {
                **each,
                "alerts": [
                    alert["rule"]
                    for alert in medicines["alerts"]
                    if each["text"] in alert["medicines"]
                ],
            }
            for each in medicines["medicines"]
        ],
        "medicine_alerts": medicines["alerts"],
        "conditions": [
            {
                "text": each.condition.text,
                "status": each.condition.status,
                "state": each.state,
                "rules": list(each.rules) if each.state in {MATCHED, SET_ASIDE} else [],
                "why": each.why,
            }
            for each in matches.conditions
        ],
        "not_classified": [each.text for each in matches.unclassified],
    }


def taken_now(record: PatientRecord, today: date) -> list[str]:
    texts = (
        each.text
        for each in record.medications
        if each.status in {"", "active"} and (each.stopped_on is None or each.stopped_on > today)
    )
    return list(dict.fromkeys(texts))


def chart_of(record: PatientRecord, today: date) -> Chart:
    """Take a record as the chart of an imported patient; a bundle's blood pressure is not read."""
    weight, height = record.latest_weight, record.latest_height
    return Chart(
        today=today,
        age=persons.age_on(record.patient.birth_date, today),
        sex=record.patient.sex,
        conditions=tuple(dict.fromkeys(map(_condition, record.conditions))),
        allergies=tuple(
            ChartAllergy(each.text, each.code, each.status or "active") for each in record.allergies
        ),
        weight_kg=weight.value if weight else None,
        height_cm=height.value if height else None,
    )


def _condition(data: ConditionData) -> ChartCondition:
    return ChartCondition(
        data.text,
        data.code,
        data.system,
        data.clinical_status or "active",
        data.onset_on,
        data.abated_on,
        "; ".join(part for part in (data.verification_status, data.dates_note) if part),
    )


def in_words(found: dict[str, Any]) -> list[str]:
    lines = [f"{found['patient'] or 'Patient'}: {found['age']} years, {found['sex']}"]
    for says, heading in (
        ("present", "Found"),
        ("possible", "To be decided by a person"),
        ("not_known", "Not known"),
    ):
        rows = [row for row in found["findings"] if row["says"] == says]
        lines.append(f"  {heading}: {len(rows) or 'nothing'}")
        for row in rows:
            lines.append(f"    {row['level']}: {row['title']}. {row['reason']}")
            for each in row["evidence"]:
                matched = f" ({each['matched']})" if each["matched"] else ""
                lines.append(f"      {each['text']}{matched}. {each['why']}")
    lines.append(f"  Conditions not classified: {len(found['not_classified']) or 'none'}")
    lines += [f"    {text}" for text in found["not_classified"]]
    lines.append(f"  Medicines taken now: {len(found['medicines']) or 'none'}")
    lines += [f"    {line}" for each in found["medicines"] for line in medicine_in_words(each)]
    lines.append(f"  Medicine alerts: {len(found['medicine_alerts']) or 'none'}")
    for alert in found["medicine_alerts"]:
        lines += [f"    {line}" for line in alert_in_words(alert)]
    return lines
