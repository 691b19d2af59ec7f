"""Transfers, leaving against advice, leaving unnoticed; and what stops and starts with them."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from clinic.audit import acting
from clinic.locks import StaleVersionError
from clinic.models import User
from clinic.tests.factories import TESTS
from monitoring.models import AgainstAdvice, EmergencyPolicy, LeftUnnoticed, SearchStep, Transfer
from monitoring.services import endings
from monitoring.services.endings import Departure, HandOver
from monitoring.tests.visits import Visit
from patients.models import MailHold, Task
from patients.services import holds
from sessions.covered import covered
from sessions.lifecycle import Status
from sessions.services import signing
from sessions.tests.factories import take_step


@pytest.fixture
def treated(visit: Visit) -> Visit:
    visit.be_monitored()
    return visit


def transfer(visit: Visit, **values) -> Transfer:
    hand_over = HandOver(**{"to_where": "St Mary", **values})
    return endings.transfer(visit.pk, hand_over, by=visit.nurse, version=visit.fresh().version)


def go_missing(visit: Visit, **values) -> LeftUnnoticed:
    return endings.is_gone(visit.pk, by=visit.nurse, version=visit.fresh().version, **values)


# transfer


def test_a_transfer_ends_the_session_with_its_record(treated: Visit) -> None:
    row = transfer(treated, taken_by="Ambulance 4", condition="Awake")
    assert treated.status == Status.TRANSFERRED
    assert (row.handed_over_at, row.to_where) == (treated.clock.now, "St Mary")


def test_a_transfer_says_where_to(treated: Visit) -> None:
    with pytest.raises(ValidationError, match="where the patient"):
        transfer(treated, to_where=" ")
    assert treated.status == Status.MONITORING


def test_a_page_opened_before_another_save_is_refused(treated: Visit) -> None:
    with pytest.raises(StaleVersionError):
        endings.transfer(treated.pk, HandOver("St Mary"), by=treated.nurse, version=1)


def test_a_call_is_due_next_morning_at_the_clinics_hour(treated: Visit) -> None:
    transfer(treated)
    call = Task.objects.open().get(kind=Task.Kind.CALL)
    zone = treated.row.clinic.zone
    due = call.due_at.astimezone(zone)
    today = treated.clock.now.astimezone(zone).date()
    assert (due.date(), due.hour) == (today + timedelta(days=1), 9)


def test_the_clinic_sets_the_hour_of_the_call(treated: Visit) -> None:
    with acting(TESTS):
        EmergencyPolicy.objects.create(clinic=treated.row.clinic, call_after_transfer_at="07:30")
    transfer(treated)
    call = Task.objects.open().get(kind=Task.Kind.CALL)
    assert f"{call.due_at.astimezone(treated.row.clinic.zone):%H:%M}" == "07:30"


def test_the_plain_step_holds_mail_too(treated: Visit) -> None:
    take_step(treated.pk, Status.TRANSFERRED, by=treated.nurse, reason="To hospital")
    assert MailHold.objects.filter(lifted_at=None).count() == 1


def test_a_hold_is_lifted_once_with_a_reason_by_who_may(treated: Visit, auditor: User) -> None:
    transfer(treated)
    pk = MailHold.objects.get().pk
    with pytest.raises(PermissionDenied):
        holds.lift(pk, note="Well", by=auditor)
    with pytest.raises(ValidationError, match="Say why"):
        holds.lift(pk, note=" ", by=treated.nurse)
    holds.lift(pk, note="Well", by=treated.nurse)
    with pytest.raises(ValidationError, match="already"):
        holds.lift(pk, note="Well", by=treated.nurse)


def test_one_hold_at_a_time(treated: Visit) -> None:
    transfer(treated)
    hold = MailHold.objects.get()
    with acting(TESTS):
        assert holds.hold_mail(treated.patient, "Again", treated.clock.now) == hold
        with pytest.raises(IntegrityError), transaction.atomic():
            MailHold.objects.create(
                patient=hold.patient, clinic=hold.clinic, reason="x", since=hold.since
            )


def test_the_chart_shows_the_hold_and_lifts_it(client: Client, treated: Visit) -> None:
    transfer(treated)
    client.force_login(treated.nurse)
    chart = reverse("desk:chart", args=[treated.patient.public_id])
    assert "Automatic mail is held" in client.get(chart).content.decode()
    lift = reverse("patients:lift_hold", args=[MailHold.objects.get().public_id])
    client.post(lift, {"entry_id": str(uuid4()), "note": "Called, is well"})
    assert "Automatic mail is held" not in client.get(chart).content.decode()


# against advice


def test_leaving_against_advice_has_its_own_record(client: Client, treated: Visit) -> None:
    client.force_login(treated.nurse)
    url = reverse("monitoring:against_advice", args=[treated.row.public_id])
    typed = {"has_capacity": "yes", "informed": "yes", "paper": "refused", "reason": "Bored"}
    key = {"entry_id": str(uuid4()), "version": str(treated.fresh().version)}
    page = client.post(url, {**key, **typed, "escort": "Sam"}, follow=True).content.decode()
    assert "Able to decide: Yes. Told about the risks: Yes. Form: Refused to sign." in page
    assert AgainstAdvice.objects.get().left_at == treated.clock.now
    assert treated.status == Status.LEFT_AGAINST_ADVICE
    assert Task.objects.open().filter(kind=Task.Kind.CALL).exists()
    assert not MailHold.objects.exists()


def test_what_nobody_asked_is_told_as_not_known(treated: Visit) -> None:
    version = treated.fresh().version
    endings.leave(treated.pk, Departure("Bored"), by=treated.nurse, version=version)
    facts = {s.title: s.facts for s in covered(treated.fresh())}["What else happened"]
    assert "Able to decide: not known." in facts[0].text


# unnoticed


@pytest.mark.parametrize(
    ("dosed", "status"), [(True, "left_against_advice"), (False, "left_before_dose")]
)
def test_who_is_gone_is_searched_for_outside_the_gate(
    visit: Visit, dosed: bool, status: str
) -> None:
    visit.be_monitored() if dosed else visit.arrive()
    go_missing(visit, last_seen_where="Garden")
    assert visit.status == status
    assert visit.fresh().outside_gate
    assert visit.fresh().ending_reason == "Left unnoticed, last seen Garden"
    kinds = set(Task.objects.open().values_list("kind", flat=True))
    assert {Task.Kind.FIND, Task.Kind.OUTSIDE_GATE} <= kinds


def test_the_task_stays_until_the_patient_is_found(treated: Visit) -> None:
    search = go_missing(treated)
    endings.search(search, "welfare_check", by=treated.nurse)
    assert Task.objects.open().filter(kind=Task.Kind.FIND).exists()
    endings.search(search, "safe", by=treated.nurse, text="At home")
    assert not Task.objects.open().filter(kind=Task.Kind.FIND).exists()


def test_nobody_is_seen_in_the_future(treated: Visit) -> None:
    with pytest.raises(ValidationError, match="ahead"):
        go_missing(treated, last_seen_at=treated.clock.now + timedelta(hours=1))


def test_the_search_goes_by_taps_and_the_sheet_shows_it(client: Client, treated: Visit) -> None:
    client.force_login(treated.nurse)
    url = reverse("monitoring:gone", args=[treated.row.public_id])
    key = {"entry_id": str(uuid4()), "version": str(treated.fresh().version)}
    page = client.post(url, {**key, "last_seen_where": "Garden"}, follow=True)
    assert "not found yet" in page.content.decode()
    step = reverse("monitoring:search_step", args=[LeftUnnoticed.objects.get().public_id])
    tap = {"entry_id": str(uuid4()), "code": "called_patient"}
    for _ in range(2):
        client.post(step, tap)
    assert SearchStep.objects.count() == 1
    sheet = client.get(reverse("desk:session", args=[treated.row.public_id])).content.decode()
    assert "Left unnoticed.</b>" in sheet
    assert "Search: Called the patient" in sheet


def test_a_signature_vouches_for_the_ending(treated: Visit) -> None:
    transfer(treated)
    version = treated.fresh().version
    signature = signing.sign(treated.pk, by=treated.prescriber, version=version)
    assert "monitoring:transfer" in signature.fields
    assert list(signing.altered()) == []
