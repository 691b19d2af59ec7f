from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from clinic.audit import acting
from clinic.models import User
from clinic.tests.factories import TESTS
from monitoring.before_dose import unmet, unmet_answers
from monitoring.forms.predose import choices_of
from monitoring.models import PreDoseCheck, PreDosePolicy, PregnancyAnswer
from monitoring.questions import QUESTIONS, Question
from monitoring.readings import Reading, Settings
from monitoring.services import predose, record
from monitoring.tests.builders import START, bp, reading
from monitoring.tests.builders import at as moment
from monitoring.tests.day import MORNING
from monitoring.tests.visits import ANSWERS, Clock, Visit, weigh
from monitoring.today import Today
from patients.models import BodyMeasure
from patients.tests.factories import make_patient
from sessions.lifecycle import Status
from sessions.tests.factories import make_session, take_step


@pytest.fixture
def drip(nurse: User, prescriber: User, clock: Clock) -> Visit:
    order = {"mg": 38, "infusion_minutes": 40, "concentration_mg_ml": 1}
    return Visit(nurse, prescriber, clock, key="ketamine-iv-twice-weekly", order=order)


def refused(visit: Visit) -> str:
    with pytest.raises(ValidationError) as error:
        visit.clear()
    return " ".join(error.value.messages)


def test_clearing_needs_the_check_and_a_baseline(visit: Visit) -> None:
    visit.arrive()
    words = refused(visit)
    assert "pre-dose check is not done" in words
    assert "No blood pressure before the dose" in words
    visit.check()
    visit.measure()
    visit.clear()
    assert visit.status == Status.CLEARED


@pytest.mark.parametrize(
    ("question", "answer", "words"),
    [
        ("no_food_2h", "no", "Food in the last 2 hours"),
        ("no_fluids_30min", "no", "Liquids"),
        ("no_nasal_products_1h", "no", "Nasal steroid or decongestant in the last hour"),
        ("escort_arranged", "no", "Nobody takes the patient home"),
        ("transport_arranged", "no", "transport"),
        ("fit_today", "no", "Mental state"),
    ],
)
def test_a_stop_waits_for_a_prescriber(
    visit: Visit, question: str, answer: str, words: str
) -> None:
    visit.arrive()
    visit.check(**{question: answer})
    visit.measure()
    assert words in refused(visit)
    predose.decide(visit.pk, "Discussed with the patient", by=visit.prescriber)
    visit.clear()


def test_a_nurse_does_not_decide(visit: Visit) -> None:
    visit.arrive()
    visit.check(no_food_2h="no")
    with pytest.raises(PermissionDenied):
        predose.decide(visit.pk, "It was little", by=visit.nurse)


def test_nobody_decides_on_an_unconfirmed_identity(visit: Visit) -> None:
    visit.arrive()
    visit.check(identity_confirmed="no")
    visit.measure()
    predose.decide(visit.pk, "I know her", by=visit.prescriber)
    assert "identity is not confirmed, and nobody decides that" in refused(visit)


@pytest.mark.parametrize("question", sorted(ANSWERS))
def test_an_unanswered_question_is_no_answer(visit: Visit, question: str) -> None:
    visit.arrive()
    with pytest.raises(ValidationError, match="one of the answers"):
        visit.check(**{question: ""})


def test_new_medicines_are_named(visit: Visit) -> None:
    visit.arrive()
    with pytest.raises(ValidationError, match="Name the new medicines"):
        visit.check(new_medicines="yes")
    visit.check(new_medicines="yes", new_medicines_text="Sertraline 50 mg")


@pytest.mark.parametrize("code", ["identity_confirmed", "birth_date_confirmed"])
def test_each_of_two_identifiers_has_to_match(visit: Visit, code: str) -> None:
    visit.arrive()
    visit.check(**{code: "no"})
    visit.measure()
    predose.decide(visit.pk, "I have known her for years", by=visit.prescriber)
    assert "does not match" in refused(visit)


def test_substances_today_need_a_written_justification(visit: Visit) -> None:
    visit.arrive()
    visit.check(substance_use_today="yes")
    visit.measure()
    assert "Alcohol or drugs today. A prescriber decides, with a written" in refused(visit)
    with pytest.raises(ValidationError, match="20 characters or more"):
        predose.decide(visit.pk, "One beer", by=visit.prescriber)
    predose.decide(visit.pk, "One beer at noon, sober at examination", by=visit.prescriber)
    visit.clear()


def test_thoughts_of_self_harm_need_a_safety_plan(visit: Visit) -> None:
    visit.arrive()
    visit.check(harm_thoughts="yes")
    visit.measure()
    assert "Thoughts of self-harm today. A prescriber decides, with a reason and a safety" in (
        refused(visit)
    )
    with pytest.raises(ValidationError, match="Write down the safety plan"):
        predose.decide(visit.pk, "Passive thoughts, as before", by=visit.prescriber)
    plan = "Stays with her sister, calls the ward"
    made = predose.decide(
        visit.pk, "Passive thoughts, as before", by=visit.prescriber, safety_plan=plan
    )
    visit.clear()
    assert made.safety_plan == plan


def test_with_the_answers_nobody_decides_on_thoughts_of_self_harm(visit: Visit) -> None:
    visit.arrive()
    with pytest.raises(ValidationError, match="then decide with the safety plan"):
        predose.complete(
            visit.pk,
            {**ANSWERS, "harm_thoughts": "yes"},
            by=visit.prescriber,
            decision_reason="Passive thoughts",
        )


def test_what_was_asked_is_kept_in_its_words(visit: Visit) -> None:
    visit.arrive()
    check = visit.check()
    assert check.asked["no_food_2h"] == "Food in the last 2 hours"
    assert check.asked.keys() == ANSWERS.keys()


def test_an_infusion_asks_for_its_own_hours_and_not_for_the_nose(drip: Visit) -> None:
    drip.arrive()
    check = drip.check()
    assert check.asked["no_food_2h"] == "Food in the last 6 hours"
    assert check.asked["no_fluids_30min"] == "Liquids in the last 2 hours"
    assert "no_nasal_products_1h" not in check.asked
    assert check.no_nasal_products_1h == ""
    drip.measure()
    drip.clear()


def test_an_infusion_needs_a_recent_weight(drip: Visit) -> None:
    drip.arrive()
    drip.check()
    drip.measure()
    with acting(TESTS):
        BodyMeasure.objects.update(observed_at=drip.clock.now - timedelta(days=31))
    assert "Weigh the patient" in refused(drip)
    drip.clock.forward(minutes=1)
    weigh(drip.patient, drip.clock.now)
    drip.clear()


@pytest.mark.parametrize(
    ("minutes", "refused_time"), [(119, True), (120, False), (500, False), (-1, True)]
)
def test_the_time_of_the_last_meal_fits_the_answer(
    visit: Visit, minutes: int, refused_time: bool
) -> None:
    visit.arrive()
    at = visit.clock.now - timedelta(minutes=minutes)
    if not refused_time:
        assert visit.check(last_food_at=at).last_food_at == at
        return
    with pytest.raises(ValidationError) as error:
        visit.check(last_food_at=at)
    assert "last_food_at" in error.value.message_dict


def test_an_unasked_question_with_a_blank_answer_does_not_pass_for_answered(visit: Visit) -> None:
    visit.arrive()
    check = visit.check()
    for code in check.asked:
        blank = PreDoseCheck(asked=check.asked, **{**ANSWERS, code: ""})
        assert [found.code for found in unmet_answers(blank)] == ["predose_check"]


def test_a_check_from_before_the_words_were_kept_still_counts() -> None:
    old = dict.fromkeys(ANSWERS, "") | {
        "identity_confirmed": "yes",
        "no_food_2h": "no",
        "new_medicines": "no",
    }
    assert PreDoseCheck(**old).stops == ["Food in the last 2 hours"]


# prescription monitoring


def policy(visit: Visit, **values: Any) -> None:
    with acting(TESTS):
        PreDosePolicy.objects.create(clinic=visit.patient.clinic, **values)


def test_prescription_monitoring_is_looked_up_again_after_its_days(visit: Visit) -> None:
    visit.arrive()
    visit.check()
    for days, due in ((29, False), (30, True)):
        visit.clock.to(MORNING + timedelta(days=days))
        following = make_session(visit.course, starts_at=visit.clock.now, number=days)
        found = predose.asking_now(following, visit.clock.now)
        assert ("pdmp" in found.questions) is due
        assert "as expected" in found.lookup_words


@pytest.mark.parametrize(("setting", "due"), [("each", True), ("never", False)])
def test_a_clinic_sets_how_often_it_is_looked_up(visit: Visit, setting: str, due: bool) -> None:
    policy(visit, pdmp=setting)
    visit.arrive()
    visit.check()
    assert ("pdmp" in predose.asking_now(visit.fresh(), visit.clock.now).questions) is due


def test_an_unexpected_finding_is_told_and_decided(visit: Visit) -> None:
    visit.arrive()
    with pytest.raises(ValidationError, match="Say what prescription monitoring shows"):
        visit.check(pdmp="unexpected")
    visit.check(pdmp="unexpected", note="Alprazolam from another prescriber")
    visit.measure()
    assert "Prescription monitoring shows something unexpected" in refused(visit)
    predose.decide(visit.pk, "Known, tapering", by=visit.prescriber)
    visit.clear()


def test_an_unexpected_finding_is_not_lifted_by_a_second_check(visit: Visit) -> None:
    visit.arrive()
    visit.check(pdmp="unexpected", note="Alprazolam")
    with pytest.raises(ValidationError, match="Say what changed"):
        visit.check()


# the private question


@pytest.fixture
def ada(nurse: User, prescriber: User, clock: Clock) -> Visit:
    """A visit of a patient who is asked, lacking nothing else."""
    patient = make_patient(nurse.clinics[0], sex="female")
    visit = Visit(nurse, prescriber, clock, patient=patient)
    visit.arrive()
    visit.check()
    visit.measure()
    return visit


def test_pregnancy_is_asked_where_the_clinic_says(ada: Visit) -> None:
    assert "A private question is open" in refused(ada)
    predose.answer_privately(ada.pk, "negative", by=ada.nurse)
    ada.clear()


def test_a_positive_test_needs_a_written_justification(ada: Visit) -> None:
    predose.answer_privately(ada.pk, "positive", by=ada.nurse)
    assert "pregnancy test is positive" in refused(ada)
    with pytest.raises(ValidationError, match="20 characters"):
        predose.decide(ada.pk, "Benefit", by=ada.prescriber)
    predose.decide(ada.pk, "Risk of suicide outweighs, obstetrician agrees", by=ada.prescriber)
    ada.clear()


def test_a_decision_covers_no_answer_that_came_later(ada: Visit) -> None:
    predose.answer_privately(ada.pk, "declined", by=ada.nurse)
    predose.decide(ada.pk, "Uses contraception", by=ada.prescriber)
    predose.answer_privately(ada.pk, "positive", by=ada.nurse)
    assert "pregnancy test is positive" in refused(ada)


@pytest.mark.parametrize(
    ("answer", "days", "asked_again"),
    [
        ("negative", 30, False),
        ("negative", 31, True),
        ("not_applicable", 30, False),
        ("declined", 0, False),
        ("declined", 1, True),
        ("positive", 300, False),
    ],
)
def test_how_long_an_answer_holds(answer: str, days: int, asked_again: bool) -> None:
    today = TODAY(pregnancy=PregnancyAnswer(pk=1, answer=answer))
    today = replace(today, pregnancy_on=today.on - timedelta(days=days))
    assert ("pregnancy" in {found.code for found in unmet(today, START)}) is asked_again


@pytest.mark.parametrize(
    ("setting", "sex", "born", "asked_now"),
    [
        ("female", "female", 1980, True),
        ("female", "unknown", 1980, False),
        ("not_male", "unknown", 1980, True),
        ("not_male", "male", 1980, False),
        ("all", "male", 1980, True),
        ("never", "female", 1980, False),
        ("female", "female", 1960, False),
        ("female", "female", 2010, False),
    ],
)
def test_who_is_asked(setting: str, sex: str, born: int, asked_now: bool) -> None:
    policy = PreDosePolicy(pregnancy=setting)
    today = TODAY(policy=policy, sex=sex, birth_date=date(born, 5, 17))
    assert ("pregnancy" in {found.code for found in unmet(today, START)}) is asked_now


def TODAY(**values: Any) -> Today:  # noqa: N802  reads as a value
    fields: dict[str, Any] = {
        "check": None,
        "visit": (),
        "first_dose": None,
        "settings": Settings(),
        "policy": PreDosePolicy(),
        "on": date(2026, 11, 23),
        "birth_date": date(1980, 5, 17),
        "sex": "female",
    }
    return Today(**fields | values)


# blood pressure before the dose


@pytest.mark.parametrize(("systolic", "diastolic"), [(141, 80), (120, 91)])
def test_a_high_pressure_is_decided_knowing_the_value(
    visit: Visit, systolic: int, diastolic: int
) -> None:
    visit.arrive()
    visit.check()
    predose.decide(visit.pk, "Before anybody measured", by=visit.prescriber)
    visit.clock.forward(minutes=1)
    visit.measure(systolic=systolic, diastolic=diastolic)
    assert f"{systolic}/{diastolic} is over 140/90: repeat it after 5 minutes" in refused(visit)
    visit.clock.forward(minutes=5)
    visit.measure(systolic=systolic, diastolic=diastolic)
    assert f"{systolic}/{diastolic} is over 140/90. A prescriber decides" in refused(visit)
    visit.clock.forward(minutes=1)
    predose.decide(visit.pk, "White coat, benefit outweighs", by=visit.prescriber)
    visit.clear()


def test_a_reason_typed_with_the_answers_is_about_them_alone(visit: Visit) -> None:
    visit.arrive()
    answers = {**ANSWERS, "no_food_2h": "no"}
    predose.complete(visit.pk, answers, by=visit.prescriber, decision_reason="Half a biscuit")
    visit.clock.forward(minutes=1)
    visit.measure(systolic=150)
    with pytest.raises(ValidationError, match="150/78 is over 140/90"):
        predose.complete(visit.pk, answers, by=visit.prescriber, decision_reason="Half a biscuit")
    visit.clock.forward(minutes=1)
    visit.measure(systolic=130)
    visit.clear()


def test_the_limits_themselves_pass(visit: Visit) -> None:
    visit.arrive()
    visit.check()
    visit.measure(systolic=140, diastolic=90)
    visit.clear()
    assert visit.status == Status.CLEARED


@pytest.mark.parametrize("measure", ["spo2", "sedation"])
def test_a_baseline_is_whole_or_says_why_not(visit: Visit, measure: str) -> None:
    visit.arrive()
    visit.check()
    visit.measure(**{measure: None})
    assert "before the dose: record it" in refused(visit)
    visit.measure(**{measure: None}, not_obtained="Probe broken")
    visit.clear()


def test_yesterdays_check_is_too_old_after_a_new_arrival(visit: Visit) -> None:
    visit.arrive()
    visit.check()
    visit.measure()
    take_step(visit.pk, Status.PLANNED, by=visit.nurse, reason="Wrong patient")
    visit.clock.forward(hours=20)
    visit.arrive()
    words = refused(visit)
    assert "pre-dose check is not done" in words
    assert "No blood pressure" in words


def test_the_check_belongs_before_the_dose(visit: Visit) -> None:
    visit.be_monitored()
    with pytest.raises(ValidationError, match="between arrival and the dose"):
        visit.check()


def test_the_front_desk_checks_nothing(visit: Visit, front_desk: User) -> None:
    visit.arrive()
    with pytest.raises(PermissionDenied):
        predose.complete(visit.pk, ANSWERS, by=front_desk)


def test_a_stop_is_not_lifted_by_answering_again_without_a_word(visit: Visit) -> None:
    visit.arrive()
    visit.check(substance_use_today="yes")
    with pytest.raises(ValidationError, match="Say what changed"):
        visit.check()
    visit.check(note="Misheard: it was yesterday")
    assert visit.row.predose_checks.count() == 2


OTHER_FIELDS = {field.name for field in PreDoseCheck._meta.fields}
STOPPING = [code for code, question in QUESTIONS.items() if question.choices[-1].stop]


@pytest.mark.parametrize("code", STOPPING)
def test_the_answer_that_stops_is_the_last_and_says_so(code: str) -> None:
    first, *_, last = choices_of(code)
    assert "stops the dose" in last[1]
    assert "stops the dose" not in first[1]


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
def test_every_question_names_its_source_and_its_passing_answer_stops_nothing(
    question: Question,
) -> None:
    assert question.source.text
    assert not question.choices[0].stop
    assert all(choice.words for choice in question.choices)


@pytest.mark.parametrize("code", QUESTIONS)
def test_a_column_takes_every_answer_of_its_question(code: str) -> None:
    for choice in QUESTIONS[code].choices:
        PreDoseCheck(**{code: choice.answer}).clean_fields(exclude=OTHER_FIELDS - {code})


def pressure_codes(*readings: Any, now: datetime = START, **values: Any) -> list[str]:
    found = unmet(TODAY(visit=readings, sex="male", **values), now)
    return [one.code for one in found if one.code not in {"predose_check", "baseline"}]


@pytest.mark.parametrize(
    ("readings", "codes"),
    [
        ([bp(-10, 140, 90)], []),
        ([bp(-10, 141, 90)], ["predose_repeat"]),
        ([bp(-10, 141, 90), bp(-6, 145, 80)], ["predose_repeat"]),
        ([bp(-10, 141, 90), bp(-5, 120, 91)], ["predose_bp"]),
        ([bp(-10, 141, 90), bp(-5, 138, 88)], []),
        ([bp(-20, 150, 90), bp(-10, 130, 80), bp(-5, 150, 90)], ["predose_repeat"]),
        ([bp(-5, 138, 88), bp(-5, 150, 88, id=2)], ["predose_repeat"]),
        ([bp(-5, 150, 88), bp(-5, 138, 88, id=2)], ["predose_repeat"]),
        ([bp(-10, 180, 100)], ["predose_critical"]),
        ([bp(-10, 150, 110)], ["predose_critical"]),
        ([bp(-10, 190, 100), bp(-5, 185, 100)], ["predose_critical"]),
        ([bp(-10, 190, 100), bp(-5, 170, 100)], ["predose_bp"]),
        ([bp(-10, 190, 100), bp(-5, 138, 88)], []),
        ([bp(-10, 190, 100), bp(-6, 138, 88)], ["predose_critical"]),
    ],
)
def test_a_high_pressure_is_repeated_and_a_critical_one_waits(
    readings: list[Any], codes: list[str]
) -> None:
    assert pressure_codes(*readings) == codes


@pytest.mark.parametrize(
    ("born", "systolic", "codes"),
    [(1961, 150, []), (1961, 151, ["predose_repeat"]), (1962, 141, ["predose_repeat"])],
)
def test_from_65_the_european_protocol_has_another_limit(
    born: int, systolic: int, codes: list[str]
) -> None:
    europe = Settings(predose_older_age=65)
    found = pressure_codes(bp(-10, systolic, 80), settings=europe, birth_date=date(born, 11, 23))
    assert found == codes


def recent_codes(*readings: Reading, minute: float = 0, **values: Any) -> list[str]:
    found = unmet(TODAY(visit=readings, sex="male", **values), moment(minute))
    return [one.code for one in found if one.code != "predose_check"]


@pytest.mark.parametrize(
    ("minute", "minutes", "codes"),
    [
        (49, 60, []),
        (50, 60, []),
        (50.1, 60, ["baseline_old"]),
        (600, 60, ["baseline_old"]),
        (600, 0, []),
        (20.1, 30, ["baseline_old"]),
    ],
)
def test_what_was_measured_too_long_before_the_first_dose_is_repeated(
    minute: float, minutes: int, codes: list[str]
) -> None:
    settings = Settings(predose_recent_minutes=minutes)
    assert recent_codes(reading(-10), minute=minute, settings=settings) == codes


def test_a_later_device_asks_for_no_new_baseline() -> None:
    assert recent_codes(reading(-10), minute=90, first_dose=moment(0)) == []


@pytest.mark.parametrize(
    ("again", "codes", "words"),
    [
        ({}, [], ""),
        ({"spo2": None}, ["baseline_old"], "Over 60 minutes old: SpO₂."),
        ({"systolic": None, "diastolic": None}, ["baseline_old"], "old: Blood pressure. Measure"),
        ({"sedation": None, "spo2": None}, ["baseline_old"], "old: SpO₂, MOAA/S."),
        ({"sedation": None, "not_obtained": "Asleep"}, [], ""),
        ({"sedation": None, "not_obtained": "x"}, ["baseline_old"], "old: MOAA/S."),
    ],
)
def test_a_repeat_that_leaves_something_out_leaves_that_old(
    again: dict[str, Any], codes: list[str], words: str
) -> None:
    sets = (reading(-30), reading(55, **again))
    assert recent_codes(*sets, minute=60) == codes
    text = " ".join(one.text for one in unmet(TODAY(visit=sets, sex="male"), moment(60)))
    assert words in text


def test_old_values_hold_the_clearance_and_the_first_device_until_repeated(visit: Visit) -> None:
    visit.arrive()
    visit.check()
    visit.measure()
    visit.clock.forward(minutes=61)
    assert "Over 60 minutes old: Blood pressure, SpO₂, MOAA/S. Measure again" in refused(visit)
    visit.measure()
    visit.clear()
    visit.clock.forward(minutes=61)
    with pytest.raises(ValidationError, match="Over 60 minutes old"):
        visit.device()
    visit.measure()
    visit.device()


@pytest.mark.parametrize(
    ("systolic", "diastolic", "words"),
    [(89, 55, "Systolic pressure 89 is under 90"), (92, 49, "Diastolic pressure 49 is under 50")],
)
def test_a_low_pressure_before_the_dose_holds_until_better_or_decided(
    visit: Visit, systolic: int, diastolic: int, words: str
) -> None:
    visit.arrive()
    visit.check()
    visit.measure(systolic=systolic, diastolic=diastolic)
    assert words in refused(visit)
    predose.decide(visit.pk, "Always so low, feels well", by=visit.prescriber)
    visit.clear()


def test_a_low_pressure_that_rose_lets_the_dose_pass(visit: Visit) -> None:
    visit.arrive()
    visit.check()
    visit.measure(systolic=88, diastolic=55)
    visit.clock.forward(minutes=5)
    visit.measure(systolic=104, diastolic=62)
    visit.clear()


def test_nobody_decides_on_a_critical_pressure(visit: Visit) -> None:
    visit.arrive()
    visit.check()
    visit.measure(systolic=185)
    predose.decide(visit.pk, "She is always like that", by=visit.prescriber)
    assert "185/78 is critical" in refused(visit)
    visit.clock.forward(minutes=5)
    visit.measure(systolic=135)
    visit.clear()


def test_a_decision_covers_the_values_it_was_shown_and_no_others(visit: Visit) -> None:
    """A value hidden by a later one comes back when the later one was an error."""
    visit.arrive()
    visit.check()
    visit.measure(systolic=165)
    visit.clock.forward(minutes=5)
    hiding = visit.measure(systolic=142)
    visit.clock.forward(minutes=1)
    predose.decide(visit.pk, "Hardly over", by=visit.prescriber)
    values = record.measured_of(hiding)
    record.correct_vitals(
        hiding,
        values,
        by=visit.nurse,
        observed_at=hiding.observed_at,
        reason="Another patient",
        entered_in_error=True,
    )
    assert "165/78 is over 140/90" in refused(visit)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"sedation": 4}, "MOAA/S 4 is below 5"),
        ({"dissociation": 1}, "Dissociation 1 is above 0"),
        ({"spo2": 93}, "SpO₂ 93 is under 94"),
        ({"spo2": 98, "oxygen_l_min": 2}, "SpO₂ 98 on oxygen"),
    ],
)
def test_a_value_short_of_critical_before_the_dose_is_a_prescribers(
    visit: Visit, values: dict[str, Any], words: str
) -> None:
    visit.arrive()
    visit.check()
    visit.clock.forward(minutes=1)
    visit.measure(**values)
    assert f"{words} before the dose. A prescriber decides, with a reason." in refused(visit)
    visit.clock.forward(minutes=1)
    predose.decide(visit.pk, "As ever with her", by=visit.prescriber)
    visit.clear()


def test_a_better_value_later_needs_no_decision(visit: Visit) -> None:
    visit.arrive()
    visit.check()
    visit.measure(sedation=4, dissociation=1, spo2=93)
    visit.clock.forward(minutes=1)
    visit.measure()
    visit.clear()


def test_a_set_that_leaves_a_value_out_does_not_better_it(visit: Visit) -> None:
    visit.arrive()
    visit.check()
    visit.measure(sedation=4)
    visit.clock.forward(minutes=1)
    visit.measure(sedation=None)
    assert "MOAA/S 4 is below 5" in refused(visit)
