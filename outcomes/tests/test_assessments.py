"""Assessments as staff enter them, and the tasks that ask for them and follow from them."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import ProgrammingError, connection
from django.db.utils import IntegrityError
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from clinic.audit import acting
from clinic.models import AuditEvent, Clinic, User
from clinic.tests.factories import TESTS
from outcomes import planning
from outcomes.models import Assessment, OutcomesPolicy
from outcomes.tasks import open_due_tasks
from patients.models import Patient, Task
from patients.tests.factories import make_patient
from sessions.services.ending import stop_course
from sessions.tests.factories import make_course, make_session

AUDIT = {"item_often": "2", "item_drinks": "1", "item_six": "0"}


@pytest.fixture
def patient(clinic: Clinic) -> Patient:
    return make_patient(clinic, sex="female")


def local(clinic: Clinic, **ago: int) -> str:
    at = timezone.localtime(timezone.now() - timedelta(**ago), clinic.zone)
    return at.strftime("%Y-%m-%dT%H:%M")


def enter(client: Client, patient: Patient, key: str, **values: str) -> Any:
    url = reverse("outcomes:assess", args=[patient.public_id, key])
    typed = {"observed_at": local(patient.clinic), "entry_id": str(uuid4()), **values}
    return client.post(url, typed)


def asked(kind: str = "assessment") -> list[str]:
    return list(Task.objects.open().filter(kind=kind).order_by("pk").values_list("text", flat=True))


def test_answers_and_score_are_kept(client: Client, nurse: User, patient: Patient) -> None:
    client.force_login(nurse)
    answer = enter(client, patient, "audit-c", **AUDIT, note="At intake")
    row = Assessment.objects.get()
    assert answer.url == reverse("desk:chart", args=[patient.public_id])
    assert row.answers == {"often": 2, "drinks": 1, "six": 0}
    assert (row.score, row.out_of, row.incomplete, row.version) == (3, 12, False, 1)
    assert (row.recorded_by, row.note) == (nurse, "At intake")
    assert asked("result") == ["AUDIT-C is positive: 3 points, from 3."]


def test_an_incomplete_form_is_kept_without_a_total(
    client: Client, nurse: User, patient: Patient
) -> None:
    client.force_login(nurse)
    enter(client, patient, "audit-c", item_drinks="4", item_six="4")
    row = Assessment.objects.get()
    assert (row.score, row.incomplete, row.result) == (None, True, "incomplete")
    page = client.get(reverse("desk:chart", args=[patient.public_id])).content.decode()
    assert "incomplete</a>" in page


def test_the_database_refuses_a_total_of_an_incomplete_form(nurse: User, patient: Patient) -> None:
    now = timezone.now()
    with pytest.raises(IntegrityError), acting(TESTS):
        Assessment.objects.create(
            patient=patient,
            clinic=patient.clinic,
            instrument="audit-c",
            version=1,
            answers={},
            score=3,
            incomplete=True,
            observed_at=now,
            recorded_at=now,
            recorded_by=nurse,
        )


@pytest.mark.parametrize(
    ("key", "values", "field"),
    [
        ("audit-c", {}, "__all__"),
        ("audit-c", {"item_often": "5"}, "item_often"),
        ("audit-c", {**AUDIT, "observed_at": "2999-01-01T10:00"}, "observed_at"),
        ("audit-c", {**AUDIT, "observed_at": "1930-01-01T10:00"}, "observed_at"),
        ("dast-10", {"item_score": "11"}, "item_score"),
        ("dast-10", {"item_score": "2.5"}, "item_score"),
        ("cognition", {"item_test": "X", "item_score": "9", "item_out_of": "8"}, "__all__"),
    ],
)
def test_what_is_wrong_is_refused(
    client: Client, nurse: User, patient: Patient, key: str, values: dict[str, str], field: str
) -> None:
    client.force_login(nurse)
    page = enter(client, patient, key, **values)
    assert field in page.context["form"].errors
    assert not Assessment.objects.exists()


def test_half_units_of_a_laboratory_value_are_kept(
    client: Client, nurse: User, patient: Patient
) -> None:
    client.force_login(nurse)
    enter(client, patient, "liver", item_ggt="55.5", item_ggt_upper="55")
    assert Assessment.objects.get().answers["ggt"] == 55.5
    assert "GGT 55.5, above 55" in asked("result")[0]


def test_a_correction_keeps_both_and_settles_what_the_first_asked_for(
    client: Client, nurse: User, patient: Patient
) -> None:
    client.force_login(nurse)
    enter(client, patient, "bladder", item_pain="1")
    wrong = Assessment.objects.get()
    assert len(asked("result")) == 1
    url = reverse("outcomes:correct", args=[wrong.public_id])
    values = {"item_pain": "0", "observed_at": local(patient.clinic), "reason": "Misheard"}
    client.post(url, {**values, "entry_id": str(uuid4())})
    right = Assessment.objects.standing().get()
    assert (right.supersedes, right.answers["pain"], wrong.answers["pain"]) == (wrong, 0, 1)
    assert asked("result") == []
    again = client.post(url, {**values, "entry_id": str(uuid4())})
    assert again.status_code == 409


def test_what_was_entered_in_error_counts_no_more(
    client: Client, nurse: User, patient: Patient
) -> None:
    client.force_login(nurse)
    enter(client, patient, "bladder", item_pain="1")
    wrong = Assessment.objects.get()
    url = reverse("outcomes:in_error", args=[wrong.public_id])
    client.post(url, {"reason": "Another patient's", "entry_id": str(uuid4())})
    assert not Assessment.objects.standing().exists()
    assert asked("result") == []
    page = client.get(reverse("outcomes:assessment", args=[wrong.public_id])).content.decode()
    assert "Another patient" in page


@pytest.mark.parametrize("reason", ["", "Another patient's"])
def test_the_database_wants_a_row_and_a_reason_behind_an_error(
    client: Client, nurse: User, patient: Patient, reason: str
) -> None:
    client.force_login(nurse)
    enter(client, patient, "audit-c", **AUDIT)
    row = Assessment.objects.get()
    supersedes = None if reason else Assessment.objects.get()
    row.pk, row.public_id, row.entered_in_error, row.reason = None, uuid4(), True, reason
    row.supersedes = supersedes
    with pytest.raises(IntegrityError, match="says_why"), acting(TESTS):
        row.save(force_insert=True)


def test_an_assessment_never_changes(client: Client, nurse: User, patient: Patient) -> None:
    client.force_login(nurse)
    enter(client, patient, "bladder", item_pain="1")
    row = Assessment.objects.get()
    row.note = "Other"
    with pytest.raises(ProgrammingError), acting(TESTS):
        row.save()


def test_the_visits_of_a_course_come_in_the_order_of_their_days(
    patient: Patient, nurse: User
) -> None:
    """A missed one that was made up for keeps its number, and may come after the next one."""
    course, begins = make_course(patient, nurse), timezone.now()
    days = {1: 0, 2: 22, 3: 14}
    for number, day in days.items():
        make_session(course, number=number, starts_at=begins + timedelta(days=day))
    rows = course.sessions.select_related("phase")
    visits = planning.history_of(course, rows, patient.clinic.zone).visits
    assert [(visit.day - visits[0].day).days for visit in visits] == [0, 14, 22]


@pytest.fixture
def treated(clinic: Clinic, patient: Patient, nurse: User) -> Patient:
    """A patient in the first week, who had a session yesterday."""
    yesterday = timezone.now() - timedelta(days=1)
    day = yesterday.astimezone(clinic.zone).date()
    course = make_course(patient, nurse, starts_on=day)
    make_session(course, starts_at=yesterday, status="discharged", ended_at=yesterday)
    return patient


def sweep() -> dict[str, int]:
    return planning.open_due(timezone.now())


def test_what_is_due_becomes_a_task_once(treated: Patient) -> None:
    for _ in range(2):
        assert sweep()["waiting"] == 3
        assert sorted(text.partition(" is")[0] for text in asked()) == [
            "AUDIT-C",
            "Bladder check",
            "Cognition",
        ]
    task = Task.objects.filter(text__startswith="Bladder").get()
    assert (task.role, task.patient) == ("nurse", treated)
    assert task.due_at.astimezone(treated.clinic.zone).date() == treated.courses.get().starts_on


def test_doing_it_closes_its_task_and_no_other(
    client: Client, nurse: User, treated: Patient
) -> None:
    sweep()
    client.force_login(nurse)
    enter(client, treated, "audit-c", **AUDIT)
    assert all("AUDIT-C" not in text for text in asked())
    assert len(asked()) == 2
    assert Task.objects.filter(kind="assessment", closed_by=nurse).count() == 1


def test_half_a_form_leaves_the_task_open(client: Client, nurse: User, treated: Patient) -> None:
    sweep()
    client.force_login(nurse)
    enter(client, treated, "audit-c", item_six="0")
    assert any("AUDIT-C" in text for text in asked())


def test_an_error_asks_again(client: Client, nurse: User, treated: Patient) -> None:
    sweep()
    client.force_login(nurse)
    enter(client, treated, "audit-c", **AUDIT)
    url = reverse("outcomes:in_error", args=[Assessment.objects.get().public_id])
    client.post(url, {"reason": "Another patient's", "entry_id": str(uuid4())})
    assert any("AUDIT-C" in text for text in asked())


def test_a_stopped_course_asks_for_checks_instead(
    treated: Patient, prescriber: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep()
    course = treated.courses.get()
    stop_course(course.pk, reason="Moves away", by=prescriber, version=course.version)
    sweep()
    assert asked() == []
    planning.open_due(timezone.now() + timedelta(days=4))
    assert [text.partition(" is")[0] for text in asked()] == ["Symptom check"]


def test_the_clinic_sets_the_rules(treated: Patient) -> None:
    with acting(TESTS):
        OutcomesPolicy.objects.create(
            clinic=treated.clinic, bladder_days=0, cognition_months=0, audit_c_months=0
        )
    assert sweep()["waiting"] == 0


def test_the_dead_are_not_asked_for(treated: Patient) -> None:
    treated.deceased = True
    with acting(TESTS):
        treated.save()
    assert sweep()["waiting"] == 0


def test_a_sweep_that_finds_nothing_new_reads_the_same_for_any_number(
    clinic: Clinic, treated: Patient, nurse: User
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            sweep()
        return len(captured)

    sweep()
    few = queries()
    for _ in range(8):
        make_course(make_patient(clinic), nurse)
    sweep()
    assert queries() == few


def test_a_sweep_has_its_author(treated: Patient) -> None:
    open_due_tasks()
    assert AuditEvent.objects.filter(actor_label="open_due_tasks").exists()


def test_the_chart_says_what_is_due_and_what_was_last(
    client: Client, nurse: User, treated: Patient
) -> None:
    client.force_login(nurse)
    enter(client, treated, "bladder", item_pain="1")
    page = client.get(reverse("desk:chart", args=[treated.public_id]))
    lines = {line.instrument.key: line for line in page.context["chart"].between}
    assert lines["cognition"].overdue
    assert lines["bladder"].last.flags[0]["code"] == "positive"
    html = page.content.decode()
    assert "do a dipstick" in html
    assert reverse("outcomes:assess", args=[treated.public_id, "cognition"]) in html


def test_the_front_desk_sees_none_of_it(client: Client, front_desk: User, patient: Patient) -> None:
    client.force_login(front_desk)
    page = client.get(reverse("desk:chart", args=[patient.public_id]))
    assert "Between sessions" not in page.content.decode()
