"""Patients and tasks in the admin: own clinics, to look at only."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.asserts import assertRedirects

from clinic.audit import acting
from clinic.models import Clinic, User
from clinic.roles import Role
from clinic.tests.factories import TESTS
from patients.models import Patient, Task
from patients.services import tasks
from patients.tests.factories import make_patient

LIST = reverse("admin:patients_patient_changelist")


@pytest.fixture
def admin_client(client: Client, administrator: User) -> Client:
    client.force_login(administrator)
    return client


def page_of(patient: Patient) -> str:
    return reverse("admin:patients_patient_change", args=[patient.pk])


def test_an_administrator_finds_own_patients_only(
    admin_client: Client, clinic: Clinic, other_clinic: Clinic
) -> None:
    ours = make_patient(clinic, family_name="Løvelace")
    theirs = make_patient(other_clinic, family_name="Lovelace")
    page = admin_client.get(LIST, {"q": "ada l%"})
    assert page.context["cl"].result_count == 0
    page = admin_client.get(LIST, {"q": "lace ada"})
    assert list(page.context["cl"].queryset) == [ours]
    assertRedirects(admin_client.get(LIST, {"q": "lace ad\x00a"}), LIST)
    assert admin_client.get(page_of(theirs)).status_code == 302


def test_nothing_is_changed_or_removed_there(admin_client: Client, clinic: Clinic) -> None:
    patient = make_patient(clinic)
    page = admin_client.get(page_of(patient))
    assert page.status_code == 200
    assert b'name="_save"' not in page.content
    assert admin_client.post(page_of(patient), {"family_name": "X"}).status_code == 403
    delete = reverse("admin:patients_patient_delete", args=[patient.pk])
    assert admin_client.post(delete, {"post": "yes"}).status_code == 403


def test_tasks_are_listed(admin_client: Client, clinic: Clinic) -> None:
    with acting(TESTS):
        tasks.ask(
            Task.Kind.CALL,
            patient=make_patient(clinic, record_number="T-17"),
            role=Role.NURSE,
            text="Call about the ride",
            due_at=timezone.now(),
            dedupe_key="call",
        )
    page = admin_client.get(reverse("admin:patients_task_changelist"), {"q": "ride"})
    assert b"T-17" in page.content


def test_other_roles_have_no_list_there(client: Client, nurse: User) -> None:
    client.force_login(nurse)
    assert client.get(LIST).status_code in {302, 403}
