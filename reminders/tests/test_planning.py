"""The ledger follows what is booked, moved, ended and agreed to, in the same transaction."""

from datetime import timedelta

import pytest

from clinic import clock
from clinic.audit import acting
from clinic.tests.factories import TESTS
from patients import ports as patient_ports
from patients.models import Consent, EmailContact
from patients.tests.factories import make_patient
from reminders import planning
from reminders.models import Message
from reminders.overlooked import overlooked, repair, rules_in_use
from reminders.tests.factories import make_followed, make_reachable, make_visit, plan
from sessions import ports
from sessions.lifecycle import Status
from sessions.models import TreatmentSession
from sessions.tests.factories import make_course, make_session, take_step

pytestmark = pytest.mark.django_db
State = Message.State
DAY = timedelta(days=1)


def ledger(session):
    rows = Message.objects.filter(treatment_session=session).order_by("not_before", "pk")
    rows = rows.select_related("rule")
    return [(row.rule.key if row.rule else row.kind, row.state, row.reason) for row in rows]


def move(session, starts_at):
    with acting(TESTS):
        length = session.ends_at - session.starts_at
        session.take_place(starts_at, starts_at + length, session.chair, now=clock.now())
        session.save()
        ports.moved(session)


def change_contact(patient, **values):
    with acting(TESTS):
        EmailContact.objects.filter(patient=patient).update(**values)
        patient_ports.contact_changed(patient)


def withdraw(patient, now):
    with acting(TESTS):
        consents = Consent.objects.filter(patient=patient, kind=Consent.Kind.EMAIL)
        consents.update(withdrawn_at=now)
        patient_ports.contact_changed(patient)


@pytest.fixture
def visit(patient, prescriber, at) -> TreatmentSession:
    """A session in a week, told to the ledger."""
    session = make_visit(patient, prescriber, at.at + 7 * DAY)
    with acting(TESTS):
        ports.booked([session])
    return session


def test_booking_plans_both_reminders(visit):
    assert ledger(visit) == [
        ("reminder_72h", State.PLANNED, ""),
        ("reminder_24h", State.PLANNED, ""),
    ]


def test_planning_again_changes_nothing(visit, at):
    before = list(Message.objects.values())
    plan(visit, now=at.at)
    assert list(Message.objects.values()) == before


def test_moving_cancels_the_old_time_and_plans_the_new_one(visit, at):
    move(visit, at.at + 10 * DAY)
    assert ledger(visit) == [
        ("reminder_72h", State.CANCELLED, "The session was moved."),
        ("reminder_24h", State.CANCELLED, "The session was moved."),
        ("reminder_72h", State.PLANNED, ""),
        ("reminder_24h", State.PLANNED, ""),
    ]


def test_a_session_moved_to_tomorrow_is_still_announced(visit, at):
    move(visit, at.at + timedelta(hours=20))
    assert ("late_booking", State.PLANNED, "") in ledger(visit)
    late = "It was booked or moved after the time of this message."
    assert ("reminder_72h", State.SUPPRESSED, late) in ledger(visit)
    assert ("reminder_24h", State.SUPPRESSED, late) in ledger(visit)


@pytest.mark.parametrize("status", [Status.CANCELLED, Status.DEFERRED])
def test_an_ending_without_a_dose_cancels_with_the_reason(visit, prescriber, status):
    take_step(visit.pk, status, by=prescriber, reason="said so")
    assert ledger(visit) == [
        ("reminder_72h", State.CANCELLED, f"The session is “{status.label}”."),
        ("reminder_24h", State.CANCELLED, f"The session is “{status.label}”."),
    ]


def test_a_missed_visit_cancels_the_reminders_and_plans_a_word_about_it(visit, prescriber):
    take_step(visit.pk, Status.NO_SHOW, by=prescriber)
    assert {row[:2] for row in ledger(visit)} == {
        ("missed", State.PLANNED),
        ("reminder_72h", State.CANCELLED),
        ("reminder_24h", State.CANCELLED),
    }


def test_a_check_in_taken_back_brings_the_reminders_back(visit, prescriber):
    take_step(visit.pk, Status.CHECKED_IN, by=prescriber)
    assert {state for _, state, _ in ledger(visit)} == {State.CANCELLED}
    take_step(visit.pk, Status.PLANNED, by=prescriber, reason="wrong patient")
    assert ledger(visit) == [
        ("reminder_72h", State.PLANNED, ""),
        ("reminder_24h", State.PLANNED, ""),
    ]


def test_leaving_against_advice_plans_the_follow_up(patient, prescriber, at):
    session = make_visit(patient, prescriber, at.at, status=Status.MONITORING)
    take_step(session.pk, Status.LEFT_AGAINST_ADVICE, by=prescriber, reason="wanted to go")
    assert ledger(session) == [("follow_up", State.PLANNED, "")]


def test_a_transfer_to_hospital_plans_no_follow_up(patient, prescriber, at):
    session = make_visit(patient, prescriber, at.at, status=Status.MONITORING)
    take_step(session.pk, Status.TRANSFERRED, by=prescriber, reason="chest pain")
    assert ledger(session) == []


def test_a_patient_without_an_address_shows_why(clinic, prescriber, at):
    session = make_visit(make_patient(clinic), prescriber, at.at + 7 * DAY)
    plan(session, now=at.at)
    assert {row[1:] for row in ledger(session)} == {(State.SUPPRESSED, "No e-mail address.")}


def test_withdrawing_consent_suppresses_and_giving_it_again_revives(visit, patient, prescriber, at):
    withdraw(patient, at.at - timedelta(minutes=1))
    assert {row[1:] for row in ledger(visit)} == {(State.SUPPRESSED, "No consent to e-mail.")}
    with acting(TESTS):
        Consent.objects.create(
            patient=patient,
            clinic=patient.clinic,
            kind=Consent.Kind.EMAIL,
            given_at=at.at - timedelta(seconds=1),
            recorded_by=prescriber,
        )
        patient_ports.contact_changed(patient)
    assert {row[1:] for row in ledger(visit)} == {(State.PLANNED, "")}


def test_the_reason_follows_the_contact(visit, patient):
    change_contact(patient, verified_at=None)
    assert {row[2] for row in ledger(visit)} == {"The e-mail address is not verified."}


def test_consent_that_comes_too_late_for_a_kind_leaves_it_suppressed(visit, patient, at):
    change_contact(patient, verified_at=None)
    at.at = visit.starts_at - timedelta(hours=20)
    change_contact(patient, verified_at=at.at)
    assert [row[1] for row in ledger(visit)] == [State.SUPPRESSED, State.PLANNED]


def test_another_zone_moves_the_hour_of_waking(visit, patient):
    change_contact(patient, time_zone="America/Los_Angeles")
    late = Message.objects.get(treatment_session=visit, rule__key="reminder_24h")
    assert late.not_before == visit.starts_at - DAY + timedelta(hours=5)  # 3 at night there


def test_death_stops_everything(visit, patient):
    with acting(TESTS):
        patient.deceased = True
        patient.save()
        patient_ports.contact_changed(patient)
    assert {row[2] for row in ledger(visit)} == {"The patient has died."}


def test_a_sent_message_keeps_its_state(visit, prescriber, at):
    with acting(TESTS):
        Message.objects.filter(rule__key="reminder_72h").update(state=State.SENT, sent_at=at.at)
    take_step(visit.pk, Status.CANCELLED, by=prescriber, reason="ill")
    assert [row[1] for row in ledger(visit)] == [State.SENT, State.CANCELLED]


def test_a_rollback_takes_the_plan_with_it(patient, prescriber, at):
    session = make_visit(patient, prescriber, at.at + 7 * DAY)

    def book_and_fail():
        with acting(TESTS):
            ports.booked([session])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        book_and_fail()
    assert ledger(session) == []


def test_the_sweep_plans_what_no_listener_was_told(patient, prescriber, at):
    ahead = make_visit(patient, prescriber, at.at + 4 * DAY)
    assert repair() == 1
    assert [row[0] for row in ledger(ahead)] == ["reminder_72h", "reminder_24h"]
    assert repair() == 0


@pytest.mark.parametrize(("count", "statements"), [(2, 3), (6, 3), (50, 3), (51, 4), (120, 5)])
def test_looking_for_the_overlooked_takes_one_statement_for_fifty_rules(
    patient, other_clinic, prescriber, at, count, statements, django_assert_num_queries
):
    """The soonest visit comes first, also where the last rule finds it."""
    far = make_visit(patient, prescriber, at.at + 2 * DAY)
    near = make_visit(make_reachable(other_clinic, prescriber, 2), prescriber, at.at + 1 * DAY)
    with acting(TESTS):
        reminders = [rule for rule in rules_in_use() if rule.key == "reminder_24h"]
    here, there = sorted(reminders, key=lambda rule: rule.clinic_id == other_clinic.pk)
    found = [here] * (count - 1) + [there]
    assert len(found) == count
    with django_assert_num_queries(statements):
        assert overlooked(found, at.at) == [near.pk, far.pk]


def test_the_sweep_plans_a_forgotten_follow_up(patient, prescriber, at):
    ended = make_followed(patient, prescriber, at.at - timedelta(hours=5))
    assert repair() == 1
    assert ledger(ended) == [("follow_up", State.PLANNED, "")]


def test_the_sweep_plans_a_move_that_nobody_told(visit, at):
    with acting(TESTS):
        TreatmentSession.objects.filter(pk=visit.pk).update(
            schedule_rev=2, starts_at=at.at + 4 * DAY, ends_at=at.at + 4.1 * DAY
        )
    assert repair() == 1
    assert {row[2] for row in ledger(visit)} == {"", "The session was moved."}


def test_the_sweep_revives_what_is_held_back_in_vain(visit, patient, at):
    change_contact(patient, verified_at=None)
    with acting(TESTS):
        EmailContact.objects.update(verified_at=at.at)
    at.at = visit.starts_at - timedelta(hours=23)
    assert repair() == 1
    assert ("reminder_24h", State.PLANNED, "") in ledger(visit)


@pytest.mark.parametrize("count", [1, 5])
def test_planning_costs_as_many_queries_for_one_session_as_for_five(
    count, patient, prescriber, at, django_assert_num_queries
):
    course = make_course(patient, prescriber)
    sessions = [
        make_session(course, number=number, starts_at=at.at + (7 + number) * DAY)
        for number in range(1, count + 1)
    ]
    with acting(TESTS):
        planning.rules_of({course.clinic_id})
    with acting(TESTS), django_assert_num_queries(7):
        planning.plan(sessions, at.at)
    assert Message.objects.count() == 2 * count


@pytest.fixture
def running_out(patient, prescriber, at) -> Consent:
    make_course(patient, prescriber)
    with acting(TESTS):
        return Consent.objects.create(
            patient=patient,
            clinic=patient.clinic,
            kind=Consent.Kind.OTHER,
            key="photographs",
            given_at=at.at - DAY,
            expires_on=(at.at + 16 * DAY).date(),
            recorded_by=prescriber,
        )


def test_a_consent_that_runs_out_is_written_about_once(running_out):
    assert repair() == 1
    assert repair() == 0
    message = Message.objects.get(kind="consent_expiring")
    assert (message.state, message.treatment_session) == (State.PLANNED, None)
    assert message.not_before.date() == running_out.expires_on - 14 * DAY


def test_a_word_about_the_chart_that_is_held_back_in_vain_is_revived(running_out, patient, at):
    change_contact(patient, verified_at=None)
    repair()
    message = Message.objects.get(kind="consent_expiring")
    assert message.state == State.SUPPRESSED
    with acting(TESTS):
        EmailContact.objects.update(verified_at=at.at)
    at.at = message.not_before
    assert repair() == 1
    message.refresh_from_db()
    assert message.state == State.PLANNED


def test_a_consent_given_anew_takes_back_the_word_about_the_old_one(running_out, patient, at):
    repair()
    with acting(TESTS):
        Consent.objects.filter(pk=running_out.pk).update(withdrawn_at=at.at)
        patient_ports.contact_changed(patient)
    message = Message.objects.get(kind="consent_expiring")
    assert (message.state, message.reason) == (State.CANCELLED, "What it was about is settled.")
