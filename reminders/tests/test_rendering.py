"""What stands in the mail, and what never does (INV-6)."""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar

from clinic.audit import acting
from clinic.tests.factories import TESTS
from reminders import rendering
from reminders.models import Message
from reminders.tests.factories import make_due, make_visit
from sessions.models import TreatmentSession

pytestmark = pytest.mark.django_db
BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
STARTS = datetime(2027, 3, 4, 9, tzinfo=UTC)
NOW = datetime(2027, 3, 3, 9, tzinfo=UTC)
UNSAID = (
    *("ketamine", "spravato", "nasal", "spray", "infusion", "dose", "drug", "medicine"),
    *("treatment", "therapy", "protocol", "depress", "psych", "mental", "mood", "suicid"),
    *("anxiety", "diagnos", "rems", "monitoring", "session", "taper", "chair", "birth"),
)


@pytest.fixture
def due(clinic, patient, prescriber):
    with acting(TESTS):
        clinic.name = "North Ketamine and Mental Health Clinic"
        clinic.sender_name = "Practice Dr. North"
        clinic.address = "Lindenweg 1\r\n10115 Berlin"
        clinic.email = "desk@north.example"
        clinic.save()
    return make_due(make_visit(patient, prescriber, STARTS))


def written(message, zone=BERLIN):
    row = Message.objects.select_related("treatment_session", "patient", "clinic")
    mail = rendering.mail(row.get(pk=message.pk), "ada@mail.example", zone, NOW)
    return mail.message()


def test_the_crisis_line_stands_at_the_foot_and_nowhere_without_one(due):
    row = Message.objects.select_related("treatment_session", "patient", "clinic")
    line = "Helpline\r\nBcc: x@y.example 116 123"
    for given, count in ((line, 1), ("", 0)):
        mail = rendering.mail(
            row.get(pk=due.pk), "ada@mail.example", BERLIN, NOW, crisis_line=given
        ).message()
        assert part(mail, "text/plain").count("In a crisis: Helpline Bcc") == count
        assert part(mail, "text/html").count("In a crisis: Helpline Bcc") == count
        assert "Bcc" not in mail


def part(mail, content_type):
    found = next(p for p in mail.walk() if p.get_content_type() == content_type)
    return found.get_payload(decode=True).decode()


def event_of(calendar):
    return Calendar.from_ical(calendar).walk("VEVENT")[0]


def everything(mail):
    parts = [p.get_payload(decode=True).decode() for p in mail.walk() if not p.is_multipart()]
    headers = [f"{name}: {value}" for name, value in mail.items()]
    return "\n".join([*headers, *parts])


@pytest.mark.parametrize("kind", Message.Kind.values)
def test_no_mail_tells_drug_diagnosis_speciality_or_birth_date(due, kind):
    due.kind = kind
    with acting(TESTS):
        due.save()
    text = everything(written(due)).lower()
    assert [word for word in UNSAID if word in text] == []
    assert "1980" not in text
    assert due.patient.family_name.lower() not in text
    assert due.patient.record_number.lower() not in text


def test_date_weekday_time_and_zone_are_written_out(due):
    mail = written(due)
    assert mail["Subject"] == "Your appointment on Thursday, 4 March 2027 at 10:00"
    for kind in ("text/plain", "text/html"):
        text = " ".join(re.sub("<[^>]+>", " ", part(mail, kind)).split())
        assert "Thursday, 4 March 2027 10:00" in text
        assert "(Europe/Berlin, UTC+01:00)" in text
        assert "clock then shows" not in text


def test_a_patient_elsewhere_reads_both_clocks(due):
    mail = written(due, NEW_YORK)
    assert " ".join(mail["Subject"].split()).endswith("04:00 (America/New_York, UTC-05:00)")
    text = part(mail, "text/plain")
    assert "04:00 (America/New_York, UTC-05:00)" in text
    assert "10:00 on Thursday, 4 March 2027 (Europe/Berlin, UTC+01:00)" in text


def test_the_mail_is_complete_in_itself(due):
    text = part(written(due), "text/plain")
    for needed in ("Practice Dr. North", "Lindenweg 1", "10115 Berlin", "030 1234567", "Hello Ada"):
        assert needed in text
    assert "http" not in text


def test_the_sender_is_the_discreet_name(due, settings):
    settings.DEFAULT_FROM_EMAIL = "Anything <mail@clinic.example>"
    mail = written(due)
    assert mail["From"] == '"Practice Dr. North" <mail@clinic.example>'
    assert mail["Reply-To"] == "desk@north.example"
    assert mail["Message-ID"] == f"<{due.message_id}@clinic.example>"
    assert mail["Auto-Submitted"] == "auto-generated"


def test_the_calendar_entry_has_the_instant_and_follows_a_move(due):
    mail = written(due)
    entry = next(p for p in mail.walk() if p.get_content_type() == "text/calendar")
    assert entry.get_param("method") == "PUBLISH"
    event = event_of(entry.get_payload(decode=True))
    assert event["DTSTART"].dt == STARTS
    assert event["UID"].startswith(str(due.treatment_session.public_id))
    assert event["SEQUENCE"] == 1
    with acting(TESTS):
        TreatmentSession.objects.update(schedule_rev=2)
    again = event_of(part(written(due), "text/calendar"))
    assert (again["UID"], again["SEQUENCE"]) == (event["UID"], 2)


def test_a_follow_up_has_no_calendar_entry(due):
    with acting(TESTS):
        Message.objects.update(kind="follow_up")
    mail = written(due)
    assert mail["Subject"] == "How are you after your appointment?"
    assert "text/calendar" not in {p.get_content_type() for p in mail.walk()}


def test_line_breaks_that_were_typed_make_no_header(due, clinic, patient):
    with acting(TESTS):
        clinic.sender_name = "North\r\nBcc: everyone@evil.example"
        clinic.phone = "1\nX-Evil: 1"
        clinic.save()
        patient.given_name = "Ada\r\n\r\nSubject: evil"
        patient.save()
    mail = written(due)
    assert mail["Bcc"] is None
    assert mail["X-Evil"] is None
    assert mail["From"].startswith('"North Bcc: everyone@evil.example" <')
    assert "Hello Ada Subject: evil," in part(mail, "text/plain")


def test_names_are_escaped_in_html_and_plain_in_text(due, patient):
    with acting(TESTS):
        patient.given_name = "<b>Ada & Co"
        patient.save()
    mail = written(due)
    assert "&lt;b&gt;Ada &amp; Co" in part(mail, "text/html")
    assert "Hello <b>Ada & Co," in part(mail, "text/plain")


@pytest.mark.parametrize(
    ("typed", "shown"),
    [("a\r\nb", "a b"), ("a\u202eb\u200b", "a b"), ("  Łódź\t1 ", "Łódź 1"), ("\x00", "")],
)
def test_invisible_characters_are_left_out(typed, shown):
    assert rendering.one_line(typed) == shown
