from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from monitoring.discharge import gate
from monitoring.readings import Administration, Check, Escort, History, Reading, Settings
from monitoring.tests.builders import (
    SETTINGS,
    assessment,
    at,
    bp,
    device,
    history,
    reading,
    without,
)

BEFORE, PEAK, LEAVING = reading(-10), reading(40), reading(120)


def unmet(given: History, now: float = 125, settings: Settings = SETTINGS) -> set[str]:
    return {condition.code for condition in gate(given, settings, at(now)).unmet}


def named(given: History, code: str, now: float = 125, settings: Settings = SETTINGS):
    conditions = gate(given, settings, at(now)).conditions
    return next(condition for condition in conditions if condition.code == code)


def test_a_clean_history_is_ready_at_two_hours():
    assert gate(history(), SETTINGS, at(125)).ready


def test_one_second_under_two_hours_is_too_early():
    early = history(assessment=assessment(125 - 1 / 60))
    assert unmet(early, 125 - 1 / 60) == {"minimum_time", "assessment"}
    assert unmet(early, 125) == {"assessment"}  # the label's minimum is followed by an assessment
    assert unmet(history(), 125) == set()


def test_the_two_hours_run_from_the_last_device():
    condition = named(history(), "minimum_time", 60)
    assert condition.ready_at == at(125)
    assert condition.text == "65 of the 120 minutes after the last dose are still to go."


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param({"administrations": ()}, {"no_dose"}, id="no dose"),
        pytest.param({"escort": None}, {"escort"}, id="no escort"),
        pytest.param({"escort": Escort(settled=False)}, {"escort"}, id="escort not settled"),
        pytest.param(
            {"unresolved_adverse_events": ("nausea",)}, {"adverse_event"}, id="open event"
        ),
        pytest.param({"unresolved_adverse_events": ("",)}, {"adverse_event"}, id="unnamed event"),
        pytest.param({"clock_suspect": True}, {"clock"}, id="clock jumped"),
        pytest.param({"assessment": None}, {"assessment"}, id="no assessment"),
        pytest.param({"assessment": assessment(125, by=" ​")}, {"assessment"}, id="nameless"),
        pytest.param({"assessment": assessment(125, ready=False)}, {"assessment"}, id="not ready"),
        pytest.param({"assessment": assessment(119)}, {"assessment"}, id="older than reading"),
        pytest.param(
            {"assessment": assessment(126)}, {"assessment", "future_time"}, id="from the future"
        ),
    ],
)
def test_what_is_missing_besides_readings_is_named(change, expected):
    assert unmet(history(**change)) == expected


def test_a_running_infusion_holds_everything_that_comes_after_it():
    running = history(administrations=(Administration(at(0), None, "iv", at(0)),))
    assert {"infusion_running", "minimum_time", "bp_predeparture_missing"} <= unmet(running)


def test_the_time_runs_from_the_end_of_an_infusion():
    ended = history(administrations=(Administration(at(0), at(40), "iv", at(40)),))
    settings = replace(SETTINGS, min_minutes_after_last_dose=60)
    assert named(ended, "minimum_time", settings=settings).ready_at == at(100)


def test_a_late_second_device_starts_everything_again():
    again = history(administrations=(device(0), device(122)))
    assert unmet(again) >= {"minimum_time", "bp_predeparture_missing", "sedation"}


def test_no_reading_at_all_leaves_nothing_settled_that_needs_one():
    empty = gate(replace(history(), readings=()), SETTINGS, at(125))
    assert {c.code for c in empty.unmet} == {
        "bp_baseline_missing",
        "bp_peak_missing",
        "bp_predeparture_missing",
        "bp_high",
        "sedation",
        "dissociation",
        "spo2",
    }


@pytest.mark.parametrize("minute", [-10, 0, 10, 40, 120])
def test_readings_that_share_one_time_never_make_three(minute):
    same = [reading(minute, id=number) for number in range(3)]
    assert unmet(history(*same)) & {
        "bp_baseline_missing",
        "bp_peak_missing",
        "bp_predeparture_missing",
    }


@pytest.mark.parametrize(
    ("minute", "counts"),
    [(10, False), (30 - 1 / 60, False), (30, True), (60, True), (60 + 1 / 60, False)],
)
def test_only_the_window_makes_a_peak_reading(minute, counts):
    given = history(BEFORE, reading(minute), LEAVING)
    assert ("bp_peak_missing" not in unmet(given)) == counts


def test_the_peak_window_counts_from_the_first_device():
    given = history(BEFORE, reading(62), LEAVING, administrations=(device(0), device(10)))
    assert "bp_peak_missing" in unmet(given, 130)


def test_a_late_peak_reading_needs_its_reason():
    given = history(BEFORE, reading(75, late_reason="In the bathroom"), LEAVING)
    assert unmet(given) == set()
    assert named(given, "bp_peak_missing").reason == "In the bathroom"


def test_only_the_first_late_reading_stands_in_for_the_peak():
    later = reading(100, late_reason="Asleep")
    assert unmet(history(BEFORE, reading(75), later, LEAVING)) == {"bp_peak_missing"}


def test_an_early_reading_is_no_peak_reading_whatever_its_reason():
    early = reading(10, late_reason="Taken early")
    assert unmet(history(BEFORE, early, LEAVING)) == {"bp_peak_missing"}


@pytest.mark.parametrize("reason", ["", "  ", "-", "​‍"])
def test_a_missed_peak_reading_needs_words(reason):
    given = history(BEFORE, LEAVING, missed={"40 minutes": reason})
    assert unmet(given) == {"bp_peak_missing"}


@pytest.mark.parametrize("key", ["40 minutes", "bp_peak_missing"])
def test_a_missed_peak_reading_is_settled_by_its_reason(key):
    assert unmet(history(BEFORE, LEAVING, missed={key: "Cuff broken"})) == set()


def test_the_peak_reading_is_not_missed_while_there_is_time_for_it():
    settings = replace(SETTINGS, min_minutes_after_last_dose=0)
    given = history(BEFORE, missed={"40 minutes": "No"})
    assert "bp_peak_missing" in unmet(given, 60, settings)


def test_a_late_peak_reading_is_not_also_the_one_before_leaving():
    given = history(BEFORE, reading(120, late_reason="Busy"))
    assert unmet(given) == {"bp_predeparture_missing"}


def test_a_peak_reading_is_not_also_the_one_before_leaving():
    settings = replace(SETTINGS, min_minutes_after_last_dose=30)
    given = history(BEFORE, PEAK, assessment=assessment(45))
    assert unmet(given, 45, settings) == {"bp_predeparture_missing"}


def test_a_missed_baseline_is_settled_by_its_reason_and_never_by_a_later_reading():
    given = history(reading(2), PEAK, LEAVING)
    assert unmet(given) == {"bp_baseline_missing"}
    assert unmet(replace(given, missed={"Before the dose": "Cuff broken"})) == set()


def test_half_a_blood_pressure_is_none():
    given = history(BEFORE, PEAK, without(LEAVING, "diastolic"))
    assert unmet(given) == {"bp_predeparture_missing", "bp_high"}


@pytest.mark.parametrize(
    "values",
    [(0, 0), (900, 10), (80, 120), (120, 120)],
)
def test_an_impossible_blood_pressure_is_none(values):
    assert unmet(history(BEFORE, PEAK, bp(120, *values))) >= {"bp_predeparture_missing", "bp_high"}


@pytest.mark.parametrize(("minute", "recent"), [(95, True), (95 - 1 / 60, False)])
def test_readings_before_leaving_are_at_most_thirty_minutes_old(minute, recent):
    given = history(BEFORE, PEAK, reading(minute))
    stale = {"bp_predeparture_missing", "bp_high", "sedation", "dissociation", "spo2"}
    assert unmet(given) == (set() if recent else stale)


@pytest.mark.parametrize(
    ("pressures", "acceptable"),
    [
        ([(124, 78), (140, 90)], True),
        ([(124, 78), (141, 90)], False),
        ([(124, 78), (140, 91)], False),
        ([(155, 95), (145, 92)], True),
        ([(156, 95), (145, 92)], False),
        ([(155, 95), (155, 92)], False),
        ([(150, 95), (155, 92)], False),
        ([(175, 95), (168, 90), (159, 90)], True),
        ([(175, 95), (168, 90), (160, 90)], False),
        ([(130, 110), (130, 105), (130, 99)], True),
        ([(130, 110), (130, 105), (130, 100)], False),
        ([(170, 99), (138, 97)], True),
        ([(170, 99), (138, 97), (138, 97)], True),
        ([(170, 99), (138, 96), (138, 97)], False),
        ([(170, 110), (138, 108), (138, 97)], False),
    ],
)
def test_latest_blood_pressure_is_low_or_settling_each_number_by_itself(pressures, acceptable):
    minutes = [40, 100, 120] if len(pressures) == 3 else [40, 120]
    later = [bp(minute, *values) for minute, values in zip(minutes, pressures, strict=True)]
    assert unmet(history(BEFORE, *later)) == (set() if acceptable else {"bp_high"})


def test_a_high_pressure_before_the_dose_is_no_peak_to_fall_from():
    given = history(bp(-10, 170, 99), reading(40), bp(120, 150, 80))
    assert unmet(given) == {"bp_high"}


def test_the_reading_before_has_to_be_known():
    unknown = without(reading(110, not_obtained="Cuff slipped"), "systolic", "diastolic")
    given = history(BEFORE, bp(40, 155, 85), unknown, bp(120, 150, 80))
    assert unmet(given) == {"bp_high"}


def test_of_two_readings_at_the_latest_time_each_has_to_be_good():
    assert unmet(history(BEFORE, PEAK, bp(120, 170, 80, id=1), LEAVING)) == {"bp_high"}
    assert unmet(history(BEFORE, PEAK, LEAVING, reading(120, id=1, sedation=3))) == {"sedation"}


def test_a_clinician_decides_a_high_pressure_with_a_reason():
    high = history(BEFORE, PEAK, bp(120, 150, 85))
    assert named(high, "bp_high").decidable
    decided = assessment(125, decisions={"bp_high": "Usual at home"})
    assert unmet(replace(high, assessment=decided)) == set()


@pytest.mark.parametrize(
    ("systolic", "diastolic", "by_nurse"),
    [(159, 99, True), (160, 85, False), (150, 100, False), (179, 109, False)],
)
def test_from_the_ceiling_on_only_a_prescriber_decides_a_pressure(systolic, diastolic, by_nurse):
    high = history(BEFORE, PEAK, bp(120, systolic, diastolic))
    for prescriber in (False, True):
        decisions = {"bp_high": "Usual at home"}
        decided = assessment(125, decisions=decisions, is_prescriber=prescriber)
        assert (unmet(replace(high, assessment=decided)) == set()) == (by_nurse or prescriber)


@pytest.mark.parametrize(
    "last",
    [
        bp(120, 180, 85),
        bp(120, 150, 110),
        reading(120, spo2=89),
        reading(120, sedation=2),
        reading(120, resp_rate=7),
    ],
)
def test_nobody_decides_a_critical_value_away(last):
    """INV-5: a value that calls for help holds the patient until it is measured better."""
    words = dict.fromkeys(["bp_high", "sedation", "spo2", "critical"], "Usual at home")
    decided = assessment(125, decisions=words, is_prescriber=True)
    assert "critical" in unmet(history(BEFORE, PEAK, last, assessment=decided))
    better = history(BEFORE, PEAK, last, reading(121, resp_rate=14), assessment=decided)
    assert "critical" not in unmet(better)


def test_nobody_leaves_while_an_emergency_runs_whatever_is_decided():
    words = assessment(125, decisions={"trouble": "It is fine"}, is_prescriber=True)
    given = history(going_on=("An emergency runs",), assessment=words)
    assert unmet(given) == {"trouble"}
    assert "An emergency runs" in named(given, "trouble").text


def test_an_event_reported_after_the_assessment_asks_for_another_when_it_is_over():
    assert unmet(history(event_written_at=at(126)), 127) == {"assessment"}
    assert unmet(history(event_written_at=at(125)), 127) == set()


@pytest.mark.parametrize(
    "given",
    [
        assessment(125, decisions={"bp_high": " "}),
        assessment(119, decisions={"bp_high": "Usual at home"}),
        assessment(125, ready=False, decisions={"bp_high": "Usual at home"}),
        assessment(125, by="", decisions={"bp_high": "Usual at home"}),
    ],
)
def test_a_decision_without_words_or_valid_assessment_decides_nothing(given):
    assert "bp_high" in unmet(history(BEFORE, PEAK, bp(120, 150, 85), assessment=given))


def test_nobody_decides_an_unknown_pressure_or_a_missing_minute():
    decisions = dict.fromkeys(["bp_high", "bp_predeparture_missing", "minimum_time"], "Fine")
    given = history(BEFORE, PEAK, assessment=assessment(123, decisions=decisions))
    codes = {"bp_high", "bp_predeparture_missing", "minimum_time"}
    assert unmet(given, 124) >= codes


@pytest.mark.parametrize(
    ("baseline", "latest", "expected", "decidable"),
    [
        (5, 5, set(), False),
        (5, 4, {"sedation"}, False),
        (4, 4, {"sedation"}, True),
        (4, 3, {"sedation"}, False),
        (4, 5, set(), False),
        (None, 5, set(), False),
        (None, 4, {"sedation"}, False),
        (5, None, {"sedation"}, False),
    ],
)
def test_sedation_is_at_baseline_and_at_five(baseline, latest, expected, decidable):
    given = history(reading(-10, sedation=baseline), PEAK, reading(120, sedation=latest))
    assert unmet(given) == expected
    assert named(given, "sedation").decidable == decidable


@pytest.mark.parametrize(("prescriber", "expected"), [(True, set()), (False, {"sedation"})])
def test_only_a_prescriber_accepts_sedation_at_baseline_under_five(prescriber, expected):
    word = assessment(125, decisions={"sedation": "Always so"}, is_prescriber=prescriber)
    sleepy = history(reading(-10, sedation=4), PEAK, reading(120, sedation=4), assessment=word)
    assert unmet(sleepy) == expected


@pytest.mark.parametrize(
    ("baseline", "latest", "limit", "ready"),
    [
        (0, 0, 0, True),
        (0, 1, 0, False),
        (1, 1, 0, False),
        (1, 1, 1, True),
        (1, 2, 0, False),
        (None, 0, 0, True),
        (None, 1, 0, False),
        (0, None, 0, False),
        (0, 1, 1, True),
    ],
)
def test_dissociation_is_at_its_limit(baseline, latest, limit, ready):
    given = history(reading(-10, dissociation=baseline), PEAK, reading(120, dissociation=latest))
    settings = replace(SETTINGS, dissociation_ready=limit)
    assert unmet(given, settings=settings) == (set() if ready else {"dissociation"})


@pytest.mark.parametrize(
    ("baseline", "latest", "decidable"),
    [(2, 2, True), (2, 1, True), (1, 2, False), (None, 1, False), (0, 1, False), (1, 0, False)],
)
@pytest.mark.parametrize("prescriber", [True, False])
def test_only_a_prescriber_accepts_dissociation_as_before_the_dose(
    baseline, latest, decidable, prescriber
):
    word = assessment(125, decisions={"dissociation": "As ever"}, is_prescriber=prescriber)
    sets = (reading(-10, dissociation=baseline), PEAK, reading(120, dissociation=latest))
    found = named(history(*sets), "dissociation")
    assert (found.decidable, found.needs_prescriber) == (decidable, decidable)
    met = latest == 0 or decidable and prescriber
    assert unmet(history(*sets, assessment=word)) == (set() if met else {"dissociation"})


OXYGEN = reading(60, oxygen_l_min=Decimal(2))


@pytest.mark.parametrize(
    ("earlier", "oxygen", "ready"),
    [
        ({}, None, True),
        ({"oxygen_at": at(50)}, None, False),
        ({"oxygen_at": at(50)}, Decimal(0), True),
        ({"oxygen_at": at(121)}, None, True),
        ({"oxygen_at": at(120)}, None, False),
        ({"set": OXYGEN}, None, False),
        ({"set": OXYGEN}, Decimal(0), True),
        ({"set": replace(OXYGEN, oxygen_l_min=Decimal(0))}, None, True),
    ],
)
def test_after_oxygen_a_saturation_has_to_say_that_it_is_on_room_air(earlier, oxygen, ready):
    sets = [BEFORE, PEAK, *([earlier["set"]] if "set" in earlier else [])]
    last = reading(120, oxygen_l_min=oxygen)
    given = history(*sets, last, oxygen_at=earlier.get("oxygen_at"))
    assert unmet(given) == (set() if ready else {"spo2"})
    assert ("Say whether on room air" in named(given, "spo2").text) != ready


def test_a_blank_saturation_after_oxygen_ends_no_critical_one():
    low = reading(60, spo2=85, oxygen_l_min=Decimal(2))
    assert unmet(history(BEFORE, PEAK, low, LEAVING)) == {"critical", "spo2"}
    said = replace(LEAVING, oxygen_l_min=Decimal(0))
    assert unmet(history(BEFORE, PEAK, low, said)) == set()


def test_oxygen_that_was_entered_in_error_leaves_the_later_sets_alone():
    given = history(BEFORE, PEAK, OXYGEN, LEAVING)
    assert unmet(given) == {"spo2"}
    assert unmet(replace(given, readings=(given.readings[0], PEAK, given.readings[3]))) == set()


@pytest.mark.parametrize(
    ("systolic", "diastolic", "ready"),
    [(90, 50, True), (89, 55, False), (95, 49, False), (60, 40, False)],
)
def test_a_low_pressure_holds_until_it_rose_or_a_prescriber_decides(systolic, diastolic, ready):
    given = history(BEFORE, PEAK, bp(120, systolic, diastolic))
    assert unmet(given) == (set() if ready else {"bp_low"})
    for prescriber in (True, False):
        decided = assessment(125, decisions={"bp_low": "Always so low"}, is_prescriber=prescriber)
        expected = set() if ready or prescriber else {"bp_low"}
        assert unmet(replace(given, assessment=decided)) == expected


def test_a_pressure_that_rose_since_ends_a_low_one():
    assert unmet(history(BEFORE, PEAK, bp(100, 80, 45), LEAVING)) == set()


@pytest.mark.parametrize(("low", "expected"), [(None, set()), (90, {"bp_low"}), (80, set())])
def test_a_template_may_set_or_leave_out_the_lower_limit(low, expected):
    given = history(BEFORE, PEAK, bp(120, 85, 55))
    assert unmet(given, settings=replace(SETTINGS, alert_systolic_low=low)) == expected


@pytest.mark.parametrize(
    ("before", "last", "settles"),
    [
        (150, 150, True),
        (151, 150, True),
        (149, 150, False),
        (140, 150, False),
        (160, 150, True),
        (161, 150, False),
        (139, 140, True),
    ],
)
def test_a_pressure_over_the_limit_settles_only_by_falling(before, last, settles):
    sets = (BEFORE, bp(40, 165, 80), bp(110, before, 80), bp(120, last, 80))
    assert unmet(history(*sets)) == (set() if settles else {"bp_high"})


@pytest.mark.parametrize(
    ("spo2", "oxygen", "ready"),
    [
        (94, None, True),
        (94, Decimal(0), True),
        (93, None, False),
        (98, Decimal(2), False),
        (None, None, False),
        (101, None, False),
    ],
)
def test_spo2_holds_on_room_air(spo2, oxygen, ready):
    last = reading(120, spo2=spo2, oxygen_l_min=oxygen)
    given = history(BEFORE, PEAK, last)
    assert unmet(given) == (set() if ready else {"spo2"})


@pytest.mark.parametrize(
    ("measure", "code"),
    [("spo2", "spo2"), ("sedation", "sedation"), ("dissociation", "dissociation")],
)
def test_a_blank_in_the_latest_set_is_not_filled_from_the_one_before(measure, code):
    """INV-5: a missing value never counts as normal."""
    given = history(BEFORE, PEAK, reading(110), without(LEAVING, measure))
    assert unmet(given) == {code}


def test_a_blank_in_the_last_set_before_the_dose_is_not_filled_from_an_older_one():
    word = assessment(125, decisions={"sedation": "Always so"}, is_prescriber=True)
    older, last = reading(-30, sedation=4), without(BEFORE, "sedation")
    sleepy = history(older, last, PEAK, reading(120, sedation=4), assessment=word)
    assert unmet(sleepy) == {"sedation"}


def test_a_recheck_of_the_pressure_alone_leaves_the_rest_as_it_was():
    recheck = without(bp(122, 138, 86), "spo2", "sedation", "dissociation")
    assert unmet(history(BEFORE, PEAK, bp(120, 150, 86), recheck)) == set()


def test_a_set_that_was_not_obtained_makes_everything_unknown():
    nothing = Reading(9, at(122), at(122), not_obtained="Refused")
    assert unmet(history(BEFORE, PEAK, LEAVING, nothing)) >= {"bp_high", "spo2", "sedation"}


def test_a_temperature_alone_changes_nothing():
    fever = Reading(9, at(122), at(122), temperature=Decimal("37.1"))
    assert unmet(history(BEFORE, PEAK, LEAVING, fever)) == set()


def test_a_correction_after_the_assessment_asks_for_a_new_one():
    corrected = reading(40, recorded_at=at(126))
    assert unmet(history(BEFORE, corrected, LEAVING), 127) == {"assessment"}


def test_a_reading_from_the_future_counts_for_nothing_and_is_named():
    given = history(BEFORE, PEAK, reading(126))
    assert unmet(given) >= {"future_time", "bp_predeparture_missing", "spo2"}
    assert named(given, "future_time").action == "correct"


def test_a_dose_from_the_future_keeps_the_gate_shut_without_a_time():
    far = datetime(9999, 12, 31, 23, 59, tzinfo=UTC)
    later = history(administrations=(device(0), Administration(far, far, "nasal", at(0))))
    assert {"future_time", "minimum_time"} <= unmet(later)
    only = history(administrations=(Administration(far, far, "nasal", at(0)),))
    assert named(only, "minimum_time").ready_at is None


def test_a_dose_written_anew_after_the_assessment_voids_it():
    before, after = (replace(device(5), recorded_at=at(minutes)) for minutes in (124, 126))
    assert unmet(history(administrations=(device(0), before)), 127) == set()
    assert unmet(history(administrations=(device(0), after)), 127) == {"assessment"}


def test_the_order_of_the_records_does_not_matter():
    shuffled = history(LEAVING, BEFORE, PEAK, administrations=(device(5), device(0)))
    assert gate(shuffled, SETTINGS, at(125)) == gate(history(), SETTINGS, at(125))


def test_no_escort_where_the_clinic_asks_for_none():
    assert unmet(history(escort=None), settings=replace(SETTINGS, escort_required=False)) == set()


def test_two_hours_are_two_hours_when_the_clocks_go_back():
    new_york = ZoneInfo("America/New_York")
    given_at = datetime(2026, 11, 1, 0, 30, tzinfo=new_york)
    night = history(administrations=(Administration(given_at, given_at, "nasal", given_at),))
    looks_like_two_hours = datetime(2026, 11, 1, 1, 30, tzinfo=new_york, fold=1)
    condition = gate(night, SETTINGS, looks_like_two_hours).conditions[1]
    assert condition.met
    assert condition.ready_at == given_at.astimezone(UTC) + timedelta(hours=2)


def test_a_time_without_zone_is_refused():
    with pytest.raises(ValueError, match="zone"):
        gate(history(), SETTINGS, at(125).replace(tzinfo=None))


def test_every_unmet_condition_says_what_settles_it():
    bare = gate(History(administrations=(device(0),)), SETTINGS, at(70))
    assert all(condition.text and condition.action for condition in bare.unmet)


@pytest.mark.parametrize(
    "template",
    [{"spo2_minimum": 94}, {"spo2_min": None}, {"spo2_min": -1}, {"peak_window_from": 90}],
)
def test_a_template_with_a_slip_is_refused(template):
    with pytest.raises(ValueError, match="spo2|peak"):
        Settings.from_mapping(template)


def test_a_stored_template_is_read_whole():
    stored = {
        "spo2_min": 92,
        "checks": [{"label": "40", "anchor": "first_dose", "minute": 40, "source": "label"}],
    }
    assert Settings.from_mapping(stored) == Settings(
        spo2_min=92, checks=(Check("40", "first_dose", 40),)
    )


def test_what_happens_at_the_very_moment_of_a_dose_is_neither_before_nor_after_it():
    assert unmet(history(reading(0), PEAK, LEAVING)) == {"bp_baseline_missing"}
    settings = replace(SETTINGS, min_minutes_after_last_dose=0)
    at_once = history(
        BEFORE,
        PEAK,
        reading(50),
        administrations=(device(0), device(50)),
        assessment=assessment(50),
    )
    assert unmet(at_once, 50, settings) >= {"bp_predeparture_missing", "spo2", "assessment"}


def test_of_two_baselines_at_one_time_the_stricter_counts():
    word = assessment(125, decisions={"sedation": "Always so"}, is_prescriber=True)
    sleepy = history(
        reading(-10, sedation=4),
        reading(-10, id=1, sedation=5),
        PEAK,
        reading(120, sedation=4),
        assessment=word,
    )
    assert unmet(sleepy) == {"sedation"}
