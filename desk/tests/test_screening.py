"""The safety screen is decided with the chart in view."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from clinic.audit import acting
from clinic.tests.factories import TESTS
from monitoring.services import record
from monitoring.tests.visits import Visit
from patients.models import Allergy, BodyMeasure, Condition, Medication


@pytest.fixture
def screen(client: Client, visit: Visit) -> str:
    client.force_login(visit.prescriber)
    return reverse("patients:screen", args=[visit.patient.public_id])


def test_an_empty_chart_says_what_is_not_known(client: Client, screen: str) -> None:
    page = client.get(screen).content.decode()
    assert page.count("none is on record") == 2  # blood pressure and weight
    assert "No condition is recorded." in page
    assert "Allergies are not recorded." in page


def test_what_stands_on_the_chart_is_beside_the_form(
    client: Client, screen: str, visit: Visit
) -> None:
    now = visit.clock.now
    of = {"patient": visit.patient, "clinic": visit.patient.clinic}
    weight = {"kind": "weight", "value": 81, "observed_at": now - timedelta(days=40)}
    with acting(TESTS):
        Condition.objects.create(text="Depression", **of)
        Condition.objects.create(text="Stroke", clinical_status="resolved", **of)
        Medication.objects.create(text="Sertraline", **of)
        Medication.objects.create(text="Diazepam", status="stopped", **of)
        Allergy.objects.create(text="Latex", **of)
        BodyMeasure.objects.create(**weight, **of)
    page = client.get(screen)
    basis = page.context["basis"]
    assert [row.text for row in basis.conditions] == ["Depression", "Stroke"]
    assert [row.text for row in basis.medicines] == ["Sertraline"]
    assert [row.text for row in basis.allergies] == ["Latex"]
    assert "81 kg" in page.content.decode()


def test_the_newest_blood_pressure_that_stands_is_shown(
    client: Client, screen: str, visit: Visit
) -> None:
    visit.arrive()
    visit.measure(systolic=131)
    visit.clock.forward(minutes=5)
    wrong = visit.measure(systolic=188, confirmed=True)
    record.correct_vitals(
        wrong,
        record.Measured(systolic=138, diastolic=84),
        by=visit.nurse,
        observed_at=wrong.observed_at,
        reason="Typed 188",
    )
    page = client.get(screen).content.decode()
    assert "138/84 mmHg" in page
    assert "188/" not in page
