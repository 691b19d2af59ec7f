"""The planning page as the front desk meets it: choose, look, book all or nothing."""

import re
from datetime import UTC, date, datetime, time, timedelta
from html import unescape

import pytest
from django.urls import reverse
from django.utils import timezone

from clinic.audit import acting
from clinic.models import AuditEvent, Chair, Closure
from clinic.tests.factories import TESTS, make_clinic
from patients.models import Task
from patients.tests.factories import make_patient
from sessions.models import TreatmentCourse, TreatmentSession
from sessions.services import booking, publishing
from sessions.tests.factories import make_course, make_session, shipped


@pytest.fixture
def patient(clinic):
    shipped()
    return make_patient(clinic)


@pytest.fixture
def desk(client, front_desk):
    client.force_login(front_desk)
    return client


def next_monday() -> date:
    today = timezone.now().date()
    return today + timedelta(days=7 - today.weekday())


def chosen(**values):
    return {
        "protocol": str(shipped().public_id),
        "starts_on": next_monday().isoformat(),
        "weekdays": ["0", "3"],
        "time_of_day": "10:00",
        **values,
    }


def url(patient):
    return reverse("sessions:plan", args=[patient.public_id])


def hidden(page: str) -> dict[str, str]:
    """Return the hidden fields of the form that books."""
    form = page[page.index('method="post" action="/patients/') :]
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form)
    return {name: unescape(value) for name, value in found}


def preview(desk, patient, **values):
    answer = desk.get(url(patient), chosen(**values))
    assert answer.status_code == 200
    return answer


def book(desk, patient, page, **values):
    fields = {k: v for k, v in hidden(page).items() if k in {"entry_id", "shown"}}
    return desk.post(url(patient), chosen(**fields) | values)


def test_the_empty_page_suggests_an_open_day(desk, patient):
    answer = desk.get(url(patient))
    assert answer.context["form"]["starts_on"].value().weekday() < 5


def test_no_protocol_is_chosen_before_a_person_chooses_one(desk, patient):
    page = desk.get(url(patient)).content.decode()
    protocols = page[page.index('<select name="protocol"') :].partition("</select>")[0]
    assert re.findall(r'<option value="([^"]*)" selected', protocols) in ([], [""])
    assert protocols.index('value=""') < protocols.index(str(shipped().public_id))
    answer = preview(desk, patient, protocol="")
    assert answer.context["form"].errors["protocol"] == ["Choose a protocol."]
    assert "draft" not in answer.context


def test_a_clinics_own_protocol_is_told_from_the_one_that_ships(
    desk, patient, clinic, administrator
):
    own = publishing.new_draft(shipped(), by=administrator, clinic_id=clinic.pk)
    publishing.publish(own.pk, by=administrator)
    page = unescape(desk.get(url(patient)).content.decode())
    assert f"{own.title} (version 1, this clinic's)</option>" in page
    assert f"{shipped('esketamine-trd-eu').title} (version 1)</option>" in page


def test_a_session_that_gets_another_chair_than_wished_says_so(desk, patient, clinic, front_desk):
    wanted, other = Chair.objects.bookable_at(clinic)
    at = datetime.combine(next_monday(), time(11), tzinfo=clinic.zone)
    make_session(make_course(make_patient(clinic), front_desk), starts_at=at, chair=wanted)
    answer = preview(desk, patient, chair=str(wanted.public_id))
    assert answer.context["elsewhere"] == [1]
    page = answer.content.decode()
    assert f"{wanted} is taken for 1 session." in page
    assert page.count(f"not {wanted}") == 1
    assert preview(desk, patient, chair=str(other.public_id)).context["elsewhere"] == []
    assert preview(desk, patient).context["elsewhere"] == []


def test_every_date_is_shown_before_anything_is_saved(desk, patient):
    answer = preview(desk, patient)
    assert len(answer.context["rows"]) == 17
    assert "day 4 of treatment week 1" in answer.content.decode()
    assert not TreatmentSession.objects.exists()


def test_the_address_of_a_preview_names_nobody(desk, patient):
    page = preview(desk, patient).content.decode()
    assert patient.family_name not in "".join(re.findall(r'(?:href|action)="([^"]*)"', page))


def test_booking_ends_on_the_course_with_all_sessions(desk, patient):
    page = preview(desk, patient).content.decode()
    answer = book(desk, patient, page)
    course = TreatmentCourse.objects.get()
    assert answer.url == reverse("sessions:course", args=[course.public_id])
    assert course.sessions.count() == 17
    assert "Next: a prescriber orders the dose." in desk.get(answer.url).content.decode()
    assert AuditEvent.objects.filter(event="course.booked", patient_id=patient.pk).exists()


def test_the_same_post_again_shows_the_same_course(desk, patient):
    page = preview(desk, patient).content.decode()
    first, second = book(desk, patient, page), book(desk, patient, page)
    assert (second.status_code, second.url) == (302, first.url)
    assert TreatmentCourse.objects.count() == 1


def test_the_rhythm_is_asked_only_where_the_protocol_leaves_it_open(desk, patient):
    assert "rhythm" in preview(desk, patient).context["form"].fields
    fixed = str(shipped("ketamine-iv-twice-weekly").public_id)
    assert "rhythm" not in preview(desk, patient, protocol=fixed).context["form"].fields


def test_a_2_weekly_rhythm_is_booked(desk, patient):
    page = preview(desk, patient, rhythm="2-weekly").content.decode()
    book(desk, patient, page, rhythm="2-weekly")
    weeks = TreatmentSession.objects.filter(number__gte=13).values_list("week", flat=True)
    assert list(weeks) == [9, 11, 13]


def test_a_closed_day_moves_its_session_and_says_why(desk, patient, clinic):
    thursday = next_monday() + timedelta(days=3)
    with acting(TESTS):
        Closure.objects.create(
            clinic=clinic, starts_on=thursday, ends_on=thursday, reason="Painters"
        )
    answer = preview(desk, patient)
    assert answer.context["rows"][1]["shift"] == 1
    assert "closed (Painters)" in answer.content.decode()


def fill(clinic, day, at=time(10), *, chairs=2):
    """Let other patients hold chairs at a time."""
    starts_at = datetime.combine(day, at, tzinfo=clinic.zone)
    for chair in Chair.objects.bookable_at(clinic)[:chairs]:
        other = make_patient(clinic)
        make_session(make_course(other, _staff(clinic)), starts_at=starts_at, chair=chair)


def _staff(clinic):
    return clinic.memberships.first().user


def test_a_taken_day_shows_alternatives_and_books_with_one_of_them(desk, patient, clinic):
    thursday = next_monday() + timedelta(days=3)
    fill(clinic, thursday)
    answer = preview(desk, patient)
    row = answer.context["rows"][1]
    assert row["row"].conflict == "Every chair is taken at that time."
    other = row["alternatives"][0]
    page = desk.get(f"{url(patient)}?{other['query']}").content.decode()
    pin = f"2@{other['pin'].day}T{other['pin'].at:%H:%M}"
    assert book(desk, patient, page, at=pin).status_code == 302
    second = TreatmentSession.objects.get(course__patient=patient, number=2)
    assert timezone.localtime(second.starts_at, clinic.zone).time() == other["pin"].at


def test_nothing_is_booked_while_one_session_is_in_conflict(desk, patient, clinic):
    page = preview(desk, patient).content.decode()
    fill(clinic, next_monday() + timedelta(days=3))
    answer = book(desk, patient, page)
    assert "Session 2 can&#x27;t be booked" in answer.content.decode()
    assert not TreatmentCourse.objects.filter(patient=patient).exists()


def test_chairs_that_changed_since_the_preview_are_shown_again(desk, patient, clinic):
    page = preview(desk, patient).content.decode()
    fill(clinic, next_monday() + timedelta(days=3), chairs=1)
    answer = book(desk, patient, page)
    assert "changed since these dates were shown" in answer.content.decode()
    assert book(desk, patient, answer.content.decode()).status_code == 302


def test_a_session_without_a_day_must_be_accepted_and_becomes_a_task(desk, patient, clinic):
    week_2 = next_monday() + timedelta(days=7)
    with acting(TESTS):
        Closure.objects.create(
            clinic=clinic, starts_on=week_2, ends_on=week_2 + timedelta(days=6), reason="Holidays"
        )
    page = preview(desk, patient).content.decode()
    assert "Confirm that you will see to them" in book(desk, patient, page).content.decode()
    assert book(desk, patient, page, accept_unplaced="on").status_code == 302
    tasks = Task.objects.filter(kind=Task.Kind.UNPLACED_SESSIONS, patient=patient)
    assert [task.text[:22] for task in tasks] == [
        "Session 3 has no date:",
        "Session 4 has no date:",
    ]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"starts_on": "2020-01-06"}, "lies before"),
        ({"starts_on": "0001-01-01"}, "year between 1900 and 2200"),
        ({"starts_on": "9999-12-31"}, "year between 1900 and 2200"),
        ({"starts_on": "2199-01-07"}, "at most a year ahead"),
        ({"starts_on": "soon"}, "Enter a date as year-month-day"),
        ({"time_of_day": "25:00"}, "Enter a time"),
        ({"time_of_day": "１０:00"}, "Enter a time"),
        ({"time_of_day": "17:30"}, "does not fit into"),
        ({"weekdays": ["0"]}, "needs 2 weekdays"),
        ({"weekdays": ["0", "1"]}, "apart"),
        ({"weekdays": ["1", "4"]}, "is not one of the preferred weekdays"),
        ({"weekdays": ["7"]}, "Select a valid choice"),
        ({"rhythm": "hourly"}, "Select a valid choice"),
        ({"protocol": "1"}, "is not a valid UUID"),
        ({"chair": "nowhere"}, "is not a valid UUID"),
        ({"at": "2@9999-99-99T99:99"}, "Dates for"),
        ({"at": "1@2026-01-01T10:00"}, "choose another day 1"),
    ],
)
def test_bad_input_is_answered_in_words(desk, patient, values, words):
    assert words in unescape(preview(desk, patient, **values).content.decode())


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"birth_date": timezone.now().date() - timedelta(days=17 * 365)}, "under 18"),
        ({"deceased": True}, "has died"),
    ],
)
def test_who_may_not_be_treated_is_refused_with_the_reason(desk, clinic, values, words):
    patient = make_patient(clinic, **values)
    assert words in desk.get(url(patient)).content.decode()
    answer = desk.post(url(patient), chosen(entry_id="0b0e7bd0-61a7-4d0c-8d43-0d5a7a3f5f8e"))
    assert words in answer.content.decode()
    assert not TreatmentCourse.objects.exists()


def test_a_second_course_is_refused_and_leads_to_the_running_one(desk, patient, front_desk):
    course = make_course(patient, front_desk)
    page = desk.get(url(patient)).content.decode()
    assert reverse("sessions:course", args=[course.public_id]) in page


def test_a_chair_or_protocol_of_another_clinic_is_no_choice(desk, patient, other_clinic):
    chair = Chair.objects.filter(room__clinic=other_clinic)[0]
    answer = preview(desk, patient, chair=str(chair.public_id))
    assert "Choose a chair of a room for this treatment" in answer.content.decode()


def test_strangers_find_nothing_and_nurses_may_not_book(client, patient, outsider, nurse):
    client.force_login(outsider)
    assert client.get(url(patient)).status_code == 404
    client.force_login(nurse)
    assert client.get(url(patient)).status_code == 403
    assert client.post(url(patient), chosen()).status_code == 403


def test_ten_oclock_stays_ten_oclock_across_a_clock_change(patient, front_desk):
    """Berlin leaves summer time on 31 October 2027."""
    choice = booking.Choice(patient, shipped(), date(2027, 9, 27), (0, 3), time(10))
    now = datetime(2027, 9, 1, 12, tzinfo=patient.clinic.zone)
    starts = [row.interval[0] for row in booking.draft(choice, now=now).booked]
    assert {start.astimezone(patient.clinic.zone).time() for start in starts} == {time(10)}
    assert {start.astimezone(UTC).time() for start in starts} == {time(8), time(9)}


def test_the_preview_asks_the_database_the_same_for_few_and_for_many(
    desk, patient, django_assert_max_num_queries
):
    with django_assert_max_num_queries(45) as few:
        preview(desk, patient, protocol=str(shipped("ketamine-iv-twice-weekly").public_id))
    with django_assert_max_num_queries(len(few)):
        preview(desk, patient)


def test_a_clinic_without_chairs_says_so(client, front_desk):
    clinic = make_clinic("Empty")
    with acting(TESTS):
        Chair.objects.filter(room__clinic=clinic).update(is_active=False)
        clinic.memberships.create(user=front_desk, role="front_desk")
    patient = make_patient(clinic)
    client.force_login(front_desk)
    page = client.get(url(patient), chosen()).content.decode()
    assert "Every chair is taken" in page


@pytest.mark.parametrize("pin", ["1@9999-12-31T23:59", "1@0001-01-01T00:00", "0@x", "1@\x00"])
def test_a_pin_that_no_calendar_holds_is_no_choice(desk, patient, pin):
    assert desk.get(url(patient), chosen(at=pin)).status_code == 200
