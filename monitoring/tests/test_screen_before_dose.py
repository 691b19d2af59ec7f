"""INV-2: what a dose asks of the safety screen."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from clinic.audit import acting
from clinic.tests.factories import TESTS
from monitoring.tests.visits import Visit
from patients.models import Medication, ScreenPolicy
from patients.services import chart
from patients.tests.screens import INFUSION, make_screen
from sessions.services import authorization


def asked_for(visit: Visit) -> list[str]:
    found = authorization.missing_on_chart(visit.fresh(), visit.clock.now)
    return [unmet.text for unmet in found if unmet.code == "screen"]


def test_a_screen_of_this_chart_and_treatment_stands(visit: Visit) -> None:
    assert asked_for(visit) == []


def test_a_new_medicine_asks_for_another_screen(visit: Visit) -> None:
    chart.add_medication(visit.patient.pk, by=visit.nurse, text="Tramadol 50 mg")
    assert asked_for(visit) == [
        "Medicines changed since the screen: + Tramadol 50 mg. A prescriber screens again."
    ]


def test_a_clinic_may_decide_that_it_does_not(visit: Visit) -> None:
    with acting(TESTS):
        ScreenPolicy.objects.create(clinic=visit.patient.clinic, reask_medicines=False)
    chart.add_medication(visit.patient.pk, by=visit.nurse, text="Tramadol 50 mg")
    assert asked_for(visit) == []


def test_a_screen_for_another_treatment_does_not_hold(visit: Visit) -> None:
    with acting(TESTS):
        make_screen(visit.patient, visit.prescriber, INFUSION, at=visit.clock.now)
    assert "is for Ketamine infusion" in asked_for(visit)[0]


def test_the_next_device_asks_but_what_was_given_is_recorded(visit: Visit) -> None:
    visit.be_cleared()
    visit.device()
    visit.clock.forward(minutes=6)
    with acting(TESTS):
        Medication.objects.create(
            patient=visit.patient, clinic=visit.patient.clinic, text="Tramadol 50 mg"
        )
    with pytest.raises(ValidationError, match="Tramadol"):
        visit.device()
    visit.device(outside_gate=True, reason="It was given before the medicine was known.")
    assert visit.fresh().doses.count() == 2


def test_the_chart_is_compared_in_one_statement(
    visit: Visit, django_assert_num_queries: Any
) -> None:
    session = visit.fresh()
    authorization.treatment_of(session.course.protocol)
    _ = session.patient, session.clinic
    authorization.missing_on_chart(session, visit.clock.now)
    for number in range(12):
        chart.add_medication(visit.patient.pk, by=visit.nurse, text=f"Medicine {number}")
    with django_assert_num_queries(1):
        authorization.missing_on_chart(session, visit.clock.now + timedelta(minutes=1))
