"""A new date for a missed visit, at once by several, with real threads: one winner, no crash."""

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from clinic.audit import acting
from clinic.models import Chair, Clinic, User
from clinic.tests.factories import TESTS
from patients.models import Task
from portal.models import ChangeRequest
from portal.services import asking, deciding
from reminders.kinds import Kind
from reminders.links import Purpose
from reminders.models import Message
from reminders.tests.conftest import SetClock
from reminders.tests.factories import NOON, make_reachable, make_visit, save, set_policy
from sessions.lifecycle import Status
from sessions.models import TreatmentSession
from sessions.services import making_up, steps
from sessions.tests.factories import take_step
from sessions.tests.test_races import at_once

pytestmark = pytest.mark.django_db(transaction=True)
BERLIN = ZoneInfo("Europe/Berlin")
WANTED = datetime(2027, 3, 5, 14, tzinfo=BERLIN)  # the Friday after the missed Thursday


def missed_visit(clinic: Clinic, at: SetClock, by: User, number: int = 1) -> Message:
    """Return the mail, sent, about a visit on Thursday to which nobody came."""
    starts_at = NOON + timedelta(days=3, hours=-2)
    patient = make_reachable(clinic, by, number)
    at.at = NOON
    day = NOON.date()
    week = {"window_from": day, "window_to": day + timedelta(days=6), "nominal_on": day}
    chair = Chair.objects.bookable_at(clinic).order_by("pk")[number - 1]
    visit = make_visit(patient, by, starts_at, chair=chair, **week)
    at.at = starts_at + timedelta(hours=1)
    take_step(visit.pk, Status.NO_SHOW, by=by)
    message = Message.objects.get(kind=Kind.MISSED, treatment_session=visit)
    save(message, state="sent", sent_at=at.at, sent_to=patient.email_contact.address)
    return message


def one_chair(clinic: Clinic) -> None:
    with acting(TESTS):
        Chair.objects.filter(room__clinic=clinic, name="Chair 2").update(is_active=False)


def patient_asks(message: Message) -> Callable[[], str]:
    def job() -> str:
        return asking.ask(message, Purpose.REBOOK, wanted_at=WANTED).decision or "open"

    return job


def staff_book(missed: TreatmentSession, by: User) -> Callable[[], str]:
    def job() -> str:
        making_up.make_up(
            missed.pk,
            day=WANTED.date(),
            wall_time=WANTED.time(),
            by=by,
            version=missed.version,
        )
        return "booked"

    return job


def missed_of(message: Message) -> TreatmentSession:
    session = message.treatment_session
    assert session is not None
    session.refresh_from_db()
    return session


@pytest.mark.parametrize("unseen", [False, True])
def test_staff_and_the_patient_at_once_book_one_session(
    clinic: Clinic, at: SetClock, prescriber: User, unseen: bool
) -> None:
    message = missed_visit(clinic, at, prescriber)
    if unseen:
        set_policy(clinic, auto_accept_moves=True)
    results = at_once(
        *[staff_book(missed_of(message), prescriber)] * 2, *[patient_asks(message)] * 2
    )
    assert results["booked"] + results["accepted"] >= 1
    session = TreatmentSession.objects.get(makes_up_for=message.treatment_session_id)
    assert session.starts_at == WANTED
    assert not ChangeRequest.objects.open().exists()
    assert not Task.objects.open().exists()


def test_tapped_many_times_at_once_one_session_is_booked(
    clinic: Clinic, at: SetClock, prescriber: User
) -> None:
    message = missed_visit(clinic, at, prescriber)
    set_policy(clinic, auto_accept_moves=True)
    results = at_once(*[patient_asks(message)] * 6)
    assert results == {"accepted": 1, "refused": 5}
    assert TreatmentSession.objects.filter(makes_up_for__isnull=False).count() == 1
    assert ChangeRequest.objects.count() == 1


def test_asked_many_times_at_once_one_request_is_open(
    clinic: Clinic, at: SetClock, prescriber: User
) -> None:
    message = missed_visit(clinic, at, prescriber)
    assert at_once(*[patient_asks(message)] * 6) == {"open": 6}
    assert ChangeRequest.objects.count() == 1
    assert Task.objects.filter(kind="request").count() == 1


def test_accepted_twice_at_once_one_session_is_booked(
    clinic: Clinic, at: SetClock, prescriber: User, front_desk: User
) -> None:
    request = asking.ask(missed_visit(clinic, at, prescriber), Purpose.REBOOK, wanted_at=WANTED)

    def accept(by: User) -> Callable[[], str]:
        return lambda: deciding.accept(request.pk, by=by).decision

    results = at_once(accept(prescriber), accept(front_desk), accept(prescriber))
    assert results == {"accepted": 1, "refused": 2}
    assert TreatmentSession.objects.filter(makes_up_for__isnull=False).count() == 1


def test_of_two_patients_who_want_one_chair_one_gets_it(
    clinic: Clinic, at: SetClock, prescriber: User
) -> None:
    messages = [missed_visit(clinic, at, prescriber, number) for number in (1, 2)]
    one_chair(clinic)
    set_policy(clinic, auto_accept_moves=True)
    assert at_once(*map(patient_asks, messages)) == {"accepted": 1, "refused": 1}
    assert TreatmentSession.objects.get(makes_up_for__isnull=False).starts_at == WANTED
    assert Task.objects.open().filter(kind="no_show").count() == 1


def test_staff_accept_one_of_two_who_want_one_chair(
    clinic: Clinic, at: SetClock, prescriber: User
) -> None:
    """The other request stays open, with its task."""
    messages = [missed_visit(clinic, at, prescriber, number) for number in (1, 2)]
    requests = [asking.ask(each, Purpose.REBOOK, wanted_at=WANTED) for each in messages]
    one_chair(clinic)
    jobs = [lambda pk=each.pk: deciding.accept(pk, by=prescriber).decision for each in requests]
    assert at_once(*jobs) == {"accepted": 1, "refused": 1}
    request = ChangeRequest.objects.open().get()
    assert Task.objects.open().filter(dedupe_key=request.task_key).exists()


def test_coming_after_all_and_a_new_date_at_once_leave_one_of_the_two(
    clinic: Clinic, at: SetClock, prescriber: User
) -> None:
    """Either the patient is here, or has a new date: never both."""
    message = missed_visit(clinic, at, prescriber)
    missed = missed_of(message)

    def come() -> str:
        steps.change_status(
            missed.pk,
            Status.CHECKED_IN,
            by=prescriber,
            reason="Came at noon",
            version=missed.version,
        )
        return "here"

    results = at_once(staff_book(missed, prescriber), come)
    assert results["refused"] == 1
    standing = TreatmentSession.objects.filter(course=missed.course, number=missed.number)
    assert standing.holding().count() == 1


def test_calling_off_and_asking_at_once_leave_one_open_request(
    clinic: Clinic, at: SetClock, prescriber: User
) -> None:
    message = missed_visit(clinic, at, prescriber)
    kind = ChangeRequest.Kind.CANCEL

    def call_off() -> str:
        return asking.ask(message, Purpose.REBOOK, kind=kind).kind

    at_once(*[patient_asks(message)] * 3, *[call_off] * 3)
    assert ChangeRequest.objects.open().get().kind == "cancel"
    assert Task.objects.open().filter(kind="request").count() == 1
