"""Questionnaires that a patient answers alone: kept as those of staff; a risk waits for nothing."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from clinic import clock
from clinic.audit import acting
from clinic.models import AuditEvent, Clinic, User
from clinic.tests.factories import TESTS
from outcomes import planning, scoring
from outcomes.instruments import answered_alone, registry
from outcomes.models import Assessment
from patients.models import EmailContact, Patient, Task
from patients.services import tasks
from patients.tests.factories import make_patient
from portal.tests.phone import Phone, birth_date_of, path_of, text_of
from reminders import charted, links
from reminders.kinds import Kind
from reminders.links import Purpose
from reminders.models import Message
from reminders.tests.conftest import SetClock
from reminders.tests.factories import NOON, hold_mail, make_visit, save, set_policy
from sessions.services.ending import stop_course

pytestmark = pytest.mark.django_db
Q = Purpose.QUESTIONNAIRE
ALCOHOL = {"instrument": "audit-c", "item_often": "1", "item_drinks": "0", "item_six": "0"}
SYMPTOMS = {
    "instrument": "withdrawal",
    **{f"item_{code}": "0" for code in registry()["withdrawal"].codes},
}
AT_RISK = SYMPTOMS | {"item_suicidal": "1"}


def answer(phone: Phone, message: Message, typed: dict[str, str]) -> str:
    page = phone.client.post(path_of(message, Q), {"act": "1", **typed}, follow=True)
    assert page.status_code == 200
    return text_of(page)


def mail_about(task: Task, patient: Patient) -> Message:
    """Return a mail about a questionnaire, sent now."""
    with acting(TESTS):
        return Message.objects.create(
            clinic=patient.clinic,
            patient=patient,
            kind=Kind.QUESTIONNAIRE,
            about=charted.about_questionnaire(task),
            not_before=NOON - timedelta(minutes=1),
            expires_at=NOON + timedelta(hours=12),
            state="sent",
            sent_at=NOON,
            sent_to=EmailContact.objects.get(patient=patient).address,
            dedupe_key=f"{task.public_id}",
        )


def waiting_for(patient: Patient) -> list[str]:
    return [instrument.key for _, instrument in planning.asked_of(patient.pk, clock.now())]


@pytest.fixture
def in_treatment(patient: Patient, prescriber: User, at: SetClock) -> Patient:
    """A patient whose baselines are due since yesterday's session."""
    ended_at = NOON - timedelta(days=1)
    make_visit(
        patient,
        prescriber,
        ended_at - timedelta(hours=3),
        status="discharged",
        ended_at=ended_at,
    )
    planning.open_due(NOON)
    return patient


@pytest.fixture
def asked(in_treatment: Patient) -> Message:
    """A mail about the first of two questionnaires that are due, AUDIT-C and bladder."""
    task, _ = planning.asked_of(in_treatment.pk, NOON)[0]
    return mail_about(task, in_treatment)


@pytest.fixture
def after_stopping(in_treatment: Patient, prescriber: User, at: SetClock) -> Message:
    """A mail about the symptoms after the end of a course."""
    course = in_treatment.courses.get()
    stop_course(course.pk, reason="Moves away", by=prescriber, version=course.version)
    at.at = NOON + timedelta(days=4)
    planning.open_due(at.at)
    ((task, _),) = planning.asked_of(in_treatment.pk, NOON + timedelta(days=4))
    return mail_about(task, in_treatment)


def test_what_a_patient_answers_alone_has_options_only_and_one_alarm() -> None:
    assert set(answered_alone()) == {"audit-c", "bladder", "withdrawal"}
    for instrument in answered_alone().values():
        assert all(item.options for item in instrument.items)
        most = {item.code: max(points for _, points in item.options) for item in instrument.items}
        for code in instrument.codes:
            flags = scoring.score(instrument, {code: most[code]}, "unknown").flags
            assert any(flag.urgent for flag in flags) == (code == instrument.alarm)


def test_the_birth_date_comes_first(phone: Phone, asked: Message) -> None:
    page = text_of(phone.get(asked, Q))
    assert "birth date" in page
    assert "drink" not in page
    text = text_of(phone.open(asked, Q))
    assert "How often do you have a drink containing alcohol?" in text
    assert "Page 1 of 2" in text
    assert 'content="width=device-width' in text


def test_an_instrument_by_others_names_them_and_our_own_lists_name_nobody(
    phone: Phone, asked: Message, in_treatment: Patient
) -> None:
    assert "World Health Organization" in text_of(phone.open(asked, Q))
    text = answer(phone, asked, ALCOHOL)
    assert registry()["bladder"].title in text
    assert "Taper" not in text


def test_the_list_of_symptoms_names_nobody(phone: Phone, after_stopping: Message) -> None:
    text = text_of(phone.open(after_stopping, Q))
    assert registry()["withdrawal"].title in text
    assert "Taper" not in text
    assert "no validated scale" not in text


def test_one_comes_after_the_other_and_the_end_says_thanks(
    phone: Phone, asked: Message, in_treatment: Patient
) -> None:
    phone.open(asked, Q)
    assert "Page 2 of 2" in answer(phone, asked, ALCOHOL)
    assert waiting_for(in_treatment) == ["bladder"]
    bladder = {f"item_{code}": "0" for code in registry()["bladder"].codes}
    text = answer(phone, asked, {"instrument": "bladder", **bladder})
    assert "We have your answers." in text
    assert "from Monday to Friday, 08:00 to 17:00" in text
    assert waiting_for(in_treatment) == []


def test_it_is_kept_scored_and_asked_about_as_what_staff_enter(
    phone: Phone, asked: Message, in_treatment: Patient
) -> None:
    phone.open(asked, Q)
    answer(phone, asked, ALCOHOL | {"item_often": "4", "item_six": "4"})
    row = Assessment.objects.get()
    assert (row.patient, row.instrument, row.version) == (in_treatment, "audit-c", 1)
    assert row.answers == {"often": 4, "drinks": 0, "six": 4}
    assert (row.score, row.out_of, row.incomplete) == (8, 12, False)
    assert (row.recorded_by, row.link) == (None, asked.public_id)
    assert (row.observed_at, row.recorded_at) == (NOON, NOON)
    assert "AUDIT-C is positive" in Task.objects.open().get(kind="result").text
    event = AuditEvent.objects.get(event="assessment.recorded")
    assert (event.actor_kind, event.actor_label) == ("patient_link", "patient")
    asked.refresh_from_db()
    assert asked.answered_at == NOON


def test_who_never_drinks_is_asked_nothing_else(phone: Phone, asked: Message) -> None:
    phone.open(asked, Q)
    answer(phone, asked, {"instrument": "audit-c", "item_often": "0"})
    assert (Assessment.objects.get().score, Assessment.objects.get().incomplete) == (0, False)


def test_sent_twice_it_is_kept_once(phone: Phone, asked: Message) -> None:
    phone.open(asked, Q)
    for _ in range(2):
        assert "Page 2 of 2" in answer(phone, asked, ALCOHOL | {"item_six": "4"})
    assert Assessment.objects.count() == 1
    assert Task.objects.filter(kind="result").count() == 1


@pytest.mark.parametrize("wrong", ["", "9", "x", "\0"])
def test_what_is_missing_is_said_at_its_question_and_the_rest_stays(
    phone: Phone, asked: Message, wrong: str
) -> None:
    phone.open(asked, Q)
    text = answer(phone, asked, ALCOHOL | {"item_drinks": wrong})
    assert text.count("Please choose one.") == 1
    drinks = text.partition("How many drinks")[2].partition("</fieldset>")[0]
    assert "Please choose one." in drinks
    assert "checked" not in drinks
    assert len(re.findall(r"<input[^>]+checked", text)) == 2
    assert "marked below" in text
    assert not Assessment.objects.exists()


def test_nothing_is_refused_by_the_browser(phone: Phone, asked: Message) -> None:
    page = text_of(phone.open(asked, Q)).partition("<form")[2]
    assert "required" not in page
    assert "<script" not in page


@pytest.mark.parametrize("key", ["liver", "cognition", "dast-10", "x", "", "\0"])
def test_what_only_staff_may_enter_is_not_taken(phone: Phone, asked: Message, key: str) -> None:
    phone.open(asked, Q)
    answer(phone, asked, {"instrument": key, "item_score": "3", "item_alt": "3"})
    assert not Assessment.objects.exists()


def test_what_is_not_asked_for_is_not_kept(phone: Phone, asked: Message) -> None:
    phone.open(asked, Q)
    answer(phone, asked, SYMPTOMS)
    assert not Assessment.objects.exists()


def test_it_says_so_kindly_when_staff_have_asked_meanwhile(
    phone: Phone, asked: Message, in_treatment: Patient
) -> None:
    with acting(TESTS):
        tasks.close_for(by=None, note="Done.", kind=Task.Kind.ASSESSMENT)
    text = text_of(phone.open(asked, Q))
    assert "No questions are waiting for you any more." in text
    assert "We have your answers" not in text
    assert "No questions are waiting" in answer(phone, asked, ALCOHOL)
    assert not Assessment.objects.exists()


def test_nobody_answers_for_another_patient(phone: Phone, asked: Message, clinic: Clinic) -> None:
    other = make_patient(clinic, birth_date=asked.patient.birth_date)
    phone.open(asked, Q)
    answer(phone, asked, ALCOHOL | {"patient": str(other.public_id)})
    assert not Assessment.objects.filter(patient=other).exists()
    typed = birth_date_of(asked) | {"year": "1901"}
    phone.client.cookies.clear()
    text = text_of(phone.client.post(path_of(asked, Q), typed, follow=True))
    assert "Do you pass water" not in text


def test_what_would_not_count_yet_is_not_shown(
    phone: Phone, after_stopping: Message, at: SetClock
) -> None:
    """A clinic may open the task so early that the patient would be asked again."""
    at.at = NOON + timedelta(days=2)
    assert "No questions are waiting" in text_of(phone.open(after_stopping, Q))


@pytest.mark.parametrize("ground", ["expired", "revoked", "address", "held", "died"])
def test_a_link_that_ended_answers_as_an_unknown_one(
    phone: Phone, asked: Message, at: SetClock, ground: str
) -> None:
    unknown = phone.client.get("/p/x/").content
    phone.open(asked, Q)
    match ground:
        case "expired":
            at.at = NOON + timedelta(days=14)
        case "revoked":
            save(asked, links_revoked_at=NOON)
        case "address":
            save(EmailContact.objects.get(patient=asked.patient), address="new@mail.example")
        case "held":
            hold_mail(asked.patient)
        case "died":
            save(asked.patient, deceased=True)
    for page in (phone.get(asked, Q), phone.post(asked, Q, **ALCOHOL)):
        assert page.status_code == 404
        assert page.content == unknown
    assert not Assessment.objects.exists()


def test_answers_typed_before_the_half_hour_ran_out_are_carried_through(
    phone: Phone, asked: Message
) -> None:
    phone.open(asked, Q)
    phone.client.cookies.clear()
    text = answer(phone, asked, ALCOHOL)
    carried = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', text))
    assert carried["item_often"] == "1"
    carried.pop("csrfmiddlewaretoken", None)
    answer(phone, asked, carried | birth_date_of(asked))
    assert Assessment.objects.get().answers["often"] == 1


@pytest.mark.parametrize("points", ["1", "2"])
def test_thoughts_of_ending_life_lead_to_help_at_once(
    phone: Phone, after_stopping: Message, at: SetClock, crisis_line: str, points: str
) -> None:
    phone.open(after_stopping, Q)
    text = answer(phone, after_stopping, SYMPTOMS | {"item_suicidal": points})
    assert text.index("Please get help now") < text.index(crisis_line)
    assert "marked as urgent" in text
    assert "We read answers" in text
    assert Assessment.objects.get().is_alarming
    crisis = Task.objects.get(kind="crisis")
    assert crisis.due_at == at.at + timedelta(minutes=15)
    assert (crisis.role, crisis.source_id) == ("nurse", Assessment.objects.get().public_id)
    assert "“Thoughts of ending life”" in crisis.text
    looked_at = Task.objects.filter(kind="result", role="prescriber", due_at=at.at)
    assert "assess the risk today" in looked_at.get().text
    after_stopping.refresh_from_db()
    assert after_stopping.answered_at == at.at


def test_a_risk_waits_for_no_other_answer(
    phone: Phone, after_stopping: Message, in_treatment: Patient
) -> None:
    phone.open(after_stopping, Q)
    typed = {"instrument": "withdrawal", "item_tremor": "2", "item_suicidal": "2"}
    for _ in range(2):
        assert "Go on with the questions" in answer(phone, after_stopping, typed)
    row = Assessment.objects.get()
    assert (row.incomplete, row.answers["tremor"], row.answers["chills"]) == (True, 2, None)
    assert Task.objects.get(kind="crisis")
    text = text_of(phone.get(after_stopping, Q, "?at=on"))
    assert "Please get help now" in text
    assert len(re.findall(r"<input[^>]+checked", text)) == 2
    assert waiting_for(in_treatment) == ["withdrawal"]
    answer(phone, after_stopping, AT_RISK | {"item_suicidal": "2"})
    assert waiting_for(in_treatment) == []
    assert "Please get help now" in text_of(phone.get(after_stopping, Q))
    assert Task.objects.filter(kind="crisis").count() == 1


def test_half_an_answer_asks_by_mail_no_second_time(
    phone: Phone, after_stopping: Message, in_treatment: Patient
) -> None:
    phone.open(after_stopping, Q)
    answer(phone, after_stopping, {"instrument": "withdrawal", "item_suicidal": "2"})
    ((task, _),) = planning.asked_of(in_treatment.pk, NOON + timedelta(days=4))
    assert charted.about_questionnaire(task) == after_stopping.about


def test_people_on_call_are_called_once(
    phone: Phone, after_stopping: Message, clinic: Clinic
) -> None:
    set_policy(clinic, on_call_address="oncall@clinic.example")
    phone.open(after_stopping, Q)
    for _ in range(3):
        answer(phone, after_stopping, AT_RISK)
    assert Message.objects.filter(kind=Kind.ON_CALL).count() == 1
    assert Assessment.objects.count() == 1


def test_a_risk_told_again_when_nobody_is_at_work_on_it_calls_again(
    phone: Phone, after_stopping: Message, nurse: User
) -> None:
    phone.open(after_stopping, Q)
    answer(phone, after_stopping, SYMPTOMS)
    assert not Task.objects.filter(kind="crisis").exists()
    answer(phone, after_stopping, AT_RISK)
    tasks.close(Task.objects.get(kind="crisis").pk, by=nurse, note="Called, is safe")
    answer(phone, after_stopping, AT_RISK)
    answer(phone, after_stopping, AT_RISK | {"item_suicidal": "2"})
    assert Task.objects.open().filter(kind="crisis").count() == 2
    assert Assessment.objects.count() == 4


@pytest.mark.parametrize("more", [{}, SYMPTOMS, {"item_tremor": "x"}])
def test_a_risk_is_heard_although_the_link_ended_while_its_page_was_open(
    phone: Phone, after_stopping: Message, crisis_line: str, more: dict[str, str]
) -> None:
    phone.open(after_stopping, Q)
    hold_mail(after_stopping.patient)
    typed = more | {"instrument": "withdrawal", "item_suicidal": "1"}
    for _ in range(2):
        text = answer(phone, after_stopping, typed)
        assert text.index("Please get help now") < text.index(crisis_line)
        assert "Go on with the questions" not in text
    assert Assessment.objects.get().answers["suicidal"] == 1
    assert Task.objects.get(kind="crisis")
    assert phone.get(after_stopping, Q).status_code == 404


def test_a_risk_is_heard_when_the_link_ends_while_it_is_being_kept(
    phone: Phone, after_stopping: Message, crisis_line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone.open(after_stopping, Q)
    stands = iter([True, False])
    monkeypatch.setattr(links, "stands", lambda *args: next(stands))
    assert crisis_line in text_of(phone.post(after_stopping, Q, **AT_RISK))
    assert Task.objects.get(kind="crisis")


@pytest.mark.parametrize("typed", [SYMPTOMS, AT_RISK | {"instrument": "x"}, {}])
def test_nothing_else_is_heard_through_a_link_that_ended(
    phone: Phone, after_stopping: Message, typed: dict[str, str]
) -> None:
    phone.open(after_stopping, Q)
    hold_mail(after_stopping.patient)
    assert phone.post(after_stopping, Q, **typed).status_code == 404
    assert not Assessment.objects.exists()


def test_without_the_birth_date_nothing_is_heard(phone: Phone, after_stopping: Message) -> None:
    hold_mail(after_stopping.patient)
    assert phone.post(after_stopping, Q, **AT_RISK).status_code == 404
    assert not Task.objects.filter(kind="crisis").exists()


@pytest.mark.django_db(transaction=True)
def test_what_arrives_twice_at_the_same_time_is_kept_once(
    phone: Phone, after_stopping: Message
) -> None:
    phone.open(after_stopping, Q)
    cookies = phone.client.cookies

    def send(number: int) -> int:
        client = Client()
        client.cookies = cookies
        answered = client.post(path_of(after_stopping, Q), {"act": "1", **AT_RISK})
        connection.close()
        return answered.status_code

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(send, range(4))) == {302}
    assert Assessment.objects.count() == 1
    assert Task.objects.filter(kind="crisis").count() == 1


@pytest.mark.parametrize("query", ["?at=x", "?at=help", "?at=%00", "?at=on&at=help", "?x"])
def test_any_query_shows_what_waits(phone: Phone, asked: Message, query: str) -> None:
    phone.open(asked, Q)
    assert "Page 1 of 2" in text_of(phone.get(asked, Q, query))


def test_a_spanish_page_keeps_the_words_of_the_questions_and_marks_them(
    phone: Phone, asked: Message
) -> None:
    save(EmailContact.objects.get(patient=asked.patient), language="es")
    text = text_of(phone.open(asked, Q))
    assert "Estas preguntas están en inglés." in text
    questions = text.partition('<div lang="en">')[2]
    assert "How often do you have a drink" in questions
    text = answer(phone, asked, {"instrument": "audit-c"})
    assert text.count('<p class="error" lang="es"') == 3


def test_staff_see_on_the_chart_that_it_came_by_link(
    phone: Phone, asked: Message, nurse: User
) -> None:
    phone.open(asked, Q)
    answer(phone, asked, ALCOHOL)
    staff = Client()
    staff.force_login(nurse)
    chart = reverse("desk:chart", args=[asked.patient.public_id])
    assert "by the patient, by link" in text_of(staff.get(chart))
    row = Assessment.objects.get()
    page = text_of(staff.get(reverse("outcomes:assessment", args=[row.public_id])))
    assert "by the patient, by link" in page
    assert "None" not in page


@pytest.mark.parametrize("purpose", sorted(set(Purpose) - links.OFFERED[Kind.QUESTIONNAIRE]))
def test_its_link_opens_no_other_page(phone: Phone, asked: Message, purpose: Purpose) -> None:
    assert phone.open(asked, purpose).status_code == 404


def test_looking_takes_few_statements_however_much_was_answered(
    phone: Phone,
    asked: Message,
    in_treatment: Patient,
    django_assert_max_num_queries: Callable,
) -> None:
    phone.open(asked, Q)
    with acting(TESTS):
        for _ in range(6):
            Assessment.objects.create(
                patient=in_treatment,
                clinic=in_treatment.clinic,
                instrument="audit-c",
                version=1,
                answers={},
                incomplete=True,
                observed_at=NOON,
                recorded_at=NOON,
                link=asked.public_id,
            )
    with django_assert_max_num_queries(7):
        phone.get(asked, Q)
