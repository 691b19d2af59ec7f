"""Before the birth date a link shows the clinic and nothing of its patient; guesses are counted."""

import json
import logging
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.utils import timezone

from clinic.models import AuditEvent, Clinic, User
from clinic.tests.test_logs import logged_line
from patients.models import EmailContact, Patient, Task
from portal import gate
from portal.models import CheckIn, Confirmation
from portal.tests.phone import Phone, birth_date_of, path_of, take_ground, text_of
from reminders import links
from reminders.kinds import Kind
from reminders.links import Purpose
from reminders.models import Message
from reminders.tests.conftest import SetClock
from reminders.tests.factories import NOON, make_reachable, make_sent, make_visit, save

pytestmark = pytest.mark.django_db
WRONG = {"day": "1", "month": "2", "year": "1903"}


def test_a_link_shows_clinic_and_phone_and_nothing_of_the_patient(
    phone: Phone, reminder: Message
) -> None:
    page = phone.get(reminder)
    assert page.status_code == 200
    text = text_of(page)
    assert reminder.clinic.sender_name in text
    assert reminder.clinic.phone in text
    patient = reminder.patient
    unsaid = [patient.given_name, patient.family_name, patient.record_number, "10:00", "Thursday"]
    assert [words for words in unsaid if words in text] == []
    assert str(patient.birth_date.year) not in text


@pytest.mark.parametrize("purpose", sorted(links.OFFERED[Kind.REMINDER] - {Purpose.UNSUBSCRIBE}))
def test_the_right_birth_date_opens_the_page(
    phone: Phone, reminder: Message, purpose: Purpose
) -> None:
    assert "birth date" in text_of(phone.get(reminder, purpose))
    page = phone.open(reminder, purpose)
    assert page.status_code == 200
    assert "birth date" not in text_of(page)
    assert f"{reminder.patient.given_name[0]}." in text_of(page)


def test_the_page_stays_open_for_half_an_hour(
    phone: Phone, reminder: Message, time_machine
) -> None:
    time_machine.move_to(timezone.now())
    phone.open(reminder)
    assert "I will come" in text_of(phone.get(reminder))
    time_machine.shift(timedelta(minutes=31))
    assert "birth date" in text_of(phone.get(reminder))


def test_the_cookie_is_kept_from_scripts_and_other_sites(phone: Phone, reminder: Message) -> None:
    page = phone.client.post(path_of(reminder), birth_date_of(reminder))
    (cookie,) = page.cookies.values()
    assert cookie["path"] == "/p/"
    assert cookie["httponly"] is True
    assert cookie["samesite"] == "Lax"
    assert cookie["max-age"] == 1800
    assert str(reminder.patient.birth_date) not in cookie.value


def test_the_cookie_of_one_message_opens_no_other(
    phone: Phone, reminder: Message, clinic: Clinic, prescriber: User
) -> None:
    """A-084: neither by itself nor under the other's name."""
    other = make_reachable(clinic, prescriber, 2)
    theirs = make_sent(make_visit(other, prescriber, NOON + timedelta(days=4)))
    page = phone.client.post(path_of(reminder), birth_date_of(reminder))
    (cookie,) = page.cookies.values()
    phone.client.cookies[gate._name(theirs)] = cookie.value
    assert "birth date" in text_of(phone.get(theirs))


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        (WRONG, "not the birth date"),
        ({"day": "31", "month": "2", "year": "1980"}, "no such day"),
        ({"day": "", "month": "2", "year": "1980"}, "Day: Please enter a number from 1 to 31."),
        ({"day": "x", "month": "13", "year": "0"}, "Month: Please choose the month."),
        ({"day": "9" * 5000, "month": "\x00", "year": "1e3"}, "Please enter a number from"),
        *(
            ({"day": "7", "month": "3", "year": year}, "Year: Please enter the year in four digits")
            for year in ("85", "", "19855", "-1985", "198", "1e3", "1985.5")
        ),
    ],
)
def test_a_wrong_birth_date_is_refused_in_words(
    phone: Phone, reminder: Message, typed: dict[str, str], words: str
) -> None:
    page = phone.client.post(path_of(reminder), typed)
    assert page.status_code == 200
    assert words in text_of(page)
    assert page.cookies.get(gate._name(reminder)) is None
    assert "Ensure this value" not in text_of(page)


def test_a_year_of_two_digits_is_refused_in_the_patients_language(
    phone: Phone, reminder: Message
) -> None:
    save(EmailContact.objects.get(patient=reminder.patient), language="es")
    page = phone.client.post(path_of(reminder), {"day": "32", "month": "", "year": "85"})
    for words in ("un número del 1 al 31", "Elija el mes", "el año con cuatro cifras"):
        assert words in text_of(page)
    assert 'value="85"' in text_of(page)


def test_five_wrong_birth_dates_end_the_links_and_tell_the_front_desk_once(
    phone: Phone, reminder: Message
) -> None:
    """Counted on the message: what forgets the cache forgets no guess."""
    for _ in range(4):
        phone.client.post(path_of(reminder), WRONG)
    cache.clear()
    assert phone.get(reminder).status_code == 200
    last = phone.client.post(path_of(reminder), WRONG)
    assert last.status_code == 404
    assert "The birth date was wrong five times" in text_of(last)
    assert reminder.clinic.phone in text_of(last)
    for _ in range(3):
        assert phone.client.post(path_of(reminder), birth_date_of(reminder)).status_code == 404
    reminder.refresh_from_db()
    assert reminder.links_revoked_at is not None
    (task,) = Task.objects.filter(patient=reminder.patient)
    assert (task.role, task.kind) == ("front_desk", Task.Kind.CALL)


def test_the_right_birth_date_forgives_the_wrong_ones_before(
    phone: Phone, reminder: Message
) -> None:
    for _ in range(2):
        for _ in range(4):
            phone.client.post(path_of(reminder), WRONG)
        assert phone.open(reminder).status_code == 200
        phone.client.cookies.clear()
    reminder.refresh_from_db()
    assert reminder.wrong_birth_dates == 0


def test_impossible_dates_are_no_guesses(phone: Phone, reminder: Message) -> None:
    for _ in range(7):
        phone.client.post(path_of(reminder), {"day": "31", "month": "2", "year": "1980"})
    assert phone.open(reminder).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_guesses_at_the_same_time_are_counted_one_by_one(reminder: Message) -> None:
    """A-089"""

    def guess(number: int) -> None:
        typed = {"day": str(number + 1), "month": "2", "year": "1903"}
        Client().post(path_of(reminder), typed)
        connection.close()

    with ThreadPoolExecutor(5) as pool:
        list(pool.map(guess, range(5)))
    reminder.refresh_from_db()
    assert reminder.links_revoked_at is not None


def neutral_texts(client: Client, paths: list[str]) -> set[tuple[int, bytes]]:
    answers = [client.get(path) for path in paths]
    return {(answer.status_code, answer.content) for answer in answers}


def test_unknown_expired_used_revoked_and_confused_links_answer_the_same(
    phone: Phone, reminder: Message, prescriber: User, at: SetClock
) -> None:
    """A-083, A-084, A-085: one page for all of them, to the letter."""
    session, token = reminder.treatment_session, links.token(reminder, Purpose.VISIT)
    assert session is not None
    revoked = make_sent(session, links_revoked_at=NOON)
    paths = [
        *("/p/", "/p/x/", "/p/x", f"/p/{token[:-1]}/", f"/p/{token}a/", f"/p/{token.swapcase()}/"),
        *(
            f"/p/{token}=/",
            f"/p/{token}/more/",
            f"/p/{token[20:]}{token[:20]}/",
            "/p/a\n/",
            "/p/%00/",
        ),
        *(path_of(revoked), path_of(reminder, Purpose.CHECK_IN)),
        path_of(reminder, Purpose.QUESTIONNAIRE),
        f"/p/u{token[1:]}/",
    ]
    found = neutral_texts(phone.client, paths)
    assert {status for status, _ in found} == {404}
    at.at = session.starts_at
    found |= neutral_texts(phone.client, [path_of(reminder)])
    assert len(found) == 1
    assert b"does not work" in found.pop()[1]


@pytest.mark.parametrize("change", ["address", "held", "died"])
def test_a_link_whose_ground_has_gone_changes_nothing(
    phone: Phone, reminder: Message, clinic: Clinic, change: str
) -> None:
    """A-085: also while its page is open."""
    phone.open(reminder)
    take_ground(reminder, change)
    for answer in (phone.get(reminder), phone.post(reminder)):
        assert answer.status_code == 404
        assert reminder.patient.given_name not in text_of(answer)
    assert not Confirmation.objects.exists()


def test_more_than_twenty_unknown_links_a_minute_are_refused(
    phone: Phone, reminder: Message, time_machine
) -> None:
    """A-089: counted for an address, without a row in the audit trail; real links still open."""
    time_machine.move_to(timezone.now())
    before = AuditEvent.objects.count()
    codes = [phone.client.get(f"/p/{uuid.uuid4()}/").status_code for _ in range(25)]
    assert codes == [404] * 20 + [429] * 5
    assert AuditEvent.objects.count() == before
    assert phone.get(reminder).status_code == 200
    assert phone.client.get("/p/x/", REMOTE_ADDR="10.1.1.1").status_code == 404
    time_machine.shift(timedelta(seconds=61))
    assert phone.client.get("/p/x/").status_code == 404


@pytest.mark.parametrize("purpose", sorted(links.OFFERED[Kind.REMINDER]))
def test_looking_changes_nothing(phone: Phone, reminder: Message, purpose: Purpose) -> None:
    """A-087: a mail scanner follows every link, A-049."""
    before = AuditEvent.objects.count()
    for _ in range(2):
        phone.get(reminder, purpose)
        phone.client.head(path_of(reminder, purpose))
    assert AuditEvent.objects.count() == before


def test_pages_stay_private(phone: Phone, reminder: Message) -> None:
    """A-091, A-042: no address leaves the page, and no third party is asked for anything."""
    for page in (phone.get(reminder), phone.open(reminder), phone.client.get("/p/x/")):
        assert page["Referrer-Policy"] == "strict-origin"
        assert "no-store" in page["Cache-Control"]
        assert page["X-Robots-Tag"].startswith("noindex")
        text = text_of(page)
        assert "http://" not in text
        assert "https://" not in text
        assert "<script" not in text
        keys = (reminder.pk, reminder.patient_id, reminder.treatment_session_id)
        assert not any(f'"{key}"' in text or f"/{key}/" in text for key in keys)


@pytest.mark.parametrize("purpose", sorted(links.OFFERED[Kind.REMINDER] - {Purpose.UNSUBSCRIBE}))
def test_a_forged_post_is_refused(reminder: Message, purpose: Purpose) -> None:
    """A-048: also from a browser in which the page is open."""
    client = Client(enforce_csrf_checks=True)
    page = client.get(path_of(reminder, purpose))
    typed = birth_date_of(reminder) | {"csrfmiddlewaretoken": page.context["csrf_token"]}
    assert client.post(path_of(reminder, purpose), typed).status_code == 302
    assert client.post(path_of(reminder, purpose), {"act": "1"}).status_code == 403
    assert not Confirmation.objects.exists()


def test_no_link_is_logged(reminder: Message, phone: Phone, caplog) -> None:
    """A-092"""
    token = links.token(reminder, Purpose.VISIT)
    with caplog.at_level(logging.DEBUG):
        phone.get(reminder)
        phone.client.get(f"/p/{token}x/?at=1")
        phone.client.post(f"/p/{token}/", {"day": "x"})
        Client(enforce_csrf_checks=True).post(f"/p/{token}/", {})
    lines = [json.dumps(logged_line(record)) for record in caplog.records]
    assert any("/p/***" in line for line in lines)
    assert [line for line in lines if token[:30] in line] == []


def test_what_was_typed_when_the_half_hour_ran_out_is_kept(
    phone: Phone, follow_up: Message
) -> None:
    answered = {"part": "mood", "self_harm": "yes"}
    page = phone.post(follow_up, Purpose.CHECK_IN, **answered)
    assert 'name="self_harm" value="yes"' in text_of(page)
    phone.post(follow_up, Purpose.CHECK_IN, **answered, **birth_date_of(follow_up))
    assert CheckIn.objects.get().answers["self_harm"] == "yes"


def test_two_patients_with_one_mailbox_each_have_their_own_page(
    phone: Phone, reminder: Message, clinic: Clinic, prescriber: User
) -> None:
    """A-096: confirming for one changes nothing of the other; the page says whose it is."""
    twin: Patient = make_reachable(clinic, prescriber, 1, given_name="Zoe")
    theirs = make_sent(make_visit(twin, prescriber, NOON + timedelta(days=4)))
    assert theirs.sent_to == reminder.sent_to
    phone.open(reminder)
    page = phone.open(theirs)
    assert "Z." in text_of(page)
    phone.post(theirs)
    assert Confirmation.objects.get().patient == twin
    assert "I will come" in text_of(phone.get(reminder))
