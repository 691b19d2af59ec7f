"""The calendar file, as a real calendar takes it: a move replaces, a cancellation removes."""

import os
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from icalendar import Calendar

from clinic.audit import acting
from clinic.tests.factories import TESTS
from reminders import calendars
from reminders.models import MessagePolicy
from reminders.tests.factories import make_due, make_visit
from reminders.tests.letters import NOW, STARTS, change, entries, speak_softly, written
from reminders.words import words_in
from sessions.lifecycle import Status
from sessions.models import TreatmentSession

pytestmark = pytest.mark.django_db
KHAL = os.environ.get("KHAL") or shutil.which("khal", path=str(Path(sys.executable).parent))


@pytest.fixture
def session(clinic, patient, prescriber):
    speak_softly(clinic)
    return make_visit(patient, prescriber, STARTS)


def file_of(session, **values):
    policy = MessagePolicy(clinic=session.clinic, **values)
    return calendars.entry(session, session.clinic, policy, words_in("en"), NOW).text


def event_of(text):
    (event,) = Calendar.from_ical(text).walk("VEVENT")
    return event


def move(session, days=0):
    session.take_place(
        session.starts_at + timedelta(days=days, hours=2),
        session.ends_at + timedelta(days=days, hours=2),
        session.chair,
        now=NOW,
    )


def test_the_entry_has_the_instant_in_utc_and_a_stamp(session):
    event = event_of(file_of(session))
    assert (event["DTSTART"].dt, event["DTEND"].dt) == (session.starts_at, session.ends_at)
    assert b"DTSTART:20270304T090000Z" in event.to_ical()
    assert event["DTSTAMP"].dt == NOW
    assert str(event["UID"]).startswith(str(session.public_id))
    assert event["STATUS"] == "CONFIRMED"


def test_each_later_state_has_a_higher_sequence_and_the_same_uid(session):
    first = event_of(file_of(session))
    move(session)
    moved = event_of(file_of(session))
    session.status = Status.CANCELLED
    off = event_of(file_of(session))
    assert first["SEQUENCE"] < moved["SEQUENCE"] < off["SEQUENCE"]
    assert first["UID"] == moved["UID"] == off["UID"]
    assert off["STATUS"] == "CANCELLED"


def test_a_later_time_outdoes_the_cancellation_of_an_earlier_one(session):
    session.status = Status.CANCELLED
    off = event_of(file_of(session))["SEQUENCE"]
    session.status = Status.PLANNED
    move(session)
    assert event_of(file_of(session))["SEQUENCE"] > off


def test_title_and_place_are_what_the_clinic_chose(session):
    event = event_of(file_of(session, calendar_title="Dr. North"))
    assert event["SUMMARY"] == "Dr. North"
    assert event["LOCATION"] == "Lindenweg 1, 10115 Berlin"
    assert "LOCATION" not in event_of(file_of(session, calendar_place=False))
    assert event["CLASS"] == "PRIVATE"


def test_typed_text_never_becomes_a_line_of_its_own(session):
    """A-074."""
    evil = "X\r\nATTENDEE:mailto:evil@x.example\r\nBEGIN:VALARM\r\nEND:VALARM"
    title = "😀;,\\ " + "ü" * 40
    session.clinic.address = f"{evil}\n{'Long street ' * 30}"
    session.clinic.sender_name = f'{evil}";CN="y'
    text = file_of(session, calendar_title=title)
    event = event_of(text)
    assert event["SUMMARY"] == title
    assert "ATTENDEE" not in event
    assert event.subcomponents == []
    assert "Long street Long street" in event["LOCATION"]
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    assert "\n" not in text.replace("\r\n", "")


@pytest.mark.parametrize("kind", ["preparation", "reminder", "late_booking", "changed"])
def test_mails_about_a_coming_visit_carry_its_entry(session, kind):
    ((method, event),) = entries(written(change(make_due(session), kind=kind)))
    assert (method, event["DTSTART"].dt) == ("PUBLISH", STARTS)


def test_the_mail_of_a_cancellation_takes_the_entry_away(session):
    message = change(make_due(session), kind="called_off")
    with acting(TESTS):
        TreatmentSession.objects.update(status=Status.CANCELLED, ended_at=NOW)
    ((method, event),) = entries(written(message))
    assert (method, event["STATUS"]) == ("CANCEL", "CANCELLED")


@pytest.mark.parametrize("kind", ["missed", "follow_up", "instructions"])
def test_mails_after_a_visit_have_no_entry(session, kind):
    assert entries(written(change(make_due(session), kind=kind))) == []


class Diary:
    """khal, a calendar for the terminal, with a calendar folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.config = folder, folder / "khal.conf"
        (folder / "mine").mkdir()
        self.config.write_text(
            f"[calendars]\n[[mine]]\npath = {folder / 'mine'}\n"
            f"[sqlite]\npath = {folder / 'khal.db'}\n"
            "[locale]\nlocal_timezone = Europe/Berlin\ndefault_timezone = Europe/Berlin\n"
            "timeformat = %H:%M\ndateformat = %Y-%m-%d\nlongdateformat = %Y-%m-%d\n"
            "datetimeformat = %Y-%m-%d %H:%M\nlongdatetimeformat = %Y-%m-%d %H:%M\n"
        )

    def run(self, *args: str) -> str:
        command = [str(KHAL), "--config", str(self.config), *args]
        environment = {"HOME": str(self.folder), "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
        done = subprocess.run(  # noqa: S603
            command, env=environment, capture_output=True, text=True, timeout=60, check=True
        )
        return done.stdout

    def take(self, text: str) -> None:
        path = self.folder / "appointment.ics"
        path.write_bytes(text.encode())
        self.run("import", "--batch", "-a", "mine", str(path))

    @property
    def entries(self) -> list[str]:
        form = "{start} {title} {status}"
        found = self.run("list", "--day-format", "", "--format", form, "2027-03-01", "30d")
        return [line.strip() for line in found.splitlines() if line.strip()]


@pytest.mark.skipif(
    KHAL is None and "CI" not in os.environ, reason="khal comes with requirements/dev.lock"
)
def test_a_calendar_follows_the_move_and_the_cancellation(session, tmp_path):
    diary = Diary(tmp_path)
    diary.take(file_of(session))
    assert diary.entries == ["2027-03-04 10:00 Appointment CONFIRMED"]
    move(session, days=5)
    diary.take(file_of(session))
    assert diary.entries == ["2027-03-09 12:00 Appointment CONFIRMED"]
    session.status = Status.CANCELLED
    diary.take(file_of(session))
    assert diary.entries == ["2027-03-09 12:00 Appointment CANCELLED"]
