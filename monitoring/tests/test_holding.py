"""What critical values hold, and what lifts them: the rule, then the gate under the lock."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from monitoring.holding import hold
from monitoring.readings import Settings
from monitoring.services import emergencies, events, predose, record
from monitoring.services.events import Reported
from monitoring.tests.builders import at, bp, reading, without
from monitoring.tests.visits import ANSWERS, Clock, Visit
from patients.models import Task
from sessions.lifecycle import Status
from sessions.models import TreatmentSession
from sessions.services import infusions

SETTINGS = Settings()
FIRST = at(0)


def measures(*readings: Any) -> list[str]:
    found = hold(readings, FIRST, SETTINGS)
    return [alert.measure for alert in found.alerts] if found else []


@pytest.mark.parametrize(
    ("values", "held"),
    [
        ({"systolic": 179, "diastolic": 109}, []),
        ({"systolic": 180}, ["systolic"]),
        ({"diastolic": 110, "spo2": 89}, ["diastolic", "spo2"]),
        ({"spo2": 90}, []),
        ({"sedation": 2}, ["sedation"]),
        ({"resp_rate": 7}, ["resp_rate"]),
    ],
)
def test_the_templates_alert_limits_hold(values: dict[str, int], held: list[str]) -> None:
    assert measures(reading(-10), reading(5, **values)) == held


def test_a_later_value_within_limits_lifts_the_hold() -> None:
    assert measures(bp(5, 185, 95), bp(10, 150, 85)) == []


def test_a_set_that_leaves_the_measure_out_lifts_nothing() -> None:
    assert measures(reading(5, spo2=85), without(reading(10), "spo2")) == ["spo2"]


@pytest.mark.parametrize(("minute", "held"), [(9, ["systolic"]), (10, []), (30, [])])
def test_a_recheck_lifts_the_hold_from_the_minutes_of_a_repeat(
    minute: int, held: list[str]
) -> None:
    readings = [bp(5, 185, 95), bp(minute, 150, 85)]
    found = hold(readings, FIRST, SETTINGS, timedelta(minutes=5))
    assert [alert.measure for alert in (found.alerts if found else ())] == held


def test_two_early_rechecks_lift_nothing_and_a_third_one_does() -> None:
    readings = [reading(5, spo2=85), reading(7, spo2=96), reading(9, spo2=96)]
    repeat = timedelta(minutes=5)
    assert hold(readings, FIRST, SETTINGS, repeat)
    assert hold([*readings, reading(10, spo2=96)], FIRST, SETTINGS, repeat) is None


def test_an_early_recheck_within_limits_lets_no_device_pass(held: Visit) -> None:
    held.clock.forward(minutes=4)
    held.measure(systolic=150)
    with pytest.raises(ValidationError, match="185 is at or over 180.*5 minutes after it"):
        held.device()
    held.clock.forward(minutes=1)
    held.measure(systolic=150)
    held.device()


def test_of_two_values_of_one_time_each_has_to_be_good() -> None:
    assert measures(bp(5, 185, 95), bp(5, 130, 80, id=2)) == ["systolic"]


def test_oxygen_makes_no_value_good() -> None:
    low = reading(5, spo2=85)
    assert measures(low, reading(10, spo2=97, oxygen_l_min=Decimal(4))) == ["spo2"]
    assert measures(low, reading(10, spo2=97)) == []


def test_a_value_that_is_low_on_oxygen_holds() -> None:
    assert measures(reading(5, spo2=85, oxygen_l_min=Decimal(2))) == ["spo2"]


def test_pressure_before_the_first_dose_is_the_pre_dose_checks() -> None:
    assert measures(bp(-10, 185, 95)) == []
    assert measures(reading(-10, spo2=85)) == ["spo2"]


def test_a_recheck_is_due_within_the_templates_minutes() -> None:
    found = hold([bp(5, 185, 95)], FIRST, SETTINGS)
    assert found is not None
    assert found.recheck_by == at(5) + timedelta(minutes=SETTINGS.overdue_after_minutes)


# under the lock


@pytest.fixture
def held(visit: Visit) -> Visit:
    """One device given, then 185/95."""
    visit.be_cleared()
    visit.clock.forward(minutes=3)
    visit.device()
    visit.clock.forward(minutes=5)
    visit.measure(systolic=185, diastolic=95)
    return visit


def test_no_device_follows_a_critical_value(held: Visit) -> None:
    with pytest.raises(ValidationError, match="Systolic pressure 185 is at or over 180"):
        held.device()
    held.clock.forward(minutes=5)
    held.measure(systolic=150)
    held.device()
    assert held.status == Status.MONITORING


def test_a_prescriber_decides_to_go_on_with_a_reason(held: Visit) -> None:
    held.clock.forward(minutes=1)
    with pytest.raises(PermissionDenied):
        predose.decide(held.pk, "She is calm", by=held.nurse)
    with pytest.raises(ValidationError, match="Say why"):
        predose.decide(held.pk, " – ", by=held.prescriber)
    decision = predose.decide(held.pk, "Pain at the cuff", by=held.prescriber)
    held.device()
    assert (decision.decided_by, held.status) == (held.prescriber, Status.MONITORING)


def test_a_decision_covers_no_value_that_came_later(held: Visit) -> None:
    predose.decide(held.pk, "Pain at the cuff", by=held.prescriber)
    held.clock.forward(minutes=1)
    held.measure(systolic=190, diastolic=95)
    with pytest.raises(ValidationError, match="190"):
        held.device()


def test_a_reason_typed_with_the_answers_lifts_no_hold(held: Visit) -> None:
    answers = {**ANSWERS, "no_food_2h": "no"}
    with pytest.raises(ValidationError, match="185 is at or over 180.*then decide on all of it"):
        predose.complete(held.pk, answers, by=held.prescriber, decision_reason="Had a biscuit")
    with pytest.raises(ValidationError, match="185"):
        held.device()


def test_a_corrected_slip_holds_nothing(held: Visit) -> None:
    wrong = held.row.vital_signs.get(systolic=185)
    right = record.Measured(systolic=135, diastolic=95, spo2=98, sedation=5)
    at = wrong.observed_at
    record.correct_vitals(wrong, right, by=held.nurse, observed_at=at, reason="Typed 185")
    held.device()


def test_a_device_given_all_the_same_is_recorded_outside_the_gate(held: Visit) -> None:
    held.device(outside_gate=True, reason="It was in the nose already")
    assert held.fresh().outside_gate


def test_low_saturation_before_the_dose_holds_the_first_device(visit: Visit) -> None:
    visit.arrive()
    visit.check()
    visit.measure(spo2=88)
    with pytest.raises(ValidationError, match="SpO2 88 is under 90"):
        visit.clear()


@pytest.fixture
def between(visit: Visit) -> Visit:
    """One device given, five minutes ago."""
    visit.be_cleared()
    visit.clock.forward(minutes=3)
    visit.device()
    visit.clock.forward(minutes=5)
    return visit


def test_no_device_follows_a_severe_event(between: Visit) -> None:
    events.report(between.pk, Reported("Chest pain", "severe"), by=between.nurse)
    with pytest.raises(ValidationError, match="“Chest pain”.*has not ended"):
        between.device()
    with pytest.raises(PermissionDenied):
        predose.decide(between.pk, "It is a muscle", by=between.nurse)
    predose.decide(between.pk, "It is a muscle", by=between.prescriber)
    between.device()


def test_a_mild_event_only_warns(between: Visit) -> None:
    events.report(between.pk, Reported("Nausea", "mild"), by=between.nurse)
    between.device()


def test_a_decision_covers_no_event_that_came_later(between: Visit) -> None:
    events.report(between.pk, Reported("Chest pain", "severe"), by=between.nurse)
    predose.decide(between.pk, "It is a muscle", by=between.prescriber)
    emergencies.start(between.pk, by=between.nurse)
    with pytest.raises(ValidationError, match="An emergency runs"):
        between.device()


@pytest.fixture
def dripping(nurse: Any, prescriber: Any, clock: Clock) -> Visit:
    """An infusion of 57 mL/h for ten minutes, then a saturation of 90 %, which is under its 92."""
    drip = {"mg_per_kg": Decimal("0.5"), "weight_kg": 76, "infusion_minutes": 40}
    order = {"mg": 38, "concentration_mg_ml": 1, **drip}
    visit = Visit(nurse, prescriber, clock, key="ketamine-iv-twice-weekly", order=order)
    visit.be_cleared()
    visit.second_check()
    typed = infusions.Infusion("A1", Decimal(57), Decimal(1), Decimal(38))
    infusions.start(visit.pk, typed, by=nurse)
    visit.clock.forward(minutes=10)
    visit.measure(spo2=90)
    return visit


def change(visit: Visit, kind: str, **typed: Any) -> None:
    outside = typed.pop("outside_gate", False)
    told = infusions.Change(kind, **{"reason": "Low saturation", **typed})
    infusions.change(visit.pk, told, by=visit.nurse, outside_gate=outside)


def test_an_infusion_is_not_resumed_nor_sped_up_while_held(dripping: Visit) -> None:
    with pytest.raises(ValidationError, match="SpO2 90 is under 92"):
        change(dripping, "rate", rate_ml_h=Decimal(60))
    change(dripping, "rate", rate_ml_h=Decimal(30))
    change(dripping, "pause")
    with pytest.raises(ValidationError, match="SpO2 90 is under 92"):
        change(dripping, "resume", rate_ml_h=Decimal(20))
    dripping.clock.forward(minutes=5)
    dripping.measure(spo2=96)
    change(dripping, "resume", rate_ml_h=Decimal(20))


def test_an_infusion_is_not_resumed_in_an_emergency(dripping: Visit) -> None:
    dripping.clock.forward(minutes=5)
    dripping.measure(spo2=96)
    change(dripping, "pause")
    emergencies.start(dripping.pk, by=dripping.nurse)
    with pytest.raises(ValidationError, match="An emergency runs"):
        change(dripping, "resume", rate_ml_h=Decimal(20))


def test_an_infusion_stops_while_held(dripping: Visit) -> None:
    change(dripping, "stop", given_ml=Decimal(9))
    assert dripping.status == Status.MONITORING


def test_an_infusion_resumed_already_is_recorded_and_reviewed(dripping: Visit) -> None:
    change(dripping, "pause")
    with pytest.raises(ValidationError, match="outside the gate"):
        change(dripping, "resume", rate_ml_h=Decimal(20), outside_gate=True, reason=" ")
    change(dripping, "resume", rate_ml_h=Decimal(20), outside_gate=True)
    assert TreatmentSession.objects.get(pk=dripping.pk).outside_gate
    assert "resumed outside the gate" in Task.objects.get(kind=Task.Kind.OUTSIDE_GATE).text
