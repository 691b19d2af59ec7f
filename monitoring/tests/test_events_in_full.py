"""Adverse events with their seriousness, medicine, relation and outcome."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from clinic.audit import acting
from clinic.models import AuditEvent
from clinic.tests.factories import TESTS
from monitoring.models import (
    AdverseEvent,
    EmergencyPolicy,
)
from monitoring.models.events import STILL_OPEN, Outcome
from monitoring.services import events, history
from monitoring.services.events import Reported
from monitoring.tests.visits import Visit
from patients.models import Task
from sessions.lifecycle import Status
from sessions.tests.factories import take_step


@pytest.fixture
def treated(visit: Visit) -> Visit:
    visit.be_monitored()
    return visit


def report(visit: Visit, **values) -> AdverseEvent:
    return events.report(visit.pk, Reported("Syncope", "severe", **values), by=visit.nurse)


def to_report() -> Task:
    return Task.objects.open().get(kind=Task.Kind.REPORT_EVENT)


@pytest.mark.parametrize("criterion", AdverseEvent.Seriousness.values)
def test_any_criterion_makes_it_serious_and_asks_for_a_report(treated: Visit, criterion) -> None:
    assert report(treated, seriousness=[criterion]).serious
    assert to_report().due_at == treated.clock.now + timedelta(days=7)


def test_the_clinic_says_how_soon_it_is_reported(treated: Visit) -> None:
    with acting(TESTS):
        EmergencyPolicy.objects.create(clinic=treated.row.clinic, report_serious_days=2)
    report(treated, serious=True)
    assert to_report().due_at == treated.clock.now + timedelta(days=2)


def test_what_is_not_serious_asks_for_no_report(treated: Visit) -> None:
    report(treated)
    assert not Task.objects.filter(kind=Task.Kind.REPORT_EVENT).exists()


def test_an_error_takes_its_report_back(treated: Visit) -> None:
    event = report(treated, seriousness=["death"])
    error = events.enter_in_error(event, "Wrong patient", by=treated.nurse)
    assert error.seriousness == ["death"]
    assert not Task.objects.open().filter(kind=Task.Kind.REPORT_EVENT).exists()


def test_nothing_changed_stands_alone(treated: Visit) -> None:
    with pytest.raises(ValidationError, match="choose"):
        report(treated, medicine_actions=["none", "infusion_paused"])


def test_the_database_refuses_a_criterion_on_what_is_not_serious(treated: Visit) -> None:
    at = treated.clock.now
    told = {"onset_at": at, "recorded_at": at, "recorded_by": treated.nurse}
    with pytest.raises(IntegrityError), acting(TESTS), transaction.atomic():
        AdverseEvent.objects.create(
            treatment_session=treated.row, term="X", severity="mild", seriousness=["death"], **told
        )


@pytest.mark.parametrize("outcome", STILL_OPEN)
def test_what_goes_on_is_followed_and_stays_open(treated: Visit, outcome: str) -> None:
    event = report(treated)
    events.follow(event, "Lies down", by=treated.nurse, outcome=outcome)
    assert history.load(treated.fresh()).history.unresolved_adverse_events == ("Syncope",)
    events.resolve(event, "Gone", by=treated.nurse)
    assert history.load(treated.fresh()).history.unresolved_adverse_events == ()


def test_an_unknown_end_is_none_while_the_patient_is_here(treated: Visit) -> None:
    event = report(treated)
    with pytest.raises(ValidationError, match="still here"):
        events.resolve(event, "Who knows", by=treated.nurse, outcome=Outcome.UNKNOWN)
    take_step(treated.pk, Status.LEFT_AGAINST_ADVICE, by=treated.nurse, reason="Walked out")
    assert events.resolve(event, "Not reached", by=treated.nurse, outcome=Outcome.UNKNOWN)


def test_a_fatal_end_asks_for_a_report(treated: Visit) -> None:
    events.resolve(report(treated), "Died", by=treated.nurse, outcome=Outcome.FATAL)
    assert to_report()


def test_it_can_not_end_before_it_began(treated: Visit) -> None:
    event = report(treated)
    with pytest.raises(ValidationError, match="before it began"):
        events.resolve(event, "Gone", by=treated.nurse, at=treated.clock.now - timedelta(minutes=5))


def test_a_follow_up_is_audited(treated: Visit) -> None:
    events.follow(report(treated), "Better", by=treated.nurse, outcome=Outcome.RESOLVING)
    assert AuditEvent.objects.filter(event="adverse_event.followed").count() == 1


def test_the_form_takes_all_of_it_and_the_sheet_tells_it(client: Client, treated: Visit) -> None:
    client.force_login(treated.nurse)
    url = reverse("monitoring:event", args=[treated.row.public_id])
    assert b'<option value="Nausea">' in client.get(url).content
    typed = {
        "entry_id": str(uuid4()),
        "term": "Syncope",
        "severity": "severe",
        "seriousness": ["hospitalisation", "life_threatening"],
        "medicine_actions": ["next_withheld", "treatment_given"],
        "relation": "possible",
    }
    page = client.post(url, typed, follow=True).content.decode()
    assert "A prescriber is asked to report it." in page
    assert "serious: hospital stay, danger to life" in page
    assert "Next device withheld, treatment given." in page
    assert "Relation: possible." in page
    event = AdverseEvent.objects.get()
    url = reverse("monitoring:resolve", args=[event.public_id])
    empty = client.post(url, {"entry_id": str(uuid4())}).content.decode()
    assert "Say how it ended, or how it is now." in empty
    assert "Say why" not in empty
    outcome = {"entry_id": str(uuid4()), "outcome": "resolving", "resolution": "Sits up"}
    page = client.post(url, outcome, follow=True).content.decode()
    assert "It stays open." in page
    assert "Syncope: getting better" in page
