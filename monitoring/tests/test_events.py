"""Missed checks and adverse events: each word on record stays, the last one counts (INV-5)."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, IntegrityError, transaction
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from clinic.audit import acting
from clinic.models import AuditEvent, User
from clinic.tests.factories import TESTS
from monitoring.models import AdverseEvent, AdverseEventResolution, MissedCheck
from monitoring.services import discharge, events, history, missed
from monitoring.services.events import Reported
from monitoring.tests.visits import Visit
from sessions.lifecycle import Status
from sessions.services import signing
from sessions.tests.factories import take_step


@pytest.fixture
def unmeasured(visit: Visit) -> Visit:
    """A visit whose 40-minute check is long due and was not done."""
    visit.be_monitored()
    visit.clock.forward(minutes=80)
    return visit


def nausea(visit: Visit) -> AdverseEvent:
    return events.report(visit.pk, Reported("Nausea", "mild", action="Tea"), by=visit.nurse)


def open_events(visit: Visit) -> tuple[str, ...]:
    return history.load(visit.fresh()).history.unresolved_adverse_events


def unmet(visit: Visit) -> set[str]:
    return {c.code for c in history.load(visit.fresh()).gate(visit.clock.now).unmet}


def labels(visit: Visit) -> list[str]:
    return missed.explainable(history.load(visit.fresh()), visit.clock.now)


# missed checks


def test_only_a_due_check_is_missed_and_only_once(visit: Visit) -> None:
    visit.be_monitored()
    with pytest.raises(ValidationError, match="needs no reason"):
        missed.settle(visit.pk, "40 minutes", "Asleep", by=visit.nurse)
    visit.clock.forward(minutes=80)
    label = labels(visit)[0]
    missed.settle(visit.pk, label, "Asleep", by=visit.nurse)
    with pytest.raises(ValidationError, match="needs no reason"):
        missed.settle(visit.pk, label, "Asleep", by=visit.nurse)


def test_a_withdrawn_missed_check_settles_the_gate_no_more(unmeasured: Visit) -> None:
    missed.settle(unmeasured.pk, "40 minutes", "Asleep", by=unmeasured.nurse)
    assert "bp_peak_missing" not in unmet(unmeasured)
    missed.withdraw(unmeasured.pk, "40 minutes", "Other patient", by=unmeasured.nurse)
    assert "bp_peak_missing" in unmet(unmeasured)
    assert "40 minutes" in labels(unmeasured)


def test_both_words_on_a_missed_check_stay(unmeasured: Visit) -> None:
    missed.settle(unmeasured.pk, "40 minutes", "Asleep", by=unmeasured.nurse)
    missed.withdraw(unmeasured.pk, "40 minutes", "Other patient", by=unmeasured.nurse)
    known = history.load(unmeasured.fresh())
    assert known.missed == {}
    assert known.not_missed == [
        {"label": "40 minutes", "said": "Asleep", "reason": "Other patient"}
    ]
    assert AuditEvent.objects.filter(event="check.missed_in_error").exists()


def test_a_withdrawn_check_may_be_missed_after_all(unmeasured: Visit) -> None:
    for reason in ("Asleep", "Cuff broken"):
        missed.settle(unmeasured.pk, "40 minutes", reason, by=unmeasured.nurse)
        missed.withdraw(unmeasured.pk, "40 minutes", "Other patient", by=unmeasured.nurse)
    missed.settle(unmeasured.pk, "40 minutes", "Vomited", by=unmeasured.nurse)
    assert history.load(unmeasured.fresh()).missed == {"40 minutes": "Vomited"}


def test_what_is_not_missed_is_not_withdrawn(unmeasured: Visit) -> None:
    with pytest.raises(ValidationError, match="not on record as missed"):
        missed.withdraw(unmeasured.pk, "40 minutes", "Slip", by=unmeasured.nurse)
    missed.settle(unmeasured.pk, "40 minutes", "Asleep", by=unmeasured.nurse)
    missed.withdraw(unmeasured.pk, "40 minutes", "Slip", by=unmeasured.nurse)
    with pytest.raises(ValidationError, match="not on record as missed"):
        missed.withdraw(unmeasured.pk, "40 minutes", "Slip", by=unmeasured.nurse)


@pytest.mark.parametrize("reason", ["", "  ", "\u200b", "–"])
def test_withdrawing_needs_words(unmeasured: Visit, reason: str) -> None:
    missed.settle(unmeasured.pk, "40 minutes", "Asleep", by=unmeasured.nurse)
    with pytest.raises(ValidationError, match="Say why"):
        missed.withdraw(unmeasured.pk, "40 minutes", reason, by=unmeasured.nurse)


def test_the_front_desk_withdraws_nothing(unmeasured: Visit, front_desk: User) -> None:
    missed.settle(unmeasured.pk, "40 minutes", "Asleep", by=unmeasured.nurse)
    with pytest.raises(PermissionDenied):
        missed.withdraw(unmeasured.pk, "40 minutes", "Slip", by=front_desk)


def test_the_database_lets_a_check_be_missed_once(unmeasured: Visit) -> None:
    of = {"treatment_session": unmeasured.row, "by": unmeasured.nurse, "at": unmeasured.clock.now}
    with acting(TESTS):
        MissedCheck.objects.create(label="40 minutes", reason="Asleep", **of)
        with pytest.raises(IntegrityError), transaction.atomic():
            MissedCheck.objects.create(label="40 minutes", reason="Vomited", **of)
        with pytest.raises(IntegrityError), transaction.atomic():
            MissedCheck.objects.create(label="x", reason="Slip", entered_in_error=True, **of)


# adverse events


def test_an_adverse_event_stays_open_until_its_end(visit: Visit) -> None:
    visit.be_monitored()
    event = nausea(visit)
    assert open_events(visit) == ("Nausea",)
    events.resolve(event, "Passed after ginger tea", by=visit.nurse)
    assert open_events(visit) == ()
    with pytest.raises(ValidationError, match="resolved already"):
        events.resolve(event, "Again", by=visit.nurse)


def test_the_end_of_an_event_is_a_row_and_the_event_stays_as_it_was(visit: Visit) -> None:
    visit.be_monitored()
    event = nausea(visit)
    before = AdverseEvent.objects.values().get()
    visit.clock.forward(minutes=10)
    ended = events.resolve(event, "By itself", by=visit.prescriber)
    assert AdverseEvent.objects.values().get() == before
    assert (ended.resolved_at, ended.by) == (visit.clock.now, visit.prescriber)
    assert AdverseEvent.objects.get().resolved_at == visit.clock.now


@pytest.mark.parametrize("model", [AdverseEvent, AdverseEventResolution, MissedCheck])
def test_no_word_is_changed_or_removed(unmeasured: Visit, model: type[Model]) -> None:
    events.resolve(nausea(unmeasured), "By itself", by=unmeasured.nurse)
    missed.settle(unmeasured.pk, "40 minutes", "Asleep", by=unmeasured.nurse)
    with pytest.raises(DatabaseError, match="Cannot update or delete"), acting(TESTS):
        model._default_manager.update(treatment_session=unmeasured.row)
    with pytest.raises(DatabaseError, match="Cannot update or delete"), acting(TESTS):
        model._default_manager.all()._raw_delete("default")


def test_an_event_in_error_closes_no_door_and_stays_readable(visit: Visit) -> None:
    visit.be_monitored()
    event = nausea(visit)
    assert "adverse_event" in unmet(visit)
    error = events.enter_in_error(event, "Other patient", by=visit.prescriber)
    assert "adverse_event" not in unmet(visit)
    known = history.load(visit.fresh())
    assert [row.pk for row in known.adverse_events] == [event.pk, error.pk]
    assert known.standing_events == []
    (shown,) = known.shown_events
    assert (shown.term, shown.action, shown.reason) == ("Nausea", "Tea", "Other patient")
    assert (shown.recorded_by, shown.supersedes) == (visit.prescriber, event)


def test_an_event_is_in_error_once_and_then_has_no_end(visit: Visit) -> None:
    visit.be_monitored()
    event = nausea(visit)
    error = events.enter_in_error(event, "Other patient", by=visit.nurse)
    for wrong in (event, error):
        with pytest.raises(ValidationError, match="in error already"):
            events.enter_in_error(wrong, "Again", by=visit.nurse)
        with pytest.raises(ValidationError, match="in error already"):
            events.resolve(wrong, "By itself", by=visit.nurse)


@pytest.mark.parametrize("reason", ["", "  ", "\u200b", "–"])
def test_an_event_in_error_says_why(visit: Visit, reason: str) -> None:
    visit.be_monitored()
    with pytest.raises(ValidationError, match="Say why"):
        events.enter_in_error(nausea(visit), reason, by=visit.nurse)


def test_the_front_desk_takes_no_event_back(visit: Visit, front_desk: User) -> None:
    visit.be_monitored()
    with pytest.raises(PermissionDenied):
        events.enter_in_error(nausea(visit), "Slip", by=front_desk)


def test_a_signature_ends_all_of_it(unmeasured: Visit) -> None:
    event = nausea(unmeasured)
    missed.settle(unmeasured.pk, "40 minutes", "Asleep", by=unmeasured.nurse)
    unmeasured.clock.forward(minutes=1)
    discharge.record_departure(unmeasured.pk, reason="Walked out", by=unmeasured.nurse)
    signing.sign(unmeasured.pk, by=unmeasured.prescriber, version=unmeasured.fresh().version)
    with pytest.raises(ValidationError, match="is signed"):
        events.enter_in_error(event, "Slip", by=unmeasured.nurse)
    with pytest.raises(ValidationError, match="is signed"):
        missed.withdraw(unmeasured.pk, "40 minutes", "Slip", by=unmeasured.nurse)


def test_the_signature_covers_the_end_of_an_event(visit: Visit) -> None:
    visit.be_monitored()
    event = nausea(visit)
    before = signing.content_hash(visit.fresh())
    events.resolve(event, "By itself", by=visit.nurse)
    assert signing.content_hash(visit.fresh()) != before


def test_what_is_taken_back_after_the_end_makes_the_signing_page_stale(visit: Visit) -> None:
    visit.be_monitored()
    event = nausea(visit)
    take_step(visit.pk, Status.TRANSFERRED, by=visit.nurse, reason="Chest pain")
    version = visit.fresh().version
    events.enter_in_error(event, "Other patient", by=visit.nurse)
    assert visit.fresh().version == version + 1


# pages


def post(client: Client, path: str, **typed: str) -> None:
    assert client.post(path, {"entry_id": str(uuid4()), **typed}).status_code == 302


def test_both_are_taken_back_from_the_sheet(client: Client, unmeasured: Visit) -> None:
    event = nausea(unmeasured)
    missed.settle(unmeasured.pk, "40 minutes", "Asleep", by=unmeasured.nurse)
    sheet = reverse("desk:session", args=[unmeasured.row.public_id])
    withdraw = reverse("monitoring:withdraw", args=[unmeasured.row.public_id])
    in_error = reverse("monitoring:event_in_error", args=[event.public_id])
    client.force_login(unmeasured.nurse)
    page = client.get(sheet).content.decode()
    assert withdraw in page
    assert in_error in page
    post(client, withdraw, label="40 minutes", reason="Of Mr Roe")
    post(client, in_error, reason="Of Mrs Doe")
    page = client.get(sheet).content.decode()
    assert "Of Mr Roe" in page
    assert "<del>Nausea</del>" in page
    assert withdraw not in page
    assert in_error not in page


def test_a_repeated_withdrawal_is_the_first_one(client: Client, unmeasured: Visit) -> None:
    missed.settle(unmeasured.pk, "40 minutes", "Asleep", by=unmeasured.nurse)
    path = reverse("monitoring:withdraw", args=[unmeasured.row.public_id])
    typed = {"entry_id": str(uuid4()), "label": "40 minutes", "reason": "Slip"}
    client.force_login(unmeasured.nurse)
    assert [client.post(path, typed).status_code for _ in range(2)] == [302, 302]
    assert MissedCheck.objects.filter(entered_in_error=True).count() == 1


def test_no_event_lies_ahead(visit: Visit) -> None:
    visit.be_monitored()
    ahead = visit.clock.now + timedelta(minutes=5)
    with pytest.raises(ValidationError, match="lies ahead"):
        events.report(visit.pk, Reported("Nausea", "mild", onset_at=ahead), by=visit.nurse)
