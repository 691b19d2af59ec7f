"""From the chair to the door: who takes the patient home, and what may come between."""

from datetime import datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from clinic.audit import acting
from clinic.models import User
from clinic.tests.factories import TESTS
from monitoring.models import Discharge, DischargePolicy, WayHomeNote
from monitoring.services import discharge, way_home
from monitoring.services.way_home import Leaving
from monitoring.tests.visits import Visit
from monitoring.way_home import Named, Note, escort_of, means_to_drive
from patients.models import PatientPolicy
from sessions.models import ChairStay

Kind = WayHomeNote.Kind
HOME = Leaving("adult", "Sam", "printed")
T0 = datetime.fromisoformat("2026-11-22T10:00:00+00:00")


def note(kind: str, minute: int) -> Note:
    return Note(kind, T0 + timedelta(minutes=minute))


def named(name: str, phone: str = "", minute: int = 0) -> Named:
    return Named(name, phone, T0 + timedelta(minutes=minute))


def settled_with(escorts: list[Named], notes: list[Note]) -> bool:
    found = escort_of(escorts, notes)
    return bool(found and found.settled)


@pytest.mark.parametrize(
    ("notes", "settled"),
    [
        ([], True),
        ([note(Kind.NOT_REACHED, 5)], False),
        ([note(Kind.NOT_REACHED, 5), note(Kind.REACHED, 9)], True),
        ([note(Kind.REACHED, 5), note(Kind.NOT_REACHED, 9)], False),
        ([note(Kind.NOT_REACHED, -5)], True),
        ([note(Kind.NOT_REACHED, 5), note(Kind.MEANS_TO_DRIVE, 9)], False),
    ],
)
def test_an_escort_who_could_not_be_reached_since_being_named_is_not_settled(notes, settled):
    assert settled_with([named("Sam")], notes) is settled


@pytest.mark.parametrize(
    ("again", "settled"),
    [
        (named("Sam", minute=9), False),
        (named(" sam. ", minute=9), False),
        (named("Sam", "+1 555 0100", minute=9), False),
        (named("Samuel Roe", "(1) 555-0199", minute=9), False),
        (named("Kim", minute=9), True),
        (named("Kim", "+1 555 0100", minute=9), True),
    ],
)
def test_naming_the_same_person_or_number_again_reaches_nobody(again, settled):
    first, tried = named("Sam", "1 555 0199"), note(Kind.NOT_REACHED, 5)
    assert settled_with([first, again], [tried]) is settled
    assert settled_with([first, again], [tried, note(Kind.REACHED, 10)])


def test_coming_back_to_somebody_who_was_not_reached_reaches_nobody():
    escorts = [named("Sam"), named("Kim", minute=9), named("Sam", minute=12)]
    assert not settled_with(escorts, [note(Kind.NOT_REACHED, 5)])
    assert settled_with(escorts[:2], [note(Kind.NOT_REACHED, 5)])
    assert not settled_with(escorts[:2], [note(Kind.NOT_REACHED, 5), note(Kind.NOT_REACHED, 10)])


def test_who_was_never_named_settles_nothing():
    assert escort_of([], []) is None


@pytest.mark.parametrize(
    ("kinds", "drives"),
    [
        ([], False),
        ([Kind.MEANS_TO_DRIVE], True),
        ([Kind.MEANS_TO_DRIVE, Kind.WILL_NOT_DRIVE], False),
        ([Kind.WILL_NOT_DRIVE, Kind.MEANS_TO_DRIVE], True),
        ([Kind.MEANS_TO_DRIVE, Kind.REACHED], True),
    ],
)
def test_the_last_word_on_driving_counts(kinds, drives):
    notes = [note(kind, minute) for minute, kind in enumerate(kinds)]
    assert means_to_drive(notes) is drives


@pytest.fixture
def ready(visit: Visit) -> Visit:
    visit.be_monitored()
    visit.pass_time()
    visit.settle()
    return visit


def refusal(refused: pytest.ExceptionInfo[ValidationError]) -> str:
    return " ".join(refused.value.messages)


def test_a_way_home_that_the_clinic_does_not_accept_is_refused(ready: Visit) -> None:
    with pytest.raises(ValidationError) as refused:
        discharge.name_escort(ready.pk, kind="taxi", name="Cab", by=ready.nurse)
    assert "accompanying adult or medical transport" in refusal(refused)


def test_a_clinic_may_accept_a_taxi(ready: Visit, administrator: User) -> None:
    with acting(administrator):
        DischargePolicy.objects.create(clinic=ready.row.clinic, taxi=True)
    assert discharge.name_escort(ready.pk, kind="taxi", name="Cab", by=ready.nurse).pk


def test_an_unreachable_escort_keeps_the_door_shut(ready: Visit) -> None:
    way_home.note(ready.pk, Kind.NOT_REACHED, "No answer, twice", by=ready.nurse)
    with pytest.raises(ValidationError) as refused:
        discharge.release(ready.pk, by=ready.nurse, leaving=HOME)
    assert "Sam could not be reached" in refusal(refused)


def test_somebody_else_named_after_that_opens_it(ready: Visit) -> None:
    way_home.note(ready.pk, Kind.NOT_REACHED, "No answer, twice", by=ready.nurse)
    ready.clock.forward(minutes=1)
    discharge.name_escort(ready.pk, kind="adult", name="Kim", by=ready.nurse)
    assert discharge.release(ready.pk, by=ready.nurse, leaving=HOME).pk


def test_the_same_escort_named_again_keeps_it_shut(client: Client, ready: Visit) -> None:
    way_home.note(ready.pk, Kind.NOT_REACHED, "No answer, twice", by=ready.nurse)
    ready.clock.forward(minutes=1)
    client.force_login(ready.nurse)
    url = reverse("monitoring:escort", args=[ready.row.public_id])
    page = client.get(url).context["panel"].form
    typed = {"entry_id": page["entry_id"].value(), "kind": "adult", "name": "SAM", "phone": ""}
    assert client.post(url, typed).status_code == 302
    sheet = client.get(reverse("desk:session", args=[ready.row.public_id])).content.decode()
    assert "SAM could not be reached: reach them, or name somebody else." in sheet
    with pytest.raises(ValidationError, match="could not be reached"):
        discharge.release(ready.pk, by=ready.nurse, leaving=HOME)


def test_nobody_at_the_door_takes_no_patient_home(ready: Visit) -> None:
    nobody = Leaving("", "", "printed")
    with pytest.raises(ValidationError, match="Nobody is at the door: wait for the ride"):
        discharge.release(ready.pk, by=ready.nurse, leaving=nobody)
    assert ready.status == "monitoring"


def test_a_patient_who_means_to_drive_is_not_released_until_it_is_settled(ready: Visit) -> None:
    way_home.note(ready.pk, Kind.MEANS_TO_DRIVE, "Parked outside", by=ready.nurse)
    with pytest.raises(ValidationError) as refused:
        discharge.release(ready.pk, by=ready.nurse, leaving=HOME)
    assert "means to drive" in refusal(refused)
    way_home.note(ready.pk, Kind.WILL_NOT_DRIVE, "Keys are with Sam", by=ready.nurse)
    assert discharge.release(ready.pk, by=ready.nurse, leaving=HOME).pk


def test_a_note_needs_words(ready: Visit) -> None:
    with pytest.raises(ValidationError):
        way_home.note(ready.pk, Kind.NOT_REACHED, " - ", by=ready.nurse)


def test_only_the_way_home_may_be_waited_for_outside_the_chair(visit: Visit) -> None:
    visit.be_monitored()
    with pytest.raises(ValidationError) as refused:
        way_home.wait_outside(visit.pk, by=visit.nurse)
    assert "watched in the chair" in refusal(refused)
    assert not ChairStay.objects.exists()


def test_waiting_for_the_ride_leaves_the_chair_and_stays_in_care(ready: Visit) -> None:
    way_home.note(ready.pk, Kind.NOT_REACHED, "Stuck in traffic", by=ready.nurse)
    way_home.wait_outside(ready.pk, by=ready.nurse)
    assert str(ChairStay.objects.latest("pk")) == "Waiting area"
    assert ready.status == "monitoring"


def test_who_stood_at_the_door_may_differ_and_is_kept(client: Client, ready: Visit) -> None:
    client.force_login(ready.nurse)
    url = reverse("monitoring:release", args=[ready.row.public_id])
    page = client.get(url).context["panel"].form
    typed = {
        "entry_id": page["entry_id"].value(),
        "collected": "other",
        "collected_kind": "adult",
        "collected_by": "Kim",
        "instructions": "told",
    }
    assert client.post(url, typed).status_code == 302
    left = Discharge.objects.get()
    assert (left.collected_by, left.instructions) == ("Kim", "told")


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"instructions": "told"}, "Say who takes the patient home."),
        ({"collected": "named"}, "Say how the patient got the instructions."),
        ({"collected": "other", "instructions": "told"}, "Name who stands at the door."),
        ({"collected": "alone", "instructions": "told"}, "Select a valid choice"),
        (
            {
                "collected": "other",
                "collected_kind": "taxi",
                "collected_by": "Cab",
                "instructions": "told",
            },
            "This clinic accepts",
        ),
    ],
)
def test_the_door_is_not_passed_by_silence(client: Client, ready: Visit, typed, words) -> None:
    client.force_login(ready.nurse)
    url = reverse("monitoring:release", args=[ready.row.public_id])
    key = client.get(url).context["panel"].form["entry_id"].value()
    assert words in client.post(url, {"entry_id": key, **typed}).content.decode()
    assert not Discharge.objects.exists()


def test_the_instructions_on_paper_name_the_escort_and_no_treatment(
    client: Client, ready: Visit
) -> None:
    with acting(TESTS):
        PatientPolicy.objects.create(
            clinic=ready.patient.clinic, crisis_line="Day and night: 555 0123"
        )
    client.force_login(ready.nurse)
    page = client.get(reverse("monitoring:instructions", args=[ready.row.public_id]))
    text = page.content.decode()
    assert "restful" in text
    assert "Day and night: 555 0123" in text
    assert "Sam" in text
    assert "ketamine" not in text.lower()
