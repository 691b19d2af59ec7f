"""The wrong-patient guard: what was typed for one patient is never saved for another."""

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from clinic.models import User
from clinic.whose import HEADER, OTHER, whose
from monitoring.models import VitalSigns
from monitoring.tests.visits import Visit
from patients.models import Medication, Patient
from patients.tests.factories import make_patient

TYPED = {"bp": "128/82", "pulse": "72"}


@pytest.fixture
def other(visit: Visit) -> Patient:
    return make_patient(visit.patient.clinic)


@pytest.fixture
def browser(nurse: User) -> Client:
    """A browser of which nothing is added to a post."""
    client = Client()
    client.force_login(nurse)
    return client


def measure(browser: Client, visit: Visit, **more: Any) -> Any:
    path = reverse("monitoring:vitals", args=[visit.row.public_id])
    headers = more.pop("headers", None)
    return browser.post(path, {"entry_id": str(uuid4()), **TYPED, **more}, headers=headers)


def test_a_form_that_names_its_patient_is_saved(browser: Client, visit: Visit) -> None:
    visit.arrive()
    assert measure(browser, visit, whose=whose(visit.patient.pk)).status_code == 302
    assert VitalSigns.objects.count() == 1


def test_a_form_that_was_opened_for_somebody_else_is_refused_and_keeps_what_was_typed(
    browser: Client, visit: Visit, other: Patient
) -> None:
    visit.arrive()
    page = measure(browser, visit, whose=whose(other.pk))
    assert OTHER in page.content.decode().replace("&#x27;", "'")
    assert 'value="128/82"' in page.content.decode()
    assert not VitalSigns.objects.exists()


def test_a_form_that_names_nobody_is_refused(browser: Client, visit: Visit) -> None:
    visit.arrive()
    assert OTHER in measure(browser, visit).content.decode()
    assert not VitalSigns.objects.exists()


def test_a_form_inside_the_page_of_somebody_else_is_refused(
    browser: Client, visit: Visit, other: Patient
) -> None:
    visit.arrive()
    headers = {HEADER: whose(other.pk), "HX-Request": "true"}
    page = measure(browser, visit, whose=whose(visit.patient.pk), headers=headers)
    assert OTHER in page.content.decode()
    assert not VitalSigns.objects.exists()


def test_after_a_refusal_the_same_form_names_the_right_patient(
    browser: Client, visit: Visit, other: Patient
) -> None:
    visit.arrive()
    page = measure(browser, visit, whose=whose(other.pk)).content.decode()
    assert f'name="whose" value="{whose(visit.patient.pk)}"' in page


def test_a_chart_form_is_guarded_too(browser: Client, visit: Visit, other: Patient) -> None:
    path = reverse("patients:add_medication", args=[visit.patient.public_id])
    typed = {"entry_id": str(uuid4()), "text": "Lithium", "whose": whose(other.pk)}
    assert OTHER in browser.post(path, typed).content.decode()
    assert not Medication.objects.exists()


@pytest.mark.parametrize("name", ["monitoring:vitals", "patients:add_medication"])
def test_name_and_birth_date_stand_beside_the_button(
    browser: Client, visit: Visit, name: str
) -> None:
    visit.arrive()
    row = visit.patient if name.startswith("patients") else visit.row
    page = browser.get(reverse(name, args=[row.public_id])).content.decode()
    assert f"For <b>{visit.patient}</b>, born 17 May 1980" in page
