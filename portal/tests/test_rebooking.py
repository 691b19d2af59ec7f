"""After a missed visit: times that keep all rules, a new session when one is accepted."""

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from icalendar import Calendar

from clinic.audit import acting
from clinic.models import AuditEvent, Clinic, User
from clinic.tests.factories import TESTS
from patients.models import Consent, Task
from patients.tests.factories import make_patient
from portal.models import ChangeRequest
from portal.services import asking, deciding
from portal.services.asking import Bounds
from portal.tests.phone import Phone, text_of
from portal.views.changes import value_of
from reminders import calendars, claiming, delivery
from reminders.kinds import Kind
from reminders.links import Purpose
from reminders.mailer import Mailer
from reminders.models import Message, MessagePolicy
from reminders.sweeping import sweep
from reminders.tests.conftest import SetClock
from reminders.tests.factories import NOON, Inbox, save, set_policy
from sessions.models import ProtocolPhase, TreatmentCourse, TreatmentSession
from sessions.services import ending, making_up, steps
from sessions.tests.factories import make_course, make_session, take_step

pytestmark = pytest.mark.django_db
BERLIN = ZoneInfo("Europe/Berlin")
FRIDAY = NOON.date() + timedelta(days=4)


def miss(visit: TreatmentSession, at: SetClock, by: User) -> TreatmentSession:
    """Nobody came within the hour."""
    at.at = visit.starts_at + timedelta(hours=1)
    return take_step(visit.pk, visit.Status.NO_SHOW, by=by)


@pytest.fixture
def missed(visit: TreatmentSession, at: SetClock, nurse: User) -> TreatmentSession:
    return miss(visit, at, nurse)


@pytest.fixture
def word(missed: TreatmentSession, at: SetClock) -> Message:
    """The mail about the missed visit."""
    message = Message.objects.get(kind=Kind.MISSED)
    save(message, state="sent", sent_at=at.at, sent_to=missed.patient.email_contact.address)
    return message


def times(missed: TreatmentSession, now: datetime) -> list[datetime]:
    policy = MessagePolicy(clinic=missed.clinic)
    return asking.offered(missed, Bounds.of(missed, policy, now), now)


def book(missed: TreatmentSession, wanted: datetime, by: User) -> None:
    """Staff find a new date themselves."""
    local = wanted.astimezone(BERLIN)
    making_up.make_up(
        missed.pk, day=local.date(), wall_time=local.time(), by=by, version=missed.version
    )


def new_session(missed: TreatmentSession) -> TreatmentSession:
    return TreatmentSession.objects.get(makes_up_for=missed)


def set_phases(monkeypatch: pytest.MonkeyPatch, name: str, to: object) -> None:
    """A published protocol never changes, so the tests change how it reads."""
    reads = property(lambda phase: to, lambda phase, value: None)
    monkeypatch.setattr(ProtocolPhase, name, reads)


def test_offered_is_what_is_left_of_the_treatment_week(
    missed: TreatmentSession, at: SetClock
) -> None:
    found = times(missed, at.at)
    assert found
    assert {moment.astimezone(BERLIN).date() for moment in found} == {FRIDAY}
    assert min(found) >= at.at + timedelta(hours=24)


def test_staff_accept_and_a_new_session_is_booked(
    phone: Phone, word: Message, missed: TreatmentSession, at: SetClock, front_desk: User
) -> None:
    wanted = times(missed, at.at)[1]
    phone.open(word, Purpose.REBOOK)
    for _ in range(2):
        phone.post(word, Purpose.REBOOK, wanted=value_of(wanted), words="Sorry")
    request = ChangeRequest.objects.get()
    assert (request.kind, request.wanted_at, request.decision) == ("rebook", wanted, "")
    assert "Until then nothing is booked" in text_of(phone.get(word, Purpose.REBOOK))
    assert not TreatmentSession.objects.filter(makes_up_for=missed).exists()
    deciding.accept(request.pk, by=front_desk)
    session = new_session(missed)
    assert (session.starts_at, session.number, session.phase) == (
        wanted,
        missed.number,
        missed.phase,
    )
    assert (session.week, session.window_to) == (missed.week, missed.window_to)
    assert session.trace[0]["text"].endswith("10:00, which was missed.")
    assert session.trace[0]["by"] == front_desk.username
    missed.refresh_from_db()
    assert missed.status == "no_show"
    assert set(Task.objects.values_list("kind", "closed_by")) == {
        ("request", front_desk.pk),
        ("no_show", front_desk.pk),
    }
    page = text_of(phone.get(word, Purpose.REBOOK))
    assert "Your new visit is booked. You get an e-mail" in page
    assert f"{wanted.astimezone(BERLIN):%H:%M}" in page


def test_where_the_clinic_accepts_unseen_it_is_booked_at_once(
    phone: Phone, word: Message, missed: TreatmentSession, at: SetClock
) -> None:
    """Tapped twice, one session is booked."""
    set_policy(missed.clinic, auto_accept_moves=True)
    wanted = times(missed, at.at)[1]
    phone.open(word, Purpose.REBOOK)
    for _ in range(2):
        phone.post(word, Purpose.REBOOK, wanted=value_of(wanted))
    session = new_session(missed)
    assert session.starts_at == wanted
    assert session.trace[0]["text"].startswith("Booked by the patient instead of")
    event = AuditEvent.objects.get(event="session.made_up")
    assert (event.actor_kind, event.actor_id) == ("patient_link", None)
    assert ChangeRequest.objects.get().decision == "accepted"
    task = Task.objects.get()
    assert (task.kind, task.closed_by) == ("no_show", None)
    assert "A new date was booked" in task.closing_note
    assert "Your new visit is booked" in text_of(phone.get(word, Purpose.REBOOK))


def test_the_mail_tells_the_new_time_with_an_entry_of_its_own(
    word: Message, missed: TreatmentSession, at: SetClock, inbox: Inbox
) -> None:
    """The old entry is past and is left alone; the buttons of the new mail are of the new visit."""
    set_policy(missed.clinic, auto_accept_moves=True)
    asking.ask(word, Purpose.REBOOK, wanted_at=times(missed, at.at)[1])
    sweep()
    (mail,) = inbox.mails
    session = new_session(missed)
    body = mail.get_body(("plain",))
    assert body is not None
    text = body.get_content()
    assert f"{session.starts_at.astimezone(BERLIN):%H:%M}" in text
    assert "missed" not in text
    (part,) = [part for part in mail.walk() if part.get_content_type() == "text/calendar"]
    (entry,) = Calendar.from_ical(part.get_content()).walk("VEVENT")
    assert entry["uid"] == f"{session.public_id}@{calendars.domain()}"
    assert entry["sequence"] == 2
    assert entry.decoded("dtstart") == session.starts_at
    told = Message.objects.get(kind=Kind.CHANGED)
    assert (told.state, told.treatment_session) == ("sent", session)


def test_what_a_patient_writes_with_a_time_that_nobody_looks_at_is_read(
    phone: Phone, word: Message, missed: TreatmentSession, at: SetClock
) -> None:
    set_policy(missed.clinic, auto_accept_moves=True)
    phone.open(word, Purpose.REBOOK)
    wanted = value_of(times(missed, at.at)[1])
    phone.post(word, Purpose.REBOOK, wanted=wanted, words="I was in hospital")
    request = ChangeRequest.objects.get()
    task = Task.objects.open().get()
    assert (task.role, task.source_id) == ("front_desk", request.public_id)
    assert task.text == (
        "Read what the patient wrote when choosing another time for session 1: open the request. "
        "It is booked."
    )


def test_where_no_mail_may_go_a_task_asks_to_tell_the_new_time(
    word: Message, missed: TreatmentSession, at: SetClock, front_desk: User
) -> None:
    request = asking.ask(word, Purpose.REBOOK, wanted_at=times(missed, at.at)[0])
    with acting(TESTS):
        Consent.objects.filter(patient=missed.patient).of_kind("email").update(withdrawn_at=at.at)
    deciding.accept(request.pk, by=front_desk)
    assert "has a new time" in Task.objects.get(kind="call").text


def test_a_time_is_offered_while_no_other_session_is_too_near(
    missed: TreatmentSession, at: SetClock
) -> None:
    """The next session, on Saturday, leaves no day with the gap between them."""
    saturday = NOON + timedelta(days=5)
    make_session(missed.course, starts_at=saturday, number=2, number_in_phase=2)
    assert times(missed, at.at) == []
    assert "treatment week" in making_up.why_none(missed, at.at)


def test_after_the_treatment_week_the_clinic_calls_and_staff_see_why(
    phone: Phone, word: Message, missed: TreatmentSession, at: SetClock
) -> None:
    at.at += timedelta(days=7)
    page = text_of(phone.open(word, Purpose.REBOOK))
    assert "Ask for it here, and we will call you." in page
    phone.post(word, Purpose.REBOOK, wanted="call")
    assert "You asked for a new time. We will call you." in text_of(phone.get(word, Purpose.REBOOK))
    assert "for a call" in Task.objects.get(kind="request").text
    assert "treatment week is over" in making_up.why_none(missed, at.at)


def test_what_a_prescriber_decides_is_not_offered(
    phone: Phone,
    word: Message,
    missed: TreatmentSession,
    at: SetClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert times(missed, at.at)
    set_phases(monkeypatch, "missed_rule", "prescriber_decides")
    assert times(missed, at.at) == []
    assert "we will call you" in text_of(phone.open(word, Purpose.REBOOK))
    assert "The prescriber decides" in making_up.why_none(missed, at.at)


def test_where_the_protocol_wants_the_patient_asked_first_nothing_is_booked_unseen(
    word: Message, missed: TreatmentSession, at: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_policy(missed.clinic, auto_accept_moves=True)
    set_phases(monkeypatch, "missed_rule", "step_back_if_worse")
    request = asking.ask(word, Purpose.REBOOK, wanted_at=times(missed, at.at)[0])
    assert request.decision == ""
    assert not TreatmentSession.objects.filter(makes_up_for=missed).exists()


@pytest.mark.parametrize(("days_before", "is_offered"), [(3, True), (4, False)])
def test_no_day_is_offered_after_the_maximum_gap(
    missed: TreatmentSession,
    at: SetClock,
    monkeypatch: pytest.MonkeyPatch,
    days_before: int,
    is_offered: bool,
) -> None:
    set_phases(monkeypatch, "max_gap_days", 4)
    save(missed, number=2, number_in_phase=2)
    before = missed.starts_at - timedelta(days=days_before)
    make_session(missed.course, starts_at=before, status="discharged", ended_at=before)
    assert bool(times(missed, at.at)) == is_offered
    at.at += timedelta(days=1)
    assert ("the maximum gap is 4" in making_up.why_none(missed, at.at)) != is_offered


def test_once_it_has_a_new_date_no_other_is_offered(
    phone: Phone, word: Message, missed: TreatmentSession, at: SetClock, front_desk: User
) -> None:
    """Staff book first; the patient, who has the page open, chooses then."""
    wanted = times(missed, at.at)
    phone.open(word, Purpose.REBOOK)
    book(missed, wanted[0], front_desk)
    page = text_of(phone.post(word, Purpose.REBOOK, wanted=value_of(wanted[-1])))
    assert "Your new visit is booked" in page
    for chosen in (wanted[-1], None):
        with pytest.raises(ValidationError, match="not free any more"):
            asking.ask(word, Purpose.REBOOK, wanted_at=chosen)
    assert not ChangeRequest.objects.exists()


def test_the_link_ends_with_the_start_of_the_new_visit(
    phone: Phone, word: Message, missed: TreatmentSession, at: SetClock, front_desk: User
) -> None:
    """Afterwards "is booked" would be said of a day that is over."""
    book(missed, times(missed, at.at)[0], front_desk)
    session = new_session(missed)
    at.at = session.starts_at - timedelta(minutes=1)
    assert "Your new visit is booked" in text_of(phone.open(word, Purpose.REBOOK))
    at.at = session.starts_at
    assert phone.get(word, Purpose.REBOOK).status_code == 404
    save(session, status="discharged", ended_at=at.at)
    assert phone.get(word, Purpose.REBOOK).status_code == 404


def test_a_link_that_has_ended_stays_so_when_a_date_is_booked_later(
    phone: Phone, word: Message, missed: TreatmentSession, at: SetClock, front_desk: User
) -> None:
    save(word, sent_at=at.at - timedelta(days=15))
    assert phone.get(word, Purpose.REBOOK).status_code == 404
    book(missed, times(missed, at.at)[0], front_desk)
    assert phone.get(word, Purpose.REBOOK).status_code == 404


def test_staff_who_book_settle_what_the_patient_asked(
    word: Message, missed: TreatmentSession, at: SetClock, front_desk: User
) -> None:
    """The patient asks first; staff, who have the form open, book another time."""
    wanted = times(missed, at.at)
    request = asking.ask(word, Purpose.REBOOK, wanted_at=wanted[0])
    book(missed, wanted[-1], front_desk)
    request.refresh_from_db()
    assert (request.decision, request.decision_reason) == ("settled", "A new date was booked.")
    assert not Task.objects.open().exists()
    with pytest.raises(ValidationError, match="decided already"):
        deciding.accept(request.pk, by=front_desk)


def complete(course: TreatmentCourse, by: User) -> None:
    """Its last number, and all between, took place, and somebody looks."""
    with acting(TESTS):
        last = len(ending.slots_of(ending.choice_of(course)))
        for number in range(2, last + 1):
            starts_at = NOON - timedelta(days=number)
            session = make_session(course, starts_at=starts_at, number=number)
            save(session, status="discharged", ended_at=starts_at)
        assert ending.complete(course)


def stop(course: TreatmentCourse, by: User) -> None:
    ending.stop_course(course.pk, reason="Remission", by=by, version=course.version)


@pytest.mark.parametrize(("end", "state"), [(complete, "completed"), (stop, "stopped")])
def test_a_course_that_ends_settles_what_was_asked_about_its_missed_visit(
    word: Message,
    missed: TreatmentSession,
    at: SetClock,
    prescriber: User,
    end: Callable[[TreatmentCourse, User], None],
    state: str,
) -> None:
    request = asking.ask(word, Purpose.REBOOK, wanted_at=times(missed, at.at)[0])
    end(missed.course, prescriber)
    request.refresh_from_db()
    assert (request.decision, request.decision_reason) == ("settled", f"The course is {state}.")
    assert not Task.objects.open().filter(kind="request").exists()


def test_a_course_that_is_stopped_settles_no_request_of_another_one(
    word: Message, missed: TreatmentSession, at: SetClock, clinic: Clinic, prescriber: User
) -> None:
    request = asking.ask(word, Purpose.REBOOK)
    stop(make_course(make_patient(clinic), prescriber), prescriber)
    request.refresh_from_db()
    assert request.decision == ""


def test_who_wants_no_new_time_any_more_says_so(
    phone: Phone, word: Message, missed: TreatmentSession, at: SetClock, front_desk: User
) -> None:
    phone.open(word, Purpose.REBOOK)
    phone.post(word, Purpose.REBOOK, wanted=value_of(times(missed, at.at)[0]))
    assert "I don’t want a new time any more" in text_of(phone.get(word, Purpose.REBOOK))
    for _ in range(2):
        phone.post(word, Purpose.REBOOK, off="1")
    called_off, wanted = ChangeRequest.objects.all()
    assert (called_off.kind, wanted.kind, wanted.decision) == ("cancel", "rebook", "settled")
    page = text_of(phone.get(word, Purpose.REBOOK))
    assert "You told us that you don’t want a new time." in page
    assert "If you want a new time after all, please call us." in page
    task = Task.objects.open().get(kind="request")
    assert "wants no new time" in task.text
    deciding.accept(called_off.pk, by=front_desk)
    missed.refresh_from_db()
    assert missed.status == "no_show"
    assert not Message.objects.filter(kind=Kind.CALLED_OFF).exists()


def test_a_post_to_want_no_more_without_a_request_asks_for_nothing(
    phone: Phone, word: Message
) -> None:
    phone.open(word, Purpose.REBOOK)
    phone.post(word, Purpose.REBOOK, off="1")
    assert not ChangeRequest.objects.exists()


def state_of_the_word() -> tuple[str, str]:
    message = Message.objects.get(kind=Kind.MISSED)
    return message.state, message.reason


@pytest.mark.parametrize("purpose", [Purpose.RESCHEDULE, Purpose.CANCEL])
def test_who_asked_in_time_and_got_no_answer_is_not_told_of_the_missed_visit(
    purpose: Purpose,
    reminder: Message,
    visit: TreatmentSession,
    at: SetClock,
    nurse: User,
    front_desk: User,
    inbox: Inbox,
) -> None:
    request = asking.ask(reminder, purpose)
    missed = miss(visit, at, nurse)
    request.refresh_from_db()
    assert request.decision == ""
    assert Task.objects.open().filter(kind="request", source_id=request.public_id).exists()
    deciding.decline(request.pk, by=front_desk, reason="Called, is well")
    at.at = missed.starts_at + timedelta(hours=4)
    sweep()
    assert inbox.mails == []
    state, reason = state_of_the_word()
    assert (state, "had asked to change" in reason) == ("cancelled", True)


def test_who_asked_and_got_an_answer_is_told_of_the_missed_visit(
    reminder: Message,
    visit: TreatmentSession,
    at: SetClock,
    nurse: User,
    front_desk: User,
    inbox: Inbox,
) -> None:
    request = asking.ask(reminder, Purpose.RESCHEDULE)
    deciding.decline(request.pk, by=front_desk, reason="Called: she comes")
    missed = miss(visit, at, nurse)
    at.at = missed.starts_at + timedelta(hours=4)
    sweep()
    assert [str(mail["Subject"]) for mail in inbox.mails] == ["We missed you"]
    assert state_of_the_word()[0] == "sent"


def test_once_a_new_date_is_booked_nobody_is_told_of_the_missed_visit(
    missed: TreatmentSession, at: SetClock, front_desk: User, inbox: Inbox
) -> None:
    assert state_of_the_word()[0] == "planned"
    book(missed, times(missed, at.at)[0], front_desk)
    assert state_of_the_word() == ("cancelled", "A new date was booked.")
    at.at = missed.starts_at + timedelta(hours=4)
    sweep()
    assert "We missed you" not in [str(mail["Subject"]) for mail in inbox.mails]


def test_the_word_that_was_claimed_before_the_new_date_is_not_sent(
    missed: TreatmentSession, at: SetClock, inbox: Inbox
) -> None:
    """The last look before the sending sees a new date, whoever forgot to tell the ledger."""
    at.at = missed.starts_at + timedelta(hours=4)
    (claimed,) = claiming.claim()
    assert claimed.session_ids == (missed.pk,)
    with acting(TESTS):
        session = making_up.blank(missed)
        session.starts_at = missed.starts_at + timedelta(days=1)
        session.ends_at = missed.ends_at + timedelta(days=1)
        session.chair = missed.chair
        session.save()
    delivery.send(claimed, Mailer())
    assert inbox.mails == []
    assert state_of_the_word() == ("cancelled", "A new date was booked.")


def test_a_time_asked_for_before_the_missed_visit_can_still_be_booked(
    reminder: Message,
    visit: TreatmentSession,
    at: SetClock,
    nurse: User,
    front_desk: User,
) -> None:
    wanted = [each for each in times(visit, at.at) if each.astimezone(BERLIN).date() == FRIDAY]
    request = asking.ask(reminder, Purpose.RESCHEDULE, wanted_at=wanted[-1])
    missed = miss(visit, at, nurse)
    deciding.accept(request.pk, by=front_desk)
    assert new_session(missed).starts_at == wanted[-1]
    assert not Task.objects.open().exists()


def test_who_comes_after_all_has_no_open_request(
    reminder: Message, visit: TreatmentSession, at: SetClock, nurse: User
) -> None:
    request = asking.ask(reminder, Purpose.RESCHEDULE)
    missed = miss(visit, at, nurse)
    steps.change_status(
        missed.pk,
        visit.Status.CHECKED_IN,
        by=nurse,
        reason="Came at noon",
        version=missed.version,
    )
    request.refresh_from_db()
    assert request.decision == "settled"
