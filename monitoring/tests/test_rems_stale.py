"""What makes a filed REMS form worth a second look, and what does not."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from clinic.audit import acting
from clinic.models import AuditEvent
from clinic.tests.factories import TESTS
from monitoring.hunter import SIGNS, Exam
from monitoring.models import RemsFiling
from monitoring.services import emergencies, events, medicines, rems, rems_stale, serotonin
from monitoring.services.events import Reported
from monitoring.services.medicines import Given
from monitoring.tests.visits import Visit
from patients.models import Medication, Patient, RemsEnrolment
from patients.services import chart, enrolment
from sessions.lifecycle import Status
from sessions.tests.factories import take_step
from sessions.tests.rems import make_enrolled

EXAM = Exam(**dict.fromkeys(SIGNS, False), exposed=True)


@pytest.fixture
def left(visit: Visit) -> Visit:
    """A visit under REMS with an event, which ended after a dose."""
    make_enrolled(visit)
    visit.be_monitored()
    events.report(visit.pk, Reported("Syncope", "severe", serious=True), by=visit.nurse)
    take_step(visit.pk, Status.TRANSFERRED, by=visit.nurse, reason="Chest pain")
    return visit


def file_now(visit: Visit) -> None:
    sheet = rems.load(visit.fresh(), visit.clock.now)
    assert sheet
    with acting(TESTS):
        RemsFiling.objects.create(
            treatment_session=visit.row,
            filed_at=visit.clock.now,
            filed_by=visit.nurse,
            recorded_at=visit.clock.now,
            channel="online",
            snapshot=sheet.form.snapshot(),
        )
    visit.clock.forward(minutes=5)


def is_touched(visit: Visit) -> bool:
    return rems_stale.touched(rems.wanted()).filter(pk=visit.pk).exists()


def changed(visit: Visit) -> list[str]:
    sheet = rems.load(visit.fresh(), visit.clock.now)
    assert sheet
    return [change.label for change in sheet.changes]


def give(visit: Visit) -> None:
    given = Given(
        "lorazepam 1 mg",
        "benzodiazepine",
        "1 mg",
        "oral",
        visit.prescriber,
        "Panic",
        given_at=visit.fresh().ended_at,
    )
    medicines.record(visit.pk, given, by=visit.nurse)


def follow(visit: Visit) -> None:
    event = visit.row.adverse_events.get()
    events.follow(event, "Sits up", by=visit.nurse, outcome="resolving")


def examine(visit: Visit) -> None:
    serotonin.record(visit.pk, EXAM, by=visit.nurse)


def disenrol(visit: Visit) -> None:
    row = RemsEnrolment.objects.get()
    day = visit.clock.now.date()
    enrolment.end(row.pk, ended_on=day, reason="Never signed", by=visit.nurse)


ADDED: list[tuple[Callable[[Visit], None], list[str]]] = [
    (give, ["Benzodiazepines"]),
    (follow, ["Syncope: details"]),
    (examine, []),
    (disenrol, ["REMS enrollment number"]),
]


@pytest.mark.parametrize(("add", "labels"), ADDED)
def test_what_is_added_to_the_session_since_the_filing_is_noticed(
    left: Visit, add: Callable[[Visit], None], labels: list[str]
) -> None:
    file_now(left)
    assert not is_touched(left)
    add(left)
    assert is_touched(left)
    assert changed(left) == labels


def test_an_enrolment_of_a_later_day_is_not_about_the_session(left: Visit) -> None:
    file_now(left)
    ended = {"ended_by": left.nurse, "ended_at": left.clock.now, "ending_reason": "Moved"}
    with acting(TESTS):
        day = left.clock.now.date() + timedelta(days=30)
        RemsEnrolment.objects.update(ended_on=day, **ended)
    assert not is_touched(left)


# the chart: by the audit trail


def take(visit: Visit, text: str, **values: object) -> Medication:
    with acting(TESTS):
        return Medication.objects.create(
            patient=visit.patient, clinic=visit.patient.clinic, text=text, **values
        )


def is_noticed(visit: Visit) -> bool:
    """Tell the last change of a row once more by the held clock, which the trail doesn't read."""
    event = AuditEvent.objects.filter(patient_id=visit.patient.pk, after__isnull=False).first()
    assert event
    event.pk, event.at = None, visit.clock.now
    event.save(force_insert=True)
    return is_touched(visit)


@pytest.mark.parametrize(("days", "noticed"), [(-1, True), (0, True), (5, False), (None, True)])
def test_a_medicine_added_to_the_chart_is_noticed_unless_it_began_later(
    left: Visit, days: int | None, noticed: bool
) -> None:
    file_now(left)
    day = None if days is None else left.clock.now.date() + timedelta(days=days)
    take(left, "Klonapin 1mg", started_on=day)
    assert is_noticed(left) is noticed
    assert ("Benzodiazepines" in changed(left)) is noticed


@pytest.mark.parametrize(("days", "noticed"), [(-10, True), (0, True), (9, False)])
def test_a_medicine_that_was_stopped_is_noticed_unless_it_ran_past_the_day(
    left: Visit, days: int, noticed: bool
) -> None:
    row = take(left, "Klonapin 1mg")
    file_now(left)
    day = left.clock.now.date() + timedelta(days=days)
    with acting(TESTS):
        Medication.objects.filter(pk=row.pk).update(status="stopped", stopped_on=day)
    assert is_noticed(left) is noticed
    assert ("Benzodiazepines" in changed(left)) is noticed


def test_a_medicine_that_was_over_before_is_not_about_the_session(left: Visit) -> None:
    file_now(left)
    day = left.clock.now.date() - timedelta(days=9)
    take(left, "Klonapin 1mg", status="stopped", stopped_on=day)
    assert not is_noticed(left)


def test_a_medicine_entered_in_error_is_noticed(left: Visit) -> None:
    row = take(left, "Klonapin 1mg")
    file_now(left)
    chart.enter_in_error(Medication, row.pk, by=left.nurse, reason="Another patient's")
    assert is_noticed(left)
    assert "Benzodiazepines" in changed(left)


def test_a_corrected_birth_date_is_noticed_and_a_new_phone_is_not(left: Visit) -> None:
    file_now(left)
    with acting(TESTS):
        Patient.objects.update(phone="555 0199")
    assert not is_noticed(left)
    with acting(TESTS):
        Patient.objects.update(birth_date=left.patient.birth_date - timedelta(days=1))
    assert is_noticed(left)
    assert changed(left) == ["Date of birth"]


@pytest.mark.parametrize(("code", "is_acceptable"), [("oxygen", "No"), ("called", "Yes")])
def test_after_an_emergencys_oxygen_a_saturation_says_whether_on_room_air(
    visit: Visit, code: str, is_acceptable: str
) -> None:
    make_enrolled(visit)
    visit.be_monitored()
    emergency = emergencies.start(visit.pk, by=visit.nurse)
    emergencies.act(emergency, code, by=visit.nurse)
    visit.clock.forward(minutes=1)
    visit.measure()
    take_step(visit.pk, Status.TRANSFERRED, by=visit.nurse, reason="Chest pain")
    sheet = rems.load(visit.fresh(), visit.clock.now)
    assert sheet
    assert sheet.form.value("acceptable_after") == is_acceptable
