"""Running courses: extended, stopped, completed, with another rhythm."""

from datetime import date, datetime, time, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import CommandError, call_command

from clinic import clock
from clinic.audit import acting, system
from clinic.locks import StaleVersionError
from clinic.models import Closure
from clinic.tests.factories import TESTS
from patients.models import Patient, Task
from patients.tests.factories import make_patient
from sessions import tasks
from sessions.lifecycle import Status
from sessions.models import TreatmentCourse, TreatmentSession
from sessions.services import booking, making_up, steps
from sessions.services.drafts import Choice
from sessions.services.ending import stop_course
from sessions.services.extending import extend
from sessions.services.rhythm import change_rhythm
from sessions.tests.factories import make_course, make_session, shipped

MONDAY = date(2027, 1, 4)
TASK = system("extend_courses")


@pytest.fixture
def today(monkeypatch):
    """Set the clock that services read; a Friday evening before the course at first."""

    class Today:
        def at(self, day, hour=18):
            moment = datetime.combine(day, time(hour), tzinfo=booking_zone)
            monkeypatch.setattr(clock, "now", lambda *_: moment)

    from zoneinfo import ZoneInfo

    booking_zone = ZoneInfo("Europe/Berlin")
    found = Today()
    found.at(MONDAY - timedelta(days=3))
    return found


@pytest.fixture
def course(clinic, front_desk, today):
    choice = Choice(make_patient(clinic), shipped(), MONDAY, (0, 3), time(10))
    return booking.book(choice, by=front_desk)


def dates(course):
    starts = course.sessions.order_by("number").values_list("number", "starts_at")
    return {number: at.astimezone(course.clinic.zone) for number, at in starts}


def day(week, weekday=0):
    return MONDAY + timedelta(days=7 * (week - 1) + weekday)


def test_an_open_end_grows_with_the_weeks_and_its_past_never_moves(course, today):
    before = dates(course)
    for week in range(1, 9):
        today.at(day(week, 4))
        extend(course.pk, by=TASK)
    after = dates(course)
    assert before.items() <= after.items()
    assert [at.date() for number, at in after.items() if number > 12] == [
        day(week) for week in range(9, 21)
    ]


def test_extending_again_adds_nothing(course, today):
    today.at(day(4))
    assert extend(course.pk, by=TASK) == 3
    assert extend(course.pk, by=TASK) == 0


def test_one_long_step_and_many_short_ones_give_the_same_dates(course, today, clinic, front_desk):
    other = booking.book(
        Choice(make_patient(clinic), shipped(), MONDAY, (0, 3), time(10)), by=front_desk
    )
    with acting(TESTS):
        Closure.objects.create(
            clinic=clinic, starts_on=day(14), ends_on=day(14, 1), reason="Painters"
        )
    for week in range(1, 9):
        today.at(day(week))
        extend(course.pk, by=TASK)
    extend(other.pk, by=TASK)
    assert list(dates(course).values()) == list(dates(other).values())


def test_a_number_without_a_date_is_asked_for_once_and_never_used_again(course, today, clinic):
    with acting(TESTS):
        Closure.objects.create(
            clinic=clinic, starts_on=day(14), ends_on=day(14, 6), reason="Holidays"
        )
    for week in range(1, 6):
        today.at(day(week))
        extend(course.pk, by=TASK)
    assert 18 not in dates(course)
    assert dates(course)[19].date() == day(15)
    assert Task.objects.filter(kind=Task.Kind.UNPLACED_SESSIONS).count() == 1


def test_the_course_of_a_patient_who_died_gets_no_more_dates(course, today, prescriber):
    with acting(TESTS):
        Patient.objects.filter(pk=course.patient_id).update(deceased=True)
    before = dates(course)
    today.at(day(5))
    assert extend(course.pk, by=TASK) == 0
    with pytest.raises(ValidationError, match="The patient has died"):
        change_rhythm(course.pk, "2-weekly", by=prescriber, version=1)
    assert dates(course) == before


def test_the_hour_stays_across_a_clock_change(course, today):
    """Berlin enters summer time on 28 March 2027."""
    today.at(day(8))
    extend(course.pk, by=TASK)
    assert {at.time() for at in dates(course).values()} == {time(10)}
    assert len({at.utcoffset() for at in dates(course).values()}) == 2


def test_one_failing_course_does_not_stop_the_others(course, today, clinic, front_desk):
    broken = make_course(make_patient(clinic), front_desk, weekdays=[9], planned_until=MONDAY)
    today.at(day(4))
    counts = tasks.extend_courses()
    assert (counts["failed"], counts["extended"], counts["booked"]) == (1, 1, 3)
    assert broken.sessions.count() == 0
    with pytest.raises(CommandError, match="1 courses failed"):
        call_command("extend_courses")


def test_a_stopped_course_cancels_what_is_planned_and_is_extended_no_more(
    course, today, prescriber
):
    cancelled = stop_course(course.pk, reason="Remission", by=prescriber, version=1)
    course.refresh_from_db()
    assert (cancelled, course.status, course.stop_reason) == (17, "stopped", "Remission")
    assert not course.sessions.planned().exists()
    today.at(day(8))
    assert extend(course.pk, by=TASK) == 0


def test_stopping_needs_a_reason_the_right_and_the_current_version(course, prescriber, nurse):
    with pytest.raises(ValidationError, match="Say why"):
        stop_course(course.pk, reason=" ", by=prescriber, version=1)
    with pytest.raises(PermissionDenied):
        stop_course(course.pk, reason="Moved away", by=nurse, version=1)
    with pytest.raises(StaleVersionError):
        stop_course(course.pk, reason="Moved away", by=prescriber, version=7)


def test_a_session_under_way_outlives_the_stop(course, prescriber):
    first = course.sessions.get(number=1)
    with acting(TESTS):
        TreatmentSession.objects.filter(pk=first.pk).update(status="monitoring")
    stop_course(course.pk, reason="Remission", by=prescriber, version=1)
    first.refresh_from_db()
    assert first.status == "monitoring"


def make_last_session(clinic, nurse, *, count=6):
    """A finite course of six whose last session is being monitored."""
    key = "ketamine-iv-twice-weekly"
    course = make_course(make_patient(clinic), nurse, key=key, starts_on=MONDAY)
    at = datetime.combine(MONDAY, time(10), tzinfo=clinic.zone)
    for number in range(1, count + 1):
        starts_at = at + timedelta(days=4 * (number - 1))
        is_last = number == count
        make_session(
            course,
            number=number,
            starts_at=starts_at,
            status=Status.PLANNED if is_last else Status.DISCHARGED,
            ended_at=None if is_last else starts_at,
        )
    return course, course.sessions.get(number=count)


def end(treatment_session, *way, by):
    with acting(by):
        row = steps.lock(treatment_session.pk)
        for status in way:
            steps.take(row, status, by=by, now=clock.now(), reason="as it was", guarded=False)


def test_a_course_completes_with_its_last_session(clinic, nurse, today):
    course, last = make_last_session(clinic, nurse)
    end(last, Status.CHECKED_IN, Status.TRANSFERRED, by=nurse)
    course.refresh_from_db()
    assert course.status == TreatmentCourse.Status.COMPLETED


@pytest.mark.parametrize("status", [Status.CANCELLED, Status.NO_SHOW, Status.DEFERRED])
def test_a_last_session_that_did_not_take_place_leaves_the_course_open(
    clinic, nurse, today, status
):
    course, last = make_last_session(clinic, nurse)
    end(last, status, by=nurse)
    course.refresh_from_db()
    assert course.status == TreatmentCourse.Status.ACTIVE


def test_a_number_that_waits_for_its_date_keeps_the_course_open(clinic, nurse, today):
    course, last = make_last_session(clinic, nurse, count=5)
    end(last, Status.CHECKED_IN, Status.TRANSFERRED, by=nurse)
    course.refresh_from_db()
    assert course.status == TreatmentCourse.Status.ACTIVE


def test_the_hourly_run_completes_what_was_left_over(clinic, nurse, today):
    course, last = make_last_session(clinic, nurse)
    with acting(TESTS):
        TreatmentSession.objects.filter(pk=last.pk).update(
            status="discharged", ended_at=clock.now()
        )
    assert tasks.extend_courses()["completed"] == 1


def test_a_rhythm_chosen_before_its_phase_moves_only_that_phase(course, prescriber):
    before = dates(course)
    moved = change_rhythm(course.pk, "2-weekly", by=prescriber, version=1)
    after = dates(course)
    assert moved == 4
    assert {n: at for n, at in after.items() if n <= 13} == {
        n: at for n, at in before.items() if n <= 13
    }
    assert [after[n].date() for n in range(13, 18)] == [day(w) for w in (9, 11, 13, 15, 17)]


def test_a_session_whose_new_date_was_cancelled_moves_with_the_others(course, prescriber):
    """The patient came after all and was sent home: it is planned again."""
    late = course.sessions.get(number=15)
    with acting(TESTS):
        course.sessions.filter(pk=late.pk).update(status="no_show", ended_at=clock.now())
        again = making_up.blank(late)
        again.starts_at, again.ends_at, again.chair = late.starts_at, late.ends_at, late.chair
        again.status, again.ended_at = "cancelled", clock.now()
        again.save()
        course.sessions.filter(pk=late.pk).update(status="planned", ended_at=None)
    assert change_rhythm(course.pk, "2-weekly", by=prescriber, version=1) == 4


def test_a_2_weekly_session_comes_two_weeks_after_the_last_weekly_one(course, today, prescriber):
    today.at(day(10, 2))
    change_rhythm(course.pk, "2-weekly", by=prescriber, version=1)
    after = dates(course)
    assert [after[n].date() for n in (14, 15, 16)] == [day(10), day(12), day(14)]
    today.at(day(12))
    extend(course.pk, by=TASK)
    assert dates(course)[18].date() == day(18)


def test_back_to_weekly_fills_the_weeks_between(course, today, prescriber):
    change_rhythm(course.pk, "2-weekly", by=prescriber, version=1)
    today.at(day(9, 2))
    change_rhythm(course.pk, "weekly", by=prescriber, version=2)
    after = dates(course)
    assert [after[n].date() for n in range(13, 22)] == [day(week) for week in range(9, 18)]
    course.refresh_from_db()
    assert course.planned_until == day(17)


def test_a_changed_rhythm_is_traced_and_its_messages_follow(course, prescriber):
    change_rhythm(course.pk, "2-weekly", by=prescriber, version=1)
    row = course.sessions.get(number=14)
    assert "rhythm_changed" in [step["rule"] for step in row.trace]
    assert (row.schedule_rev, row.version) == (2, 2)


def test_a_rhythm_that_finds_no_place_changes_nothing(course, clinic, prescriber, front_desk):
    at = datetime.combine(day(15), time(10), tzinfo=clinic.zone)
    for chair in clinic.rooms.get().chairs.all():
        make_session(make_course(make_patient(clinic), front_desk), starts_at=at, chair=chair)
    before = dates(course)
    with pytest.raises(ValidationError, match="session 16 can't get its new date"):
        change_rhythm(course.pk, "2-weekly", by=prescriber, version=1)
    assert dates(course) == before


def test_a_rhythm_that_is_not_offered_is_refused(course, clinic, prescriber, nurse, today):
    with pytest.raises(ValidationError, match="does not offer"):
        change_rhythm(course.pk, "4-weekly", by=prescriber, version=1)
    fixed = make_course(make_patient(clinic), nurse, key="ketamine-iv-twice-weekly")
    with pytest.raises(ValidationError, match="does not offer"):
        change_rhythm(fixed.pk, "weekly", by=prescriber, version=1)
    with pytest.raises(PermissionDenied):
        change_rhythm(course.pk, "2-weekly", by=nurse, version=1)
