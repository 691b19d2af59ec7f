"""Many at once, with real threads on PostgreSQL: one winner, and nobody meets a crash."""

import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, time, timedelta
from threading import Barrier, Event, Thread
from time import sleep

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from clinic.audit import acting
from clinic.models import Chair
from clinic.roles import Role
from clinic.tests.factories import TESTS, make_clinic, make_staff
from clinic.tests.posting import PageClient
from patients.services.register import CHANGE, locked
from patients.tests.factories import make_patient
from sessions.lifecycle import Status
from sessions.models import TreatmentCourse, TreatmentSession
from sessions.services import booking, cancelling, moving, rhythm, steps
from sessions.services.drafts import Choice
from sessions.services.ending import stop_course
from sessions.services.extending import extend
from sessions.tasks import AUTHOR
from sessions.tests.factories import make_course, make_session, shipped

pytestmark = pytest.mark.django_db(transaction=True)
THREADS = 10


def at_once(*jobs):
    """Run all jobs at the same moment; return how often each result or refusal came."""
    gate = Barrier(len(jobs))

    def run(job):
        try:
            gate.wait(timeout=20)
            return job()
        except ValidationError:
            return "refused"
        finally:
            connection.close()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return Counter(pool.map(run, jobs))


@pytest.fixture
def one_chair(clinic):
    """A clinic with a single chair."""
    with acting(TESTS):
        Chair.objects.filter(room__clinic=clinic, name="Chair 2").update(is_active=False)
    return clinic


def next_monday():
    today = timezone.now().date()
    return today + timedelta(days=7 - today.weekday())


def series(clinic, *, key, by, weeks_later=0):
    starts_on = next_monday() + timedelta(days=7 * weeks_later)
    choice = Choice(make_patient(clinic), shipped(key), starts_on, (), time(10))

    def job():
        booking.book(choice, by=by)
        return "booked"

    return job


def test_of_many_series_on_one_chair_one_is_booked(one_chair, front_desk):
    """INV-1, where they overlap in part only: each begins in another week than its neighbour."""
    jobs = [
        series(one_chair, key="ketamine-iv-twice-weekly", by=front_desk, weeks_later=n % 2)
        for n in range(THREADS)
    ]
    assert at_once(*jobs) == {"booked": 1, "refused": THREADS - 1}
    assert TreatmentSession.objects.count() == 6


def test_two_chairs_take_two_series_and_no_more(clinic, front_desk):
    jobs = [series(clinic, key="esketamine-mdsi-us", by=front_desk) for _ in range(THREADS)]
    assert at_once(*jobs) == {"booked": 2, "refused": THREADS - 2}


def test_of_many_moves_to_one_slot_one_succeeds(clinic, front_desk):
    """INV-1 when sessions move."""
    chair = Chair.objects.bookable_at(clinic).first()
    friday = next_monday() + timedelta(days=4)

    def mover(hour_offset):
        at = datetime.combine(
            next_monday() + timedelta(days=7 * (hour_offset + 1)), time(10), tzinfo=clinic.zone
        )
        row = make_session(make_course(make_patient(clinic), front_desk), starts_at=at)

        def job():
            moving.move(
                row.pk,
                day=friday,
                wall_time=time(10),
                chair=chair,
                reason="race",
                by=front_desk,
                version=1,
            )
            return "moved"

        return job

    assert at_once(*map(mover, range(THREADS))) == {"moved": 1, "refused": THREADS - 1}


def test_one_patient_gets_one_running_course(clinic, front_desk):
    patient = make_patient(clinic)
    choice = Choice(patient, shipped(), next_monday(), (), time(10))

    def job():
        booking.book(choice, by=front_desk)
        return "booked"

    assert at_once(*[job] * THREADS) == {"booked": 1, "refused": THREADS - 1}


def test_the_same_post_ten_times_at_once_is_one_course(clinic, front_desk):
    patient = make_patient(clinic)
    url = reverse("sessions:plan", args=[patient.public_id])
    fields = {
        "protocol": str(shipped().public_id),
        "starts_on": next_monday().isoformat(),
        "time_of_day": "10:00",
        "rhythm": "weekly",
        "entry_id": str(uuid.uuid4()),
    }
    clients = [PageClient() for _ in range(THREADS)]
    for client in clients:
        client.force_login(front_desk)

    def sender(client):
        return lambda: client.post(url, fields).headers.get("Location", "no redirect")

    answers = at_once(*map(sender, clients))
    course = TreatmentCourse.objects.get()
    assert answers == {reverse("sessions:course", args=[course.public_id]): THREADS}


def test_extending_and_booking_at_once_never_deadlock(clinic, front_desk, settings):
    courses = []
    for hour in (8, 11):
        choice = Choice(make_patient(clinic), shipped(), next_monday(), (), time(hour))
        courses.append(booking.book(choice, by=front_desk))
    settings.PLANNING_HORIZON = timedelta(weeks=16)
    extenders = [lambda pk=course.pk: ("added", extend(pk, by=AUTHOR)) for course in courses * 3]
    bookers = [series(clinic, key="taper", by=front_desk) for _ in range(4)]
    results = at_once(*extenders, *bookers)
    assert results["booked"] <= 2
    assert sum(n for (kind, n) in (r for r in results if isinstance(r, tuple))) > 0


def test_clinics_do_not_wait_for_each_other(clinic, front_desk):
    """Each clinic books its own two series, whatever the other one does."""
    south = make_clinic()
    by = make_staff(south, Role.FRONT_DESK)
    jobs = [series(clinic, key="taper", by=front_desk) for _ in range(2)]
    jobs += [series(south, key="taper", by=by) for _ in range(2)]
    assert at_once(*jobs) == {"booked": 4}


@pytest.fixture
def course(clinic, front_desk):
    return booking.book(
        Choice(make_patient(clinic), shipped(), next_monday(), (), time(10)), by=front_desk
    )


def in_background(job):
    """Run a job in a thread of its own, with its own connection."""

    def run():
        try:
            job()
        finally:
            connection.close()

    thread = Thread(target=run)
    thread.start()
    return thread


def waiting_for_a_lock():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return cursor.fetchone()[0]


def check_in_while(treatment_session, by, other):
    """Check in, and let the other job meet the lock before the check-in is saved."""
    holds = Event()

    def check_in():
        with acting(by):
            row = steps.lock(treatment_session.pk)
            steps.take(row, Status.CHECKED_IN, by=by, now=timezone.now())
            holds.set()
            until = timezone.now() + timedelta(seconds=20)
            while not waiting_for_a_lock() and timezone.now() < until:
                sleep(0.02)

    checking_in = in_background(check_in)
    assert holds.wait(timeout=20)
    try:
        return other()
    finally:
        checking_in.join()


def test_a_patient_who_is_checked_in_while_the_course_stops_stays(course, front_desk, prescriber):
    first, *others = course.sessions.order_by("number")

    def stop():
        return stop_course(course.pk, reason="Remission", by=prescriber, version=1)

    assert check_in_while(first, front_desk, stop) == len(others)
    first.refresh_from_db()
    assert first.status == Status.CHECKED_IN


def test_a_patient_who_is_checked_in_while_the_day_is_cancelled_stays(course, clinic, front_desk):
    first = course.sessions.earliest("number")
    day = first.starts_at.astimezone(clinic.zone).date()

    def cancel():
        shown = [first.public_id]
        return cancelling.cancel_day(clinic, day, shown, reason="Storm", by=front_desk)

    assert check_in_while(first, front_desk, cancel) == []
    first.refresh_from_db()
    assert first.status == Status.CHECKED_IN


def test_of_chosen_sessions_none_is_cancelled_when_one_was_checked_in(course, front_desk):
    first, second = course.sessions.order_by("number")[:2]

    def cancel():
        with pytest.raises(ValidationError, match="not every session is still planned"):
            cancelling.cancel_sessions([first.pk, second.pk], reason="Storm", by=front_desk)

    check_in_while(first, front_desk, cancel)
    second.refresh_from_db()
    assert second.status == Status.PLANNED


def test_a_visit_is_not_moved_while_its_patients_death_is_entered(course, front_desk):
    first = course.sessions.earliest("number")
    holds = Event()

    def enter_death():
        with acting(TESTS):
            patient = locked(course.patient_id, by=front_desk, permission=CHANGE)
            patient.deceased = True
            patient.save()
            holds.set()
            until = timezone.now() + timedelta(seconds=20)
            while not waiting_for_a_lock() and timezone.now() < until:
                sleep(0.02)

    entering = in_background(enter_death)
    assert holds.wait(timeout=20)
    friday = next_monday() + timedelta(days=4)
    with pytest.raises(ValidationError, match="The patient has died"):
        moving.move(
            first.pk, day=friday, wall_time=time(10), reason="race", by=front_desk, version=1
        )
    entering.join()


def test_a_cancellation_during_a_change_of_rhythm_is_not_undone(
    course, front_desk, prescriber, monkeypatch
):
    """The cancellation comes after the sessions were read and before they are written."""
    last = course.sessions.latest("number")
    draft, threads = rhythm.continue_course, []

    def cancel():
        with acting(front_desk):
            row, now = steps.lock(last.pk), timezone.now()
            steps.take(row, Status.CANCELLED, by=front_desk, now=now, reason="Holiday")

    def interrupted(*args, **values):
        threads.append(in_background(cancel))
        threads[0].join(timeout=1)
        return draft(*args, **values)

    monkeypatch.setattr(rhythm, "continue_course", interrupted)
    rhythm.change_rhythm(course.pk, "2-weekly", by=prescriber, version=1)
    threads[0].join()
    last.refresh_from_db()
    assert last.status == Status.CANCELLED
