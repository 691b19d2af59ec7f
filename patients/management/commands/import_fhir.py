"""Import patients from FHIR R4 bundles; each file is saved whole or not at all."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db.models import Q

from clinic.audit import system
from clinic.models import Clinic
from patients.fhir.reader import BundleError, Limits
from patients.services import imports
from patients.services.imports import ImportPlan

COMMAND = "import_fhir"


class Command(BaseCommand):
    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", metavar="FILE", help="a FHIR R4 bundle in JSON")
        parser.add_argument("--clinic", help="name or public id; without it the oldest clinic")
        parser.add_argument("--dry-run", action="store_true", help="report and save nothing")
        parser.add_argument("--json", action="store_true", help="print the report as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        clinic = find_clinic(options["clinic"])
        if not options["clinic"]:
            self.stderr.write(f"No --clinic given: importing into the oldest one, {clinic.name}.")
        reports = []
        for name in options["files"]:
            report = import_one(Path(name), clinic, dry_run=options["dry_run"])
            reports.append(report)
            if not options["json"]:
                self.stdout.write(in_words(report))
        self._end(reports, clinic, options)

    def _end(self, reports: list[dict[str, Any]], clinic: Clinic, options: dict[str, Any]) -> None:
        failed = [report["file"] for report in reports if report["error"]]
        if options["json"]:
            document = {"clinic": clinic.name, "dry_run": options["dry_run"], "files": reports}
            self.stdout.write(json.dumps(document, indent=2))
        else:
            done = "could be imported" if options["dry_run"] else "imported"
            self.stdout.write(f"{len(reports) - len(failed)} of {len(reports)} files {done}.")
        if failed:
            raise CommandError(f"Not imported: {', '.join(failed)}")


def find_clinic(wanted: str | None) -> Clinic:
    clinics = Clinic.objects.order_by("created_at", "pk")
    if wanted:
        by_id = Q(public_id=wanted) if _is_uuid(wanted) else Q()
        clinics = clinics.filter(Q(name=wanted) | by_id) if by_id else clinics.filter(name=wanted)
    clinic = clinics.first()
    if clinic is None:
        known = ", ".join(Clinic.objects.values_list("name", flat=True)) or "none"
        raise CommandError(f"There is no such clinic. Clinics here: {known}.")
    return clinic


def _is_uuid(text: str) -> bool:
    try:
        return bool(UUID(text))
    except ValueError:
        return False


def import_one(path: Path, clinic: Clinic, *, dry_run: bool) -> dict[str, Any]:
    """Import one file in its own transaction; the report names records by number, not by name."""
    report: dict[str, Any] = {"file": str(path), "error": "", "patients": [], "resources": []}
    try:
        reading = imports.read_file(_content(path), clinic)
        if dry_run:
            plan = imports.preview(reading, clinic)
        else:
            plan = imports.apply(reading, clinic, by=system(COMMAND))
    except BundleError as error:
        return report | {"error": error.message}
    except ValidationError as error:
        return report | {"error": " ".join(error.messages)}
    except OSError as error:
        return report | {"error": f"The file can't be read: {error.strerror}."}
    return report | _described(plan)


def _content(path: Path) -> bytes:
    """Read one byte more than allowed: enough for the reader to refuse a larger file."""
    with path.open("rb") as file:
        return file.read(Limits().file_bytes + 1)


def _described(plan: ImportPlan) -> dict[str, Any]:
    return {
        "patients": [
            {
                "record_number": each.patient.record_number,
                "public_id": str(each.patient.public_id),
                "outcome": each.outcome,
                "found_by": each.found_by,
                "not_treatable": each.not_treatable,
                "rows": {
                    rows.kind.model._meta.model_name: {
                        "new": rows.new,
                        "changed": rows.changed,
                        "same": rows.same,
                        "kept": rows.kept,
                    }
                    for rows in each.counts
                },
                "weight_kg": float(each.weight.value) if each.weight else None,
                "height_cm": float(each.height.value) if each.height else None,
                "kept_as_entered_here": [change.label for change in each.fields_kept],
                "warnings": each.warnings,
            }
            for each in plan.patients
        ],
        "resources": [
            asdict(line) | {"reasons": [list(reason) for reason in line.reasons]}
            for line in plan.lines
        ],
        "skipped": [asdict(each) for each in plan.skipped],
        "notices": [asdict(each) for each in plan.notices],
    }


def in_words(report: dict[str, Any]) -> str:
    lines = [report["file"]]
    if report["error"]:
        return "\n".join([*lines, f"  not imported: {report['error']}"])
    for each in report["patients"]:
        lines.append(f"  {each['record_number'] or 'new patient'}: {each['outcome']}")
        lines += [f"    {_rows_in_words(name, rows)}" for name, rows in each["rows"].items()]
        lines.append(
            f"    latest weight {_said(each['weight_kg'], 'kg')}, "
            f"latest height {_said(each['height_cm'], 'cm')}"
        )
        lines += [f"    not treatable: {reason}" for reason in each["not_treatable"]]
        lines += [f"    stays as entered here: {label}" for label in each["kept_as_entered_here"]]
        lines += [f"    please check: {warning}" for warning in each["warnings"]]
    for line in report["resources"]:
        why = "; ".join(f"{count} x {reason}" for reason, count in line["reasons"])
        skipped = f" (left out: {why})" if why else ""
        lines.append(f"  {line['resource_type']}: {line['taken']} of {line['found']}{skipped}")
    lines += [f"  please check: {n['resource_type']}: {n['text']}" for n in report["notices"]]
    return "\n".join(lines)


def _rows_in_words(name: str, rows: dict[str, int]) -> str:
    counts = ", ".join(f"{count} {word}" for word, count in rows.items() if count)
    return f"{name}: {counts or 'none'}"


def _said(value: float | None, unit: str) -> str:
    return "not in the file" if value is None else f"{value:g} {unit}"
