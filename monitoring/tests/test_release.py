from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from clinic.models import Heartbeat, User
from monitoring.hunter import Exam
from monitoring.models import Discharge
from monitoring.services import (
    discharge,
    emergencies,
    events,
    history,
    missed,
    predose,
    record,
    serotonin,
)
from monitoring.services.discharge import Override, Shown
from monitoring.services.seen import UnseenError
from monitoring.tests.visits import Clock, Visit
from patients.models import Task
from sessions.lifecycle import Status
from sessions.services import corrections, doses


@pytest.fixture
def waiting(visit: Visit) -> Visit:
    """A patient two hours after the last device, escort named and assessed."""
    visit.be_monitored()
    visit.pass_time()
    visit.settle()
    return visit


def test_a_patient_who_meets_the_gate_is_released(waiting: Visit) -> None:
    left = discharge.release(waiting.pk, by=waiting.nurse)
    assert waiting.status == Status.DISCHARGED
    assert all(condition["met"] for condition in left.gate)
    assert left.left_at == waiting.clock.now


def test_one_second_short_of_two_hours_is_too_early(visit: Visit) -> None:
    """INV-4: nobody leaves before the gate is met."""
    visit.be_monitored()
    last = visit.clock.now
    for minutes in (36, 60, 90, 119):
        visit.clock.to(last + timedelta(minutes=minutes))
        visit.measure()
    visit.clock.to(last + timedelta(minutes=119, seconds=59))
    visit.settle()
    with pytest.raises(ValidationError, match="1 of the 120 minutes"):
        discharge.release(visit.pk, by=visit.nurse)
    assert not Discharge.objects.exists()
    visit.clock.to(last + timedelta(minutes=120))
    with pytest.raises(ValidationError, match="The assessment follows the observation"):
        discharge.release(visit.pk, by=visit.nurse)
    discharge.assess(visit.pk, ready=True, by=visit.nurse)
    discharge.release(visit.pk, by=visit.nurse)
    assert visit.status == Status.DISCHARGED


def test_nobody_is_released_while_an_emergency_runs(waiting: Visit) -> None:
    started = emergencies.start(waiting.pk, by=waiting.nurse)
    with pytest.raises(ValidationError, match="An emergency runs"):
        discharge.release(waiting.pk, by=waiting.nurse)
    emergencies.act(started, "stood_down", by=waiting.nurse)
    discharge.release(waiting.pk, by=waiting.nurse)
    assert waiting.status == Status.DISCHARGED


def test_open_signs_of_serotonin_toxicity_keep_the_patient_until_examined_again(
    waiting: Visit,
) -> None:
    serotonin.record(waiting.pk, Exam(exposed=True, tremor=True), by=waiting.nurse)
    with pytest.raises(ValidationError, match="The serotonin check calls for help"):
        discharge.release(waiting.pk, by=waiting.nurse)


def test_time_alone_releases_nobody(visit: Visit) -> None:
    """INV-4: the timer is one condition among others."""
    visit.be_monitored()
    visit.clock.forward(hours=5)
    with pytest.raises(ValidationError) as refused:
        discharge.release(visit.pk, by=visit.nurse)
    words = " ".join(refused.value.messages)
    assert "No clinician has assessed" in words
    assert "escort" in words


def test_a_correction_after_the_assessment_opens_the_gate_again(waiting: Visit) -> None:
    latest = waiting.row.vital_signs.order_by("-observed_at")[0]
    waiting.clock.forward(minutes=1)
    record.correct_vitals(
        latest,
        record.Measured(systolic=172, diastolic=104, spo2=98, sedation=5, dissociation=0),
        by=waiting.nurse,
        observed_at=latest.observed_at,
        reason="Digits swapped",
    )
    with pytest.raises(ValidationError) as refused:
        discharge.release(waiting.pk, by=waiting.nurse)
    assert any("172/104" in message for message in refused.value.messages)
    assert any("assess again" in message for message in refused.value.messages)


def test_a_prescriber_and_a_second_person_override(visit: Visit) -> None:
    visit.be_monitored()
    override = Override("Ambulance strike tonight", visit.nurse)
    left = discharge.release(visit.pk, by=visit.prescriber, override=override)
    assert visit.status == Status.DISCHARGED
    assert left.second_person == visit.nurse
    assert "120 of the 120 minutes" in " ".join(left.unmet)


def test_nobody_overrides_alone(visit: Visit) -> None:
    """INV-4: an override takes two."""
    visit.be_monitored()
    with pytest.raises(ValidationError, match="somebody else"):
        discharge.release(
            visit.pk,
            by=visit.prescriber,
            override=Override("On her own wish", visit.prescriber),
        )
    assert visit.status == Status.MONITORING


@pytest.mark.parametrize("second", ["outsider", "auditor", "front_desk", "administrator"])
def test_who_may_not_witness_an_override(
    second: str, visit: Visit, request: pytest.FixtureRequest
) -> None:
    visit.be_monitored()
    person = request.getfixturevalue(second)
    with pytest.raises(ValidationError, match="somebody else of this clinic"):
        discharge.release(
            visit.pk, by=visit.prescriber, override=Override("On her own wish", person)
        )


@pytest.mark.parametrize("reason", [" – ", "Strike", "1234567890", "a b c d e f g"])
def test_an_override_needs_words(visit: Visit, reason: str) -> None:
    visit.be_monitored()
    with pytest.raises(ValidationError, match="10 characters or more"):
        discharge.release(visit.pk, by=visit.prescriber, override=Override(reason, visit.nurse))


def test_an_override_before_the_last_device_says_to_finish_the_dose(visit: Visit) -> None:
    visit.be_cleared()
    visit.device()
    override = Override("Ambulance strike tonight", visit.nurse)
    with pytest.raises(ValidationError, match="First finish the dose"):
        discharge.release(visit.pk, by=visit.prescriber, override=override)
    assert visit.status == Status.DOSING


def test_what_is_done_already_is_said_so(waiting: Visit) -> None:
    discharge.release(waiting.pk, by=waiting.nurse)
    with pytest.raises(ValidationError, match="already been done: the session is “Discharged”"):
        discharge.release(waiting.pk, by=waiting.nurse)


@pytest.mark.parametrize("reason", [".", "–", "1"])
def test_a_decision_needs_words(visit: Visit, reason: str) -> None:
    visit.be_monitored()
    with pytest.raises(ValidationError, match="Say in words") as refused:
        discharge.assess(visit.pk, ready=True, by=visit.nurse, decisions={"bp_high": reason})
    assert set(refused.value.message_dict) == {"decide_bp_high"}


def test_nobody_overrides_what_was_not_shown(visit: Visit) -> None:
    visit.be_monitored()
    shown = Shown(frozenset({"minimum_time"}), history.load(visit.fresh()).rows)
    override = Override("Ambulance strike tonight", visit.nurse, shown)
    with pytest.raises(UnseenError, match="Nobody is named to take the patient home"):
        discharge.release(visit.pk, by=visit.prescriber, override=override)
    assert visit.status == Status.MONITORING


def correct_last_device(visit: Visit) -> None:
    last = visit.row.doses.order_by("-number")[0]
    earlier = last.given_at - timedelta(minutes=1)
    device = doses.Device(lot="L1", given_at=earlier, reason="Misread")
    corrections.correct_device(last, device, by=visit.nurse)


@pytest.mark.parametrize(
    "happens",
    [
        lambda visit: events.report(
            visit.pk, events.Reported("Seizure", "severe"), by=visit.prescriber
        ),
        lambda visit: visit.measure(spo2=92),
        correct_last_device,
    ],
    ids=["event", "reading", "dose"],
)
def test_nobody_overrides_a_row_that_came_while_the_form_was_open(
    visit: Visit, happens: Callable[[Visit], Any]
) -> None:
    visit.be_monitored()
    events.report(visit.pk, events.Reported("Nausea", "mild"), by=visit.nurse)
    visit.clock.forward(minutes=5)
    visit.measure(spo2=93)
    record = history.load(visit.fresh())
    codes = frozenset(condition.code for condition in record.gate(visit.clock.now).unmet)
    happens(visit)
    override = Override("Ambulance strike tonight", visit.nurse, Shown(codes, record.rows))
    with pytest.raises(UnseenError, match="More was recorded since you looked"):
        discharge.release(visit.pk, by=visit.prescriber, override=override)
    assert visit.status == Status.MONITORING


def test_where_all_is_met_nothing_is_overridden(waiting: Visit) -> None:
    override = Override("Ambulance strike tonight", waiting.nurse)
    with pytest.raises(ValidationError, match="without an override"):
        discharge.release(waiting.pk, by=waiting.prescriber, override=override)


def test_the_front_desk_releases_nobody(waiting: Visit, front_desk: User) -> None:
    with pytest.raises(PermissionDenied):
        discharge.release(waiting.pk, by=front_desk)


def test_a_departure_that_has_happened_is_recorded_outside_the_gate(visit: Visit) -> None:
    visit.be_monitored()
    gone_at = visit.clock.now + timedelta(minutes=30)
    visit.clock.forward(minutes=45)
    left = discharge.record_departure(
        visit.pk, left_at=gone_at, reason="Went out for a smoke", by=visit.nurse
    )
    assert visit.fresh().ended_at == gone_at
    assert left.outside_gate
    task = Task.objects.get(kind=Task.Kind.OUTSIDE_GATE)
    assert task.role == "prescriber"


def test_a_departure_without_a_time_is_now(visit: Visit) -> None:
    visit.be_monitored()
    left = discharge.record_departure(visit.pk, reason="Went out for a smoke", by=visit.nurse)
    assert left.left_at == visit.clock.now


@pytest.mark.parametrize("reason", ["", "  ", "–"])
def test_a_departure_needs_words(visit: Visit, reason: str) -> None:
    visit.be_monitored()
    with pytest.raises(ValidationError, match="Say why"):
        discharge.record_departure(visit.pk, reason=reason, by=visit.nurse)
    assert visit.status == Status.MONITORING


def test_a_jump_of_the_clock_stops_a_timed_release(waiting: Visit, clock: Clock) -> None:
    jump = {"jumped_at": clock.now, "jump_seconds": 7200}
    Heartbeat.objects.create(name="sweep", beat_at=clock.now, monotonic=1, boot_id="b", **jump)
    with pytest.raises(ValidationError, match="clock jumped"):
        discharge.release(waiting.pk, by=waiting.nurse)


def test_a_missed_reading_is_settled_by_its_reason(visit: Visit) -> None:
    visit.be_monitored()
    last = visit.clock.now
    for minutes in (70, 90, 121):
        visit.clock.to(last + timedelta(minutes=minutes))
        visit.measure()
    visit.settle()
    with pytest.raises(ValidationError, match="say why it was missed"):
        discharge.release(visit.pk, by=visit.nurse)
    label = missed.explainable(history.load(visit.fresh()), visit.clock.now)[0]
    missed.settle(visit.pk, label, "The cuff failed", by=visit.nurse)
    discharge.release(visit.pk, by=visit.nurse)
    assert visit.status == Status.DISCHARGED


def test_only_a_prescriber_decides_on_sedation(visit: Visit) -> None:
    visit.arrive()
    visit.check()
    visit.measure(sedation=4)
    predose.decide(visit.pk, "Drowsy by nature", by=visit.prescriber)
    visit.clear()
    visit.clock.forward(minutes=1)
    visit.device()
    visit.clock.forward(minutes=5)
    visit.device()
    last = visit.clock.now
    for minutes in (36, 60, 90, 120):
        visit.clock.to(last + timedelta(minutes=minutes))
        visit.measure(sedation=4)
    with pytest.raises(ValidationError, match="Only a prescriber"):
        discharge.assess(visit.pk, ready=True, by=visit.nurse, decisions={"sedation": "As always"})
    discharge.name_escort(visit.pk, kind="adult", name="Sam", by=visit.nurse)
    discharge.assess(visit.pk, ready=True, by=visit.prescriber, decisions={"sedation": "As always"})
    discharge.release(visit.pk, by=visit.nurse)
    assert visit.status == Status.DISCHARGED
