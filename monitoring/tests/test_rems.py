"""The REMS form from facts alone: what the log tells, what is asked, what is missing (INV-5)."""

from dataclasses import replace
from datetime import UTC, date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring import rems
from monitoring.concomitant import COUNTED, concomitant
from monitoring.readings import Reading, Settings
from monitoring.rems import CLASSES, NO, YES, Decision, Device, Event, Facts, Provider
from monitoring.tests.builders import CHECKS, NORMAL, at, bp, history, reading

ANSWERS: dict[str, Any] = {**dict.fromkeys(CLASSES, "no"), "serious": "no"}


def device(number: int, minutes: float, **values: Any) -> Device:
    fields = {"lot": f"L{number}", "mg": Decimal(28), "what": "", **values}
    return Device(number, at(minutes), **fields)


def facts(*readings: Reading, **values: Any) -> Facts:
    """Two devices at 0 and 5 minutes, gone at 130; the log answers all but the asked ones."""
    fields: dict[str, Any] = {
        "given_name": "Ada Mary",
        "family_name": "Example",
        "birth_date": date(1980, 5, 7),
        "sex": "female",
        "enrolment_number": "P-1",
        "is_first": True,
        "provider": Provider("N. Okafor", "212 555 0114", "n@clinic.example", "assessment"),
        "site": "Riverside",
        "address": "12 Mill Lane\nNew York, NY 10001",
        "site_phone": "212 555 0114",
        "site_number": "S-1",
        "zone": UTC,
        "arrived_at": at(-20),
        "ended_at": at(130),
        "devices": (device(1, 0), device(2, 5)),
        "history": history(*(readings or (reading(-10), reading(40), reading(120)))),
        "settings": Settings(checks=CHECKS),
        "answers": ANSWERS,
        "answered_by": "N. Okafor",
    }
    return Facts(**{**fields, **values})


def form(*readings: Reading, **values: Any) -> rems.Form:
    return rems.derive(facts(*readings, **values))


def field(found: rems.Form, key: str) -> rems.Field:
    return next(each for each in found.fields if each.key == key)


def test_a_whole_record_lacks_nothing_and_comes_in_the_forms_order() -> None:
    found = form()
    assert found.missing == ()
    assert [part.key for part in found.parts] == [
        "patient",
        "medicines",
        "provider",
        "setting",
        "treatment",
        "time",
        "acceptable",
        "pressure",
        "effects",
        "serious",
    ]
    expected = {
        "first_name": "Ada",
        "middle_initial": "M",
        "birth_date": "05/07/1980",
        "first_treatment": YES,
        "address": "12 Mill Lane, New York, NY 10001",
        "dose": "56 mg",
        "lots": "L1, L2",
        "minutes": "130",
        "minutes_after_last": "125",
        "acceptable_before": YES,
        "acceptable_after": YES,
        "bp_before": "124/78",
        "bp_peak": "124/78",
        "bp_after": "124/78",
        "sedation": NO,
        "dissociation": NO,
        "respiratory": NO,
        "serious": NO,
    }
    assert {key: found.value(key) for key in expected} == expected


@pytest.mark.parametrize("key", [*CLASSES, "serious"])
def test_what_nobody_answered_is_missing_and_never_no(key: str) -> None:
    left = {name: answer for name, answer in ANSWERS.items() if name != key}
    found = form(answers=left)
    assert [each.key for each in found.missing] == [key]


def test_the_medicine_list_answers_where_it_knows_the_class() -> None:
    listed = concomitant(["Norco 5-325", "sertraline 50 mg"])
    found = form(answers={}, medicines=listed)
    assert (found.value("opioids"), found.value("maois")) == (YES, NO)
    assert field(found, "opioids").origin == "medicine list"
    assert field(found, "opioids").note == "Norco 5-325"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Klonapin 1mg", "benzodiazepines"),
        ("Ambien", "sedative_hypnotics"),
        ("Xyrem", "sedative_hypnotics"),
        ("Fioricet", "sedative_hypnotics"),
        ("Vyvanse 70mg chewable", "psychostimulants"),
        ("modafinil", "psychostimulants"),
        ("Emsam patch", "maois"),
        ("linezolid", "maois"),
        ("tramadol", "opioids"),
        ("Suboxone 8mg-2mg SL film", "opioids"),
    ],
)
def test_each_class_of_the_form_is_read_from_the_list(text: str, key: str) -> None:
    found = form(answers={}, medicines=concomitant([text]))
    assert [each for each in CLASSES if found.value(each) == YES] == [key]


def test_an_unread_line_leaves_the_answer_missing_and_says_why() -> None:
    found = form(answers={}, medicines=concomitant(["Nardil", "Xyzzanol 5 mg"]))
    assert found.value("maois") == YES
    missing = [each for each in found.missing if each.key in CLASSES]
    assert {each.key for each in missing} == set(CLASSES) - {"maois"}
    assert {each.note for each in missing} == {"not recognised, check by hand: Xyzzanol 5 mg"}


@pytest.mark.parametrize(
    ("drug", "kind", "key"),
    [
        ("lorazepam 1 mg", "benzodiazepine", "benzodiazepines"),
        ("Rescuezepam", "benzodiazepine", "benzodiazepines"),
        ("morphine", "opioid", "opioids"),
        ("zolpidem", "sedating", "sedative_hypnotics"),
        ("methylphenidate", "other", "psychostimulants"),
        ("methylene blue", "other", "maois"),
    ],
)
def test_a_medicine_given_in_the_visit_answers_its_class_and_no_other(
    drug: str, kind: str, key: str
) -> None:
    found = form(answers={}, medicines=concomitant([], [(drug, kind)]))
    assert {each: found.value(each) for each in CLASSES if found.value(each)} == {key: YES}
    assert field(found, key).origin == "given in the visit"
    assert field(found, key).note == f"{drug} (given in the visit)"
    listed = form(answers={}, medicines=concomitant(["metformin"], [(drug, kind)]))
    assert [each for each in CLASSES if listed.value(each) == YES] == [key]
    assert [each for each in CLASSES if listed.value(each) == NO] == [
        each for each in CLASSES if each != key
    ]


@pytest.mark.parametrize(
    ("kind", "asks"), [("other", True), ("sedating", True), ("antiemetic", False)]
)
def test_a_given_medicine_that_is_not_recognised_is_asked_about_unless_its_kind_says(
    kind: str, asks: bool
) -> None:
    found = form(answers={}, medicines=concomitant(["metformin"], [("Xyzzanol", kind)]))
    assert {found.value(key) for key in CLASSES} == {"" if asks else NO}


def test_an_antidepressant_taken_to_sleep_is_asked_about() -> None:
    found = form(answers={}, medicines=concomitant(["trazodone 50 mg at night"]))
    asked = field(found, "sedative_hypnotics")
    assert asked.is_missing
    assert asked.note == "may count, check by hand: trazodone 50 mg at night"
    assert {found.value(key) for key in CLASSES if key != "sedative_hypnotics"} == {NO}
    both = form(answers={}, medicines=concomitant(["trazodone 50 mg at night", "Ambien"]))
    assert both.value("sedative_hypnotics") == YES


def test_the_data_knows_every_class_of_the_form() -> None:
    assert [each.key for each in COUNTED] == list(CLASSES)


def test_a_person_answers_what_the_list_leaves_open() -> None:
    found = form(medicines=concomitant(["Xyzzanol 5 mg"]))
    assert {found.value(key) for key in CLASSES} == {NO}
    assert form(answers={}, medicines=concomitant([])).value("maois") == ""


def test_a_stated_yes_is_never_overruled_by_the_list() -> None:
    answers = {**ANSWERS, "opioids": "yes", "maois": "no"}
    found = form(answers=answers, medicines=concomitant(["Nardil"]))
    assert (found.value("opioids"), found.value("maois")) == (YES, YES)


@pytest.mark.parametrize(
    ("lost", "missing"),
    [
        (-10, {"bp_before", "acceptable_before"}),
        (40, {"bp_peak"}),
        (120, {"bp_after", "acceptable_after"}),
    ],
)
def test_a_reading_that_was_not_taken_leaves_its_fields_missing(
    lost: int, missing: set[str]
) -> None:
    kept = [reading(minute) for minute in (-10, 40, 120) if minute != lost]
    assert {each.key for each in form(*kept).missing} >= missing


def test_the_last_reading_can_not_stand_for_40_minutes_and_for_leaving() -> None:
    found = form(reading(-10), reading(45), ended_at=at(50))
    assert found.value("bp_peak") == "124/78"
    assert found.value("bp_after") == ""


def test_a_missed_40_minute_check_says_why_and_stays_missing() -> None:
    spoilt = history(reading(-10), reading(120), missed={"40 minutes": "Cuff broke"})
    # The late reading makes good the open checks in their order, so none is left to be missed.
    given = field(form(history=replace(spoilt, readings=(reading(-10),))), "bp_peak")
    assert (given.value, given.note) == ("", "missed: Cuff broke")


def test_a_late_reading_that_settled_the_40_minute_check_is_told_with_its_minute() -> None:
    found = field(
        form(reading(-10), bp(55, 150, 90, late_reason="Asleep"), reading(120)), "bp_peak"
    )
    assert found.value == "150/90"
    assert found.note == "55 minutes after the first device; Asleep"


@pytest.mark.parametrize(
    ("worse", "key"),
    [
        ({"sedation": 4}, "sedation"),
        ({"dissociation": 1}, "dissociation"),
        ({"spo2": 89}, "respiratory"),
        ({"resp_rate": 7}, "respiratory"),
    ],
)
def test_an_effect_has_its_onset_and_its_end(worse: dict[str, int], key: str) -> None:
    found = form(reading(-10), reading(20), reading(40, **worse), reading(60), reading(120))
    assert found.value(key) == YES
    assert (found.value(f"{key}_onset"), found.value(f"{key}_resolved")) == ("15:40", "16:00")
    assert found.missing == ()
    open_end = form(reading(-10), reading(40), reading(120, **worse))
    assert open_end.value(f"{key}_resolved") == ""
    assert "no later reading" in field(open_end, f"{key}_resolved").note


@pytest.mark.parametrize("key", ["sedation", "dissociation"])
def test_a_set_that_leaves_it_out_is_no_no(key: str) -> None:
    unknown: dict[str, Any] = {key: None}
    found = form(reading(-10), reading(40, **unknown), reading(120))
    assert field(found, key).is_missing
    assert "not known at 15:40" in field(found, key).note
    stated = form(
        reading(-10), reading(40, **unknown), reading(120), answers={**ANSWERS, key: "no"}
    )
    assert field(stated, key).value == NO
    assert field(stated, key).origin == "stated by N. Okafor"


def test_a_stated_no_never_hides_what_a_reading_shows() -> None:
    found = form(reading(-10), reading(40, sedation=3), answers={**ANSWERS, "sedation": "no"})
    assert found.value("sedation") == YES


def test_sedation_is_any_decrease_from_before_the_dose() -> None:
    drowsy = reading(-10, sedation=4)
    assert form(drowsy, reading(40, sedation=4), reading(120, sedation=5)).value("sedation") == NO
    assert form(drowsy, reading(40, sedation=3), reading(120)).value("sedation") == YES


HIGH = bp(-10, 150, 95)
SHOWN = frozenset({HIGH.key("bp")})


@pytest.mark.parametrize(("words", "value"), [("", NO), ("Benefit outweighs", YES), ("  ", NO)])
def test_over_the_limit_before_the_dose_a_prescribers_decision_counts(
    words: str, value: str
) -> None:
    found = form(HIGH, reading(40), reading(120), decisions=(Decision(words, SHOWN),))
    assert field(found, "acceptable_before").value == value
    assert "over 140/90" in field(found, "acceptable_before").note


@pytest.mark.parametrize(
    ("decisions", "shown"),
    [
        ([], ""),
        ([("Ate a biscuit", "")], ""),
        ([("Benefit outweighs", "bp")], "Benefit outweighs"),
        ([("Slept little", "bp+"), ("Benefit outweighs", "bp")], "Benefit outweighs"),
        ([("Slept little", "bp+"), ("Ate a biscuit", "")], "Slept little"),
        ([("Ate a biscuit", ""), ("Benefit outweighs", "bp")], ""),
    ],
)
def test_the_reason_beside_the_pressure_is_of_the_decision_about_it(
    decisions: list[tuple[str, str]], shown: str
) -> None:
    covers = {"": frozenset[str](), "bp": SHOWN, "bp+": SHOWN | {"reading:9:sedation"}}
    made = tuple(Decision(words, covers[about]) for words, about in decisions)
    found = field(form(HIGH, reading(40), reading(120), decisions=made), "acceptable_before")
    assert found.value == (YES if shown else NO)
    expected = "over 140/90"
    assert found.note == (f"{expected}; a prescriber decided: {shown}" if shown else expected)


def test_the_limit_before_the_dose_is_that_of_the_patients_age() -> None:
    older = Settings(
        checks=CHECKS,
        predose_older_age=40,
        predose_older_systolic=160,
        predose_older_diastolic=100,
    )
    found = form(HIGH, reading(40), reading(120), settings=older)
    assert found.value("acceptable_before") == YES
    young = form(HIGH, reading(40), reading(120), settings=older, birth_date=date(2000, 1, 1))
    assert young.value("acceptable_before") == NO


def test_a_high_pressure_at_the_end_is_not_acceptable() -> None:
    assert form(reading(-10), reading(40), bp(120, 190, 100)).value("acceptable_after") == NO


@pytest.mark.parametrize(
    ("devices", "dose"),
    [
        ((device(1, 0),), "28 mg"),
        ((device(1, 0), device(2, 5), device(3, 10)), "84 mg"),
        ((device(1, 0), device(2, 5, mg=Decimal("14.00"), what="one spray only")), "Other: 42 mg"),
        ((device(1, 0), device(2, 5, mg=None, what="sneezed")), "Other: at least 28 mg"),
        ((), ""),
    ],
)
def test_the_dose_is_what_was_received(devices: tuple[Device, ...], dose: str) -> None:
    found = field(form(devices=devices), "dose")
    assert found.value == dose
    assert found.is_missing == (not dose)


def test_under_two_hours_is_said() -> None:
    assert field(form(ended_at=at(100)), "minutes").note == "under two hours"


def serious(**values: Any) -> Event:
    fields = {"term": "Syncope", "serious": True, "onset_at": at(50), "severity": "severe"}
    rest = {"action": "Laid down", "ended_at": at(60), "ended": "Woke up"}
    return Event(**{**fields, **rest, **values})


def test_a_serious_event_is_told_with_its_details_and_asks_why_it_is_serious() -> None:
    found = form(events=(serious(), serious(term="Rash", serious=False)))
    assert found.value("serious") == YES
    details = "Syncope, 15:50, severe. Laid down Ended 16:00: Woke up"
    assert found.value("serious_1_details") == details
    assert [each.key for each in found.missing] == ["serious_1_criteria"]
    stated = form(events=(serious(),), answers={**ANSWERS, "criteria": ["important"]})
    assert stated.missing == ()
    recorded = form(events=(serious(criteria=("death", "hospitalization")),))
    assert recorded.value("serious_1_criteria") == "Hospitalization, Death"


def test_how_a_serious_event_went_on_and_what_was_examined_are_told() -> None:
    found = form(
        events=(serious(follow_ups=((at(55), "Sits up"),), found="Serotonin check: negative"),)
    )
    details = (
        "Syncope, 15:50, severe. Serotonin check: negative. Laid down. 15:55: Sits up"
        " Ended 16:00: Woke up"
    )
    assert found.value("serious_1_details") == details


def test_a_serious_event_that_is_stated_but_not_on_record_stays_missing() -> None:
    found = field(form(answers={**ANSWERS, "serious": "yes"}), "serious")
    assert found.is_missing
    assert "record it" in found.note


def test_a_correction_after_the_filing_is_named_and_the_site_is_not() -> None:
    filed = form().snapshot()
    assert rems.changes(filed, form()) == ()
    assert rems.changes(filed, form(site="Renamed", provider=Provider())) == ()
    corrected = form(reading(-10), bp(40, 136, 88), reading(120))
    assert rems.changes(filed, corrected) == (
        rems.Change("40 minutes after administration", "124/78", "136/88"),
    )
    (gone,) = rems.changes(filed, form(answers={**ANSWERS, "maois": ""}))
    assert (gone.filed, gone.now) == (NO, "missing")


MINUTES = st.sampled_from([-30, -10, 3, 20, 40, 55, 60, 90, 118, 125])
VALUES = {
    "systolic": st.none() | st.integers(90, 200),
    "diastolic": st.none() | st.integers(50, 85),
    "spo2": st.none() | st.integers(85, 100),
    "sedation": st.none() | st.integers(0, 5),
    "dissociation": st.none() | st.integers(0, 3),
    "resp_rate": st.none() | st.integers(5, 20),
}
SETS = st.lists(
    st.tuples(MINUTES, st.fixed_dictionaries(VALUES)), max_size=6, unique_by=lambda pair: pair[0]
)


@given(SETS)
def test_nothing_missing_ever_counts_as_normal(sets: list[tuple[int, dict[str, Any]]]) -> None:
    rows = [reading(minute, **{**NORMAL, **values}) for minute, values in sets]
    found = form(history=replace(history(), readings=tuple(rows)), answers={})
    in_turn = sorted(rows, key=lambda row: row.observed_at)
    after = [row for row in rows if row.observed_at > at(0)]
    if found.value("sedation") == NO:
        assert after
        assert all(row.sedation is not None for row in after if row.speaks_for("sedation"))
        assert min(row.sedation for row in after if row.sedation is not None) >= max(
            [r.sedation for r in in_turn if r.observed_at < at(0) and r.sedation is not None][-1:]
            or [5]
        )
    if any(row.dissociation for row in after) and all(
        row.dissociation in (0, None) for row in rows if row.observed_at < at(0)
    ):
        assert found.value("dissociation") == YES
    shown = {str(row.bp) for row in rows if row.bp}
    for key in ("bp_before", "bp_peak", "bp_after"):
        assert found.value(key) in shown | {""}
    if not any(row.bp for row in after):
        assert found.value("bp_peak") == found.value("bp_after") == ""
    assert {each.key for each in found.missing} >= set(CLASSES)


@given(SETS, st.integers(0, 400))
def test_the_end_decides_which_readings_belong_to_the_form(
    sets: list[tuple[int, dict[str, Any]]], end: int
) -> None:
    rows = [reading(minute, **{**NORMAL, **values}) for minute, values in sets]
    ended = at(0) + timedelta(minutes=end)
    seen = tuple(row for row in rows if row.observed_at <= ended)
    whole = form(history=replace(history(), readings=tuple(rows)), ended_at=ended)
    cut = form(history=replace(history(), readings=seen), ended_at=ended)
    assert whole == cut
