"""An emergency by single taps, and the sheet for the ambulance crew."""

import re
from collections.abc import Callable
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from clinic.audit import acting
from clinic.models import User
from clinic.tests.factories import TESTS
from monitoring.models import Emergency, EmergencyAction, EmergencyPolicy
from monitoring.services import emergencies, history, medicines
from monitoring.services.medicines import Given
from monitoring.tests.visits import Visit
from patients.models import Allergy, Condition, Medication
from sessions.covered import covered
from sessions.lifecycle import Status
from sessions.services import signing
from sessions.tests.factories import take_step


@pytest.fixture
def treated(visit: Visit) -> Visit:
    visit.be_monitored()
    return visit


def running(visit: Visit) -> Emergency | None:
    return history.load(visit.fresh()).incidents.emergency


def url(name: str, row) -> str:
    return reverse(f"monitoring:{name}", args=[row.public_id])


def test_it_starts_with_the_database_time_and_runs(treated: Visit) -> None:
    started = emergencies.start(treated.pk, by=treated.nurse)
    assert started.started_at == treated.clock.now
    assert running(treated) == emergencies.running(treated.row) == started


def test_two_people_who_press_at_once_start_one(treated: Visit) -> None:
    first = emergencies.start(treated.pk, by=treated.nurse)
    assert emergencies.start(treated.pk, by=treated.prescriber) == first


def test_it_starts_before_arrival_and_by_the_front_desk(visit: Visit, front_desk: User) -> None:
    assert emergencies.start(visit.pk, by=front_desk)


def test_who_only_looks_starts_none(treated: Visit, auditor: User) -> None:
    with pytest.raises(PermissionDenied):
        emergencies.start(treated.pk, by=auditor)


@pytest.mark.parametrize("code", emergencies.ENDS)
def test_handing_over_and_standing_down_end_it(treated: Visit, code: str) -> None:
    started = emergencies.start(treated.pk, by=treated.nurse)
    end = emergencies.act(started, code, by=treated.nurse)
    assert running(treated) is None
    assert emergencies.running(treated.row) is None
    emergencies.undo(end, by=treated.nurse)
    assert running(treated) == emergencies.running(treated.row) == started


def test_after_the_end_another_one_may_start(treated: Visit) -> None:
    first = emergencies.start(treated.pk, by=treated.nurse)
    end = emergencies.act(first, "stood_down", by=treated.nurse)
    second = emergencies.start(treated.pk, by=treated.nurse)
    assert running(treated) == second != first
    with pytest.raises(ValidationError, match="Another emergency"):
        emergencies.undo(end, by=treated.nurse)


@pytest.mark.parametrize("code", ["", "dance", "safe", "suds"])
def test_the_service_refuses_what_is_not_on_the_list(treated: Visit, code: str) -> None:
    started = emergencies.start(treated.pk, by=treated.nurse)
    with pytest.raises(ValidationError, match="not on the list"):
        emergencies.act(started, code, by=treated.nurse)
    assert not EmergencyAction.objects.exists()


def test_a_record_with_a_running_emergency_is_not_signed(treated: Visit) -> None:
    take_step(treated.pk, Status.TRANSFERRED, by=treated.nurse, reason="To hospital")
    started = emergencies.start(treated.pk, by=treated.nurse)
    with pytest.raises(ValidationError, match="An emergency runs"):
        signing.sign(treated.pk, by=treated.prescriber, version=treated.fresh().version)
    emergencies.act(started, "stood_down", by=treated.nurse)
    assert signing.sign(treated.pk, by=treated.prescriber, version=treated.fresh().version)


def test_a_slip_is_undone_once_and_stays_readable(treated: Visit) -> None:
    started = emergencies.start(treated.pk, by=treated.nurse)
    slip = emergencies.act(started, "cpr", by=treated.nurse)
    error = emergencies.undo(slip, by=treated.nurse)
    for row in (slip, error):
        with pytest.raises(ValidationError, match="undone already"):
            emergencies.undo(row, by=treated.nurse)
    assert EmergencyAction.objects.count() == 2
    assert not EmergencyAction.objects.standing().exists()


def test_the_database_wants_a_row_behind_an_undoing(treated: Visit) -> None:
    started = emergencies.start(treated.pk, by=treated.nurse)
    told = {"treatment_session": treated.row, "at": treated.clock.now, "by": treated.nurse}
    with pytest.raises(IntegrityError), acting(TESTS), transaction.atomic():
        EmergencyAction.objects.create(emergency=started, code="cpr", entered_in_error=True, **told)


def test_a_signature_closes_it(treated: Visit) -> None:
    started = emergencies.start(treated.pk, by=treated.nurse)
    emergencies.act(started, "oxygen", by=treated.nurse)
    take_step(treated.pk, Status.TRANSFERRED, by=treated.nurse, reason="To hospital")
    told = {s.title: [f.label for f in s.facts] for s in covered(treated.fresh())}
    assert any("Emergency: Oxygen given" in label for label in told["What else happened"])
    signing.sign(treated.pk, by=treated.prescriber, version=treated.fresh().version)
    with pytest.raises(ValidationError, match="signed"):
        emergencies.act(started, "note", by=treated.nurse)


# pages


def test_one_tap_on_the_sheet_starts_it_and_twice_the_same_tap_is_one(
    client: Client, treated: Visit
) -> None:
    client.force_login(treated.nurse)
    sheet = client.get(reverse("desk:session", args=[treated.row.public_id])).content.decode()
    form = sheet[sheet.index("emergency-start") :]
    found = re.search(r'name="entry_id" value="([0-9a-f-]{36})"', form)
    assert found
    key = {"entry_id": found[1]}
    for _ in range(2):
        page = client.post(url("emergency_start", treated.row), key, follow=True)
    assert Emergency.objects.count() == 1
    assert "Oxygen given" in page.content.decode()
    sheet = client.get(reverse("desk:session", args=[treated.row.public_id])).content.decode()
    assert "Emergency since" in sheet


def test_a_tap_needs_nothing_but_its_button_and_counts_once(client: Client, treated: Visit) -> None:
    started = emergencies.start(treated.pk, by=treated.nurse)
    client.force_login(treated.nurse)
    tap = {"entry_id": str(uuid4()), "code": "oxygen"}
    for _ in range(2):
        client.post(url("emergency_act", started), tap)
    client.post(url("emergency_act", started), {**tap, "entry_id": str(uuid4())})
    assert EmergencyAction.objects.filter(code="oxygen").count() == 2


@pytest.mark.parametrize("typed", [{}, {"code": "dance"}, {"code": "note", "text": "x" * 241}])
def test_what_is_no_action_is_refused_in_words(client: Client, treated: Visit, typed) -> None:
    started = emergencies.start(treated.pk, by=treated.nurse)
    client.force_login(treated.nurse)
    answer = client.post(
        url("emergency_act", started), {"entry_id": str(uuid4()), **typed}, follow=True
    )
    assert answer.status_code == 200
    assert list(answer.context["messages"])
    assert not EmergencyAction.objects.exists()


def test_the_front_desk_taps_and_prints_no_values(
    client: Client, treated: Visit, front_desk: User
) -> None:
    client.force_login(front_desk)
    page = client.get(url("emergency", treated.row)).content.decode()
    assert url("ambulance", treated.row) not in page
    assert "Start emergency" in page
    assert client.get(url("ambulance", treated.row)).status_code == 403


def test_the_crews_sheet_has_all_on_it(client: Client, treated: Visit) -> None:
    of_patient = {"patient": treated.patient, "clinic": treated.row.clinic}
    with acting(TESTS):
        Allergy.objects.create(text="Latex", **of_patient)
        Condition.objects.create(text="Asthma", **of_patient)
        Medication.objects.create(text="Sertraline", **of_patient)
        Medication.objects.create(text="Lithium", status="stopped", **of_patient)
        EmergencyPolicy.objects.create(clinic=treated.row.clinic, prescriber_number="ext. 42")
    treated.clock.forward(minutes=10)
    treated.measure(systolic=201, diastolic=111, confirmed=True)
    started = emergencies.start(treated.pk, by=treated.nurse)
    emergencies.act(started, "medicine", by=treated.nurse, text="Midazolam 2 mg")
    undone = emergencies.act(started, "cpr", by=treated.nurse)
    emergencies.undo(undone, by=treated.nurse)
    given = Given("Lorazepam", "benzodiazepine", "1 mg", "iv", treated.prescriber, "Panic")
    medicines.record(treated.pk, given, by=treated.nurse)
    client.force_login(treated.nurse)
    page = client.get(url("ambulance", treated.row)).content.decode()
    shown = ["Latex", "Asthma", "Sertraline", "28 mg", "201/111", "ext. 42"]
    shown += [
        "<b>Lorazepam 1 mg</b>, Into a vein",
        str(treated.patient),
        "Medicine given: Midazolam 2 mg",
    ]
    assert [words for words in shown if words not in page] == []
    assert "Lithium" not in page
    assert "CPR" not in page


def test_the_crews_sheet_reads_as_many_rows_in_as_few_queries(
    client: Client, treated: Visit, django_assert_max_num_queries: Callable
) -> None:
    client.force_login(treated.nurse)
    started = emergencies.start(treated.pk, by=treated.nurse)
    for _ in range(8):
        emergencies.act(started, "note", by=treated.nurse, text="Still awake")
    with django_assert_max_num_queries(14):
        client.get(url("ambulance", treated.row))
