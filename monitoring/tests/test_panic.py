"""Panic in a session: each step timed, and nobody leaves before its end is recorded."""

from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from clinic.audit import acting
from clinic.tests.factories import TESTS
from monitoring.models import AdverseEvent, PanicEntry, PanicEpisode
from monitoring.services import events, history, panic
from monitoring.services.panic import Began
from monitoring.tests.visits import Visit
from sessions.covered import covered
from sessions.lifecycle import Status
from sessions.tests.factories import take_step


@pytest.fixture
def treated(visit: Visit) -> Visit:
    visit.be_monitored()
    return visit


def begin(visit: Visit, **values) -> PanicEpisode:
    return panic.begin(visit.pk, Began("moderate", **values), by=visit.nurse)


def at_the_door(visit: Visit) -> bool:
    """Whether the gate still waits for an adverse event."""
    gate = history.load(visit.fresh()).gate(visit.clock.now)
    return any(condition.code == "adverse_event" for condition in gate.unmet)


def entries() -> list[tuple[str, int | None]]:
    return list(PanicEntry.objects.standing().values_list("code", "suds"))


def test_it_stands_at_the_door_until_its_end_is_recorded(treated: Visit) -> None:
    episode = begin(treated, suds=8, symptoms=["palpitations"])
    assert at_the_door(treated)
    treated.clock.forward(minutes=6)
    panic.end(episode, outcome="settled", next_session="setting", by=treated.nurse)
    assert not at_the_door(treated)
    event = AdverseEvent.objects.get()
    assert (event.severity, event.resolved_at) == ("moderate", treated.clock.now)


@pytest.mark.parametrize("settle", [events.resolve, events.enter_in_error])
def test_its_event_ends_only_with_it(treated: Visit, settle) -> None:
    event = begin(treated).event
    with pytest.raises(ValidationError, match="panic episode"):
        settle(event, "Calm", by=treated.nurse)
    assert at_the_door(treated)


def test_one_episode_at_a_time(treated: Visit) -> None:
    episode = begin(treated)
    with pytest.raises(ValidationError, match="open"):
        begin(treated)
    panic.end(episode, outcome="settled", by=treated.nurse)
    assert begin(treated)


def test_steps_scores_and_the_peak_have_their_times(treated: Visit) -> None:
    episode = begin(treated, suds=4)
    treated.clock.forward(minutes=1)
    for code, suds in (("stay", None), ("breathe", None), ("suds", 9), ("peak", None)):
        row = panic.step(episode, code, suds=suds, by=treated.nurse)
        assert row.at == treated.clock.now
    assert entries() == [
        ("suds", 4),
        ("stay", None),
        ("breathe", None),
        ("suds", 9),
        ("peak", None),
    ]


@pytest.mark.parametrize(
    ("code", "suds"), [("suds", None), ("stay", 3), ("end", None), ("x", None)]
)
def test_what_is_no_step_is_refused(treated: Visit, code: str, suds: int | None) -> None:
    with pytest.raises(ValidationError):
        panic.step(begin(treated), code, suds=suds, by=treated.nurse)


@pytest.mark.parametrize(
    "values",
    [
        {"code": "suds", "suds": 11},
        {"code": "suds"},
        {"code": "stay", "suds": 3},
        {"code": "end"},
        {"code": "stay", "outcome": "settled"},
    ],
)
def test_the_database_refuses_it_too(treated: Visit, values) -> None:
    episode = begin(treated)
    told = {"treatment_session": treated.row, "at": treated.clock.now, "by": treated.nurse}
    with pytest.raises(IntegrityError), acting(TESTS), transaction.atomic():
        PanicEntry.objects.create(episode=episode, **told, **values)


def test_after_the_end_nothing_is_added_or_undone(treated: Visit) -> None:
    episode = begin(treated)
    row = panic.step(episode, "stay", by=treated.nurse)
    panic.end(episode, outcome="settled", by=treated.nurse)
    with pytest.raises(ValidationError, match="over"):
        panic.step(episode, "breathe", by=treated.nurse)
    with pytest.raises(ValidationError, match="over"):
        panic.undo(row, by=treated.nurse)


def test_a_score_is_undone_and_stays_readable(treated: Visit) -> None:
    begin(treated, suds=4)
    panic.undo(PanicEntry.objects.get(), by=treated.nurse)
    assert entries() == []
    assert PanicEntry.objects.count() == 2


@pytest.mark.parametrize("over", [False, True])
def test_an_error_takes_the_event_with_it(treated: Visit, over: bool) -> None:
    episode = begin(treated)
    if over:
        panic.end(episode, outcome="settled", by=treated.nurse)
    panic.enter_in_error(episode, "Another patient", by=treated.nurse)
    assert not AdverseEvent.objects.standing().exists()
    assert history.load(treated.fresh()).incidents.panic is None
    assert not at_the_door(treated)
    with pytest.raises(ValidationError, match="already"):
        panic.enter_in_error(episode, "Again", by=treated.nurse)


def test_the_signature_tells_the_course_of_it(treated: Visit) -> None:
    episode = begin(treated, trigger="Loud music", suds=8)
    panic.end(episode, outcome="settled", next_session="lower_dose", by=treated.nurse)
    take_step(treated.pk, Status.TRANSFERRED, by=treated.nurse, reason="To hospital")
    told = {s.title: s.facts for s in covered(treated.fresh())}["What else happened"]
    words = " ".join(f"{fact.label} {fact.text}" for fact in told)
    assert "Trigger: Loud music." in words
    assert "SUDS 8" in words
    assert "Over: settled. Next session: lower dose" in words


# pages


def test_the_rescue_step_leads_to_the_medicine_form(client: Client, treated: Visit) -> None:
    episode = begin(treated)
    client.force_login(treated.nurse)
    page = client.get(reverse("monitoring:panic", args=[episode.public_id])).content.decode()
    assert reverse("monitoring:medicine", args=[treated.row.public_id]) in page


def test_a_nurse_goes_through_it_by_taps(client: Client, treated: Visit) -> None:
    client.force_login(treated.nurse)
    url = reverse("monitoring:panic_begin", args=[treated.row.public_id])
    typed = {"severity": "mild", "suds": "6", "symptoms": ["dizziness", "unreality"]}
    page = client.post(url, {"entry_id": str(uuid4()), **typed}, follow=True).content.decode()
    assert "1. Stay, use the name" in page
    assert "Next device withheld" in page
    assert "Infusion paused" not in page  # this one is given by devices
    episode = PanicEpisode.objects.get()
    step = reverse("monitoring:panic_step", args=[episode.public_id])
    tap = {"entry_id": str(uuid4()), "code": "breathe"}
    for _ in range(2):
        page = client.post(step, tap, follow=True).content.decode()
    assert "Slow breathing" in page
    client.post(step, {"entry_id": str(uuid4()), "code": "suds", "suds": "9"})
    assert entries() == [("suds", 6), ("breathe", None), ("suds", 9)]
    sheet = client.get(reverse("desk:session", args=[treated.row.public_id])).content.decode()
    assert "Panic or anxiety since" in sheet
    assert reverse("monitoring:panic", args=[episode.public_id]) in sheet
    end = reverse("monitoring:panic_end", args=[episode.public_id])
    over = {"entry_id": str(uuid4()), "outcome": "settled", "next_session": "prepare"}
    sheet = client.post(end, over, follow=True).content.decode()
    assert "Panic or anxiety since" not in sheet
    assert "Over: settled. Next session: more preparation" in sheet


@pytest.mark.parametrize("typed", [{}, {"code": "suds", "suds": "11"}, {"code": "suds"}])
def test_a_tap_that_means_nothing_is_refused_in_words(
    client: Client, treated: Visit, typed
) -> None:
    episode = begin(treated)
    client.force_login(treated.nurse)
    step = reverse("monitoring:panic_step", args=[episode.public_id])
    answer = client.post(step, {"entry_id": str(uuid4()), **typed}, follow=True)
    assert list(answer.context["messages"])
    assert not PanicEntry.objects.exists()
