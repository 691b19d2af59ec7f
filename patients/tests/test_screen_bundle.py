"""The command that screens a bundle, without a database."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from patients.tests import bundles


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "bundle.json"
    entries = [
        bundles.condition(id="c1", code=_code("Aortic aneurysm", "67362008")),
        bundles.condition(id="c2", code=_code("Whatever nobody has heard of", "1234567")),
    ]
    path.write_text(json.dumps(bundles.bundle(bundles.patient(), *entries)))
    return path


def _code(text: str, code: str) -> dict[str, Any]:
    return {"text": text, "coding": [{"system": "http://snomed.info/sct", "code": code}]}


def read(capsys: Any, *arguments: str) -> Any:
    call_command("screen_bundle", *arguments, "--on", "2026-11-22", "--json")
    return json.loads(capsys.readouterr().out)


def test_every_finding_says_its_level_and_what_matched(file: Path, capsys: Any) -> None:
    """It runs without a database: a query would fail this test."""
    found = read(capsys, str(file))["patients"][0]
    aneurysm = next(row for row in found["findings"] if row["rule"] == "aneurysm")
    assert (aneurysm["level"], aneurysm["says"]) == ("absolute", "present")
    assert aneurysm["evidence"][0]["matched"] == "SNOMED CT 67362008"
    assert found["not_classified"] == ["Whatever nobody has heard of"]


def test_levels_follow_the_treatment(file: Path, capsys: Any) -> None:
    levels = {}
    for drug in ("ketamine", "esketamine"):
        findings = read(capsys, str(file), "--drug", drug)["patients"][0]["findings"]
        levels[drug] = {row["rule"]: row["level"] for row in findings}["uncontrolled_hypertension"]
    assert levels == {"ketamine": "absolute", "esketamine": "relative"}


def test_the_words_name_what_is_not_known(file: Path, capsys: Any) -> None:
    call_command("screen_bundle", str(file))
    said = capsys.readouterr().out
    assert "absolute: Aneurysmal vascular disease" in said
    assert "No blood pressure is on record" in said
    assert "Conditions not classified: 1\n    Whatever nobody has heard of" in said


def test_a_file_that_cannot_be_read_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="can't be read"):
        call_command("screen_bundle", str(tmp_path / "none.json"))


@pytest.fixture
def medicines(tmp_path: Path) -> Path:
    path = tmp_path / "medicines.json"
    entries = [
        bundles.medication_request(id=f"m{at}", medicationCodeableConcept={"text": text})
        for at, text in enumerate(("Phenelzene 15 MG", "Zoloft", "Xyzzanol 5 MG"))
    ]
    path.write_text(json.dumps(bundles.bundle(bundles.patient(), *entries)))
    return path


def test_every_medicine_is_shown_as_it_was_read(medicines: Path, capsys: Any) -> None:
    found = read(capsys, str(medicines))["patients"][0]["medicines"]
    assert {row["text"]: row["status"] for row in found} == {
        "Phenelzene 15 MG": "uncertain",
        "Zoloft": "understood",
        "Xyzzanol 5 MG": "unresolved",
    }
    sertraline = next(row for row in found if row["text"] == "Zoloft")
    assert sertraline["ingredients"][0]["name"] == "sertraline"
    assert sertraline["ingredients"][0]["route"] == "oral"
    assert sertraline["classes"] == ["ssri"]
    assert sertraline["alerts"] == ["mao_serotonergic"]


def test_alerts_say_how_severe_why_what_to_do_and_the_source(medicines: Path, capsys: Any) -> None:
    alerts = read(capsys, str(medicines))["patients"][0]["medicine_alerts"]
    both = next(row for row in alerts if row["rule"] == "mao_serotonergic")
    assert (both["severity"], both["interrupts"]) == ("high", True)
    assert set(both["medicines"]) == {"Phenelzene 15 MG", "Zoloft"}
    assert all(both[part] for part in ("why", "do", "source", "certainty"))


def test_alerts_of_medicines_are_for_the_treatment(tmp_path: Path, capsys: Any) -> None:
    path = tmp_path / "nasal.json"
    spray = bundles.medication_request(medicationCodeableConcept={"text": "Flonase"})
    path.write_text(json.dumps(bundles.bundle(bundles.patient(), spray)))
    rules = {
        drug: [
            alert["rule"]
            for alert in read(capsys, str(path), "--drug", drug)["patients"][0]["medicine_alerts"]
        ]
        for drug in ("esketamine", "ketamine")
    }
    assert rules == {"esketamine": ["nasal_timing"], "ketamine": []}


def test_the_words_have_medicines_and_alerts_too(medicines: Path, capsys: Any) -> None:
    call_command("screen_bundle", str(medicines))
    said = capsys.readouterr().out
    assert "uncertain: phenelzene read as phenelzine" in said
    assert "check by hand: xyzzanol. Not recognised." in said
    assert "HIGH, interrupts: MAO inhibitor" in said
    assert "source: " in said
