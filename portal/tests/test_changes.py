"""Another time: what is offered keeps all rules, and asking moves nothing by itself."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinic.audit import acting
from clinic.models import AuditEvent, Chair, Clinic, User
from clinic.tests.factories import TESTS
from patients.models import Consent, Task
from portal.models import ChangeRequest
from portal.services import asking, deciding
from portal.services.asking import Bounds
from portal.services.visitor import LinkOverError
from portal.tests.phone import Phone, text_of
from portal.views.changes import value_of
from reminders.kinds import Kind
from reminders.links import Purpose
from reminders.models import Message, MessagePolicy
from reminders.tests.conftest import SetClock
from reminders.tests.factories import NOON, make_reachable, make_visit, save, set_policy
from sessions.models import TreatmentSession
from sessions.services import steps
from sessions.tests.factories import make_course, make_session

pytestmark = pytest.mark.django_db
BERLIN = ZoneInfo("Europe/Berlin")


def times(visit: TreatmentSession, now: datetime = NOON) -> list[datetime]:
    return asking.offered(visit, Bounds.of(visit, MessagePolicy(clinic=visit.clinic), now), now)


def days(visit: TreatmentSession) -> set[str]:
    return {f"{moment.astimezone(BERLIN):%a}" for moment in times(visit)}


def test_times_lie_in_the_treatment_week_and_the_opening_hours(visit: TreatmentSession) -> None:
    assert days(visit) == {"Tue", "Wed", "Thu", "Fri"}
    local = [moment.astimezone(BERLIN) for moment in times(visit)]
    length = timedelta(minutes=visit.course.protocol.visit_minutes)
    assert {moment.minute for moment in local} == {0, 30}
    for hours in visit.clinic.opening_hours.all():
        of_day = [m for m in local if m.weekday() == hours.weekday]
        assert all(m.time() >= hours.opens_at for m in of_day)
        assert all((m + length).time() <= hours.closes_at for m in of_day)
    assert visit.starts_at not in times(visit)


def test_no_time_is_nearer_than_the_notice_that_the_clinic_wants(visit: TreatmentSession) -> None:
    assert min(times(visit)) >= NOON + timedelta(hours=24)


def test_the_gap_to_the_neighbours_and_their_order_are_kept(visit: TreatmentSession) -> None:
    gap = visit.phase.min_gap_days
    assert gap >= 2
    make_session(visit.course, starts_at=NOON + timedelta(days=1), number=0, number_in_phase=0)
    found = {moment.astimezone(BERLIN).date() for moment in times(visit)}
    tuesday = NOON.date() + timedelta(days=1)
    assert found == {day for day in found if (day - tuesday).days >= gap or day == visit.day}
    assert tuesday not in found
    assert found


def test_a_time_is_offered_while_one_chair_is_free(
    visit: TreatmentSession, clinic: Clinic, prescriber: User
) -> None:
    wanted = datetime.combine(NOON.date() + timedelta(days=4), time(11), BERLIN)
    chairs = list(Chair.objects.bookable_at(clinic).serving(visit.course.protocol.route))
    for number, chair in enumerate(chairs, 2):
        assert wanted in times(visit)
        other = make_reachable(clinic, prescriber, number)
        make_visit(other, prescriber, wanted + timedelta(minutes=30), chair=chair)
    assert wanted not in times(visit)


def test_a_time_at_which_the_patient_is_elsewhere_in_the_house_is_not_offered(
    visit: TreatmentSession, prescriber: User
) -> None:
    wanted = datetime.combine(NOON.date() + timedelta(days=4), time(11), BERLIN)
    last = Chair.objects.bookable_at(visit.clinic).latest("pk")
    earlier = make_course(visit.patient, prescriber, status="completed")
    make_session(earlier, starts_at=wanted, chair=last)
    assert wanted not in times(visit)


def test_offering_takes_few_queries_whatever_the_days(
    visit: TreatmentSession, django_assert_num_queries
) -> None:
    whole = TreatmentSession.objects.select_related(
        "clinic", "patient", "course__protocol", "phase", "chair"
    ).get(pk=visit.pk)
    policy = MessagePolicy(clinic=visit.clinic, offered_days=60)
    with django_assert_num_queries(5):
        asking.offered(whole, Bounds.of(whole, policy, NOON), NOON)


def test_a_chosen_time_becomes_a_request_and_a_task(
    phone: Phone, reminder: Message, visit: TreatmentSession
) -> None:
    wanted = times(visit)[3]
    page = phone.open(reminder, Purpose.RESCHEDULE)
    assert value_of(wanted) in text_of(page)
    for _ in range(2):
        phone.post(reminder, Purpose.RESCHEDULE, wanted=value_of(wanted), words="School\x00 run")
    request = ChangeRequest.objects.get()
    assert (request.kind, request.wanted_at) == ("reschedule", wanted)
    assert request.words == "School run"
    task = Task.objects.get()
    assert (task.role, task.kind, task.source_id) == ("front_desk", "request", request.public_id)
    visit.refresh_from_db()
    assert visit.schedule_rev == reminder.schedule_rev
    local = wanted.astimezone(BERLIN)
    said = f"{local:%A}, {local.day} {local:%B %Y}, {local:%H:%M}"
    assert f"You asked for {said}" in text_of(phone.get(reminder, Purpose.RESCHEDULE))
    assert f"You asked for {said}. We will tell you" in text_of(phone.get(reminder))


@pytest.mark.parametrize("wanted", ["", "x", "20270101T0000Z", "call\x00", "9" * 9000])
def test_what_is_not_offered_is_refused(
    phone: Phone, reminder: Message, visit: TreatmentSession, wanted: str
) -> None:
    phone.open(reminder, Purpose.RESCHEDULE)
    page = phone.post(reminder, Purpose.RESCHEDULE, wanted=wanted, words="Typed before")
    assert page.status_code == 200
    assert "Please choose" in text_of(page)
    assert "Typed before" in text_of(page)
    assert not ChangeRequest.objects.exists()


def test_nothing_suits_is_a_wish_for_a_call(
    phone: Phone, reminder: Message, visit: TreatmentSession
) -> None:
    phone.open(reminder, Purpose.RESCHEDULE)
    phone.post(reminder, Purpose.RESCHEDULE, wanted="call")
    assert ChangeRequest.objects.get().wanted_at is None
    assert "for a call" in Task.objects.get().text


def test_too_near_to_the_visit_nothing_is_offered(
    phone: Phone, reminder: Message, visit: TreatmentSession, at: SetClock
) -> None:
    wanted = value_of(times(visit)[-1])
    at.at = visit.starts_at - timedelta(hours=24) + timedelta(seconds=1)
    page = phone.open(reminder, Purpose.RESCHEDULE)
    assert "too near" in text_of(page)
    phone.post(reminder, Purpose.RESCHEDULE, wanted=wanted)
    assert not ChangeRequest.objects.exists()


def test_where_the_clinic_accepts_unseen_the_visit_moves_at_once(
    phone: Phone, reminder: Message, visit: TreatmentSession
) -> None:
    """The trail and the trace name the patient; a message tells the new time."""
    set_policy(visit.clinic, auto_accept_moves=True)
    wanted = times(visit)[3]
    phone.open(reminder, Purpose.RESCHEDULE)
    phone.post(reminder, Purpose.RESCHEDULE, wanted=value_of(wanted))
    visit.refresh_from_db()
    assert visit.starts_at == wanted
    assert visit.trace[-1]["text"].startswith("Moved by the patient from")
    assert visit.trace[-1]["by"] == "patient"
    event = AuditEvent.objects.get(event="session.moved")
    assert (event.actor_kind, event.actor_id) == ("patient_link", None)
    assert ChangeRequest.objects.get().decision == "accepted"
    assert not Task.objects.exists()
    assert Message.objects.filter(kind=Kind.CHANGED, schedule_rev=2).exists()


def test_what_is_moved_unseen_is_locked_once(reminder: Message, visit: TreatmentSession) -> None:
    set_policy(visit.clinic, auto_accept_moves=True)
    wanted = times(visit)[3]
    with CaptureQueriesContext(connection) as asked:
        asking.ask(reminder, Purpose.RESCHEDULE, wanted_at=wanted)
    locks = [each["sql"] for each in asked if "FOR NO KEY UPDATE" in each["sql"]]
    assert len([sql for sql in locks if f'FROM "{Chair._meta.db_table}"' in sql]) == 1


def test_no_mail_is_promised_to_who_wants_none(
    phone: Phone, reminder: Message, visit: TreatmentSession
) -> None:
    set_policy(visit.clinic, auto_accept_moves=True)
    with acting(TESTS):
        Consent.objects.filter(patient=visit.patient).of_kind("email").update(withdrawn_at=NOON)
    wanted = times(visit)[3]
    phone.open(reminder, Purpose.RESCHEDULE)
    phone.post(reminder, Purpose.RESCHEDULE, wanted=value_of(wanted))
    text = text_of(phone.get(reminder, Purpose.RESCHEDULE))
    assert "has been moved" in text
    assert "e-mail" not in text


def test_a_seat_that_is_gone_meanwhile_is_not_given_away(
    reminder: Message, visit: TreatmentSession
) -> None:
    set_policy(visit.clinic, auto_accept_moves=True)
    wanted = times(visit)[3]
    make_session(visit.course, starts_at=wanted, number=9, number_in_phase=9, chair=visit.chair)
    with pytest.raises(ValidationError, match="not free any more"):
        asking.ask(reminder, Purpose.RESCHEDULE, wanted_at=wanted)
    visit.refresh_from_db()
    assert visit.schedule_rev == 1


def test_a_dead_link_moves_nothing(reminder: Message, visit: TreatmentSession) -> None:
    """A-085: revoked while its page was open."""
    set_policy(visit.clinic, auto_accept_moves=True)
    save(reminder, links_revoked_at=NOON)
    with pytest.raises(LinkOverError):
        asking.ask(reminder, Purpose.RESCHEDULE, wanted_at=times(visit)[3])
    assert not ChangeRequest.objects.exists()


def test_calling_off_asks_staff_and_cancels_nothing(
    phone: Phone, reminder: Message, visit: TreatmentSession
) -> None:
    assert "We will call you" in text_of(phone.open(reminder, Purpose.CANCEL))
    phone.post(reminder, Purpose.CANCEL, words="")
    assert ChangeRequest.objects.get().kind == "cancel"
    visit.refresh_from_db()
    assert visit.status == "planned"
    assert "Until then it stands" in text_of(phone.get(reminder, Purpose.CANCEL))


def test_who_asked_for_another_time_takes_it_back_and_may_choose_again(
    phone: Phone, reminder: Message, visit: TreatmentSession, front_desk: User
) -> None:
    first, second = times(visit)[2:4]
    phone.open(reminder, Purpose.RESCHEDULE)
    phone.post(reminder, Purpose.RESCHEDULE, wanted=value_of(first))
    assert "I come as planned" in text_of(phone.get(reminder, Purpose.RESCHEDULE))
    for _ in range(2):
        assert phone.post(reminder, Purpose.RESCHEDULE, off="1").status_code in {200, 302}
    request = ChangeRequest.objects.get()
    assert (request.decision, request.decision_reason) == ("settled", asking.AS_PLANNED)
    assert not Task.objects.open().filter(kind=Task.Kind.REQUEST).exists()
    visit.refresh_from_db()
    assert (visit.status, visit.schedule_rev) == ("planned", 1)
    with pytest.raises(ValidationError):
        deciding.accept(request.pk, by=front_desk)
    phone.post(reminder, Purpose.RESCHEDULE, wanted=value_of(second))
    assert ChangeRequest.objects.open().get().wanted_at == second


def test_a_request_to_call_the_visit_off_is_taken_back_by_phone_only(
    reminder: Message, visit: TreatmentSession
) -> None:
    asking.ask(reminder, Purpose.CANCEL)
    asking.take_back(reminder, Purpose.RESCHEDULE)
    assert ChangeRequest.objects.open().get().kind == "cancel"


def test_who_asked_for_another_time_may_call_it_off_instead(
    phone: Phone, reminder: Message, visit: TreatmentSession
) -> None:
    """The one that was asked for is settled with its task; calling off has a task of its own."""
    phone.open(reminder, Purpose.RESCHEDULE)
    phone.post(reminder, Purpose.RESCHEDULE, wanted=value_of(times(visit)[3]))
    assert "that takes its place" in text_of(phone.get(reminder, Purpose.CANCEL))
    for _ in range(2):
        phone.post(reminder, Purpose.CANCEL, words="I am ill")
    called_off, wanted = ChangeRequest.objects.all()
    assert (called_off.kind, called_off.decision) == ("cancel", "")
    assert (wanted.kind, wanted.decision) == ("reschedule", "settled")
    assert "call the visit off instead" in wanted.decision_reason
    assert wanted.decided_by is None
    assert Task.objects.get(closed_at__isnull=True).source_id == called_off.public_id
    assert Task.objects.get(closed_at__isnull=False).source_id == wanted.public_id
    assert "Until then it stands" in text_of(phone.get(reminder, Purpose.CANCEL))


@pytest.mark.parametrize("unseen", [False, True])
def test_what_was_to_be_called_off_is_not_moved(
    phone: Phone, reminder: Message, visit: TreatmentSession, unseen: bool
) -> None:
    """Asked for in this order by who has both pages open, too."""
    set_policy(visit.clinic, auto_accept_moves=unseen)
    phone.open(reminder, Purpose.CANCEL)
    phone.post(reminder, Purpose.CANCEL)
    page = text_of(phone.get(reminder, Purpose.RESCHEDULE))
    assert "If you want another time instead, please call us." in page
    assert "wanted" not in page
    phone.post(reminder, Purpose.RESCHEDULE, wanted=value_of(times(visit)[3]))
    standing = asking.ask(reminder, Purpose.RESCHEDULE, wanted_at=times(visit)[3])
    assert ChangeRequest.objects.get() == standing
    assert (standing.kind, standing.decision) == ("cancel", "")
    visit.refresh_from_db()
    assert visit.schedule_rev == 1
    assert Task.objects.count() == 1


def test_whoever_moves_the_visit_settles_the_request(
    phone: Phone, reminder: Message, visit: TreatmentSession, nurse: User
) -> None:
    phone.open(reminder, Purpose.CANCEL)
    phone.post(reminder, Purpose.CANCEL)
    visit.refresh_from_db()
    steps.change_status(
        visit.pk, visit.Status.CANCELLED, by=nurse, reason="As asked", version=visit.version
    )
    request = ChangeRequest.objects.get()
    assert request.decision == "settled"
    assert "Cancelled" in request.decision_reason
    assert Task.objects.get(kind="request").closed_at is not None


def test_a_second_session_of_the_same_visit_day_is_never_offered(
    visit: TreatmentSession, prescriber: User
) -> None:
    friday = NOON + timedelta(days=4)
    make_session(visit.course, starts_at=friday, number=2, number_in_phase=2)
    assert "Fri" not in days(visit)
