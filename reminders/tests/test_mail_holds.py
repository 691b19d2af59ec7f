"""Mail to a patient is held after a transfer, until a person lifts that."""

from datetime import timedelta
from typing import Any

import pytest

from clinic.audit import acting
from clinic.tests.factories import TESTS
from monitoring.services import endings
from monitoring.services.endings import HandOver
from monitoring.tests.visits import Visit
from patients.models import Consent, EmailContact, MailHold
from patients.services import holds
from reminders import claiming, delivery, overlooked, planning
from reminders.models import Message
from sessions.models import TreatmentSession
from sessions.tests.factories import make_session


@pytest.fixture
def treated(visit: Visit) -> Visit:
    """A visit of somebody who agreed to mail."""
    patient, clinic = visit.patient, visit.row.clinic
    of_patient: dict[str, Any] = {"patient": patient, "clinic": clinic}
    with acting(TESTS):
        Consent.objects.create(
            kind=Consent.Kind.EMAIL,
            given_at=visit.clock.now - timedelta(days=30),
            recorded_by=visit.prescriber,
            **of_patient,
        )
        EmailContact.objects.create(
            address="jo@mail.example",
            verified_at=visit.clock.now - timedelta(days=30),
            time_zone=clinic.time_zone,
            **of_patient,
        )
    visit.be_monitored()
    return visit


def transfer(visit: Visit) -> None:
    version = visit.fresh().version
    endings.transfer(visit.pk, HandOver("St Mary"), by=visit.nurse, version=version)


def next_week(visit: Visit) -> TreatmentSession:
    """Book the patient's next session, with its reminder."""
    begin = visit.clock.now + timedelta(days=3)
    booked = make_session(visit.course, starts_at=begin, number=2)
    with acting(TESTS):
        planning.plan([booked], visit.clock.now)
    return booked


def states(session: TreatmentSession) -> set[tuple[str, str]]:
    return set(Message.objects.filter(treatment_session=session).values_list("state", "reason"))


def test_planned_mail_of_the_patient_is_suppressed_and_says_why(treated: Visit) -> None:
    booked = next_week(treated)
    assert {state for state, _ in states(booked)} == {"planned"}
    transfer(treated)
    ((state, reason),) = states(booked)
    assert state == "suppressed"
    assert "held" in reason


def test_nothing_is_planned_until_a_person_lifts_it(treated: Visit) -> None:
    transfer(treated)
    booked = next_week(treated)
    assert {state for state, _ in states(booked)} == {"suppressed"}
    overlooked.repair()
    assert {state for state, _ in states(booked)} == {"suppressed"}
    holds.lift(MailHold.objects.get().pk, note="Called, is well", by=treated.nurse)
    assert {state for state, _ in states(booked)} == {"planned"}


def test_a_message_that_was_claimed_already_is_not_sent(treated: Visit) -> None:
    booked = next_week(treated)
    treated.clock.forward(minutes=1)
    with acting(TESTS):
        Message.objects.filter(treatment_session=booked).update(not_before=treated.clock.now)
    treated.clock.forward(minutes=1)
    claims = claiming.claim()
    assert claims
    with acting(TESTS):
        MailHold.objects.create(
            patient=treated.patient,
            clinic=treated.row.clinic,
            reason="Transferred.",
            since=treated.clock.now,
        )

    class Refusing:
        def send(self, *args, **kwargs):
            raise AssertionError("mail was sent")

    mailer: Any = Refusing()
    assert [delivery.send(claim, mailer) for claim in claims] == [["suppressed"] * 2]
