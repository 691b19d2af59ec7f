"""Before a dose a card says what the gate says: no more, no less, and for any number in one query.

The cases are made through the services or straight in the rows; the gate that a dose is asked by
(`authorization.missing`) is the judge.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from clinic.audit import acting
from clinic.models import User
from clinic.tests.factories import TESTS
from desk import present, seats
from desk.tests.factories import BOARD, poll, tag_of
from monitoring.hunter import SIGNS, Exam
from monitoring.models import AdverseEvent, PanicEpisode
from monitoring.services import emergencies, events, panic, predose, serotonin
from monitoring.services.events import Reported
from monitoring.services.panic import Began
from monitoring.tests.visits import Clock, Visit
from patients.models import Consent, Medication, Patient, SafetyScreen
from patients.services import medicines
from patients.tests.screens import make_screen
from sessions.lifecycle import Status
from sessions.models import DoseOrder
from sessions.services import authorization, steps

DAY = timedelta(days=1)


def be_complete(visit: Visit) -> None:
    visit.arrive()
    visit.check()
    visit.measure()


def come_again(visit: Visit) -> None:
    be_complete(visit)
    steps.change_status(
        visit.pk, Status.PLANNED, by=visit.nurse, reason="Wrong patient", version=version(visit)
    )
    visit.clock.forward(hours=1)
    visit.arrive()


def version(visit: Visit) -> int:
    return visit.fresh().version


def waited(minutes: int) -> Callable[[Visit], None]:
    def take(visit: Visit) -> None:
        be_complete(visit)
        visit.clock.forward(minutes=minutes)

    return take


def high(visit: Visit) -> None:
    visit.arrive()
    visit.check()
    visit.clock.forward(minutes=1)
    visit.measure(systolic=150)


def high_and_decided(visit: Visit) -> None:
    high(visit)
    visit.clock.forward(minutes=1)
    predose.decide(visit.pk, "White coat", by=visit.prescriber)


def checked(**answers: str) -> Callable[[Visit], None]:
    def take(visit: Visit) -> None:
        visit.arrive()
        visit.check(**answers)
        visit.measure()

    return take


def measured(**values: Any) -> Callable[[Visit], None]:
    def take(visit: Visit) -> None:
        visit.arrive()
        visit.check()
        visit.measure(**values)

    return take


def changed(rows: type[Any], **values: Any) -> Callable[[Visit], None]:
    """Change a row behind a visit that lacks nothing."""

    def take(visit: Visit) -> None:
        be_complete(visit)
        now = visit.clock.now
        made = {name: value(now) if callable(value) else value for name, value in values.items()}
        with acting(TESTS):
            rows.objects.update(**made)

    return take


def cleared_then_withdrawn(visit: Visit) -> None:
    visit.be_cleared()
    with acting(TESTS):
        Consent.objects.update(withdrawn_at=visit.clock.now)


def screened_anew(visit: Visit) -> None:
    be_complete(visit)
    with acting(TESTS):
        SafetyScreen.objects.create(
            patient=visit.patient,
            clinic=visit.patient.clinic,
            outcome=SafetyScreen.Outcome.NOT_CLEARED,
            screened_by=visit.prescriber,
            screened_at=visit.clock.now,
            valid_until=visit.clock.now.date() + 9 * DAY,
        )


def takes(*texts: str, **values: Any) -> Callable[[Visit], None]:
    def take(visit: Visit) -> None:
        be_complete(visit)
        with acting(TESTS):
            for text in texts:
                Medication.objects.create(
                    patient=visit.patient, clinic=visit.patient.clinic, text=text, **values
                )
            make_screen(visit.patient, visit.prescriber, at=visit.clock.now)

    return take


def takes_and_settled(*texts: str) -> Callable[[Visit], None]:
    def take(visit: Visit) -> None:
        takes(*texts)(visit)
        found = medicines.review_of(visit.patient, visit.clock.now.date())
        abouts = [each.about for each in found.to_settle]
        medicines.acknowledge(visit.patient.pk, abouts, by=visit.prescriber, reason="Watched")

    return take


def with_event(severity: str, **values: Any) -> Callable[[Visit], None]:
    def take(visit: Visit) -> None:
        be_complete(visit)
        events.report(visit.pk, Reported("Headache", severity, **values), by=visit.nurse)

    return take


def event_ended(visit: Visit) -> None:
    with_event("severe")(visit)
    events.resolve(AdverseEvent.objects.get(), "Gone", by=visit.nurse)


def event_decided(visit: Visit) -> None:
    with_event("severe")(visit)
    visit.clock.forward(minutes=1)
    predose.decide(visit.pk, "Migraine as ever", by=visit.prescriber)


def no_better(visit: Visit, outcome: str = "not_resolved") -> None:
    event_decided(visit)
    events.follow(
        AdverseEvent.objects.get(), "Pain as before, worse", by=visit.nurse, outcome=outcome
    )


def getting_better(visit: Visit) -> None:
    no_better(visit, "resolving")


def no_better_decided(visit: Visit) -> None:
    no_better(visit)
    predose.decide(visit.pk, "Neurologist agrees", by=visit.prescriber)


def second_event(visit: Visit) -> None:
    event_decided(visit)
    events.report(visit.pk, Reported("Vomiting", "moderate"), by=visit.nurse)


def emergency(visit: Visit) -> None:
    be_complete(visit)
    emergencies.start(visit.pk, by=visit.nurse)


def emergency_over(visit: Visit) -> None:
    emergency(visit)
    running = emergencies.running(visit.fresh())
    assert running
    emergencies.act(running, "stood_down", by=visit.nurse)


def panicked(visit: Visit) -> None:
    be_complete(visit)
    panic.begin(visit.pk, Began("mild"), by=visit.nurse)


def panic_over(visit: Visit) -> None:
    panicked(visit)
    episode = PanicEpisode.objects.get()
    panic.end(episode, outcome="settled", next_session="setting", by=visit.nurse)


def examined(**signs: bool) -> Callable[[Visit], None]:
    def take(visit: Visit) -> None:
        be_complete(visit)
        found: dict[str, Any] = dict.fromkeys(SIGNS, False) | signs
        exam = Exam(exposed=True, temperature=37, **found)
        serotonin.record(visit.pk, exam, by=visit.nurse)

    return take


def examined_again(visit: Visit) -> None:
    """The event that the first check reported is taken back; the check itself still stands."""
    examined(spontaneous_clonus=True)(visit)
    events.resolve(AdverseEvent.objects.get(), "No clonus any more", by=visit.nurse)


CASES: dict[str, tuple[Callable[[Visit], None], set[str]]] = {
    "nothing done": (Visit.arrive, {"predose_check", "baseline"}),
    "all done": (be_complete, set()),
    "cleared": (Visit.be_cleared, set()),
    "came again": (come_again, {"predose_check", "baseline"}),
    "a stop": (checked(no_food_2h="no"), {"predose_stop"}),
    "another person": (checked(identity_confirmed="no"), {"predose_check"}),
    "pressure over the limit": (high, {"predose_repeat"}),
    "pressure decided": (high_and_decided, set()),
    "half a baseline": (measured(spo2=None), {"baseline"}),
    "half a baseline, explained": (measured(spo2=None, not_obtained="Broken"), set()),
    "low saturation": (measured(spo2=88), {"hold"}),
    "a mild event": (with_event("mild"), set()),
    "a mild event that is serious": (with_event("mild", serious=True), {"trouble"}),
    "a moderate event": (with_event("moderate"), {"trouble"}),
    "an event that ended": (event_ended, set()),
    "an event decided": (event_decided, set()),
    "an event no better since the decision": (no_better, {"trouble"}),
    "an event no better, decided again": (no_better_decided, set()),
    "an event getting better since the decision": (getting_better, set()),
    "an event after the decision": (second_event, {"trouble"}),
    "an emergency": (emergency, {"trouble"}),
    "an emergency that is over": (emergency_over, set()),
    "a mild panic": (panicked, {"trouble"}),
    "a panic that is over": (panic_over, set()),
    "clonus": (examined(spontaneous_clonus=True), {"trouble"}),
    "clonus, the event ended": (examined_again, {"trouble"}),
    "no sign of serotonin toxicity": (examined(), set()),
    "oxygen": (measured(oxygen_l_min=2), {"predose_values"}),
    "sleepy": (measured(sedation=4), {"predose_values"}),
    "values of long ago": (waited(61), {"baseline_old"}),
    "values of an hour ago": (waited(60), set()),
    "a low pressure": (measured(systolic=85, diastolic=55), {"hold"}),
    "consent ended": (changed(Consent, expires_on=lambda now: now.date() - DAY), {"consent"}),
    "consent later": (changed(Consent, given_at=lambda now: now + DAY), {"consent"}),
    "consent withdrawn": (cleared_then_withdrawn, {"consent"}),
    "screen not passed": (screened_anew, {"screen"}),
    "a severe interaction": (takes("Nardil 15 mg", "Zoloft"), {"interaction"}),
    "an acknowledged interaction": (takes_and_settled("Nardil 15 mg"), set()),
    "a medicine not recognised": (takes("Xyzzanol 5 mg"), {"medicine"}),
    "a medicine checked by hand": (takes_and_settled("Xyzzanol 5 mg"), set()),
    "a medicine of the past": (takes("Nardil", status="stopped"), set()),
    "common medicines": (takes("Sertraline 50 MG", "Xanax", "Advair"), set()),
    "order ended": (changed(DoseOrder, valid_until=lambda now: now.date() - DAY), {"order"}),
    "order of tomorrow": (changed(DoseOrder, valid_from=lambda now: now.date() + DAY), {"order"}),
    "no order": (changed(DoseOrder, superseded_at=lambda now: now), {"order"}),
    "died": (changed(Patient, deceased=True), {"not_treatable"}),
}


@pytest.mark.parametrize("case", CASES)
def test_a_card_judges_by_the_same_gate_as_a_dose(visit: Visit, case: str) -> None:
    """INV-2 on the board."""
    take, codes = CASES[case]
    take(visit)
    now = visit.clock.now
    (row,) = present.present(visit.patient.clinic, now, None)
    card = seats.seat(row, now)
    assert list(card.unmet) == authorization.missing(visit.fresh(), now)
    assert {unmet.code for unmet in card.unmet} == codes
    assert bool(card.blocked) == bool(codes)
    assert (card.action in {"Clear for the dose", "Record first device"}) == (not codes)


@pytest.mark.parametrize(
    "case", [with_event("mild"), with_event("severe"), emergency, panicked, event_decided]
)
def test_between_two_devices_a_card_judges_by_the_same_gate(
    visit: Visit, monkeypatch: pytest.MonkeyPatch, case: Callable[[Visit], None]
) -> None:
    visit.be_cleared()
    visit.clock.forward(minutes=3)
    visit.device()
    visit.clock.forward(minutes=6)
    monkeypatch.setitem(globals(), "be_complete", lambda visit: None)
    case(visit)
    now = visit.clock.now
    (row,) = present.present(visit.patient.clinic, now, None)
    card = seats.seat(row, now)
    unmet = authorization.missing(visit.fresh(), now)
    assert list(card.unmet) == unmet
    assert (card.next_words == "Next device from") == (not unmet)
    assert (card.action == "Record next device") == (not unmet)


def test_a_card_changes_by_itself_when_the_values_grow_old(visit: Visit) -> None:
    be_complete(visit)
    (row,) = present.present(visit.patient.clinic, visit.clock.now, None)
    moment = visit.clock.now + timedelta(minutes=59)
    card = seats.seat(row, moment)
    assert card.blocked == ()
    assert card.changes_at
    assert moment < card.changes_at <= moment + timedelta(minutes=2)
    later = seats.seat(row, card.changes_at)
    assert later.blocked == ("Vital signs before the dose too old",)
    assert later.action == "Record vital signs"


def test_after_a_new_arrival_the_card_asks_for_the_check_again(visit: Visit) -> None:
    come_again(visit)
    (row,) = present.present(visit.patient.clinic, visit.clock.now, None)
    card = seats.seat(row, visit.clock.now)
    assert card.blocked == ("Pre-dose check to do", "Vital signs before the dose missing")
    assert card.action == "Start pre-dose check"


def test_the_age_is_that_of_the_clinics_day(visit: Visit, clock: Clock) -> None:
    visit.arrive()
    clinic = visit.patient.clinic
    midnight = (clock.now.astimezone(clinic.zone) + DAY).replace(hour=0, minute=0, second=0)
    with acting(TESTS):
        born = midnight.date().replace(year=midnight.year - 40)
        Patient.objects.update(birth_date=born)
    told = []
    for moment in (midnight - timedelta(minutes=1), midnight + timedelta(minutes=1)):
        (row,) = present.present(clinic, moment, None)
        told.append(seats.seat(row, moment).about[:5])
    assert told == ["39 y ", "40 y "]


@pytest.mark.parametrize("change", ["consent withdrawn", "screen not passed", "died"])
def test_a_change_on_the_chart_changes_an_open_board(
    client: Client, visit: Visit, nurse: User, change: str
) -> None:
    be_complete(visit)
    client.force_login(nurse)
    tag = tag_of(client, BOARD)
    assert poll(client, tag) == 304
    with acting(TESTS):
        if change == "consent withdrawn":
            Consent.objects.update(withdrawn_at=visit.clock.now)
        elif change == "died":
            Patient.objects.update(deceased=True)
        else:
            SafetyScreen.objects.create(
                patient=visit.patient,
                clinic=visit.patient.clinic,
                outcome=SafetyScreen.Outcome.NOT_CLEARED,
                screened_by=visit.prescriber,
                screened_at=visit.clock.now,
                valid_until=visit.clock.now.date() + DAY,
            )
    assert poll(client, tag) == 200
