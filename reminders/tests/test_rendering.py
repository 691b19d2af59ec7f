"""What stands in the mail, and what never does (INV-6)."""

import json
import re
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from clinic.audit import acting
from clinic.tests.factories import TESTS
from monitoring.models import DischargePolicy
from patients import medicines
from reminders import words
from reminders.kinds import Kind
from reminders.mailer import Mailer
from reminders.models import MessagePolicy, MessageText
from reminders.rendering import Voice, mail
from reminders.rules import Reach
from reminders.tests.factories import make_due, make_visit, save
from reminders.tests.letters import (
    NEW_YORK,
    NOW,
    STARTS,
    change,
    entries,
    everything,
    part,
    plain,
    speak_softly,
    words_of_html,
    written,
)
from sessions.tests.factories import make_session

pytestmark = pytest.mark.django_db
UNSAID = (
    *("ketamin", "spravato", "nasal", "spray", "infusi", "dose", "dosis", "drug", "medic"),
    *("treatment", "tratamiento", "therap", "terap", "protocol", "depres", "psych", "psiqu"),
    *("psiq", "mental", "mood", "ánimo", "suicid", "anxi", "ansiedad", "diagn", "rems"),
    *("monitor", "session", "sesión", "taper", "chair", "sillón", "birth", "nacimiento"),
)
"""Stems that a mail has no use for, in the languages that ship."""
NAMES_OF_MEDICINES = frozenset(
    name.lower()
    for path in (Path(medicines.__file__).parent / "data").glob("*.json")
    for name in re.findall(r'"(?:name|names|other_names)": \[?"([^"]+)"', path.read_text())
) - {"alcohol"}
LANGUAGES = ("en", "es")
OF_THE_CHART = {
    Kind.CONSENT_EXPIRING: "consent:0f0e0d0c-0b0a-4908-8706-050403020100:2027-03-20",
    Kind.QUESTIONNAIRE: "task:0f0e0d0c-0b0a-4908-8706-050403020100",
    Kind.ON_CALL: "task:0f0e0d0c-0b0a-4908-8706-050403020100",
}


@pytest.fixture
def due(clinic, patient, prescriber):
    speak_softly(clinic)
    return make_due(make_visit(patient, prescriber, STARTS))


def as_kind(message, kind):
    if kind in OF_THE_CHART:
        values = {"treatment_session": None, "about": OF_THE_CHART[kind]}
    else:
        values = {"treatment_session": message.treatment_session}
    return change(message, kind=kind, **values)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", Kind.values)
def test_no_mail_tells_drug_diagnosis_speciality_or_birth_date(due, kind, language):
    """A-101, for each kind in each language that ships."""
    text = everything(written(as_kind(due, kind), language=language)).lower()
    said = [word for word in UNSAID if word in text]
    if kind == Kind.INSTRUCTIONS:
        said = [word for word in said if word not in DischargePolicy().instructions.lower()]
    assert said == []
    assert NAMES_OF_MEDICINES & set(re.findall(r"\w+", text)) == set()
    assert "1980" not in text
    assert due.patient.family_name.lower() not in text
    assert due.patient.record_number.lower() not in text
    rows = (due, due.treatment_session, due.patient, due.clinic)
    assert [row for row in rows if str(row.public_id) in text] == []


def test_a_public_id_in_the_words_of_a_mail_would_be_found(due):
    """The test above sees it, though mails are full of keys by chance."""
    told = str(due.patient.public_id)
    save(due.clinic, address=told)
    assert told in everything(written(due))


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_shipped_text_tells_any_of_it(language):
    """A-101, for every sentence, button and title, whether a mail uses it today or not."""
    text = (words.TEXTS / f"{language}.json").read_text()
    text = json.dumps({**json.loads(text), "source": ""}, ensure_ascii=False).lower()
    assert [word for word in UNSAID if word in text] == []
    assert NAMES_OF_MEDICINES & set(re.findall(r"\w+", text)) == set()


def test_the_list_of_medicines_is_really_read():
    assert {"vicodin", "percocet"} <= NAMES_OF_MEDICINES
    assert len(NAMES_OF_MEDICINES) > 100


def test_a_language_is_complete_and_each_text_fills_whole(due):
    for kind in Kind:
        for language in LANGUAGES:
            mail = written(as_kind(due, kind), language=language)
            assert mail["Subject"]
            assert "{" not in everything(mail), (kind, language)


def test_spanish_is_spanish_throughout(due):
    change(due, kind=Kind.PREPARATION)
    mail = written(due, language="es-MX")
    assert mail["Subject"] == "Antes de su cita del jueves, 4 de marzo de 2027"
    text = plain(mail)
    assert text.startswith("Hola, Ada:\n\nEsto es lo que debe hacer")
    assert "- No coma nada desde las 08:00 del jueves, 4 de marzo de 2027." in text
    assert "Cómo prepararse: http" in text
    assert '<html lang="es">' in part(mail, "text/html")
    assert entries(mail)[0][1]["SUMMARY"] == "Cita"


def test_the_shipped_instructions_are_in_the_patients_language_and_a_clinics_own_as_they_are(due):
    change(due, kind=Kind.INSTRUCTIONS)
    assert "sueño reparador" in plain(written(due, language="es"))
    assert "restful" in plain(written(due, language="en"))
    with acting(TESTS):
        policy = DischargePolicy(clinic=due.clinic)
        policy.instructions = policy.instructions.replace("\n", "\r\n")  # as a form posts it
        policy.save()
        assert "sueño reparador" in plain(written(due, language="es"))
        policy.instructions = "Rest.\nCall Sam."
        policy.save()
    assert "  - Rest.\n  - Call Sam." in plain(written(due, language="es"))


@pytest.mark.parametrize("language", ["", "fr", "xx-unknown", "../../etc/passwd"])
def test_a_language_that_we_lack_is_english(due, language):
    assert written(due, language=language)["Subject"].startswith("Your appointment on Thursday")


def test_date_weekday_time_and_zone_are_written_out(due):
    mail = written(due)
    assert mail["Subject"] == "Your appointment on Thursday, 4 March 2027 at 10:00"
    for text in (" ".join(plain(mail).split()), words_of_html(mail)):
        assert "Thursday, 4 March 2027 10:00" in text
        assert "(Europe/Berlin, UTC+01:00)" in text
        assert "clock then shows" not in text


def test_a_patient_elsewhere_reads_both_clocks(due):
    mail = written(due, zone=NEW_YORK)
    assert mail["Subject"].endswith("04:00 (America/New_York, UTC-05:00)")
    for text in (plain(mail), words_of_html(mail)):
        assert "04:00 (America/New_York, UTC-05:00)" in text
        assert "10:00 on Thursday, 4 March 2027 (Europe/Berlin, UTC+01:00)" in text


@pytest.mark.parametrize("zone", ["Pacific/Apia", "Asia/Kathmandu", "America/St_Johns", "UTC"])
@pytest.mark.parametrize("days", [0, 24, 130, 240, 255])
def test_the_time_in_the_mail_is_that_of_the_patients_clock(
    clinic, patient, prescriber, zone, days
):
    """R7: read from the mail, it is the instant itself, by the offset that the mail names."""
    starts = STARTS + timedelta(days=days)
    mail = written(make_due(make_visit(patient, prescriber, starts)), zone=ZoneInfo(zone))
    found = re.search(
        rf"(\w+day), (\d+) (\w+) (\d{{4}})\n\s+(\d\d):(\d\d) \({zone}, UTC([+-])(\d\d):(\d\d)\)",
        plain(mail),
    )
    assert found
    weekday, day, month, year, hour, minute, sign, hours, minutes = found.groups()
    offset = timedelta(hours=int(hours), minutes=int(minutes)) * (1 if sign == "+" else -1)
    local = starts.replace(tzinfo=None) + offset
    assert (local.strftime("%A"), local.strftime("%B")) == (weekday, month)
    assert (local.year, local.day, local.hour, local.minute) == tuple(
        map(int, (year, day, hour, minute))
    )
    assert starts.astimezone(ZoneInfo(zone)).utcoffset() == offset
    assert entries(mail)[0][1]["DTSTART"].dt == starts


def test_the_mail_is_complete_without_its_links(due):
    text = re.sub(r"\S*http\S+", "", plain(written(due)))
    for needed in ("Practice Dr. North", "Lindenweg 1", "10115 Berlin", "030 1234567", "Hello Ada"):
        assert needed in text
    assert "If you can't come, please answer this e-mail or call us: 030 1234567." in text
    assert "If you no longer want such e-mails, please tell us." in text


def test_text_and_html_say_the_same(due):
    for kind in Kind:
        mail = written(as_kind(due, kind))
        in_html = words_of_html(mail)
        for line in plain(mail).splitlines():
            said = re.sub(r"\S*http\S+|^Or choose.*|:\s*$|^\s*- ", "", line).strip()
            said = said.replace("'", "&#x27;").rstrip(":")
            assert said in in_html, (kind, line)


def test_fasting_times_stand_on_the_patients_clock_with_their_day(due):
    """The eve, in New York: 04:00 less 2 hours, and less half an hour."""
    change(due, kind=Kind.PREPARATION)
    early = written(due, zone=ZoneInfo("Pacific/Honolulu"))
    assert "Nothing to eat from 21:00 on Wednesday, 3 March 2027." in plain(early)
    assert "Nothing to drink from 22:30 on Wednesday, 3 March 2027." in plain(early)
    assert "Arrange for an adult to take you home" in plain(early)


def test_what_the_protocol_does_not_ask_is_not_in_the_mail(due, monkeypatch):
    change(due, kind=Kind.PREPARATION)
    monkeypatch.setattr("reminders.sections.fasting_minutes", lambda session: {"fluids": 30})
    text = plain(written(due))
    assert "to eat" not in text
    assert "Nothing to drink from 09:30" in text


def test_no_mail_speaks_of_stopping_or_holding_anything(due):
    for kind in Kind:
        for language in LANGUAGES:
            text = everything(written(as_kind(due, kind), language=language)).lower()
            assert not re.search(r"\b(stop|hold|skip|pause|deje de|suspenda|omita)\w*", text), kind


def test_the_sender_is_the_discreet_name(due, settings):
    settings.DEFAULT_FROM_EMAIL = "Anything <mail@clinic.example>"
    mail = written(due)
    assert mail["From"] == '"Practice Dr. North" <mail@clinic.example>'
    assert mail["Reply-To"] == "desk@north.example"
    assert mail["Message-ID"] == f"<{due.message_id}@clinic.example>"
    assert mail["Auto-Submitted"] == "auto-generated"


def test_one_click_ends_this_kind_of_mail(due, settings):
    settings.SITE_URL = "https://clinic.example"
    mail = written(due)
    assert re.fullmatch(r"<https://clinic\.example/p/[^>]+/>", mail["List-Unsubscribe"].strip())
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_staff_on_call_read_nothing_of_the_patient(due, settings):
    settings.SITE_URL = "https://clinic.example"
    mail = written(as_kind(due, Kind.ON_CALL), language="")
    text = everything(mail)
    assert "https://clinic.example" in text
    assert "Ada" not in text
    assert "/p/" not in text + str(mail["List-Unsubscribe"])
    assert mail["List-Unsubscribe"] is None
    assert "030 1234567" not in text


@pytest.mark.parametrize(
    ("kind", "labels"),
    [
        ("reminder", ["I will come", "Ask for another time", "How to prepare"]),
        ("changed", ["I will come", "Ask for another time", "How to prepare"]),
        ("preparation", ["How to prepare", "Ask for another time"]),
        ("missed", ["Choose a new time"]),
        ("follow_up", ["Answer our questions"]),
        ("questionnaire", ["Open the questions"]),
        ("called_off", []),
        ("instructions", []),
        ("consent_expiring", []),
    ],
)
def test_the_buttons_are_those_of_the_kind(due, kind, labels):
    mail = written(as_kind(due, kind))
    assert re.findall(r"^(.+): http\S+/$", plain(mail).partition("Or choose")[0], re.M) == labels
    assert (
        re.findall(
            r'<a href="http[^"]+" style="display:block[^>]+>([^<]+)</a>', part(mail, "text/html")
        )
        == labels
    )


@pytest.mark.parametrize("kind", ["reminder", "changed", "late_booking", "preparation"])
def test_another_time_is_offered_only_while_the_clinic_still_gives_one(due, clinic, kind):
    """Later its page could say no more than to call, which the mail says already."""
    message = as_kind(due, kind)
    policy = MessagePolicy(clinic=clinic, ask_until_hours=30)
    until = STARTS - timedelta(hours=30)
    assert "Ask for another time" in plain(written(message, now=until, policy=policy))
    too_late = plain(written(message, now=until + timedelta(seconds=1), policy=policy))
    assert "Ask for another time" not in too_late
    assert "How to prepare" in too_late


def test_the_crisis_line_stands_at_the_foot_and_nowhere_without_one(due):
    line = "Helpline\r\nBcc: x@y.example 116 123"
    for given, count in ((line, 1), ("", 0)):
        mail = written(due, crisis_line=given)
        assert plain(mail).count("In a crisis: Helpline Bcc") == count
        assert part(mail, "text/html").count("In a crisis: Helpline Bcc") == count
        assert "Bcc" not in mail


def test_the_numbers_at_the_foot_can_be_tapped_and_the_plain_text_stays(due, clinic):
    with acting(TESTS):
        clinic.phone = "+49 30 901820"
        clinic.save()
    mail = written(due, crisis_line="<b>Helpline</b> 0800 111 0 111 or 112, 24/7")
    foot = part(mail, "text/html").partition(f"<strong>{clinic.sender_name}")[2]
    for linked in (
        '<br>Phone <a href="tel:+4930901820" style="color:#0b5c7d">+49 30 901820</a>',
        '&lt;b&gt;Helpline&lt;/b&gt; <a href="tel:08001110111" style="color:#0b5c7d">0800 111 0 111'
        '</a> or <a href="tel:112" style="color:#0b5c7d">112</a>, 24/7',
    ):
        assert linked in foot
    assert "In a crisis: <b>Helpline</b> 0800 111 0 111 or 112, 24/7\n" in plain(mail)
    assert "tel:" not in plain(mail)


def test_line_breaks_that_were_typed_make_no_header(due, clinic, patient):
    """A-072."""
    with acting(TESTS):
        clinic.sender_name = "North\r\nBcc: everyone@evil.example"
        clinic.phone = "1\nX-Evil: 1"
        clinic.save()
        patient.given_name = "Ada\r\n\r\nSubject: evil"
        patient.save()
    own = MessageText(kind="reminder", subject="Hi {name}\r\nBcc: you@evil.example", body="{name}")
    mail = written(due, texts=[own])
    assert mail["Bcc"] is None
    assert mail["X-Evil"] is None
    assert mail["From"].startswith('"North Bcc: everyone@evil.example" <')
    assert "Hello Ada Subject: evil," in plain(mail)
    assert mail["Subject"] == "Hi Ada Subject: evil Bcc: you@evil.example"


def test_names_are_escaped_in_html_and_plain_in_text(due, patient):
    with acting(TESTS):
        patient.given_name = "<b>Ada & Co"
        patient.save()
    mail = written(due)
    assert "&lt;b&gt;Ada &amp; Co" in part(mail, "text/html")
    assert "Hello <b>Ada & Co," in plain(mail)


def test_the_clinics_own_words_come_first_and_those_of_its_rule_before_them(due, clinic):
    of_kind = MessageText(kind="reminder", language="en", subject="Kind", body="By kind.")
    of_rule = MessageText(kind="reminder", language="en", subject="Rule", body="By rule.")
    of_rule.rule_id = 77
    other = MessageText(kind="reminder", language="es", subject="Otro", body="Otro.")
    assert written(due, texts=[of_rule, other])["Subject"].startswith("Your appointment")
    assert written(due, texts=[of_kind, of_rule])["Subject"] == "Kind"
    own = written(due, texts=[of_kind])
    assert "By kind." in plain(own)
    assert "Thursday, 4 March 2027" in plain(own)  # the box stands even where the text forgot it


def test_templates_in_a_clinics_words_stay_words(due):
    """A-066."""
    evil = (
        "{{ settings.SECRET_KEY }} {% load x %} {0.__class__} %(x)s ${x} {name.__class__} {nobody}"
        " <script>alert(1)</script>"
    )
    own = MessageText(kind="reminder", language="en", subject=evil[:60], body=evil)
    mail = written(due, texts=[own])
    assert evil in plain(mail)
    assert mail["Subject"] == evil[:60].strip()
    assert "<script>" not in part(mail, "text/html")
    assert "{{ settings.SECRET_KEY }} {% load x %}" in part(mail, "text/html")


def test_what_stands_for_a_name_is_not_filled_again(due, patient):
    with acting(TESTS):
        patient.given_name = "{phone} {clinic}"
        patient.save()
    assert "Hello {phone} {clinic}," in plain(written(due))


def test_the_preview_says_no_more_than_the_senders_name(due):
    hidden = re.search(r"display:none[^>]+>([^<]+)<", part(written(due), "text/html"))
    assert hidden
    assert hidden[1] == "A message from Practice Dr. North"


def week_later(message, **values):
    starts_at = STARTS + timedelta(days=7)
    course = message.treatment_session.course
    return make_session(course, starts_at=starts_at, number=2, **values)


def test_the_most_important_part_gives_the_subject_and_the_visit_stands_once(due):
    session = due.treatment_session
    second = make_due(session, kind=Kind.PREPARATION, dedupe_key="second")
    mail = written(second, due)
    assert mail["Subject"].startswith("Your appointment on")
    text = plain(mail)
    assert text.count("Europe/Berlin") == 1
    assert text.index("You have an appointment") < text.index("Nothing to eat")
    assert text.count("How to prepare: ") == 1
    assert len(entries(mail)) == 1


def test_two_reminders_of_one_visit_read_as_one(due):
    second = make_due(due.treatment_session, dedupe_key="second")
    assert plain(written(due, second)).count("You have an appointment") == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_new_time_at_short_notice_is_told_once_and_no_line_leads_to_nothing(due, language):
    soon = make_due(due.treatment_session, kind=Kind.LATE_BOOKING, dedupe_key="second")
    both = plain(written(soon, change(due, kind=Kind.CHANGED), language=language))
    assert both == plain(written(due, language=language))
    said = [line for line in both.splitlines() if line and not line.startswith("  ")]
    assert len(said) == len(set(said))
    assert "is soon:" not in both
    assert "muy pronto:" not in both


def test_of_another_visit_the_same_is_said_again(due):
    later = make_due(week_later(due))
    text = plain(written(later, due))
    assert text.count("You have an appointment with us:") == 2
    assert text.count("Please prepare for it as you were told") == 2


def test_a_line_that_leads_to_points_stays_without_the_box(due):
    second = make_due(due.treatment_session, kind=Kind.PREPARATION, dedupe_key="second")
    text = plain(written(second, due))
    assert "Here is what to do before your appointment:\n\n  - Nothing to eat" in text


@pytest.mark.parametrize(
    ("own", "left"),
    [
        ("Come here:\n\n{visit}\n\nBring a friend.", "Bring a friend."),
        ("Come here: \n {visit} \nBring:\n- a friend\n- water", "Bring:|  - a friend|  - water"),
        ("Note:\nIf you can't come, please {contact}.\n{visit}\nPark behind.", "Park behind."),
        ("You have an appointment with us:\n{visit}", ""),
        ("Twice\n\nTwice\n\nNow read:", "Twice|Twice|Now read:"),
    ],
)
def test_a_clinics_own_words_are_not_said_twice_either(due, clinic, own, left):
    def after_the_first(mail):
        lines = plain(mail).partition("How to prepare: ")[2].splitlines()[1:]
        return "|".join(line for line in lines if line)

    second = make_due(due.treatment_session, kind=Kind.PREPARATION, dedupe_key="second")
    text = MessageText(clinic=clinic, kind=Kind.PREPARATION, language="en", subject="x", body=own)
    alone, both = written(due), written(due, second, texts=[text])
    assert after_the_first(both) == "|".join(filter(None, (left, after_the_first(alone))))


def test_two_visits_have_a_box_and_a_calendar_file_each(due):
    later = week_later(due)
    mail = written(make_due(later), due)
    text = plain(mail)
    assert text.index("Thursday, 4 March 2027") < text.index("Thursday, 11 March 2027")
    assert mail["Subject"].startswith("Your appointment on Thursday, 4 March 2027")
    starts = [event["DTSTART"].dt for _, event in entries(mail)]
    assert starts == [STARTS, STARTS + timedelta(days=7)]
    assert len({str(event["UID"]) for _, event in entries(mail)}) == 2


def test_what_is_said_of_one_visit_stands_together(due):
    later = make_due(week_later(due), kind=Kind.PREPARATION)
    sooner = make_due(due.treatment_session, kind=Kind.PREPARATION, dedupe_key="second")
    text = plain(written(later, sooner, due))
    places = [
        text.index(f"Nothing to eat from 08:00 on {day}") for day in ("Thursday, 4", "Thursday, 11")
    ]
    assert (
        text.index("Thursday, 4 March") < places[0] < text.index("Thursday, 11 March") < places[1]
    )


def test_a_visit_that_is_off_and_one_that_stands_share_a_mail(due):
    later = week_later(due, status="cancelled", ended_at=NOW)
    off = make_due(later, kind=Kind.CALLED_OFF)
    mail = written(due, off)
    assert mail["Subject"] == "Your appointment on Thursday, 11 March 2027 is off"
    assert [method for method, _ in entries(mail)] == ["CANCEL", "PUBLISH"]


def test_two_questionnaires_share_the_link_that_opens_both(due):
    second = make_due(due.treatment_session, dedupe_key="second")
    as_kind(due, Kind.QUESTIONNAIRE)
    as_kind(second, Kind.QUESTIONNAIRE)
    change(second, about="task:0f0e0d0c-0b0a-4908-8706-050403020199")
    assert plain(written(due, second)).count("Open the questions: http") == 1


def test_every_kind_at_once_is_one_mail(due):
    messages = [due]
    for number, kind in enumerate(set(Kind) - {Kind.ON_CALL, Kind.REMINDER}):
        extra = make_due(due.treatment_session, dedupe_key=str(number))
        messages.append(as_kind(extra, kind))
    text = plain(written(*messages))
    assert text.index("does not take place") < text.index("has a new time")
    assert text.index("for your way home") < text.index("form that you signed")


@pytest.mark.parametrize(
    ("typed", "shown"),
    [("a\r\nb", "a b"), ("a\u202eb\u200b", "a b"), ("  Łódź\t1 ", "Łódź 1"), ("\x00", "")],
)
def test_invisible_characters_are_left_out(typed, shown):
    assert words.one_line(typed) == shown


def test_the_envelope_names_the_mailbox_for_what_comes_back(due, settings, inbox):
    settings.BOUNCE_ADDRESS = "bounces@clinic.example"
    reach = Reach(NEW_YORK, "ada@mail.example")
    letter = mail([due], reach, NOW, voice=Voice(due.clinic, MessagePolicy()))
    with Mailer() as mailer:
        mailer.send(letter)
    assert inbox.envelopes == ["bounces@clinic.example"]
    assert "clinic@localhost" in str(inbox.mails[0]["From"])
