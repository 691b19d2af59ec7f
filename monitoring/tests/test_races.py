"""What happens when the same thing is sent often, or two people do it at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier
from uuid import uuid4

import pytest
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.models import User
from clinic.tests.posting import PageClient
from monitoring.models import Discharge, VitalSigns
from monitoring.services import discharge
from monitoring.tests.visits import Clock, Visit
from sessions.models import Dose, DoseOrder, Signature, StatusChange

pytestmark = pytest.mark.django_db(transaction=True)
TYPED = {"bp": "124/78", "pulse": "72", "spo2": "98", "sedation": "5", "dissociation": "0"}


@pytest.fixture
def today(nurse: User, prescriber: User, clock: Clock) -> Visit:
    clock.to(datetime.now(UTC))
    return Visit(nurse, prescriber, clock)


def at_once(number: int, post: Callable[[int], int]) -> list[int]:
    """Run the same thing in many threads that start together; return their status codes."""
    barrier = Barrier(number)

    def run(place: int) -> int:
        barrier.wait()
        try:
            return post(place)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(run, range(number)))


def signed_in(user: User, number: int) -> list[Client]:
    clients: list[Client] = [PageClient() for _ in range(number)]
    for client in clients:
        client.force_login(user)
    return clients


def test_the_same_post_twenty_times_is_one_row(today: Visit, nurse: User) -> None:
    today.arrive()
    path = reverse("monitoring:vitals", args=[today.row.public_id])
    typed = {"entry_id": str(uuid4()), **TYPED}
    clients = signed_in(nurse, 20)
    codes = at_once(20, lambda place: clients[place].post(path, typed).status_code)
    assert set(codes) == {302}
    assert VitalSigns.objects.count() == 1


def test_saving_vital_signs_takes_ten_statements(
    client: Client, nurse: User, prescriber: User
) -> None:
    """All of them, by the database's own clock: with BEGIN, COMMIT and telling it who writes."""
    visit = Visit(nurse, prescriber, Clock(datetime.now(UTC)))
    visit.arrive()
    path = reverse("monitoring:vitals", args=[visit.row.public_id])
    client.force_login(nurse)
    client.get(path)
    with CaptureQueriesContext(connection) as asked:
        assert client.post(path, {"entry_id": str(uuid4()), **TYPED}).status_code == 302
    assert len(asked) == 10


def test_ten_different_posts_give_no_more_than_the_ordered_devices(
    today: Visit, nurse: User
) -> None:
    today.be_cleared()
    path = reverse("sessions:device", args=[today.row.public_id])
    clients = signed_in(nurse, 10)

    def give(place: int) -> int:
        typed = {"entry_id": str(uuid4()), "lot": "L1", "outcome": "complete", "reason": "Race"}
        return clients[place].post(path, typed).status_code

    codes = at_once(10, give)
    assert Dose.objects.count() == 2
    assert codes.count(302) == 2
    assert set(codes) <= {200, 302}


def test_two_nurses_record_the_same_device_once(today: Visit, nurse: User) -> None:
    today.be_cleared()
    path = reverse("sessions:device", args=[today.row.public_id])
    clients = signed_in(nurse, 2)

    def give(place: int) -> int:
        typed = {"entry_id": str(uuid4()), "lot": "L1", "outcome": "complete", "number": "1"}
        return clients[place].post(path, typed).status_code

    assert sorted(at_once(2, give)) == [302, 409]
    assert Dose.objects.count() == 1


def test_a_patient_leaves_once(today: Visit, nurse: User) -> None:
    today.be_monitored()
    today.pass_time()
    today.settle()
    path = reverse("monitoring:release", args=[today.row.public_id])
    clients = signed_in(nurse, 5)

    def release(place: int) -> int:
        door = {"collected": "named", "instructions": "printed"}
        typed = {"entry_id": str(uuid4()), **door}
        return clients[place].post(path, typed).status_code

    codes = at_once(5, release)
    assert codes.count(302) == 1
    assert Discharge.objects.count() == 1


def test_a_set_is_corrected_by_one_of_two(today: Visit, nurse: User) -> None:
    today.arrive()
    wrong = today.measure()
    path = reverse("monitoring:correct", args=[wrong.public_id])
    clients = signed_in(nurse, 2)
    typed = {**TYPED, "observed_at": "", "reason": "Digits swapped", "entered_in_error": "on"}

    def correct(place: int) -> int:
        at = wrong.observed_at.astimezone(nurse.clinics[0].zone)
        mine = {"entry_id": str(uuid4()), **typed, "observed_at": f"{at:%Y-%m-%d %H:%M}"}
        return clients[place].post(path, mine).status_code

    assert sorted(at_once(2, correct)) == [302, 409]
    assert VitalSigns.objects.count() == 2


def test_a_patient_is_checked_in_once(today: Visit, nurse: User) -> None:
    path = reverse("sessions:step", args=[today.row.public_id, "checked_in"])
    clients = signed_in(nurse, 5)

    def check_in(place: int) -> int:
        return clients[place].post(path, {"entry_id": str(uuid4()), "version": "1"}).status_code

    assert set(at_once(5, check_in)) <= {302, 409}  # who comes later is led to the sheet
    assert StatusChange.objects.count() == 1


def test_a_session_is_signed_once(today: Visit, prescriber: User) -> None:
    today.be_monitored()
    today.pass_time()
    today.settle()
    discharge.release(today.pk, by=today.nurse)
    path = reverse("sessions:sign", args=[today.row.public_id])
    version = str(today.fresh().version)
    clients = signed_in(prescriber, 5)

    def sign(place: int) -> int:
        return clients[place].post(path, {"entry_id": str(uuid4()), "version": version}).status_code

    codes = at_once(5, sign)
    assert codes.count(302) == 1
    assert set(codes) <= {200, 302, 409}
    assert Signature.objects.count() == 1


def test_of_two_orders_at_once_one_stands_and_the_other_is_told(
    today: Visit, prescriber: User
) -> None:
    standing = DoseOrder.objects.get()
    path = reverse("sessions:order", args=[today.course.public_id])
    clients = signed_in(prescriber, 4)
    typed = {
        "option": "other",
        "other_mg": "28",
        "reason": "Lower for now",
        "valid_from": f"{today.clock.now:%Y-%m-%d}",
        "standing": str(standing.public_id),
    }

    def order(place: int) -> int:
        return clients[place].post(path, {"entry_id": str(uuid4()), **typed}).status_code

    assert sorted(at_once(4, order)) == [302, 409, 409, 409]
    assert DoseOrder.objects.filter(superseded_at=None).count() == 1
    assert DoseOrder.objects.count() == 2
