from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils.html import strip_tags

from clinic.models import Clinic, User
from desk.tests.factories import give, make_task, make_visit
from patients.models import Task
from patients.tests.factories import make_patient
from sessions.lifecycle import Status
from sessions.models import TreatmentSession

NOW = datetime.now(UTC).replace(microsecond=0)
URL = "/worklist/"


def close(client: Client, task: Task, note: str = "Called", entry: object = None) -> Any:
    return client.post(
        f"/tasks/{task.public_id}/close/", {"note": note, "entry_id": str(entry or uuid4())}
    )


def test_open_tasks_of_my_role_wait(client: Client, clinic: Clinic, nurse: User) -> None:
    make_task(clinic, due_at=NOW, text="Mine")
    make_task(clinic, due_at=NOW, text="Theirs", role="prescriber")
    client.force_login(nurse)
    html = client.get(URL).content.decode()
    assert "Mine" in html
    assert "Theirs" not in html


@pytest.fixture
def ended(clinic: Clinic, nurse: User) -> Callable[..., TreatmentSession]:
    """Make a visit that is over, with a dose of this outcome, or with none."""

    def make(status: str = Status.DISCHARGED, outcome: str = "") -> TreatmentSession:
        begin = NOW - timedelta(hours=4)
        visit = make_visit(clinic, nurse, starts_at=begin, status=status, ended_at=NOW)
        if outcome:
            give(visit, begin, nurse, outcome=outcome)
        return visit

    return make


def listed(client: Client) -> list[TreatmentSession]:
    return client.get(URL).context["worklist"].to_sign


def test_sessions_that_ended_after_a_dose_wait_for_the_prescriber(
    client: Client, ended: Callable[..., TreatmentSession], nurse: User, prescriber: User
) -> None:
    visit = ended(outcome="complete")
    client.force_login(prescriber)
    assert f"/sessions/{visit.public_id}/sign/" in client.get(URL).content.decode()
    client.force_login(nurse)
    assert "Sessions to sign" not in client.get(URL).content.decode()


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (Status.CANCELLED, ""),
        (Status.NO_SHOW, ""),
        (Status.TRANSFERRED, ""),
        (Status.LEFT_BEFORE_DOSE, "refused"),
    ],
)
def test_a_session_without_a_dose_is_not_asked_to_be_signed(
    client: Client,
    ended: Callable[..., TreatmentSession],
    prescriber: User,
    status: str,
    outcome: str,
) -> None:
    visit = ended(status, outcome)
    client.force_login(prescriber)
    assert listed(client) == []
    sheet = client.get(f"/sessions/{visit.public_id}/")
    assert sheet.context["panels"] == [] or status == Status.NO_SHOW
    rail = {step.words: step.state for step in sheet.context["rail"]}
    assert (rail["Discharge"], rail["Sign"]) == ("open", "open")


def test_any_ending_may_be_signed_from_the_menu(
    client: Client, ended: Callable[..., TreatmentSession], prescriber: User
) -> None:
    visit = ended(Status.CANCELLED)
    client.force_login(prescriber)
    page = client.get(f"/sessions/{visit.public_id}/").content.decode()
    assert f"/sessions/{visit.public_id}/sign/" in page


def test_a_session_to_sign_stands_in_the_worklist_once(
    client: Client, clinic: Clinic, ended: Callable[..., TreatmentSession], prescriber: User
) -> None:
    visit, asks_for = ended(outcome="complete"), {"kind": "signature", "role": "prescriber"}
    make_task(clinic, due_at=NOW, text="Its task", source_id=visit.public_id, **asks_for)
    make_task(clinic, due_at=NOW, text="An older one", source_id=uuid4(), **asks_for)
    client.force_login(prescriber)
    assert listed(client) == [visit]
    html = client.get(URL).content.decode()
    assert "Its task" not in html
    assert "An older one" in html


def test_a_task_leads_to_the_dates_of_its_course(
    client: Client, clinic: Clinic, ended: Callable[..., TreatmentSession], nurse: User
) -> None:
    course = ended().course
    source = {"source_kind": course._meta.label_lower, "source_id": course.public_id}
    task = make_task(clinic, due_at=NOW, **source)
    client.force_login(nurse)
    for url in (URL, f"/tasks/{task.public_id}/close/"):
        assert f'href="/courses/{course.public_id}/"' in client.get(url).content.decode()


def test_sessions_of_earlier_days_that_nobody_closed_are_named(
    client: Client, clinic: Clinic, front_desk: User
) -> None:
    make_visit(clinic, front_desk, starts_at=NOW - timedelta(days=2), status=Status.PLANNED)
    client.force_login(front_desk)
    assert "still planned" in client.get(URL).content.decode()


def test_other_clinics_work_is_not_mine(
    client: Client, clinic: Clinic, nurse: User, other_clinic: Clinic, outsider: User
) -> None:
    task = make_task(other_clinic, due_at=NOW, text="Foreign")
    client.force_login(nurse)
    assert "Foreign" not in client.get(URL).content.decode()
    assert close(client, task).status_code == 404


def test_a_task_is_closed_with_a_note(client: Client, clinic: Clinic, nurse: User) -> None:
    task = make_task(clinic, due_at=NOW)
    client.force_login(nurse)
    assert close(client, task, "Reached her").headers["Location"] == URL
    task.refresh_from_db()
    assert (task.closing_note, task.closed_by) == ("Reached her", nurse)


@pytest.mark.parametrize("note", ["", "   ", "x" * 241, "a\x00b"])
def test_a_closing_needs_its_words(client: Client, clinic: Clinic, nurse: User, note: str) -> None:
    task = make_task(clinic, due_at=NOW)
    client.force_login(nurse)
    assert close(client, task, note).status_code == 200
    task.refresh_from_db()
    assert task.closed_at is None


def test_a_closed_task_is_not_closed_again(client: Client, clinic: Clinic, nurse: User) -> None:
    task = make_task(clinic, due_at=NOW)
    client.force_login(nurse)
    close(client, task, "First")
    assert "closed already" in close(client, task, "Second").content.decode()


def test_the_same_closing_twice_is_one(client: Client, clinic: Clinic, nurse: User) -> None:
    task, entry = make_task(clinic, due_at=NOW), uuid4()
    client.force_login(nurse)
    assert close(client, task, entry=entry).status_code == 302
    assert close(client, task, entry=entry).status_code == 302


def test_the_auditor_closes_nothing(client: Client, clinic: Clinic, auditor: User) -> None:
    client.force_login(auditor)
    assert close(client, make_task(clinic, due_at=NOW)).status_code == 403


@pytest.mark.parametrize("number", [1, 1000])
def test_the_worklist_costs_the_same_for_any_length(
    client: Client, clinic: Clinic, prescriber: User, number: int, django_assert_num_queries: Any
) -> None:
    from clinic.audit import acting
    from clinic.tests.factories import TESTS

    with acting(TESTS):
        Task.objects.bulk_create(
            Task(clinic=clinic, kind="call", role="prescriber", text="Call", due_at=NOW)
            for _ in range(number)
        )
    client.force_login(prescriber)
    client.get(URL)
    with django_assert_num_queries(7):  # one counts what can be chosen
        client.get(URL)


def chosen(client: Client, query: str = "") -> Any:
    return client.get(f"{URL}?{query}").context["worklist"]


def act(client: Client, task: Task, what: str, **values: str) -> Any:
    values = {"entry_id": str(uuid4()), **values}
    return client.post(f"/tasks/{task.public_id}/{what}/", values)


def test_tasks_stand_by_urgency_with_their_counts(
    client: Client, clinic: Clinic, nurse: User
) -> None:
    noon = NOW.astimezone(clinic.zone).replace(hour=12)
    for days, text in ((-3, "Old"), (-1, "Late"), (0, "Now"), (1, "Soon"), (30, "Far")):
        make_task(clinic, due_at=noon + timedelta(days=days), text=text)
    client.force_login(nurse)
    groups = [(group.words, group.count) for group in chosen(client).groups]
    assert groups == [("Overdue", 2), ("Today", 1), ("Later", 2)]
    html = client.get(URL).content.decode()
    for words in ("3 days overdue", "1 day overdue", ", today", ", tomorrow", "in 4 weeks"):
        assert words in html, words


def test_what_is_chosen_stays_in_the_address_and_narrows_the_list(
    client: Client, clinic: Clinic, nurse: User
) -> None:
    make_task(clinic, due_at=NOW, text="Call")
    failed = make_task(clinic, due_at=NOW, text="Failed", kind="message_failed", taken_by=nurse)
    client.force_login(nurse)
    assert [task.text for task in chosen(client, "kind=message_failed").tasks] == ["Failed"]
    assert [task.text for task in chosen(client, "whose=mine").tasks] == ["Failed"]
    assert [task.text for task in chosen(client, "whose=free").tasks] == ["Call"]
    assert chosen(client, "whose=free&kind=message_failed").count == 0
    assert 'href="?whose=mine&amp;kind=message_failed"' in (
        client.get(f"{URL}?kind=message_failed").content.decode()
    )
    answer = act(client, failed, "release", back="whose=mine&kind=message_failed&x=1")
    assert answer.headers["Location"] == f"{URL}?whose=mine&kind=message_failed"


@pytest.mark.parametrize(
    "query", ["whose=x", "kind=x", "role=prescriber", "page=-1", "page=x", "page=99999", "page=²"]
)
def test_an_unknown_choice_is_none(client: Client, clinic: Clinic, nurse: User, query: str) -> None:
    make_task(clinic, due_at=NOW)
    client.force_login(nurse)
    assert len(chosen(client, query).tasks) == 1


def test_a_task_is_taken_and_released(
    client: Client, clinic: Clinic, nurse: User, prescriber: User
) -> None:
    task = make_task(clinic, due_at=NOW)
    client.force_login(nurse)
    act(client, task, "take")
    task.refresh_from_db()
    assert task.taken_by == nurse
    assert "You see to it" in client.get(URL).content.decode()
    client.force_login(prescriber)
    act(client, task, "take")
    task.refresh_from_db()
    assert task.taken_by == nurse
    act(client, task, "release")
    task.refresh_from_db()
    assert task.taken_by is None


def test_a_task_is_postponed_with_a_reason_and_remembers_its_day(
    client: Client, clinic: Clinic, nurse: User
) -> None:
    task = make_task(clinic, due_at=NOW)
    client.force_login(nurse)
    day = (NOW.astimezone(clinic.zone) + timedelta(days=5)).date()
    act(client, task, "postpone", due_on=day.isoformat(), reason="On holiday")
    act(client, task, "postpone", due_on=str(day + timedelta(days=1)), reason="Still away")
    task.refresh_from_db()
    assert task.due_at.astimezone(clinic.zone).date() == day + timedelta(days=1)
    assert (task.first_due_at, task.postponed_reason) == (NOW, "Still away")
    assert "Still away" in client.get(URL).content.decode()


@pytest.mark.parametrize(
    ("days", "reason", "field"),
    [(0, "Away", "due_on"), (-1, "Away", "due_on"), (400, "Away", "due_on"), (3, " ", "reason")],
)
def test_a_postponement_needs_a_later_day_and_a_reason(
    client: Client, clinic: Clinic, nurse: User, days: int, reason: str, field: str
) -> None:
    task = make_task(clinic, due_at=NOW)
    client.force_login(nurse)
    day = (NOW.astimezone(clinic.zone) + timedelta(days=days)).date()
    page = act(client, task, "postpone", due_on=day.isoformat(), reason=reason)
    assert list(page.context["form"].errors) == [field]
    task.refresh_from_db()
    assert (task.due_at, task.first_due_at) == (NOW, None)


@pytest.mark.parametrize("what", ["take", "release", "postpone"])
def test_a_closed_task_is_left_alone(
    client: Client, clinic: Clinic, nurse: User, what: str
) -> None:
    task = make_task(clinic, due_at=NOW, closed_at=NOW, closing_note="Done")
    client.force_login(nurse)
    day = (NOW + timedelta(days=5)).date().isoformat()
    answer = client.post(
        f"/tasks/{task.public_id}/{what}/",
        {"entry_id": str(uuid4()), "due_on": day, "reason": "Away"},
        follow=True,
    )
    assert "closed already" in answer.content.decode()
    task.refresh_from_db()
    assert (task.taken_by, task.first_due_at) == (None, None)


def test_long_lists_come_in_pages(client: Client, clinic: Clinic, nurse: User) -> None:
    for number in range(60):
        make_task(clinic, due_at=NOW + timedelta(minutes=number), text=f"Task {number:02}")
    client.force_login(nurse)
    first, second = chosen(client), chosen(client, "page=2")
    assert (len(first.tasks), len(second.tasks), first.count) == (50, 10, 60)
    assert (first.earlier, first.following, second.following) == (None, "page=2", None)
    assert {task.pk for task in first.tasks}.isdisjoint(task.pk for task in second.tasks)


@pytest.fixture
def afternoon(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> datetime:
    """Let it be two in the afternoon at the clinic."""
    at = NOW.astimezone(clinic.zone).replace(hour=14, minute=0, second=0)
    monkeypatch.setattr("clinic.clock.now", lambda: at)
    return at


def make_urgent(clinic: Clinic, due_at: datetime, **values: Any) -> Task:
    patient = make_patient(clinic, phone="+1 555 0100")
    urgent = {"kind": Task.Kind.CRISIS, "text": "Call now", "patient": patient, **values}
    return make_task(clinic, due_at=due_at, **urgent)


def test_an_answer_that_can_not_wait_is_the_first_group(
    client: Client, clinic: Clinic, nurse: User, prescriber: User, afternoon: datetime
) -> None:
    """However long other tasks wait; in front the ones that nobody has taken."""
    for number in range(60):
        make_task(clinic, due_at=NOW - timedelta(days=5), text=f"Overdue {number}")
    make_urgent(clinic, afternoon - timedelta(hours=2), text="Taken", taken_by=prescriber)
    make_urgent(clinic, afternoon + timedelta(minutes=15))
    for user in (nurse, prescriber):
        client.force_login(user)
        first = chosen(client).groups[0]
        assert (first.words, first.count) == ("Now", 2)
        assert [task.text for task in first.tasks] == ["Call now", "Taken"]
        assert '<h3 class="lines-head is-now">' in client.get(URL).content.decode()
    client.force_login(nurse)
    assert f"{prescriber} sees to it" in client.get(URL).content.decode()
    groups = {group.words: group.count for group in chosen(client, "page=2").groups}
    assert groups == {"Overdue": 60}


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (15, "Nobody has taken this yet; it has to be taken by 14:15."),
        (0, "Overdue since 14:00: nobody has taken it."),
        (-10, "Overdue since 13:50: nobody has taken it."),
    ],
)
def test_an_answer_that_can_not_wait_says_until_when_it_had_to_be_taken(
    client: Client, clinic: Clinic, nurse: User, afternoon: datetime, minutes: int, words: str
) -> None:
    task = make_urgent(clinic, afternoon + timedelta(minutes=minutes))
    client.force_login(nurse)
    text = strip_tags(client.get(URL).content.decode())
    assert words in text
    assert "+1 555 0100" in text
    act(client, task, "take")
    text = strip_tags(client.get(URL).content.decode())
    assert "You see to it" in text
    assert "Overdue since" not in text


def test_what_was_taken_is_shown_at_its_place(client: Client, clinic: Clinic, nurse: User) -> None:
    task = make_urgent(clinic, NOW)
    client.force_login(nurse)
    answer = act(client, task, "take", back="kind=crisis")
    assert answer.headers["Location"] == f"{URL}?kind=crisis#task-{task.public_id}"
    assert f'<li id="task-{task.public_id}">' in client.get(URL).content.decode()


def test_a_refusal_to_take_is_said_above_the_list(
    client: Client, clinic: Clinic, nurse: User, prescriber: User
) -> None:
    task = make_urgent(clinic, NOW, taken_by=prescriber)
    client.force_login(nurse)
    assert act(client, task, "take").headers["Location"] == URL
