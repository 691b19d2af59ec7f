"""The command that judges a history from a file: without a database, and strict."""

import json
import re
from copy import deepcopy
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from monitoring import document_rows, judging
from monitoring.documents import DocumentError
from monitoring.judging import judge, read
from monitoring.management.commands.judge_history import EPILOG

HISTORIES = Path(__file__).parents[2] / "docs" / "histories"
EXAMPLE = HISTORIES / "nasal.json"


def example(**changes: Any) -> Any:
    return {**json.loads(EXAMPLE.read_text(encoding="utf-8")), **changes}


def run(path: Path, *options: str) -> str:
    out = StringIO()
    call_command("judge_history", str(path), *options, stdout=out)
    return out.getvalue()


def written(tmp_path: Path, data: Any) -> Path:
    path = tmp_path / "history.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    return path


def test_the_example_is_ready_with_every_condition_and_why() -> None:
    told = run(EXAMPLE)
    assert "Before leaving: ready" in told
    assert "met       minimum_time: The 120 minutes after the last dose have passed." in told
    assert "missed    90 minutes, 2026-11-16T10:30:00-05:00 (The patient slept)" in told


def test_json_names_checks_alerts_and_conditions() -> None:
    answer = json.loads(run(EXAMPLE, "--json"))
    assert answer["ready"] is True
    assert [check["state"] for check in answer["checks"]] == [
        "done", "done", "done", "missed", "done",
    ]  # fmt: skip
    assert {condition["code"] for condition in answer["conditions"]} >= {"minimum_time", "spo2"}


def test_an_alert_names_its_limit_and_its_source() -> None:
    data = example(now="2026-11-16T09:45:00-05:00", assessment=None, missed={})
    (systolic, sedation, *_) = judge(read(data))["alerts"]
    assert (systolic["level"], systolic["limit"], systolic["setting"]) == (
        "watch", 40, "watch_systolic_rise",
    )  # fmt: skip
    assert "Clinical reference 3.1" in systolic["source"]
    assert sedation["measure"] == "sedation"


def test_oxygen_given_asks_the_later_sets_whether_on_room_air() -> None:
    answer = judge(read(example(oxygen_at="2026-11-16T09:30:00-05:00")))
    unmet = {c["code"]: c["text"] for c in answer["conditions"] if not c["met"]}
    assert unmet.keys() == {"spo2"}
    assert "Say whether on room air" in unmet["spo2"]


def test_a_clinician_tries_settings_of_their_own() -> None:
    settings = {
        "min_minutes_after_last_dose": 150,
        "checks": [{"label": "A", "anchor": "before_dose"}],
    }
    answer = judge(read(example(template=settings, missed={})))
    assert answer["ready"] is False
    assert [check["label"] for check in answer["checks"]] == ["A"]


def test_the_steps_of_an_infusion_give_its_times() -> None:
    steps = [
        {"kind": "start", "at": "2026-11-16T09:00:00-05:00"},
        {"kind": "pause", "at": "2026-11-16T09:10:00-05:00"},
        {"kind": "resume", "at": "2026-11-16T09:15:00-05:00"},
        {"kind": "stop", "at": "2026-11-16T09:50:00-05:00"},
    ]
    told = {"template": "ketamine-iv-twice-weekly", "infusion_steps": steps}
    data = example(**told, administrations=[], missed={"Infusion, 45 min": "The cuff failed"})
    answer = judge(read(data))
    assert "Infusion, 45 min" in {check["label"] for check in answer["checks"]}
    running = judge(read({**data, "infusion_steps": steps[:-1]}))
    assert "infusion_running" in {c["code"] for c in running["conditions"] if not c["met"]}


def changed(path: str, value: Any) -> Any:
    data = deepcopy(example())
    *steps, last = path.split(".")
    at = data
    for step in steps:
        at = at[int(step)] if step.isdigit() else at[step]
    at[last] = value
    return data


NOON = "2026-11-16T11:00:00-05:00"
NEW = {"observed_at": "2026-11-16T11:08:00-05:00"}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (changed("mood", 1), "document: unknown fields: mood"),
        (changed("readings.0.heart", 70), r"readings\[0\]: unknown fields: heart .known .*spo2"),
        (changed("readings.1.spo2", 101), r"readings\[1\].spo2: 101 can't be a SpO2 \(50 to 100"),
        (changed("readings.1.spo2", "96"), r"readings\[1\].spo2: '96' is no SpO2"),
        (changed("readings.1.sedation", True), r"sedation: True is no MOAA/S"),
        (changed("readings.1.diastolic", None), "give both pressures or none"),
        (changed("readings.1.diastolic", 170), "has to be over the diastolic"),
        (changed("now", "2026-11-16T11:30:00"), "now: .* has no time zone"),
        (changed("now", "noon"), "now: 'noon' is no time"),
        (changed("now", None), "now: None is no time"),
        (changed("template", "prozac"), "template: “prozac” doesn't ship"),
        (changed("template", {"spo2_minimum": 90}), "template: unknown fields: spo2_minimum"),
        (changed("template", {"spo2_min": "90"}), "template: spo2_min must be a whole number"),
        (changed("template", {"checks": [{"label": "A", "anchor": "lunch"}]}), "unknown anchor"),
        (changed("template", {"checks": 5}), "template.checks: has to be a list"),
        (changed("template", {"escort_required": 0}), "escort_required must be true or false"),
        (changed("template", {"spo2_min": True}), "template: spo2_min must be a whole number"),
        (changed("missed", {"41 minutes": "Asleep"}), "missed: “41 minutes” is none of .*90 min"),
        (changed("assessment.decisions", {"bp": "Usual"}), "decisions: “bp” is none of .*bp_high"),
        (changed("oxygen_at", True), "oxygen_at: True is no time"),
        (changed("administrations.0.route", "oral"), "“oral” is none of nasal, iv"),
        (changed("administrations.0.ended_at", "2026-11-16T08:00:00-05:00"), "ends before it"),
        (changed("adverse_events.0.resolved_at", "2026-11-16T09:00:00-05:00"), "ends before it"),
        (changed("infusion_steps", [{"kind": "stop", **{"at": NEW["observed_at"]}}]), "one start"),
        (changed("assessment.ready", "yes"), "assessment.ready: 'yes' has to be true or false"),
        (changed("missed", {"40 minutes": 3}), "missed: has to be an object of texts"),
        (changed("readings", {}), "readings: has to be a list"),
        (changed("readings.3.corrects", "readings[9]"), "“readings.9.”, which is no other row"),
        (changed("readings.3.corrects", "readings[3]"), "which is no other row"),
        (changed("readings.3.id", "readings[1]"), "is the id of two rows"),
        (changed("medicines", [{"drug": "X", "at": NOON, "kind": "tea"}]), "“tea” is none of"),
        (changed("medicines", [{"drug": "X", "at": NOON, "effect": "restart"}]), "whole number"),
        (
            changed("medicines", [{"drug": "X", "at": NOON, "effect": "none", "minutes": "5"}]),
            "whole number",
        ),
        (changed("escort.kind", "horse"), "“horse” is none of adult, medical_transport, taxi"),
        (changed("way_home_accepts", ["horse"]), "way_home_accepts: “horse” is none of"),
        ([], "document: has to be an object"),
    ],
)
def test_what_nobody_knows_or_can_be_is_refused_with_its_place(data: Any, words: str) -> None:
    with pytest.raises(DocumentError, match=words):
        read(data)


def test_the_command_says_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="unknown fields: mood"):
        run(written(tmp_path, example(mood=1)))
    with pytest.raises(CommandError, match="can't be read"):
        run(tmp_path / "nothing.json")


def test_a_field_given_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "twice.json"
    path.write_text('{"now": "a", "now": "b"}', encoding="utf-8")
    with pytest.raises(CommandError, match="given twice: now"):
        run(path)


def test_a_correction_says_when_it_was_made() -> None:
    data = example()
    data["readings"].append({**NEW, "corrects": "readings[3]"})
    with pytest.raises(DocumentError, match="has to say when it was made: recorded_at"):
        read(data)
    data["readings"] += [{**NEW, "recorded_at": NOON, "corrects": "readings[3]"}] * 2
    del data["readings"][4]
    with pytest.raises(DocumentError, match="is corrected twice"):
        read(data)


def test_a_row_without_a_name_stays() -> None:
    assert len(read(changed("readings.1.id", "")).history.readings) == len(example()["readings"])


def test_a_time_of_its_own_replaces_the_documents() -> None:
    told = run(EXAMPLE, "--at", "2026-11-16T09:47:00-05:00")
    assert told.startswith("At 2026-11-16T09:47:00-05:00\nNot yet written then: readings[2],")
    with pytest.raises(CommandError, match="has no time zone"):
        run(EXAMPLE, "--at", "2026-11-16T09:47:00")


@pytest.mark.parametrize("path", sorted(HISTORIES.glob("*.json")), ids=lambda path: path.stem)
def test_every_example_is_judged(path: Path) -> None:
    assert json.loads(run(path, "--json"))["conditions"]


def test_the_document_of_the_help_is_one(tmp_path: Path) -> None:
    small = tmp_path / "small.json"
    small.write_text(EPILOG[EPILOG.index("{") :], encoding="utf-8")
    assert "overdue   40 minutes" in run(small)


def test_the_page_about_it_names_every_field() -> None:
    page = (HISTORIES.parent / "judge-history.md").read_text(encoding="utf-8")
    sources = Path(judging.__file__), Path(document_rows.__file__)
    code = "".join(path.read_text(encoding="utf-8") for path in sources)
    read_here = re.compile(r"""(?:found|known\.rows\(found)[.,]\s*(?:[a-z]+\()?"([a-z_]+)\"""")
    names = {*read_here.findall(code), *example(), *judge(read(example()))}
    assert {"corrects", "medicines", "second_person", "means_to_drive"} <= names
    assert {name for name in names if f"`{name}`" not in page} == set()
