import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from clinic.models import User
from monitoring.forms.predose import choices_of
from monitoring.services import predose
from monitoring.tests.visits import ANSWERS, Visit
from sessions.lifecycle import Status
from sessions.tests.factories import take_step


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
        ("no_nasal_products_1h", "no", "Nasal spray"),
        ("transport_arranged", "no", "transport"),
        ("substance_use_today", "yes", "Alcohol or drugs"),
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
    assert "identity is not confirmed" in refused(visit)


@pytest.mark.parametrize("question", sorted(ANSWERS))
def test_an_unanswered_question_is_no_answer(visit: Visit, question: str) -> None:
    visit.arrive()
    with pytest.raises(ValidationError, match="one of the two answers"):
        visit.check(**{question: ""})


def test_new_medicines_are_named(visit: Visit) -> None:
    visit.arrive()
    with pytest.raises(ValidationError, match="Name the new medicines"):
        visit.check(new_medicines="yes")
    visit.check(new_medicines="yes", new_medicines_text="Sertraline 50 mg")


@pytest.mark.parametrize(("systolic", "diastolic"), [(141, 80), (120, 91)])
def test_a_high_pressure_is_decided_knowing_the_value(
    visit: Visit, systolic: int, diastolic: int
) -> None:
    visit.arrive()
    visit.check()
    predose.decide(visit.pk, "Before anybody measured", by=visit.prescriber)
    visit.clock.forward(minutes=1)
    visit.measure(systolic=systolic, diastolic=diastolic)
    assert f"{systolic}/{diastolic} is over 140/90" in refused(visit)
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


@pytest.mark.parametrize("name", sorted(predose.STOPS))
def test_the_answer_that_stops_is_the_second_and_says_so(name: str) -> None:
    first, second = choices_of(name)
    assert second[0] == predose.STOPS[name][0]
    assert "stops the dose" in second[1]
    assert "stops the dose" not in first[1]
