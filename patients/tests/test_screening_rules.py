"""The rules of the safety screen and what of a chart matches them; no database."""

import json
import re
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patients.screening import reviewed, wording
from patients.screening.chart import Chart, ChartAllergy, ChartCondition, Pressure
from patients.screening.matching import Matches, match
from patients.screening.rules import FILE, GROUPS, STRICTNESS, rules
from patients.screening.treatment import OFFERED, Treatment, covers, treatment
from patients.tests.texts_of_conditions import ADVERSARIAL, PAST, REPORTED, SENT

TODAY = date(2026, 11, 22)
INFUSION = OFFERED["ketamine-iv-any"]
NASAL_US = OFFERED["esketamine-nasal-US"]
NASAL_EU = OFFERED["esketamine-nasal-EU"]
NONE_KNOWN = (ChartAllergy("No known allergies", says_none_known=True),)
QUIET = Chart(
    today=TODAY,
    age=40,
    sex="male",
    allergies=NONE_KNOWN,
    pressure=Pressure(120, 78, TODAY - timedelta(days=3)),
)
SIGNS = {"present": "", "possible": "!", "not_known": "?"}


def said(matches: Matches) -> set[str]:
    return {f"{each.rule}{SIGNS[each.says]}" for each in matches.suggestions.values()}


def of(*rows: ChartCondition, to: Treatment = INFUSION, **chart: Any) -> set[str]:
    return said(match(replace(QUIET, conditions=rows, **chart), to))


def table(text: str) -> list[Any]:
    lines = [line.split(" | ") for line in text.strip().splitlines()]
    return [
        pytest.param(words, set() if found == "-" else set(found.split()), id=words)
        for words, found in lines
    ]


@pytest.mark.parametrize(("text", "expected"), table(ADVERSARIAL))
def test_the_words_of_a_condition_are_understood(text: str, expected: set[str]) -> None:
    assert of(ChartCondition(text)) == expected


def test_what_scans_and_histories_report_is_understood() -> None:
    """A clear denial raises nothing; a danger beside it is never lost. All that differ are told."""
    rows = [row.values for row in table(REPORTED)]
    differ = [(text, found) for text, told in rows if (found := of(ChartCondition(text))) != told]
    assert len(rows) > 100
    assert differ == []


@pytest.mark.parametrize(("text", "expected"), table(PAST))
def test_what_is_over_counts_only_where_a_history_does(text: str, expected: set[str]) -> None:
    assert of(ChartCondition(text, status="resolved")) == expected


DOUBTFUL = [
    "screening MRA showed {}",
    "screening for {} positive",
    "screening detected {}",
    "risk of {} rupture",
    "counselled about her {}",
    "education on {} precautions given",
    "no symptoms from {}",
    "no sequelae of {}",
    "no further {}",
    "no recurrent {}",
    "no {} recurrence",
    "no {} since 2019",
    "no evidence of {} after coiling",
    "no follow-up of {}",
    "not a candidate for {} repair",
    "patient not aware of {}",
    "{} rebleed ruled out",
    "mother of two with {}",
    "wife reported {}",
    "family meeting about {}",
    "discussed {} in family meeting",
]
CLEAR = [
    "no {}",
    "no evidence of {}",
    "no history of {}",
    "neg for {} on MRA",
    "{} ruled out",
    "{} denied",
    "denies {}",
    "screening for {}",
    "family history of {}",
    "mother has {}",
    "{} in brother",
]
FINDINGS = ["aneurysm", "AVM", "intracerebral haemorrhage", "brain bleed", "psychosis", "stroke"]


@pytest.mark.parametrize(("words", "finding"), list(product(DOUBTFUL, FINDINGS)))
def test_words_that_presume_a_finding_never_set_it_aside(words: str, finding: str) -> None:
    assert of(ChartCondition(words.format(finding)))


@pytest.mark.parametrize(("words", "finding"), list(product(CLEAR, FINDINGS)))
def test_a_clear_denial_sets_a_finding_aside(words: str, finding: str) -> None:
    found = match(replace(QUIET, conditions=(ChartCondition(words.format(finding)),)), INFUSION)
    assert [each.state for each in found.conditions] == ["set aside"]


def test_the_adversarial_list_is_long_enough() -> None:
    assert len(table(ADVERSARIAL)) >= 150


def test_every_rule_names_its_source_and_fits_every_treatment() -> None:
    for rule, treatment_ in product(rules().values(), OFFERED.values()):
        level = rule.level_for(treatment_)
        assert level.source.text
        assert level.level in STRICTNESS
        assert rule.group in GROUPS
        assert rule.reason.endswith(".")


def test_no_rule_is_only_a_title() -> None:
    for rule in rules().values():
        assert rule.patterns or rule.computed


def test_codes_are_written_as_codes() -> None:
    for rule in rules().values():
        for pattern in rule.patterns:
            assert all(code.isdigit() and 6 <= len(code) <= 18 for code in pattern.snomed)
            assert all(re.fullmatch(r"[A-Z][0-9]{1,2}(\.[0-9]{1,3})?", c) for c in pattern.icd10)


def test_a_code_stands_in_one_place_of_a_rule() -> None:
    for rule in rules().values():
        codes = Counter(code for pattern in rule.patterns for code in pattern.snomed)
        assert set(codes.values()) <= {1}, rule.id


LEVELS = """
recent_cv_event | relative absolute absolute
uncontrolled_hypertension | relative relative absolute
stroke | relative relative absolute
thyrotoxicosis | relative relative absolute
eye | caution caution relative
aneurysm | absolute absolute absolute
psychosis_active | absolute absolute absolute
psychosis_history | relative relative relative
pregnancy | relative relative relative
seizure | caution caution caution
"""


@pytest.mark.parametrize(
    ("rule", "levels"), [line.split(" | ") for line in LEVELS.strip().splitlines()]
)
def test_the_level_follows_drug_route_and_label(rule: str, levels: str) -> None:
    found = [rules()[rule].level_for(each).level for each in (NASAL_US, NASAL_EU, INFUSION)]
    assert found == levels.split()


def test_an_unknown_label_has_the_strictest_level() -> None:
    elsewhere = treatment("esketamine", "nasal", "AU")
    assert rules()["recent_cv_event"].level_for(elsewhere).level == "absolute"


@pytest.mark.parametrize(
    ("screened", "planned", "holds"),
    [
        ("esketamine-nasal-US", "esketamine-nasal-US", True),
        ("esketamine-nasal-any", "esketamine-nasal-US", True),
        ("esketamine-nasal-any", "esketamine-nasal-EU", True),
        ("esketamine-nasal-US", "esketamine-nasal-EU", False),
        ("esketamine-nasal-US", "esketamine-nasal-any", False),
        ("esketamine-nasal-US", "ketamine-iv-US", False),
        ("ketamine-iv-any", "esketamine-nasal-US", False),
    ],
)
def test_a_screen_is_for_its_treatment(screened: str, planned: str, holds: bool) -> None:
    assert covers(OFFERED[screened], OFFERED[planned]) is holds


SCT, ICD = "http://snomed.info/sct", "http://hl7.org/fhir/sid/icd-10-cm"


@pytest.mark.parametrize(
    ("code", "system", "expected"),
    [
        ("67362008", SCT, {"aneurysm"}),
        ("67362008", ICD, set()),
        ("I71.4", ICD, {"aneurysm"}),
        ("I714", ICD, {"aneurysm"}),
        ("I7", ICD, set()),
        ("F20.0", ICD, {"psychosis_active"}),
        ("F17.200", ICD, set()),
        ("I10", ICD, {"hypertension"}),
        ("Q28.2", ICD, {"avm"}),
        ("E03.9", ICD, set()),
    ],
)
def test_a_code_alone_is_enough(code: str, system: str, expected: set[str]) -> None:
    assert of(ChartCondition(f"Code {code}", code, system)) == expected


def test_words_that_deny_what_the_code_says_are_for_a_person_to_decide() -> None:
    assert of(ChartCondition("Aneurysm ruled out", "67362008", SCT)) == {"aneurysm!"}


@pytest.mark.parametrize("doubt", ["unconfirmed", "provisional", "differential"])
def test_an_unconfirmed_diagnosis_is_only_possible(doubt: str) -> None:
    assert of(ChartCondition("Aortic aneurysm", note=f"{doubt}; onset: 2019")) == {"aneurysm!"}


def test_a_remark_beside_a_condition_is_read_too() -> None:
    assert of(ChartCondition("Headache", note="known cerebral aneurysm")) == {"aneurysm!"}


@pytest.mark.parametrize(("days", "expected"), [(0, ""), (42, ""), (43, None), (4000, None)])
def test_an_infarction_counts_for_six_weeks(days: int, expected: str | None) -> None:
    row = ChartCondition("Myocardial infarction", onset_on=TODAY - timedelta(days=days))
    assert ("recent_cv_event" in of(row)) is (expected is not None)
    assert "ischaemic_heart_disease" in of(row)


def test_a_history_recorded_lately_may_be_an_old_event() -> None:
    row = ChartCondition("History of myocardial infarction", onset_on=TODAY - timedelta(days=9))
    assert "recent_cv_event!" in of(row)


EVENTS = [
    "pulmonary embolism",
    "TAVR",
    "cardiac surgery",
    "carotid endarterectomy",
    "CHF exacerbation",
    "exacerbation of CHF",
    "hospitalised for heart failure",
    "admitted with CHF",
    "VT arrest",
    "SCAD",
    "spontaneous coronary artery dissection",
    "SAH",
    "type B dissection",
]


@pytest.mark.parametrize("event", EVENTS)
def test_an_event_counts_for_six_weeks(event: str) -> None:
    lately, before = (
        of(ChartCondition(event, onset_on=TODAY - timedelta(days=days))) for days in (42, 43)
    )
    assert "recent_cv_event" in lately
    assert not before & {"recent_cv_event", "recent_cv_event!"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("BP 179/109", "!"),
        ("BP 180/80", ""),
        ("BP 141/110", ""),
        ("Blood pressure at home 141/80", "!"),
        ("BP 120 over 91", "!"),
        ("BP 140/90", None),
        ("Ratio 190/110", None),
    ],
)
def test_a_blood_pressure_among_the_conditions_is_read(text: str, expected: str | None) -> None:
    wanted = set() if expected is None else {f"uncontrolled_hypertension{expected}"}
    assert of(ChartCondition(text)) == wanted
    assert of(ChartCondition(text, status="resolved")) == set()


PRESSURES = [
    (120, 78, 3, False, ""),
    (140, 90, 3, False, ""),
    (141, 80, 3, False, "!"),
    (120, 91, 3, False, "!"),
    (141, 80, 3, True, "present"),
    (120, 78, 91, False, "?"),
    (190, 100, 91, True, "?"),
]


@pytest.mark.parametrize(("high", "low", "days", "known", "expected"), PRESSURES)
def test_blood_pressure_over_the_limit(
    high: int, low: int, days: int, known: bool, expected: str
) -> None:
    """One high value alone forbids no infusion: a person decides; with hypertension it counts."""
    rows = (ChartCondition("Hypertension"),) if known else ()
    found = of(*rows, pressure=Pressure(high, low, TODAY - timedelta(days=days)))
    wanted = {"uncontrolled_hypertension" + expected.replace("present", "")} if expected else set()
    assert found - {"hypertension"} == wanted


def test_a_high_value_is_a_relative_contraindication_for_the_spray() -> None:
    found = of(to=NASAL_US, pressure=Pressure(150, 80, TODAY))
    assert found == {"uncontrolled_hypertension"}


def test_what_was_never_measured_is_not_known() -> None:
    assert of(pressure=None) == {"uncontrolled_hypertension?"}


APNOEA = [
    (Decimal(120), Decimal(170), {"sleep_apnoea_obesity", "sleep_apnoea"}),
    (Decimal(80), Decimal(170), {"sleep_apnoea"}),
    (None, Decimal(170), {"sleep_apnoea_obesity?", "sleep_apnoea"}),
    (Decimal(120), None, {"sleep_apnoea_obesity?", "sleep_apnoea"}),
    (Decimal("101.15"), Decimal(170), {"sleep_apnoea_obesity", "sleep_apnoea"}),
]


@pytest.mark.parametrize(("weight", "height", "expected"), APNOEA)
def test_sleep_apnoea_counts_with_the_body_mass_index(
    weight: Decimal | None, height: Decimal | None, expected: set[str]
) -> None:
    row = ChartCondition("Obstructive sleep apnoea")
    assert of(row, weight_kg=weight, height_cm=height) == expected


@pytest.mark.parametrize(("age", "expected"), [(17, {"age"}), (18, set())])
def test_nobody_under_18(age: int, expected: set[str]) -> None:
    assert of(age=age) == expected


@pytest.mark.parametrize(
    ("sex", "age", "asked"),
    [
        ("female", 30, True),
        ("female", 55, True),
        ("female", 56, False),
        ("male", 30, False),
        ("unknown", 30, True),
        ("other", 30, True),
    ],
)
def test_pregnancy_is_not_known_before_it_was_asked(sex: str, age: int, asked: bool) -> None:
    assert of(sex=sex, age=age) == ({"pregnancy?"} if asked else set())


ALLERGIES = [
    ("Ketamine", "active", INFUSION, {"hypersensitivity"}),
    ("Allergy to Spravato", "active", NASAL_US, {"hypersensitivity"}),
    ("Ketamine", "resolved", INFUSION, {"hypersensitivity!", "hypersensitivity?"}),
    ("No ketamine allergy", "active", INFUSION, set()),
    ("Ketorolac", "active", INFUSION, set()),
    ("Ketoconazole", "active", NASAL_US, set()),
    ("Benzethonium chloride", "active", INFUSION, {"hypersensitivity"}),
    ("Benzethonium chloride", "active", NASAL_US, set()),
    ("Edetate disodium (EDTA)", "active", NASAL_US, {"hypersensitivity"}),
    ("Citric acid", "active", NASAL_EU, {"hypersensitivity"}),
    ("Penicillin", "active", INFUSION, set()),
    ("ketamin", "active", INFUSION, {"hypersensitivity"}),
    ("ketamine hives", "active", INFUSION, {"hypersensitivity"}),
    ("rash after ketamine", "active", NASAL_US, {"hypersensitivity"}),
    ("ketamine-induced laryngospasm", "active", INFUSION, {"hypersensitivity"}),
]


@pytest.mark.parametrize(("text", "status", "to", "expected"), ALLERGIES)
def test_allergies_to_the_drug_and_its_excipients(
    text: str, status: str, to: Treatment, expected: set[str]
) -> None:
    found = of(to=to, allergies=(ChartAllergy(text, status=status),))
    assert found <= expected
    assert bool(found) is bool(expected)


def test_allergies_nobody_asked_about_are_not_known() -> None:
    assert of(allergies=()) == {"hypersensitivity?"}


def test_each_suggestion_says_what_matched_and_why() -> None:
    row = ChartCondition("Stroke", "230690007", SCT, onset_on=date(2019, 3, 4))
    found = match(replace(QUIET, conditions=(row,)), INFUSION).suggestions["stroke"]
    assert str(found) == "Stroke (SNOMED CT 230690007). On the chart since 04 Mar 2019."


WHOLE = {
    "Fracture of forearm": "reviewed",
    "Acute viral pharyngitis (disorder)": "reviewed",
    "Fracture of forearm after syncope": "not classified",
    "Sinusitis with orbital abscess": "not classified",
    "Whatever nobody has heard of": "not classified",
    "Hypertension": "matched",
    "Family history of stroke": "set aside",
}


@pytest.mark.parametrize(("text", "state"), WHOLE.items())
def test_only_a_whole_known_text_is_reviewed(text: str, state: str) -> None:
    found = match(replace(QUIET, conditions=(ChartCondition(text),)), INFUSION)
    assert [each.state for each in found.conditions] == [state]


def test_no_reviewed_text_matches_a_rule() -> None:
    """A text can't be both: irrelevant and a contraindication."""
    both = [text for text in reviewed.listed()["texts"] if of(ChartCondition(text))]
    assert both == []


@given(st.text(max_size=80), st.text(max_size=40))
def test_any_text_is_read_without_a_fault(text: str, note: str) -> None:
    wording.plain(text)
    match(replace(QUIET, conditions=(ChartCondition(text, note=note),)), INFUSION)


PADDING = st.lists(
    st.sampled_from(["left", "large", "patient", "2019", "since", "stable", "the", "old"]),
    max_size=3,
).map(" ".join)


@given(PADDING, PADDING, st.sampled_from(["aneurysm", "AVM", "intracerebral haemorrhage"]))
def test_words_around_it_never_hide_a_contraindication(before: str, after: str, what: str) -> None:
    """Only words that deny it, or speak of somebody else, take it away."""
    rule = {"aneurysm": "aneurysm", "AVM": "avm"}.get(what, "intracerebral_haemorrhage")
    found = match(
        replace(QUIET, conditions=(ChartCondition(f"{before} {what} {after}"),)), INFUSION
    )
    assert found.suggestions[rule].says == "present"


def test_the_file_has_no_row_without_a_certainty() -> None:
    for row in json.loads(FILE.read_text()):
        assert all(level["certainty"] and level["source"] for level in row["levels"])


@pytest.mark.parametrize("line", SENT.strip().splitlines())
def test_every_condition_of_a_synthetic_record_is_classified(line: str) -> None:
    text, code, active, resolved = line.split(" | ")
    for status, over, expected in (
        ("active", None, active),
        ("resolved", date(2010, 3, 1), resolved),
    ):
        row = ChartCondition(text, code, SCT, status, date(2010, 1, 1), over)
        found = match(replace(QUIET, conditions=(row,)), INFUSION)
        state = found.conditions[0].state
        assert (" ".join(sorted(said(found))) if state == "matched" else state) == expected
