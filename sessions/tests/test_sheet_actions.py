"""What the actions of a session ask of people, who may take them, and what is read on the way."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse

from clinic.audit import acting
from clinic.locks import StaleVersionError
from clinic.models import AuditEvent
from clinic.tests.factories import TESTS
from patients.models import Task
from patients.services import tasks
from sessions.lifecycle import Status
from sessions.models import TreatmentSession
from sessions.services import asks, corrections, signing, steps
from sessions.tests.factories import take_step


def be(visit, status):
    with acting(TESTS):
        TreatmentSession.objects.filter(pk=visit.pk).update(status=status)


def open_tasks():
    return list(Task.objects.open().values_list("kind", "role", "dedupe_key"))


@pytest.mark.parametrize("ending", [Status.TRANSFERRED, Status.LEFT_AGAINST_ADVICE])
@pytest.mark.parametrize("left", [Status.DOSING, Status.MONITORING])
def test_a_session_that_ends_after_a_dose_waits_for_its_signature(visit, left, ending):
    be(visit, left)
    row = take_step(visit.pk, ending, by=visit.nurse, reason="Chest pain")
    task = Task.objects.get(kind=Task.Kind.SIGNATURE)
    assert (task.role, task.dedupe_key) == ("prescriber", asks.sign_key(row))
    assert task.due_at == visit.clock.now + timedelta(days=1)


def test_a_discharge_waits_for_its_signature(visit):
    be(visit, Status.MONITORING)
    with acting(visit.nurse):
        row, now = steps.lock(visit.pk), visit.clock.now
        steps.take(row, Status.DISCHARGED, by=visit.nurse, now=now, guarded=False)
    assert open_tasks() == [("signature", "prescriber", asks.sign_key(row))]


def test_a_session_without_a_dose_asks_for_no_signature(visit):
    be(visit, Status.CHECKED_IN)
    take_step(visit.pk, Status.TRANSFERRED, by=visit.nurse, reason="Fainted at the door")
    assert not Task.objects.filter(kind=Task.Kind.SIGNATURE).exists()


def test_signing_closes_its_task_on_record(visit):
    be(visit, Status.MONITORING)
    row = take_step(visit.pk, Status.TRANSFERRED, by=visit.nurse, reason="Chest pain")
    signing.sign(visit.pk, by=visit.prescriber, version=row.version)
    task = Task.objects.get(kind=Task.Kind.SIGNATURE)
    assert (task.closed_by, task.closing_note) == (visit.prescriber, "Signed.")
    closed = AuditEvent.objects.get(event="task.closed")
    assert (closed.row_id, closed.patient_id) == (str(task.pk), visit.patient.pk)


def test_the_front_desk_calls_who_did_not_come_until_he_comes(visit, front_desk):
    take_step(visit.pk, Status.NO_SHOW, by=front_desk)
    assert [task[:2] for task in open_tasks()] == [("no_show", "front_desk")]
    take_step(visit.pk, Status.CHECKED_IN, by=front_desk, reason="The bus was late")
    assert open_tasks() == []
    take_step(visit.pk, Status.PLANNED, by=front_desk, reason="Somebody else")
    take_step(visit.pk, Status.NO_SHOW, by=front_desk)
    assert len(open_tasks()) == 1


def test_a_task_is_closed_by_those_who_may(visit, front_desk, auditor, outsider):
    take_step(visit.pk, Status.NO_SHOW, by=front_desk)
    task = Task.objects.get()
    for stranger in (auditor, outsider):
        with pytest.raises(PermissionDenied):
            tasks.close(task.pk, by=stranger, note="Called")
    assert tasks.close(task.pk, by=front_desk, note="Called").closed_by == front_desk


def test_only_those_who_run_the_session_move_the_patient(visit, front_desk):
    visit.arrive()
    with pytest.raises(PermissionDenied):
        steps.sit(visit.pk, by=front_desk, place="Quiet room")
    assert steps.sit(visit.pk, by=visit.nurse, place="Quiet room").place == "Quiet room"


@pytest.mark.parametrize("version", [None, 2])
def test_a_step_needs_the_version_that_the_page_showed(visit, version):
    with pytest.raises(StaleVersionError):
        steps.change_status(visit.pk, Status.CHECKED_IN, by=visit.nurse, version=version)


def test_a_form_that_htmx_fetches_is_a_read_too(visit, client, nurse):
    client.force_login(nurse)
    url = reverse("sessions:step", args=[visit.row.public_id, Status.CHECKED_IN])
    answer = client.get(url, headers={"HX-Request": "true"})
    assert answer.templates[0].name == "sessions/_form.html"
    read = AuditEvent.objects.get(event="session.read")
    assert (read.actor_id, read.patient_id) == (nurse.pk, visit.patient.pk)


def test_a_device_is_corrected_in_its_own_form_only(visit):
    visit.be_cleared()
    dose = visit.device()
    drip = corrections.Drip("B2", dose.dose_mg, dose.dose_mg, "Other vial")
    with pytest.raises(ValidationError, match="in their own form"):
        corrections.correct_infusion(dose, drip, by=visit.nurse)
