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
from clinic.roles import Role
from clinic.tests.factories import TESTS
from monitoring.models import (
    AgainstAdvice,
    EmergencyAction,
    EmergencyPolicy,
    LeftUnnoticed,
    SearchStep,
    Transfer,
)
from monitoring.services import emergencies, endings, history
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


@pytest.mark.parametrize(("able", "asked"), [("no", True), ("yes", False), ("", False)])
def test_a_prescriber_is_asked_to_reach_who_left_unable_to_decide(
    treated: Visit, able: str, asked: bool
) -> None:
    version = treated.fresh().version
    gone = Departure("Bored", has_capacity=able)
    endings.leave(treated.pk, gone, by=treated.nurse, version=version)
    calls = Task.objects.open().filter(text__contains="unable to decide", role=Role.PRESCRIBER)
    assert calls.exists() is asked


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


@pytest.mark.parametrize("code", endings.SEARCH_ENDS)
def test_a_search_that_is_over_takes_no_step_until_its_end_is_undone(
    treated: Visit, code: str
) -> None:
    search = go_missing(treated)
    end = endings.search(search, code, by=treated.nurse, text="Nobody answers")
    with pytest.raises(ValidationError, match="search is over"):
        endings.search(search, "searched", by=treated.nurse)
    assert history.load(treated.fresh()).incidents.search is None
    error = endings.undo_search(end, by=treated.nurse)
    assert (error.entered_in_error, error.by) == (True, treated.nurse)
    assert history.load(treated.fresh()).incidents.search == search
    assert Task.objects.open().filter(kind=Task.Kind.FIND).count() == 1
    with pytest.raises(ValidationError, match="undone already"):
        endings.undo_search(end, by=treated.nurse)
    endings.search(search, "safe", by=treated.nurse)
    assert not Task.objects.open().filter(kind=Task.Kind.FIND).exists()


def test_who_gives_up_the_search_says_why(treated: Visit) -> None:
    search = go_missing(treated)
    with pytest.raises(ValidationError, match="Say why"):
        endings.search(search, "given_up", by=treated.nurse, text=" - ")
    assert endings.is_open(search)


def test_an_unknown_step_of_the_search_is_refused(treated: Visit) -> None:
    search = go_missing(treated)
    with pytest.raises(ValidationError, match="not on the list"):
        endings.search(search, "dance", by=treated.nurse)
    assert not SearchStep.objects.exists()


def test_others_undo_no_step(treated: Visit, auditor: User, front_desk: User) -> None:
    step = endings.search(go_missing(treated), "searched", by=treated.nurse)
    for by in (auditor, front_desk):
        with pytest.raises(PermissionDenied):
            endings.undo_search(step, by=by)


def test_a_record_with_an_open_search_is_not_signed(treated: Visit) -> None:
    search = go_missing(treated)
    with pytest.raises(ValidationError, match="search for the patient is open"):
        signing.sign(treated.pk, by=treated.prescriber, version=treated.fresh().version)
    endings.search(search, "safe", by=treated.nurse)
    assert signing.sign(treated.pk, by=treated.prescriber, version=treated.fresh().version)


def test_a_step_is_undone_on_the_page_and_the_closed_search_has_no_buttons(
    client: Client, treated: Visit
) -> None:
    search = go_missing(treated)
    endings.search(search, "safe", by=treated.nurse)
    client.force_login(treated.nurse)
    url = reverse("monitoring:search", args=[search.public_id])
    page = client.get(url).content.decode()
    assert "search is over" in page
    assert "Searched the building" not in page
    undo = reverse("monitoring:search_undo", args=[SearchStep.objects.get().public_id])
    assert undo in page
    page = client.post(undo, {"entry_id": str(uuid4())}, follow=True).content.decode()
    assert "not found yet" in page
    assert "Searched the building" in page
    sheet = client.get(reverse("desk:session", args=[treated.row.public_id])).content.decode()
    assert "undone (nurse)" in sheet


@pytest.mark.parametrize(("who", "offered"), [("nurse", True), ("prescriber", True)])
def test_who_runs_the_session_is_offered_the_search(
    client: Client, treated: Visit, request: pytest.FixtureRequest, who: str, offered: bool
) -> None:
    search = go_missing(treated)
    client.force_login(request.getfixturevalue(who))
    url = reverse("monitoring:search", args=[search.public_id])
    sheet = client.get(reverse("desk:session", args=[treated.row.public_id])).content.decode()
    assert (url in sheet) is offered
    assert (client.get(url).status_code == 200) is offered


# a running emergency


@pytest.mark.parametrize("plain", [True, False])
def test_a_transfer_ends_the_emergency_at_its_time(treated: Visit, plain: bool) -> None:
    started = emergencies.start(treated.pk, by=treated.nurse)
    treated.clock.forward(minutes=10)
    left_at = treated.clock.now - timedelta(minutes=2)
    if plain:
        take_step(treated.pk, Status.TRANSFERRED, by=treated.nurse, reason="To St Mary")
        left_at = treated.clock.now
    else:
        hand_over, version = HandOver("St Mary"), treated.fresh().version
        endings.transfer(treated.pk, hand_over, by=treated.nurse, version=version, at=left_at)
    (end,) = EmergencyAction.objects.filter(emergency=started)
    assert (end.code, end.at, end.text) == ("handed_over", left_at, "To St Mary")
    assert end.by == treated.nurse
    assert emergencies.running(treated.row) is None
    assert history.load(treated.fresh()).incidents.emergency is None


def test_a_transfer_before_the_button_was_pressed_ends_it_no_earlier(treated: Visit) -> None:
    earlier = treated.clock.now
    treated.clock.forward(minutes=5)
    emergencies.start(treated.pk, by=treated.nurse)
    version = treated.fresh().version
    hand_over = HandOver("St Mary")
    endings.transfer(treated.pk, hand_over, by=treated.nurse, version=version, at=earlier)
    assert EmergencyAction.objects.get().at == treated.clock.now


def test_an_emergency_that_is_over_is_not_ended_again(treated: Visit) -> None:
    started = emergencies.start(treated.pk, by=treated.nurse)
    emergencies.act(started, "handed_over", by=treated.nurse)
    transfer(treated)
    assert EmergencyAction.objects.count() == 1


def test_after_a_transfer_the_sheet_is_not_red_any_more(client: Client, treated: Visit) -> None:
    emergencies.start(treated.pk, by=treated.nurse)
    transfer(treated)
    client.force_login(treated.nurse)
    sheet = client.get(reverse("desk:session", args=[treated.row.public_id])).content.decode()
    assert "Emergency since" not in sheet
    assert "Emergency: Handed over: To St Mary" in sheet


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
