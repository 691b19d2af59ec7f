from contextlib import nullcontext
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.urls import reverse

from clinic.audit import acting
from clinic.locks import StaleVersionError
from clinic.models import User
from clinic.tests.factories import TESTS
from monitoring.services import history
from monitoring.tests.visits import Clock, Visit
from patients.models import Consent, Task
from sessions.covered import covered
from sessions.lifecycle import Status
from sessions.models import Dose, InfusionEvent
from sessions.services import corrections, doses, infusions, pumps
from sessions.tests.factories import take_step


def test_two_devices_lead_from_cleared_to_monitoring(visit: Visit) -> None:
    visit.be_cleared()
    visit.device()
    assert visit.status == Status.DOSING
    visit.clock.forward(minutes=5)
    visit.device()
    assert visit.status == Status.MONITORING
    with pytest.raises(ValidationError, match="no device is due"):
        visit.device()


def test_the_second_device_rests_five_minutes(visit: Visit) -> None:
    visit.be_cleared()
    visit.device()
    visit.clock.forward(minutes=4, seconds=59)
    with pytest.raises(ValidationError, match="Less than 5 minutes"):
        visit.device()
    visit.clock.forward(seconds=1)
    visit.device()


def test_a_page_that_asked_for_another_device_is_stale(visit: Visit) -> None:
    visit.be_cleared()
    visit.device(number=1)
    visit.clock.forward(minutes=5)
    with pytest.raises(StaleVersionError):
        visit.device(number=1)


def test_a_faulty_device_is_replaced_by_a_prescriber_with_a_reason(visit: Visit) -> None:
    visit.be_cleared()
    visit.device()
    visit.clock.forward(minutes=5)
    visit.device(outcome=Dose.Outcome.FAULTY)
    assert visit.status == Status.DOSING
    visit.clock.forward(minutes=5)
    with pytest.raises(ValidationError, match="A prescriber orders the replacement"):
        visit.device(reason="It leaked")
    visit.device(by=visit.prescriber, reason="It leaked")
    assert visit.status == Status.MONITORING
    assert visit.row.doses.count() == 3


def test_a_refused_device_begins_nothing(visit: Visit) -> None:
    visit.be_cleared()
    visit.device(outcome=Dose.Outcome.REFUSED)
    assert visit.status == Status.CLEARED
    take_step(visit.pk, Status.LEFT_BEFORE_DOSE, by=visit.nurse, reason="Said no")


def test_a_partial_treatment_goes_on_to_monitoring(visit: Visit) -> None:
    visit.be_cleared()
    visit.device()
    take_step(visit.pk, Status.MONITORING, by=visit.nurse)
    assert visit.status == Status.MONITORING


def test_consent_withdrawn_while_the_form_is_open_stops_the_dose(visit: Visit) -> None:
    """INV-2: the gate is asked under the lock, whatever the page knew."""
    visit.be_cleared()
    with acting(TESTS):
        Consent.objects.filter(patient=visit.patient).update(withdrawn_at=visit.clock.now)
    with pytest.raises(ValidationError, match="No valid consent"):
        visit.device()
    visit.device(outside_gate=True, reason="Given before the message came")
    assert visit.status == Status.DOSING
    assert Task.objects.filter(kind=Task.Kind.OUTSIDE_GATE).exists()


def test_a_dose_that_has_been_given_is_recorded_whatever_was_missing(visit: Visit) -> None:
    with pytest.raises(ValidationError, match="Say why"):
        visit.device(outside_gate=True)
    visit.device(outside_gate=True, reason="The tablet was broken")
    assert visit.status == Status.DOSING
    assert visit.fresh().outside_gate


def test_a_device_holds_28_mg(visit: Visit) -> None:
    visit.be_cleared()
    with pytest.raises(ValidationError, match="28 mg"):
        visit.device(estimated_mg=Decimal(70))


def test_a_dose_in_the_future_or_before_arrival_is_refused(visit: Visit) -> None:
    visit.be_cleared()
    with pytest.raises(ValidationError, match="lies ahead"):
        visit.device(given_at=visit.clock.now + timedelta(minutes=3))
    with pytest.raises(ValidationError, match="before the patient arrived"):
        visit.device(given_at=visit.clock.now - timedelta(hours=3), reason="late")


def test_a_corrected_time_moves_the_end_of_the_wait(visit: Visit) -> None:
    visit.be_monitored()
    last = visit.row.doses.order_by("-number")[0]
    corrections.correct_device(
        last,
        doses.Device(lot="L1", given_at=last.given_at + timedelta(minutes=1), reason="Misread"),
        by=visit.nurse,
    )
    record = history.load(visit.fresh())
    assert record.administrations[-1].started_at == last.given_at + timedelta(minutes=1)
    assert len(record.doses) == 3
    with pytest.raises(StaleVersionError):
        corrections.correct_device(last, doses.Device(lot="L2", reason="Again"), by=visit.nurse)


def test_the_front_desk_gives_nothing(visit: Visit, front_desk: User) -> None:
    visit.be_cleared()
    with pytest.raises(PermissionDenied):
        visit.device(by=front_desk)


HALF_MG_PER_KG: dict[str, Any] = {
    "mg": 38,
    "mg_per_kg": Decimal("0.5"),
    "weight_kg": 76,
    "infusion_minutes": 40,
    "concentration_mg_ml": 1,
}


@pytest.fixture
def infused(nurse: User, prescriber: User, clock: Clock) -> Visit:
    return Visit(nurse, prescriber, clock, key="ketamine-iv-twice-weekly", order=HALF_MG_PER_KG)


def drip(**values: Any) -> infusions.Infusion:
    typed: dict[str, Any] = {
        "lot": "A1",
        "rate_ml_h": Decimal(57),
        "concentration_mg_ml": Decimal(1),
        "dose_mg": Decimal(38),
    }
    return infusions.Infusion(**{**typed, **values})


def test_an_infusion_runs_pauses_and_stops(infused: Visit) -> None:
    infused.be_cleared()
    infused.second_check()
    infused.clock.forward(minutes=1)
    infusions.start(infused.pk, drip(), by=infused.nurse)
    assert infused.status == Status.DOSING
    infused.clock.forward(minutes=10)
    pause = infusions.Change("pause", reason="Anxious")
    infusions.change(infused.pk, pause, by=infused.nurse)
    with pytest.raises(ValidationError, match="this does not follow"):
        infusions.change(infused.pk, pause, by=infused.nurse)
    infused.clock.forward(minutes=5)
    resumed = infusions.Change("resume", rate_ml_h=Decimal(40))
    infusions.change(infused.pk, resumed, by=infused.nurse)
    infused.clock.forward(minutes=30)
    with pytest.raises(ValidationError, match="volume given"):
        infusions.change(infused.pk, infusions.Change("stop"), by=infused.nurse)
    stop = infusions.Change("stop", given_ml=Decimal("29.5"))
    infusions.change(infused.pk, stop, by=infused.nurse)
    assert infused.status == Status.MONITORING
    found = infusions.current(infused.row)
    assert found is not None
    _, events = found
    assert [event.kind for event in events] == ["start", "pause", "resume", "stop"]
    assert events[-1].given_ml == Decimal("29.5")


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"dose_mg": Decimal(40)}, "38 mg is ordered"),
        ({"concentration_mg_ml": Decimal(2)}, "not the ordered concentration"),
        ({"rate_ml_h": Decimal(0)}, "above 0"),
        ({"lot": " "}, "lot"),
    ],
)
def test_what_an_infusion_is_refused_for(infused: Visit, typed: dict, words: str) -> None:
    infused.be_cleared()
    infused.second_check()
    with pytest.raises(ValidationError, match=words):
        infusions.start(infused.pk, drip(**typed), by=infused.nurse)


def test_the_ordered_rate_gives_the_dose_in_its_minutes(infused: Visit) -> None:
    order = infused.course.dose_orders.get()
    order.refresh_from_db()
    assert pumps.ordered_rate(order) == Decimal("57.0")


def test_an_infusion_is_corrected_in_its_own_form(infused: Visit, client: Client) -> None:
    infused.be_cleared()
    infused.second_check()
    infused.clock.forward(minutes=1)
    dose = infusions.start(infused.pk, drip(), by=infused.nurse)
    client.force_login(infused.nurse)
    path = reverse("sessions:device_correct", args=[dose.public_id])
    form = client.get(path).context["form"]
    assert not {"outcome", "estimated_mg", "serial"} & set(form.fields)
    typed = {name: form[name].value() for name in form.fields if name != "entered_in_error"}
    answer = client.post(path, {**typed, "dose_mg": "35.5", "reason": "Bag changed"})
    assert answer.status_code == 302
    corrected = Dose.objects.get(supersedes=dose)
    assert (corrected.dose_mg, corrected.concentration_mg_ml) == (Decimal("35.5"), Decimal(1))
    assert (corrected.outcome, corrected.reason) == ("complete", "Bag changed")


def test_an_infusion_does_not_start_after_its_next_step(infused: Visit) -> None:
    infused.be_cleared()
    infused.second_check()
    dose = infusions.start(infused.pk, drip(), by=infused.nurse)
    infused.clock.forward(minutes=10)
    infusions.change(infused.pk, infusions.Change("pause", reason="Anxious"), by=infused.nurse)
    infused.clock.forward(minutes=5)
    late = corrections.Drip("A1", Decimal(38), Decimal(1), "Misread", infused.clock.now)
    with pytest.raises(ValidationError, match="This is after “paused”"):
        corrections.correct_infusion(dose, late, by=infused.nurse)
    device = doses.Device(lot="B2", reason="Other vial")
    with pytest.raises(ValidationError, match="in their own form"):
        corrections.correct_device(dose, device, by=infused.nurse)


@pytest.mark.parametrize("moved", [10, -10])
def test_a_step_follows_the_corrected_start(infused: Visit, moved: int) -> None:
    infused.be_cleared()
    infused.second_check()
    infused.clock.forward(minutes=20)
    dose = infusions.start(infused.pk, drip(), by=infused.nurse)
    began = infused.clock.now + timedelta(minutes=moved)
    infused.clock.forward(minutes=12)
    start = corrections.Drip("A1", Decimal(38), Decimal(1), "Misread", began)
    corrections.correct_infusion(dose, start, by=infused.nurse)
    before = infusions.Change("pause", at=began - timedelta(minutes=2), reason="Anxious")
    with pytest.raises(ValidationError, match="This is before “started”"):
        infusions.change(infused.pk, before, by=infused.nurse)
    after = infusions.Change("pause", at=began + timedelta(minutes=2), reason="Anxious")
    infusions.change(infused.pk, after, by=infused.nurse)
    assert step(infused, "pause").at == after.at


def test_a_corrected_infusion_can_still_be_stopped(infused: Visit) -> None:
    infused.be_cleared()
    infused.second_check()
    infused.clock.forward(minutes=1)
    dose = infusions.start(infused.pk, drip(), by=infused.nurse)
    vial = corrections.Drip("B2", Decimal(38), Decimal(1), "Other vial")
    corrections.correct_infusion(dose, vial, by=infused.nurse)
    infused.clock.forward(minutes=40)
    infusions.change(infused.pk, infusions.Change("stop", given_ml=Decimal(38)), by=infused.nurse)
    assert infused.status == Status.MONITORING


@pytest.mark.parametrize(
    ("ml", "reason", "is_refused"),
    [
        ("30.4", "", False),
        ("30.3", "", True),
        ("30.3", "Line kinked", False),
        ("0", "??", True),
        ("41.8", "", False),
    ],
)
def test_a_volume_far_from_what_the_rates_gave_asks_why(
    infused: Visit, ml: str, reason: str, is_refused: bool
) -> None:
    infused.be_cleared()
    infused.second_check()
    infusions.start(infused.pk, drip(), by=infused.nurse)
    infused.clock.forward(minutes=40)
    stop = pumps.Change("stop", given_ml=Decimal(ml), reason=reason)
    words = "By the rates 38 mL have run"
    with pytest.raises(ValidationError, match=words) if is_refused else nullcontext():
        infusions.change(infused.pk, stop, by=infused.nurse)
    assert infused.status == (Status.DOSING if is_refused else Status.MONITORING)


def test_an_infusion_is_no_dose_of_a_nasal_course_even_outside_the_gate(visit: Visit) -> None:
    visit.be_cleared()
    with pytest.raises(ValidationError, match="given as nasal spray"):
        infusions.start(visit.pk, drip(reason="Mix-up"), by=visit.nurse, outside_gate=True)
    assert not Dose.objects.exists()


def test_a_device_is_no_dose_of_an_infusion_course_even_outside_the_gate(infused: Visit) -> None:
    infused.be_cleared()
    infused.second_check()
    with pytest.raises(ValidationError, match="given as intravenous infusion"):
        infused.device(outside_gate=True, reason="Mix-up")
    assert not Dose.objects.exists()


@pytest.fixture
def stopped(infused: Visit) -> Visit:
    """An infusion of 40 minutes, paused from its 10th to its 15th."""
    infused.be_cleared()
    infused.second_check()
    infusions.start(infused.pk, drip(), by=infused.nurse)
    for minutes, change in (
        (10, infusions.Change("pause", reason="Anxious")),
        (5, infusions.Change("resume", rate_ml_h=Decimal(57))),
        (25, infusions.Change("stop", given_ml=Decimal(33))),
    ):
        infused.clock.forward(minutes=minutes)
        infusions.change(infused.pk, change, by=infused.nurse)
    return infused


def step(visit: Visit, kind: str) -> InfusionEvent:
    return visit.row.infusion_events.standing().get(kind=kind)


def test_a_corrected_stop_moves_the_end_of_the_wait_and_both_stay(stopped: Visit) -> None:
    wrong = step(stopped, "stop")
    at = wrong.at - timedelta(minutes=4)
    right = infusions.Change("stop", at=at, given_ml=Decimal(33), reason="Misread the clock")
    corrected = corrections.correct_step(wrong, right, by=stopped.nurse)
    record = history.load(stopped.fresh())
    assert record.administrations[0].ended_at == at
    assert corrected.supersedes == wrong
    assert stopped.row.infusion_events.filter(kind="stop").count() == 2
    with pytest.raises(StaleVersionError):
        corrections.correct_step(wrong, right, by=stopped.nurse)


def test_a_stop_corrected_after_the_assessment_asks_for_another(stopped: Visit) -> None:
    wrong = step(stopped, "stop")
    stopped.clock.forward(minutes=60)
    stopped.measure()
    stopped.settle()
    open_before = {c.code for c in history.load(stopped.fresh()).gate(stopped.clock.now).unmet}
    stopped.clock.forward(minutes=1)
    at = wrong.at - timedelta(minutes=20)
    right = infusions.Change("stop", at=at, given_ml=Decimal(33), reason="Misread the clock")
    corrections.correct_step(wrong, right, by=stopped.nurse)
    open_now = {c.code for c in history.load(stopped.fresh()).gate(stopped.clock.now).unmet}
    assert open_now - open_before == {"assessment"}


@pytest.mark.parametrize(
    ("kind", "minutes", "words"),
    [
        ("pause", 6, "This is after “resumed”"),
        ("resume", -6, "This is before “paused”"),
        ("pause", -11, "This is before “started”"),
        ("stop", 3, "lies ahead"),
    ],
)
def test_a_corrected_step_stays_between_its_neighbours(
    stopped: Visit, kind: str, minutes: int, words: str
) -> None:
    wrong = step(stopped, kind)
    at = wrong.at + timedelta(minutes=minutes)
    numbers = {"rate_ml_h": wrong.rate_ml_h, "given_ml": wrong.given_ml}
    right = infusions.Change(kind, at=at, reason="Misread", **numbers)
    with pytest.raises(ValidationError, match=words):
        corrections.correct_step(wrong, right, by=stopped.nurse)


def test_a_step_keeps_its_place_among_those_of_its_minute(infused: Visit) -> None:
    infused.be_cleared()
    infused.second_check()
    infusions.start(infused.pk, drip(), by=infused.nurse)
    infused.clock.forward(minutes=10)
    for change in (
        infusions.Change("rate", rate_ml_h=Decimal(30)),
        infusions.Change("pause", reason="Anxious"),
    ):
        infusions.change(infused.pk, change, by=infused.nurse)
    right = infusions.Change("rate", rate_ml_h=Decimal(20), reason="Typed wrong")
    corrections.correct_step(step(infused, "rate"), right, by=infused.nurse)
    steps = history.load(infused.fresh()).standing_steps
    assert [one.kind for one in steps] == ["start", "rate", "pause"]
    resumed = infusions.Change("resume", rate_ml_h=Decimal(20))
    infusions.change(infused.pk, resumed, by=infused.nurse)


def test_a_step_is_corrected_with_a_reason_by_who_gives_doses(
    stopped: Visit, front_desk: User
) -> None:
    right = infusions.Change("pause", reason="Misread")
    with pytest.raises(PermissionDenied):
        corrections.correct_step(step(stopped, "pause"), right, by=front_desk)
    silent = infusions.Change("pause", reason=" ")
    with pytest.raises(ValidationError, match="Say why it is corrected"):
        corrections.correct_step(step(stopped, "pause"), silent, by=stopped.nurse)


def test_a_pause_is_corrected_from_the_flowsheet(stopped: Visit, client: Client) -> None:
    client.force_login(stopped.nurse)
    path = reverse("sessions:infusion_correct", args=[stopped.row.public_id, 2])
    sheet = reverse("desk:session", args=[stopped.row.public_id])
    assert path in client.get(sheet).content.decode()
    form = client.get(path).context["form"]
    assert set(form.fields) == {"entry_id", "seen", "at", "reason"}
    at = step(stopped, "pause").at - timedelta(minutes=2)
    typed = {name: form[name].value() for name in ("entry_id", "seen")}
    local = at.astimezone(stopped.patient.clinic.zone)
    said = {"at": f"{local:%Y-%m-%d %H:%M}", "reason": "Misread the clock"}
    assert client.post(path, {**typed, **said}).status_code == 302
    assert step(stopped, "pause").at == at.replace(second=0)
    page = client.get(sheet).content.decode()
    assert "pause corrected, before 10:12: Misread the clock" in page
    again = {**typed, **said, "entry_id": str(uuid4())}
    assert client.post(path, again).status_code == 409


def given(visit: Visit) -> list[str]:
    section = next(one for one in covered(visit.fresh()) if one.title == "Given")
    return [f"{fact.label}: {fact.text}" for fact in section.facts]


def test_the_signer_sees_how_an_infusion_was_given(stopped: Visit) -> None:
    told = given(stopped)
    assert "38 mg, 1 mg/mL, 57 mL/h, lot A1" in told[0]
    *steps, total = told
    assert [one.split(",")[0] for one in steps] == ["Infusion", "Paused", "Resumed", "Stopped"]
    assert total == "Given in all: 33 mg = 33 mL of 38 mL; 33.3 mL by the rates"


def test_the_signer_sees_no_steps_of_an_infusion_entered_in_error(stopped: Visit) -> None:
    dose = stopped.row.doses.get()
    wrong = corrections.Drip("A1", Decimal(38), Decimal(1), "Another patient's")
    corrections.correct_infusion(dose, wrong, by=stopped.nurse, entered_in_error=True)
    assert given(stopped) == []


@pytest.mark.parametrize(
    ("outcome", "estimated", "received"),
    [
        ("complete", None, 28),
        ("one_spray", None, 14),
        ("one_spray", 20, 20),
        ("refused", None, 0),
        ("sneezed", None, None),
        ("sneezed", 0, 0),
        ("faulty", None, None),
        ("faulty", 9, 9),
    ],
)
def test_what_was_received_is_estimated_or_follows_from_the_outcome(
    outcome: str, estimated: int | None, received: int | None
) -> None:
    dose = Dose(dose_mg=Decimal(28), outcome=outcome, estimated_mg=estimated)
    assert dose.received_mg == received
