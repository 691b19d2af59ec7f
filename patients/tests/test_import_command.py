"""`manage.py import_fhir`: what it prints, what fails, and that no name is printed."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from clinic.models import Clinic
from patients.models import Patient
from patients.tests import bundles
from patients.tests.bundles import Json, bundle, encoded


def write(folder: Path, name: str, *resources: Json) -> str:
    path = folder / name
    path.write_bytes(encoded(bundle(*resources)))
    return str(path)


@pytest.fixture
def mary(tmp_path: Path) -> str:
    return write(tmp_path, "one.json", bundles.patient(), bundles.condition(), bundles.weight(81))


def report(capsys: pytest.CaptureFixture[str], *args: Any) -> dict[str, Any]:
    call_command("import_fhir", *args, "--json")
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return document


def test_without_a_clinic_the_oldest_is_taken_and_named(
    clinic: Clinic, other_clinic: Clinic, mary: str, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("import_fhir", mary)
    said = capsys.readouterr()
    assert Patient.objects.get().clinic == clinic
    assert "oldest one, North" in said.err
    assert "1 of 1 files imported." in said.out


@pytest.mark.parametrize("by", ["name", "public_id"])
def test_a_clinic_is_chosen_by_name_or_id(
    clinic: Clinic, other_clinic: Clinic, mary: str, by: str
) -> None:
    call_command("import_fhir", mary, "--clinic", str(getattr(other_clinic, by)))
    assert Patient.objects.get().clinic == other_clinic


def test_an_unknown_clinic_is_refused(clinic: Clinic, mary: str) -> None:
    with pytest.raises(CommandError, match="no such clinic. Clinics here: North"):
        call_command("import_fhir", mary, "--clinic", "West")


def test_the_report_counts_and_gives_reasons(
    clinic: Clinic, mary: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (file,) = report(capsys, mary)["files"]
    (patient,) = file["patients"]
    assert (patient["outcome"], patient["weight_kg"], patient["height_cm"]) == ("new", 81, None)
    assert patient["rows"]["condition"] == {"new": 1, "changed": 0, "same": 0, "kept": 0}
    assert {line["resource_type"] for line in file["resources"]} == {
        "Patient",
        "Condition",
        "Observation",
    }


def test_no_name_is_printed(clinic: Clinic, mary: str, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("import_fhir", mary)
    call_command("import_fhir", mary, "--json")
    said = capsys.readouterr()
    assert "O'Hara" not in said.out + said.err


def test_a_dry_run_saves_nothing(
    clinic: Clinic, mary: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (file,) = report(capsys, mary, "--dry-run")["files"]
    assert file["patients"][0]["outcome"] == "new"
    assert not Patient.objects.exists()


def test_a_bad_file_fails_alone_and_the_end_says_so(
    clinic: Clinic, mary: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken, missing = tmp_path / "broken.json", tmp_path / "missing.json"
    broken.write_text("{")
    with pytest.raises(CommandError, match=r"broken\.json.*missing\.json"):
        call_command("import_fhir", str(broken), str(missing), str(tmp_path), mary)
    said = capsys.readouterr().out
    assert "The file can't be read: No such file or directory." in said
    assert "1 of 4 files imported." in said
    assert Patient.objects.count() == 1


def test_again_the_counts_are_the_same(
    clinic: Clinic, mary: str, capsys: pytest.CaptureFixture[str]
) -> None:
    report(capsys, mary)
    (file,) = report(capsys, mary)["files"]
    assert file["patients"][0]["outcome"] == "unchanged"
    assert Patient.objects.count() == 1


def test_without_any_clinic_it_says_so(db: None, mary: str) -> None:
    with pytest.raises(CommandError, match="Clinics here: none"):
        call_command("import_fhir", mary)
