"""What another medicine does to the clock: the gate and the checks that are due."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from monitoring import timeline
from monitoring.discharge import gate
from monitoring.medicines import CLASSES, DrugClass, proposed
from monitoring.readings import Medicine
from monitoring.tests.builders import (
    SETTINGS,
    assessment,
    at,
    device,
    history,
    reading,
    without,
)


def medicine(minutes: float, effect: Any = "recheck", wait: int = 30, **values: Any) -> Medicine:
    fields: dict[str, Any] = {
        "id": 1,
        "words": "amlodipine 10 mg",
        "recorded_at": at(minutes),
    } | values
    return Medicine(at=at(minutes), effect=effect, minutes=wait, **fields)


def unmet(given: Medicine, now: float, *readings: Any, **values: Any) -> set[str]:
    told = history(
        *(readings or (reading(-10), reading(40), reading(120))), medicines=(given,), **values
    )
    return {condition.code for condition in gate(told, SETTINGS, at(now)).unmet}


def test_a_medicine_without_effect_asks_for_nothing() -> None:
    assert unmet(medicine(60, "none", 0), 125) == set()


def test_a_recheck_adds_its_minutes_and_a_reading_at_their_end() -> None:
    given = medicine(110)
    assert unmet(given, 125) == {"minimum_time", "medicine_recheck", "assessment"}
    late = (reading(-10), reading(40), reading(140))
    judged = {"assessment": assessment(140)}
    assert unmet(given, 139, *late[:2], **judged) >= {"minimum_time", "medicine_recheck"}
    assert unmet(given, 140, *late, **judged) == set()


def test_a_restart_starts_the_minimum_time_again() -> None:
    given = medicine(60, "restart", 15)
    after = (reading(-10), reading(40), reading(75), reading(120), reading(170))
    early = assessment(179)
    assert unmet(given, 179, *after, assessment=early) == {"minimum_time", "assessment"}
    assert unmet(given, 180, *after, assessment=early) == {"assessment"}
    assert unmet(given, 180, *after, assessment=assessment(180)) == set()


def test_after_a_restart_the_recheck_needs_the_moaas() -> None:
    given = medicine(60, "restart", 15)
    blind = without(reading(75), "sedation")
    assert "medicine_recheck" in unmet(given, 80, reading(-10), reading(40), blind)
    assert "medicine_recheck" not in unmet(given, 80, reading(-10), reading(40), reading(75))


@pytest.mark.parametrize("effect", ["recheck", "restart"])
def test_what_was_measured_or_judged_before_it_counts_no_more(effect: str) -> None:
    given = medicine(126, effect, 1)
    found = unmet(given, 129, reading(-10), reading(40), reading(120))
    assert {"assessment", "bp_predeparture_missing", "sedation", "spo2"} <= found


@pytest.mark.parametrize("effect", ["none", "recheck", "restart"])
def test_a_medicine_written_after_the_assessment_voids_it(effect: str) -> None:
    given = medicine(20, effect, 0 if effect == "none" else 5, recorded_at=at(126))
    assert "assessment" in unmet(given, 130)


def test_a_row_entered_in_error_after_the_assessment_voids_it() -> None:
    told = history(withdrawn_at=at(126))
    assert [c.code for c in gate(told, SETTINGS, at(130)).unmet] == ["assessment"]
    told = history(withdrawn_at=at(124))
    assert gate(told, SETTINGS, at(130)).ready


def test_a_medicine_dated_ahead_is_named() -> None:
    assert "future_time" in unmet(medicine(200, "none", 0), 125)


@pytest.mark.parametrize(("minute", "settled"), [(129, False), (130, True), (150, True)])
def test_a_recheck_is_due_and_settled_from_ten_minutes_before(minute: int, settled: bool) -> None:
    given = replace(medicine(100), minutes=40)
    readings = [reading(-10), reading(40), reading(minute)]
    found = timeline.due(SETTINGS, [device(0)], readings, {}, at(151), medicines=[given])
    (recheck,) = [check for check in found if check.label == "After amlodipine 10 mg"]
    assert recheck.due_at == at(140)
    assert (recheck.settled_at is not None) is settled


def test_checks_after_the_last_dose_follow_a_restart() -> None:
    given = medicine(60, "restart", 15)
    found = timeline.due(SETTINGS, [device(0)], [], {}, at(61), medicines=[given])
    (leaving,) = [check for check in found if check.label == "Before leaving"]
    assert leaving.due_at == at(60) + timedelta(minutes=120)


@pytest.mark.parametrize("drug_class", CLASSES.values(), ids=CLASSES)
def test_every_class_names_its_source_and_its_default_is_not_less(drug_class: DrugClass) -> None:
    assert drug_class.source.text
    assert (drug_class.minutes > 0) == (drug_class.effect != "none")
    assert not drug_class.is_less(drug_class.effect, drug_class.minutes)


@pytest.mark.parametrize(
    ("code", "effect", "minutes", "less"),
    [
        ("benzodiazepine", "recheck", 240, True),
        ("benzodiazepine", "none", 0, True),
        ("benzodiazepine", "restart", 10, False),
        ("benzodiazepine", "restart", 20, True),
        ("antihypertensive", "recheck", 59, True),
        ("antihypertensive", "recheck", 90, False),
        ("antihypertensive", "restart", 15, False),
        ("antiemetic", "recheck", 5, False),
    ],
)
def test_what_is_less_than_the_default(code: str, effect: Any, minutes: int, less: bool) -> None:
    assert CLASSES[code].is_less(effect, minutes) is less


@pytest.mark.parametrize(
    ("drug", "code", "effect", "minutes"),
    [
        ("Ketamine 20 mg", "ketamine", "restart", 15),
        ("Spravato", "ketamine", "restart", 15),
        ("flumazenil 0.2 mg", "flumazenil", "recheck", 120),
        ("Narcan", "naloxone", "recheck", 60),
        ("buprenorphine naloxone", "opioid", "restart", 15),
        ("nitroglycerin", "pressor", "recheck", 30),
        ("ephedrine 5 mg", "pressor", "recheck", 30),
        ("phenylephrine", "pressor", "recheck", 30),
        ("labetalol", "antihypertensive", "recheck", 60),
        ("atropine", "other", "recheck", 30),
    ],
)
def test_what_a_name_speaks_for(drug: str, code: str, effect: str, minutes: int) -> None:
    found = proposed(drug)
    assert found
    assert (found.code, found.effect, found.minutes) == (code, effect, minutes)
