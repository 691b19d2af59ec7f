"""Moving a session: its rules, its trace, and the page that asks for it."""

from datetime import datetime, time, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse
from django.utils import timezone

from clinic.audit import acting
from clinic.locks import StaleVersionError
from clinic.models import Chair, Closure
from clinic.tests.factories import TESTS
from patients.models import Patient
from patients.tests.factories import make_patient
from sessions import ports
from sessions.models import TreatmentSession
from sessions.services import booking, cancelling, moving
from sessions.services.alternatives import free_seats
from sessions.services.drafts import Choice
from sessions.tests.factories import make_course, make_session, shipped


@pytest.fixture
def monday():
    today = timezone.now().date()
    return today + timedelta(days=7 - today.weekday())


@pytest.fixture
def course(clinic, front_desk, monday):
    """Sessions on Mondays and Thursdays at ten, on the first chair."""
    choice = Choice(make_patient(clinic), shipped(), monday, (0, 3), time(10))
    return booking.book(choice, by=front_desk)


@pytest.fixture
def second(course):
    """The session of the first Thursday."""
    return course.sessions.get(number=2)


def move(treatment_session, day, at=time(10), *, by, **values):
    return moving.move(
        treatment_session.pk,
        day=day,
        wall_time=at,
        by=by,
        version=values.pop("version", treatment_session.version),
        **values,
    )


def local(treatment_session):
    treatment_session.refresh_from_db()
    return treatment_session.starts_at.astimezone(treatment_session.clinic.zone)


def test_a_session_moves_within_its_week_without_a_reason(second, monday, front_desk):
    moved = move(second, monday + timedelta(days=4), time(11, 30), by=front_desk)
    assert moved.warnings == ()
    assert local(second).replace(tzinfo=None) == datetime.combine(
        monday + timedelta(days=4), time(11, 30)
    )
    assert second.ends_at - second.starts_at == timedelta(minutes=180)


def test_the_trace_names_who_moved_it_from_where_and_why(second, monday, front_desk):
    move(second, monday + timedelta(days=4), by=front_desk, reason="Patient's wish")
    second.refresh_from_db()
    step = second.trace[-1]
    assert (step["rule"], step["by"], step["reason"]) == (
        "moved_by_hand",
        "frontdesk",
        "Patient's wish",
    )
    assert step["anchor"] == (monday + timedelta(days=3)).isoformat()


def test_a_move_raises_both_versions_and_tells_the_listeners(
    second, monday, front_desk, monkeypatch
):
    told: list[TreatmentSession] = []
    monkeypatch.setattr(ports, "moved", told.append)
    move(second, monday + timedelta(days=4), by=front_desk)
    second.refresh_from_db()
    assert (second.version, second.schedule_rev, told) == (2, 2, [second])


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (7 * 5 + 3, "lies outside the treatment week"),
        (7 * 5 + 3, "It would change places with session 3, 4, 5"),
    ],
)
def test_an_unusual_day_needs_a_reason_and_is_said(second, monday, front_desk, days, words):
    with pytest.raises(ValidationError) as refused:
        move(second, monday + timedelta(days=days), by=front_desk)
    assert words in str(refused.value)
    moved = move(second, monday + timedelta(days=days), by=front_desk, reason="Flight")
    assert words in " ".join(moved.warnings)


@pytest.mark.parametrize("role", ["front_desk", "nurse"])
def test_below_the_minimum_gap_only_a_prescriber_decides(second, monday, request, role):
    by = request.getfixturevalue(role)
    with pytest.raises(ValidationError) as refused:
        move(second, monday + timedelta(days=1), by=by, reason="Flight")
    words = " ".join(refused.value.message_dict["day"])
    assert "Only 1 day to session 1" in words
    assert "the minimum gap is 2 days" in words
    assert "Only a prescriber may decide this" in words


def test_a_prescribers_reason_for_a_short_gap_stays_on_the_session(
    client, second, monday, prescriber
):
    tuesday = monday + timedelta(days=1)
    with pytest.raises(ValidationError, match="Say why"):
        move(second, tuesday, by=prescriber)
    move(second, tuesday, by=prescriber, reason="Worse since Sunday")
    client.force_login(prescriber)
    for name, row in (("sessions:course", second.course), ("desk:session", second)):
        page = client.get(reverse(name, args=[row.public_id])).content.decode()
        assert "Worse since Sunday (prescriber)" in page


def test_another_time_on_the_decided_day_is_the_front_desks(second, monday, prescriber, front_desk):
    tuesday = monday + timedelta(days=1)
    move(second, tuesday, by=prescriber, reason="Worse since Sunday")
    second.refresh_from_db()
    move(second, tuesday, time(12), by=front_desk)
    second.refresh_from_db()
    assert second.gap_decision["reason"] == "Worse since Sunday"


def test_a_later_move_ends_the_decision_on_a_short_gap(second, monday, prescriber, front_desk):
    move(second, monday + timedelta(days=1), by=prescriber, reason="Worse since Sunday")
    second.refresh_from_db()
    move(second, monday + timedelta(days=3), by=front_desk)
    second.refresh_from_db()
    assert second.gap_decision is None
    assert second.trace[-2]["reason"] == "Worse since Sunday"


@pytest.mark.parametrize(
    ("days", "at", "words"),
    [
        (0, time(15), "Session 1 is on this day already"),
        (5, time(10), "is closed (every Saturday)"),
        (4, time(16), "does not fit into"),
        (-14, time(10), "have passed"),
        (3, time(10), "at this time and place already"),
    ],
)
def test_what_can_not_be_is_refused_whatever_the_reason(
    second, monday, front_desk, days, at, words
):
    with pytest.raises(ValidationError) as refused:
        move(second, monday + timedelta(days=days), at, by=front_desk, reason="Please")
    assert words in str(refused.value)
    second.refresh_from_db()
    assert (second.version, second.schedule_rev) == (1, 1)


def test_a_closed_day_is_refused_by_its_name(second, monday, front_desk, clinic):
    friday = monday + timedelta(days=4)
    with acting(TESTS):
        Closure.objects.create(clinic=clinic, starts_on=friday, ends_on=friday, reason="Painters")
    with pytest.raises(ValidationError, match="Painters"):
        move(second, friday, by=front_desk)


def test_a_taken_chair_gives_way_to_a_free_one_unless_it_was_wished(
    second, monday, front_desk, clinic
):
    friday = monday + timedelta(days=4)
    first, other = Chair.objects.bookable_at(clinic)
    at = datetime.combine(friday, time(10), tzinfo=clinic.zone)
    make_session(make_course(make_patient(clinic), front_desk), starts_at=at, chair=first)
    with pytest.raises(ValidationError, match="is not free then"):
        move(second, friday, by=front_desk, chair=first)
    assert move(second, friday, by=front_desk).treatment_session.chair == other


def died(patient):
    with acting(TESTS):
        Patient.objects.filter(pk=patient.pk).update(deceased=True)


def test_no_visit_of_a_patient_who_died_is_moved_and_the_form_says_why(desk, second, monday):
    before = local(second)
    died(second.patient)
    answer = post(desk, second, day=(monday + timedelta(days=4)).isoformat())
    refused = str(answer.context["form"].non_field_errors())
    assert "The patient has died." in refused
    assert "correct the patient&#x27;s details first" in refused
    assert local(second) == before


def test_no_other_time_is_offered_for_a_patient_who_died(second, monday):
    ahead = {"earliest": timezone.now(), "until": monday + timedelta(days=6)}
    assert free_seats(second, **ahead)
    died(second.patient)
    assert free_seats(TreatmentSession.objects.get(pk=second.pk), **ahead) == []


def test_only_a_planned_session_moves(second, monday, front_desk):
    with acting(TESTS):
        TreatmentSession.objects.filter(pk=second.pk).update(status="checked_in")
    with pytest.raises(ValidationError, match="only a planned one moves"):
        move(second, monday + timedelta(days=4), by=front_desk)


def test_a_move_based_on_an_old_page_is_refused(second, monday, front_desk):
    move(second, monday + timedelta(days=4), by=front_desk)
    with pytest.raises(StaleVersionError):
        move(second, monday + timedelta(days=3), by=front_desk, version=1)


def test_an_auditor_moves_nothing(second, monday, auditor):
    with pytest.raises(PermissionDenied):
        move(second, monday + timedelta(days=4), by=auditor)


@pytest.fixture
def desk(client, front_desk):
    client.force_login(front_desk)
    return client


def post(desk, treatment_session, **values):
    url = reverse("sessions:move", args=[treatment_session.public_id])
    form = desk.get(url).context["form"]
    fields = {
        "entry_id": str(form["entry_id"].value()),
        "version": "1",
        "day": "2026-11-26",
        "wall_time": "10:00",
    }
    return desk.post(url, fields | values)


def test_the_page_moves_and_leads_back_to_the_course(desk, second, monday):
    answer = post(desk, second, day=(monday + timedelta(days=4)).isoformat())
    assert answer.url == reverse("sessions:course", args=[second.course.public_id])
    assert local(second).date() == monday + timedelta(days=4)


def test_a_stale_page_keeps_what_was_typed_and_shows_what_stands(desk, second, monday, front_desk):
    friday, wednesday = monday + timedelta(days=4), monday + timedelta(days=2)
    move(second, friday, by=front_desk)
    answer = post(desk, second, day=wednesday.isoformat(), reason="Bus strike")
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "Bus strike" in page
    assert "Now stands" in page
    assert local(second).date() == friday


@pytest.mark.parametrize(
    "values",
    [
        {"day": "0001-01-01"},
        {"day": "9999-12-31"},
        {"day": "2026-02-30"},
        {"wall_time": "1e1"},
        {"wall_time": "٠٩:٠٠"},
        {"version": "1e2"},
        {"version": ""},
        {"entry_id": "x"},
        {"chair": "0"},
        {"reason": "x" * 300, "day": "2026-12-05"},
    ],
)
def test_bad_input_is_answered_on_the_form(desk, second, values):
    before = local(second)
    answer = post(desk, second, **values)
    assert answer.status_code in {200, 409}
    assert answer.context["form"].errors
    assert local(second) == before


def test_strangers_find_no_session_and_auditors_may_not(client, second, outsider, auditor):
    url = reverse("sessions:move", args=[second.public_id])
    client.force_login(outsider)
    assert client.get(url).status_code == 404
    client.force_login(auditor)
    assert client.post(url, {}).status_code == 403


def test_the_planned_sessions_of_a_day_are_cancelled(course, second, clinic, front_desk, monday):
    thursday = monday + timedelta(days=3)
    other = make_session(
        make_course(make_patient(clinic), front_desk),
        starts_at=datetime.combine(thursday, time(14), tzinfo=clinic.zone),
    )
    shown = [second.public_id, other.public_id]
    cancelled = cancelling.cancel_day(clinic, thursday, shown, reason="Storm", by=front_desk)
    assert set(cancelled) == {second, other}
    for row in (second, other):
        row.refresh_from_db()
        assert row.status == "cancelled"
    assert course.sessions.planned().count() == 16


def test_a_day_is_not_cancelled_without_a_reason_or_the_right(clinic, second, front_desk, auditor):
    with pytest.raises(ValidationError):
        cancelling.cancel_day(clinic, local(second).date(), [], reason=" ", by=front_desk)
    with pytest.raises(PermissionDenied):
        cancelling.cancel_day(clinic, local(second).date(), [], reason="Storm", by=auditor)


@pytest.fixture
def holed(clinic, front_desk, monday):
    """A course in which session 3 and 4 found no day: their week is closed."""
    week_2 = monday + timedelta(days=7)
    with acting(TESTS):
        Closure.objects.create(
            clinic=clinic, starts_on=week_2, ends_on=week_2 + timedelta(days=6), reason="Holidays"
        )
    choice = Choice(make_patient(clinic), shipped(), monday, (0, 3), time(10))
    return booking.book(choice, by=front_desk, accept_unplaced=True)


def find_date(desk, course, number, **values):
    url = reverse("sessions:place", args=[course.public_id, number])
    form = desk.get(url).context["form"]
    fields = {"entry_id": str(form["entry_id"].value()), "version": "1", "wall_time": "10:00"}
    return desk.post(url, fields | values)


def test_a_session_without_a_date_gets_one_and_its_task_closes(desk, holed, monday):
    day = monday + timedelta(days=7 * 5 + 3)
    page = desk.get(reverse("sessions:course", args=[holed.public_id])).content.decode()
    assert reverse("sessions:place", args=[holed.public_id, 3]) in page
    assert "lies outside" in find_date(desk, holed, 3, day=str(day)).content.decode()
    answer = find_date(desk, holed, 3, day=str(day), reason="The only week left")
    assert answer.status_code == 302
    assert local(holed.sessions.get(number=3)).date() == day
    assert holed.patient.tasks.open().count() == 1


def test_no_date_is_found_for_a_patient_who_died(desk, holed, monday):
    died(holed.patient)
    day = monday + timedelta(days=7 * 5 + 3)
    answer = find_date(desk, holed, 3, day=str(day), reason="The only week left")
    assert "The patient has died." in str(answer.context["form"].non_field_errors())
    assert not holed.sessions.filter(number=3).exists()


def test_a_date_too_near_to_a_neighbour_is_not_found_by_the_front_desk(desk, holed, monday):
    page = find_date(desk, holed, 4, day=str(monday + timedelta(days=15)), reason="Wish")
    assert "Only a prescriber may decide this" in page.content.decode()


def test_only_a_missing_number_is_placed(desk, holed):
    for number, status in ((1, 302), (999, 404)):
        url = reverse("sessions:place", args=[holed.public_id, number])
        assert desk.get(url).status_code == status
