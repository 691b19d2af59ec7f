"""A visit that was moved: its old links tell so after the birth date, and do nothing any more."""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from clinic.models import User
from patients.models import EmailContact
from portal.models import ChangeRequest, Confirmation
from portal.services import asking, deciding
from portal.services.asking import Bounds
from portal.tests.phone import Phone, birth_date_of, path_of, take_ground, text_of
from portal.views.changes import value_of
from reminders import links
from reminders.kinds import Kind
from reminders.links import Purpose
from reminders.models import Message, MessagePolicy
from reminders.tests.conftest import SetClock
from reminders.tests.factories import NOON, make_sent, save, set_policy
from sessions.models import TreatmentSession
from sessions.services import moving

pytestmark = pytest.mark.django_db
BERLIN = ZoneInfo("Europe/Berlin")
NEW_LINKS = "You get an e-mail with the new time; its links are new, too."
NEWEST = "The newest e-mail from us counts"
OLD = sorted(links.OF_A_VISIT)


@pytest.fixture
def wanted(visit: TreatmentSession) -> datetime:
    set_policy(visit.clinic, auto_accept_moves=True)
    bounds = Bounds.of(visit, MessagePolicy(clinic=visit.clinic), NOON)
    return asking.offered(visit, bounds, NOON)[3]


def move(visit: TreatmentSession, to: datetime, by: User, *, notify: bool = True) -> None:
    local = to.astimezone(BERLIN)
    visit.refresh_from_db()
    moving.move(
        visit.pk,
        day=local.date(),
        wall_time=local.time(),
        reason="A day off",
        by=by,
        version=visit.version,
        notify=notify,
    )


def said(moment: datetime) -> list[str]:
    local = moment.astimezone(BERLIN)
    return [f"{local:%A}, {local.day} {local:%B %Y}", f"{local:%H:%M}"]


@pytest.mark.parametrize("purpose", OLD)
def test_who_moved_the_visit_reads_its_new_time_at_each_reload(
    phone: Phone, reminder: Message, wanted: datetime, purpose: Purpose
) -> None:
    phone.open(reminder, Purpose.RESCHEDULE)
    page = phone.post(reminder, Purpose.RESCHEDULE, wanted=value_of(wanted))
    assert (page.status_code, page["Location"]) == (302, path_of(reminder, Purpose.RESCHEDULE))
    for _ in range(2):
        page = phone.get(reminder, purpose)
        assert page.status_code == 200
        text = text_of(page)
        assert [words for words in said(wanted) if words not in text] == []
        assert "Your visit has been moved." in text
        assert NEW_LINKS in text
        assert "<form" not in text


def test_who_moved_the_visit_reads_it_on_the_next_day_after_the_birth_date(
    phone: Phone, reminder: Message, wanted: datetime, at: SetClock
) -> None:
    asking.ask(reminder, Purpose.RESCHEDULE, wanted_at=wanted)
    at.at += timedelta(hours=20)
    text = text_of(phone.get(reminder))
    assert "Your birth date, please" in text
    assert [words for words in said(wanted) if words in text] == []
    assert said(wanted)[0] in text_of(phone.open(reminder))


def test_who_asked_and_was_answered_reads_the_new_time(
    phone: Phone, reminder: Message, wanted: datetime, visit: TreatmentSession, front_desk: User
) -> None:
    set_policy(visit.clinic, auto_accept_moves=False)
    request = asking.ask(reminder, Purpose.RESCHEDULE, wanted_at=wanted)
    deciding.accept(request.pk, by=front_desk)
    assert said(wanted)[0] in text_of(phone.open(reminder))


@pytest.mark.parametrize("purpose", OLD)
def test_the_link_of_a_visit_that_staff_moved_tells_that_it_is_old(
    phone: Phone,
    reminder: Message,
    wanted: datetime,
    visit: TreatmentSession,
    front_desk: User,
    purpose: Purpose,
) -> None:
    move(visit, wanted, front_desk)
    text = text_of(phone.open(reminder, purpose))
    assert "Your visit has another time" in text
    assert NEWEST in text
    assert "<form" not in text
    assert [words for words in said(wanted) if words in text] == []


def test_moved_again_by_staff_the_old_link_tells_no_time(
    phone: Phone, reminder: Message, wanted: datetime, visit: TreatmentSession, front_desk: User
) -> None:
    asking.ask(reminder, Purpose.RESCHEDULE, wanted_at=wanted)
    later = wanted + timedelta(hours=1)
    move(visit, later, front_desk)
    text = text_of(phone.open(reminder))
    assert NEWEST in text
    assert [words for words in said(later) + said(wanted) if words in text] == []


def test_where_no_mail_tells_the_new_time_the_patient_is_asked_to_call(
    phone: Phone, reminder: Message, wanted: datetime, visit: TreatmentSession, front_desk: User
) -> None:
    move(visit, wanted, front_desk, notify=False)
    text = text_of(phone.open(reminder))
    assert NEWEST not in text
    assert "If you don’t know the new time, please call us." in text


def test_before_the_birth_date_it_looks_like_any_link(
    phone: Phone, reminder: Message, wanted: datetime, visit: TreatmentSession
) -> None:
    """A-083: a stranger can't tell it from one that works."""

    def seen() -> str:
        return re.sub(r'(csrfmiddlewaretoken" value=")\w+', r"\1", text_of(phone.get(reminder)))

    before = seen()
    asking.ask(reminder, Purpose.RESCHEDULE, wanted_at=wanted)
    assert seen() == before


@pytest.mark.parametrize("purpose", OLD)
@pytest.mark.parametrize(
    ("mover", "words"),
    [("patient", "Your visit has been moved."), ("staff", "Your visit has another time")],
)
def test_an_old_link_does_nothing_to_the_new_date(
    phone: Phone,
    reminder: Message,
    wanted: datetime,
    visit: TreatmentSession,
    front_desk: User,
    mover: str,
    words: str,
    purpose: Purpose,
) -> None:
    """A-084, A-085: also with its page open since before, and with the birth date typed along."""
    phone.open(reminder, purpose)
    if mover == "staff":
        move(visit, wanted, front_desk)
    else:
        asking.ask(reminder, Purpose.RESCHEDULE, wanted_at=wanted)
    asked = ChangeRequest.objects.count()
    typed = {"ride": "none", "fasting": "asks", "wanted": "call", "words": "x"}
    pages = [phone.post(reminder, purpose, **typed)]
    phone.client.cookies.clear()
    pages.append(phone.post(reminder, purpose, **typed, **birth_date_of(reminder)))
    pages.append(phone.get(reminder, purpose, "?file=1"))
    assert {page.status_code for page in pages} == {200}
    assert {page["Content-Type"] for page in pages} == {"text/html; charset=utf-8"}
    assert all(words in text_of(page) for page in pages)
    visit.refresh_from_db()
    assert (visit.schedule_rev, visit.starts_at, visit.status) == (2, wanted, "planned")
    assert ChangeRequest.objects.count() == asked
    assert not Confirmation.objects.exists()
    assert not visit.preparations.exists()


@pytest.mark.parametrize("change", ["over", "revoked", "address", "held", "died"])
def test_what_ends_a_link_ends_that_of_a_moved_visit(
    phone: Phone,
    reminder: Message,
    wanted: datetime,
    visit: TreatmentSession,
    at: SetClock,
    change: str,
) -> None:
    """A-085: with the page open, too."""
    asking.ask(reminder, Purpose.RESCHEDULE, wanted_at=wanted)
    assert phone.open(reminder).status_code == 200
    match change:
        case "over":
            at.at = wanted
        case "revoked":
            save(reminder, links_revoked_at=NOON)
        case _:
            take_ground(reminder, change)
    for page in (phone.get(reminder), phone.post(reminder)):
        assert page.status_code == 404
    phone.client.cookies.clear()
    assert phone.open(reminder).status_code == 404


def test_a_visit_that_was_moved_and_called_off_is_off(
    phone: Phone, reminder: Message, wanted: datetime, visit: TreatmentSession
) -> None:
    asking.ask(reminder, Purpose.RESCHEDULE, wanted_at=wanted)
    phone.open(reminder)
    save(visit, status="cancelled", ended_at=NOON)
    text = text_of(phone.get(reminder))
    assert "Your visit was called off" in text
    assert [words for words in said(wanted) if words in text] == []


def test_five_wrong_birth_dates_end_the_links_of_a_moved_visit(
    phone: Phone, reminder: Message, wanted: datetime
) -> None:
    """A-089"""
    asking.ask(reminder, Purpose.RESCHEDULE, wanted_at=wanted)
    wrong = {"day": "1", "month": "2", "year": "1903"}
    codes = [phone.client.post(path_of(reminder), wrong).status_code for _ in range(5)]
    assert codes == [200] * 4 + [404]
    assert phone.open(reminder).status_code == 404


def test_a_link_of_another_mail_tells_no_time_that_was_chosen_by_this_one(
    phone: Phone, reminder: Message, wanted: datetime, visit: TreatmentSession
) -> None:
    other = make_sent(visit, Kind.PREPARATION)
    asking.ask(reminder, Purpose.RESCHEDULE, wanted_at=wanted)
    text = text_of(phone.open(other))
    assert NEWEST in text
    assert [words for words in said(wanted) if words in text] == []


def test_patients_read_of_it_in_spanish(
    phone: Phone, reminder: Message, wanted: datetime, visit: TreatmentSession, front_desk: User
) -> None:
    save(EmailContact.objects.get(patient=reminder.patient), language="es")
    move(visit, wanted, front_desk)
    assert "Su visita tiene otra hora" in text_of(phone.open(reminder))
