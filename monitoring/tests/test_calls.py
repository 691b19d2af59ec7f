"""Critical values wait for a nurse and for a prescriber: the rule, then the services."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction

from clinic.audit import acting
from clinic.models import User
from clinic.roles import Role
from clinic.tests.factories import make_staff
from monitoring.alerts import critical, standing
from monitoring.calls import Calls, acknowledged_of, as_rows, calls
from monitoring.guards import signed_rows
from monitoring.models import CriticalAcknowledgement
from monitoring.readings import Reading, Settings
from monitoring.services import critical as service
from monitoring.services import events, history, predose, record, seen
from monitoring.tests.builders import at, bp, reading
from monitoring.tests.builders import history as history_of
from monitoring.tests.visits import Visit
from patients.models import Task
from sessions.services import infusions

BEFORE = bp(-10, 120, 80)
HIGH = bp(40, 185, 90)


def found(*sets: Reading, now: float = 90) -> Any:
    return critical(standing(history_of(BEFORE, *sets), Settings(), at(now)))


def after(*sets: Reading, seen_at: tuple[Reading, ...] = (HIGH,), how: str = "prescriber") -> Calls:
    known = acknowledged_of(how, as_rows(found(*seen_at)))
    return calls(found(*sets), [known])


def test_a_critical_value_waits_for_both() -> None:
    waiting = calls(found(HIGH), [])
    assert (len(waiting.unseen), len(waiting.waiting)) == (1, 1)


def test_a_nurse_who_saw_it_leaves_the_call_open() -> None:
    waiting = after(HIGH, how="seen")
    assert (waiting.unseen, len(waiting.waiting)) == ((), 1)


@pytest.mark.parametrize("how", ["prescriber", "informed"])
def test_a_prescriber_who_knows_ends_the_call(how: str) -> None:
    assert after(HIGH, how=how) == Calls()


@pytest.mark.parametrize(
    ("systolic", "asks"), [(179, False), (180, True), (182, True), (185, True), (200, True)]
)
def test_each_new_critical_reading_asks_also_an_equal_or_better_one(
    systolic: int, asks: bool
) -> None:
    waiting = after(HIGH, bp(50, systolic, 90))
    assert (bool(waiting.unseen), bool(waiting.waiting)) == (asks, asks)


@pytest.mark.parametrize(("systolic", "asks"), [(185, False), (182, False), (186, True)])
def test_a_correction_of_what_was_seen_asks_only_when_it_is_worse(
    systolic: int, asks: bool
) -> None:
    assert bool(after(bp(40, systolic, 90)).waiting) == asks


def test_a_lower_saturation_is_worse() -> None:
    low = reading(40, spo2=88)
    assert after(reading(40, spo2=89), seen_at=(low,)) == Calls()
    assert after(reading(40, spo2=87), seen_at=(low,)).waiting


def test_another_measure_asks_again() -> None:
    waiting = after(HIGH, bp(50, 185, 112))
    assert [alert.measure for alert in waiting.waiting] == ["systolic", "diastolic"]
    seen_at = bp(40, 185, 90)
    assert [a.measure for a in after(bp(40, 185, 112), seen_at=(seen_at,)).waiting] == ["diastolic"]


def test_a_value_that_was_fine_in_between_asks_again() -> None:
    assert after(HIGH, bp(50, 150, 90), bp(60, 181, 90)).waiting
    assert after(HIGH, bp(50, 150, 90)) == Calls()


def test_a_set_without_the_measure_changes_nothing() -> None:
    assert after(HIGH, bp(50, None, None)) == Calls()


# services


@pytest.fixture
def alarmed(visit: Visit) -> Visit:
    visit.be_monitored()
    visit.clock.forward(minutes=36)
    visit.measure(systolic=185, diastolic=95)
    return visit


def open_tasks(visit: Visit) -> list[Task]:
    return list(Task.objects.open().filter(kind=Task.Kind.CRITICAL, source_id=visit.row.public_id))


def calls_of(visit: Visit) -> Calls:
    return history.load(visit.fresh()).calls(visit.clock.now)


def test_a_critical_value_asks_a_prescriber_once_and_names_no_value(alarmed: Visit) -> None:
    alarmed.clock.forward(minutes=3)
    alarmed.measure(systolic=190, diastolic=95)
    (task,) = open_tasks(alarmed)
    assert (task.role, task.patient) == (Role.PRESCRIBER, alarmed.patient)
    assert "185" not in task.text


def test_a_nurse_acknowledges_and_the_prescriber_is_still_called(alarmed: Visit) -> None:
    row = service.acknowledge(alarmed.pk, "Lies down", by=alarmed.nurse)
    assert (row.how, row.by) == ("seen", alarmed.nurse)
    assert calls_of(alarmed).unseen == ()
    assert calls_of(alarmed).waiting
    assert open_tasks(alarmed)


def test_a_prescriber_acknowledges_and_the_task_is_closed(alarmed: Visit) -> None:
    row = service.acknowledge(alarmed.pk, "Seen at the chair", by=alarmed.prescriber)
    assert (row.how, row.alerts[0]["value"]) == ("prescriber", "185")
    assert calls_of(alarmed) == Calls()
    assert open_tasks(alarmed) == []


def test_a_nurse_records_who_was_informed_by_phone(alarmed: Visit) -> None:
    told_at = alarmed.clock.now - timedelta(minutes=1)
    row = service.acknowledge(
        alarmed.pk, "Recheck in 5 min", by=alarmed.nurse, informed_name="Dr Vo", informed_at=told_at
    )
    assert (row.how, row.informed_name, row.informed_at) == ("informed", "Dr Vo", told_at)
    assert calls_of(alarmed) == Calls()
    assert open_tasks(alarmed) == []


def test_a_second_acknowledgement_by_a_nurse_has_to_name_a_prescriber(alarmed: Visit) -> None:
    service.acknowledge(alarmed.pk, "Lies down", by=alarmed.nurse)
    with pytest.raises(ValidationError, match="Name the prescriber who was informed"):
        service.acknowledge(alarmed.pk, "Lies down", by=alarmed.nurse)
    service.acknowledge(alarmed.pk, "Called", by=alarmed.nurse, informed_name="Dr Vo")


@pytest.mark.parametrize("systolic", [182, 185, 195])
def test_each_new_critical_value_calls_again(alarmed: Visit, systolic: int) -> None:
    service.acknowledge(alarmed.pk, "Seen", by=alarmed.prescriber)
    assert open_tasks(alarmed) == []
    alarmed.clock.forward(minutes=5)
    alarmed.measure(systolic=systolic, diastolic=95)
    assert len(open_tasks(alarmed)) == 1
    assert calls_of(alarmed).unseen


def test_a_correction_that_removes_the_value_ends_the_call(alarmed: Visit) -> None:
    wrong = alarmed.row.vital_signs.get(systolic=185)
    right = record.Measured(systolic=135, diastolic=95, spo2=98, sedation=5)
    record.correct_vitals(
        wrong, right, by=alarmed.nurse, observed_at=wrong.observed_at, reason="Typed 185"
    )
    assert calls_of(alarmed) == Calls()
    assert open_tasks(alarmed) == []
    with pytest.raises(ValidationError, match="nothing to acknowledge"):
        service.acknowledge(alarmed.pk, "Seen", by=alarmed.nurse)


def test_a_correction_to_a_worse_value_calls_again(alarmed: Visit) -> None:
    service.acknowledge(alarmed.pk, "Seen", by=alarmed.prescriber)
    wrong = alarmed.row.vital_signs.get(systolic=185)
    worse = record.Measured(systolic=188, diastolic=95, spo2=98, sedation=5)
    record.correct_vitals(
        wrong, worse, by=alarmed.nurse, observed_at=wrong.observed_at, reason="Misread"
    )
    assert calls_of(alarmed).waiting
    assert len(open_tasks(alarmed)) == 1


def test_nobody_acknowledges_what_they_have_not_seen(alarmed: Visit) -> None:
    record_ = history.load(alarmed.fresh())
    shown = service.digest(record_.critical(alarmed.clock.now))
    alarmed.clock.forward(minutes=1)
    alarmed.measure(systolic=200, diastolic=95)
    with pytest.raises(seen.UnseenError, match="changed since you looked"):
        service.acknowledge(alarmed.pk, "Seen", by=alarmed.prescriber, shown=shown)


def test_an_acknowledgement_says_what_was_done(alarmed: Visit) -> None:
    with pytest.raises(ValidationError, match="Say what was done"):
        service.acknowledge(alarmed.pk, " – ", by=alarmed.nurse)


def test_a_prescriber_was_not_informed_in_the_future(alarmed: Visit) -> None:
    later = alarmed.clock.now + timedelta(minutes=10)
    with pytest.raises(ValidationError, match="lies ahead"):
        service.acknowledge(
            alarmed.pk, "Called", by=alarmed.nurse, informed_name="Dr Vo", informed_at=later
        )


def test_the_front_desk_acknowledges_nothing(alarmed: Visit, clinic: Any) -> None:
    with pytest.raises(PermissionDenied):
        service.acknowledge(alarmed.pk, "Seen", by=make_staff(clinic, Role.FRONT_DESK))


def test_a_decision_to_treat_on_is_a_prescribers_acknowledgement(visit: Visit) -> None:
    visit.be_cleared()
    visit.clock.forward(minutes=3)
    visit.device()
    visit.clock.forward(minutes=5)
    visit.measure(systolic=185, diastolic=95)
    visit.clock.forward(minutes=1)
    predose.decide(visit.pk, "Pain at the cuff", by=visit.prescriber)
    assert calls_of(visit) == Calls()
    assert open_tasks(visit) == []


def test_a_decision_about_something_else_acknowledges_no_critical_value(visit: Visit) -> None:
    visit.arrive()
    visit.check(substance_use_today="yes")
    visit.measure(systolic=185, diastolic=95)
    assert open_tasks(visit)
    decided = predose.decide(visit.pk, "One glass of wine at noon", by=visit.prescriber)
    assert decided.decided_by == visit.prescriber
    assert not CriticalAcknowledgement.objects.exists()
    assert calls_of(visit).unseen == calls_of(visit).waiting != ()
    assert open_tasks(visit)


def test_a_decision_acknowledges_the_values_that_it_showed_and_no_others(visit: Visit) -> None:
    visit.arrive()
    visit.check()
    visit.measure(systolic=185, diastolic=95, spo2=88)
    predose.decide(visit.pk, "The probe was cold", by=visit.prescriber)
    (row,) = CriticalAcknowledgement.objects.all()
    assert [alert["measure"] for alert in row.alerts] == ["spo2"]
    assert {alert.measure for alert in calls_of(visit).waiting} == {"systolic"}
    assert open_tasks(visit)


def test_a_symptom_makes_a_rise_critical_during_an_infusion(
    nurse: User, prescriber: User, clock: Any
) -> None:
    order = {
        "mg": 38,
        "mg_per_kg": Decimal("0.5"),
        "weight_kg": 76,
        "infusion_minutes": 40,
        "concentration_mg_ml": 1,
    }
    visit = Visit(nurse, prescriber, clock, key="ketamine-iv-twice-weekly", order=order)
    visit.be_cleared()
    start_drip(visit)
    visit.clock.forward(minutes=15)
    visit.measure(systolic=156, diastolic=90)
    assert open_tasks(visit) == []
    event = events.report(visit.pk, events.Reported("Headache", "moderate"), by=nurse)
    assert len(open_tasks(visit)) == 1
    held = predose.guard(visit.fresh(), visit.clock.now)
    assert "with symptoms: Headache" in " ".join(one.text for one in held)
    events.resolve(event, "Gone", by=nurse)
    assert open_tasks(visit) == []
    assert [one.code for one in predose.guard(visit.fresh(), visit.clock.now)] == []


def start_drip(visit: Visit) -> None:
    visit.second_check()
    typed = infusions.Infusion("A1", Decimal(57), Decimal(1), Decimal(38))
    infusions.start(visit.pk, typed, by=visit.nurse)


def test_the_database_wants_a_name_and_a_time_of_who_was_informed(alarmed: Visit) -> None:
    with (
        pytest.raises(IntegrityError, match="an_informed_prescriber"),
        acting(alarmed.nurse),
        transaction.atomic(),
    ):
        CriticalAcknowledgement.objects.create(
            treatment_session=alarmed.row,
            how="informed",
            alerts=[],
            action="Called",
            by=alarmed.nurse,
            at=alarmed.clock.now,
        )


def test_a_signature_vouches_for_acknowledgements(alarmed: Visit) -> None:
    service.acknowledge(alarmed.pk, "Lies down", by=alarmed.nurse)
    kinds = {row["rows"] for row in signed_rows(alarmed.fresh()) if "rows" in row}
    assert "critical_acknowledgements" in kinds
