from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from clinic.models import Clinic, User
from desk.tests.factories import make_task, make_visit
from patients.models import Task
from sessions.lifecycle import Status

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


def test_ended_sessions_wait_for_the_prescriber(
    client: Client, clinic: Clinic, nurse: User, prescriber: User
) -> None:
    visit = make_visit(
        clinic, nurse, starts_at=NOW - timedelta(hours=4), status=Status.DISCHARGED, ended_at=NOW
    )
    client.force_login(prescriber)
    assert f"/sessions/{visit.public_id}/sign/" in client.get(URL).content.decode()
    client.force_login(nurse)
    assert "Sessions to sign" not in client.get(URL).content.decode()


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
    with django_assert_num_queries(7):
        client.get(URL)
