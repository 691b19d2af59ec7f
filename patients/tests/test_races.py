"""Several people at once, on real threads and connections."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.urls import reverse

from clinic.models import Clinic, User
from clinic.tests.factories import TESTS
from clinic.tests.posting import PageClient
from patients.models import Condition, Identifier, Medication, Patient
from patients.services import chart, imports, register
from patients.services.register import Person
from patients.tests import bundles
from patients.tests.bundles import bundle, encoded
from patients.tests.factories import make_patient

THREADS = 8
pytestmark = pytest.mark.django_db(transaction=True)


def at_once(work: Callable[[int], Any]) -> list[Any]:
    """Run the work in threads that start together; return results and refusals."""
    start = Barrier(THREADS)

    def run(number: int) -> Any:
        try:
            start.wait(10)
            return work(number)
        except ValidationError as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(run, range(THREADS)))


def test_the_same_file_at_once_makes_one_patient(clinic: Clinic) -> None:
    number = {"system": "http://north.example/mr", "value": "1", "type": bundles.coded("MR", "x")}
    patient = bundles.patient(identifier=[number])
    file = bundle(patient, bundles.condition(), bundles.medication_request())
    reading = imports.read_file(encoded(file), clinic)
    done = at_once(lambda _: imports.apply(reading, clinic, by=TESTS))
    outcomes = sorted(plan.patients[0].outcome for plan in done)
    assert outcomes == ["new", *["unchanged"] * (THREADS - 1)]
    tables = (Patient, Identifier, Condition, Medication)
    assert [table._default_manager.count() for table in tables] == [1, 1, 1, 1]


def test_numbers_given_at_once_differ(clinic: Clinic, front_desk: User) -> None:
    def work(number: int) -> Patient:
        person = Person(family_name=f"Family{number}", birth_date=date(1970, 1, 1))
        return register.register(clinic, person, by=front_desk)

    numbers = {patient.record_number for patient in at_once(work)}
    assert numbers == {f"T-{number:05}" for number in range(1, THREADS + 1)}


def test_two_clerks_register_one_person_once(clinic: Clinic, front_desk: User) -> None:
    person = Person(family_name="Lovelace", given_name="Ada", birth_date=date(1970, 1, 1))
    done = at_once(lambda _: register.register(clinic, person, by=front_desk))
    assert sum(isinstance(each, Patient) for each in done) == 1
    assert Patient.objects.count() == 1


def test_the_same_post_at_once_registers_once(clinic: Clinic, front_desk: User) -> None:
    values = {
        "family_name": "Lovelace",
        "birth_date": "1980-05-17",
        "sex": "female",
        "entry_id": str(uuid4()),
    }

    def work(_: int) -> tuple[int, str]:
        client = PageClient()
        client.force_login(front_desk)
        response = client.post(reverse("patients:add"), values)
        return response.status_code, response.headers["Location"]

    assert len(set(at_once(work))) == 1
    assert Patient.objects.count() == 1


def test_a_stop_during_an_import_is_never_undone(clinic: Clinic, nurse: User) -> None:
    active = imports.read_file(
        encoded(bundle(bundles.patient(), bundles.medication_request())), clinic
    )
    changed = imports.read_file(
        encoded(bundle(bundles.patient(), bundles.medication_request(status="on-hold"))), clinic
    )
    imports.apply(active, clinic, by=TESTS)
    medicine = Medication.objects.get()

    def work(number: int) -> Any:
        if number == 0:
            return chart.stop_medication(medicine.pk, by=nurse, stopped_on=date(2026, 1, 2))
        return imports.apply(changed if number % 2 else active, clinic, by=TESTS)

    at_once(work)
    medicine.refresh_from_db()
    assert medicine.status == "stopped"


def test_edits_and_imports_at_once_do_not_lock_each_other_up(
    clinic: Clinic, front_desk: User
) -> None:
    make_patient(clinic, record_number="T-00001")
    reading = imports.read_file(encoded(bundle(bundles.patient())), clinic)
    imports.apply(reading, clinic, by=TESTS)
    patient = Patient.objects.get(source_id="Patient/p1")

    def work(number: int) -> Any:
        if number % 2:
            return imports.apply(reading, clinic, by=TESTS)
        person = Person(
            family_name="O'Hara42", birth_date=date(1980, 5, 17), record_number=f"N-{number}"
        )
        return register.change(patient.pk, person, by=front_desk, version=1)

    done = at_once(work)
    assert sum(isinstance(each, Patient) for each in done) == 1
