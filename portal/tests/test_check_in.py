"""The follow-up page: each group is kept at once, and what can't wait does not wait."""

from datetime import timedelta

import pytest

from clinic.audit import acting
from clinic.models import Clinic, User
from clinic.tests.factories import TESTS
from patients.models import PatientPolicy, Task
from patients.services import tasks
from portal.models import CheckIn
from portal.tests.phone import Phone, path_of, text_of
from reminders import links
from reminders.kinds import Kind
from reminders.links import Purpose
from reminders.models import Message
from reminders.silence import ask_about_silence
from reminders.tests.conftest import SetClock
from reminders.tests.factories import NOON, hold_mail, set_policy

pytestmark = pytest.mark.django_db
FEELING = {"part": "feeling", "feeling": "well"}
BODY = {"part": "body", "how_bad": "none"}
MOOD = {"part": "mood", "mood": "same", "self_harm": "no"}
MORE = {"part": "more"}


def answer(phone: Phone, message: Message, **typed) -> str:
    path = path_of(message, Purpose.CHECK_IN)
    page = phone.client.post(path, {"act": "1", **typed}, follow=True)
    assert page.status_code == 200
    return text_of(page)


def test_groups_come_one_after_the_other(phone: Phone, follow_up: Message) -> None:
    assert "Page 1 of 4" in text_of(phone.open(follow_up, Purpose.CHECK_IN))
    assert "Page 2 of 4" in answer(phone, follow_up, **FEELING)
    assert "Page 3 of 4" in answer(phone, follow_up, **BODY)
    assert "Page 4 of 4" in answer(phone, follow_up, **MOOD)
    assert "Thank you" in answer(phone, follow_up, **MORE)
    follow_up.refresh_from_db()
    assert follow_up.answered_at == NOON
    assert not Task.objects.exists()


def test_what_was_answered_before_stands_in_the_page(phone: Phone, follow_up: Message) -> None:
    phone.open(follow_up, Purpose.CHECK_IN)
    answer(phone, follow_up, **FEELING, words="A bit tired")
    text = text_of(phone.get(follow_up, Purpose.CHECK_IN, "?at=feeling"))
    assert "A bit tired" in text
    assert "Page 2 of 4" in text_of(phone.get(follow_up, Purpose.CHECK_IN))


def test_when_staff_read_it_is_said(phone: Phone, follow_up: Message, clinic: Clinic) -> None:
    assert "from Monday to Friday, 08:00 to 17:00" in text_of(
        phone.open(follow_up, Purpose.CHECK_IN)
    )
    set_policy(clinic, staff_read_weekends=True)
    answer(phone, follow_up, **MOOD)
    assert "every day from 08:00 to 17:00" in answer(phone, follow_up, **MORE)


@pytest.mark.parametrize("said", ["yes", "rather_not"])
def test_thoughts_of_self_harm_lead_to_help_at_once(
    phone: Phone, follow_up: Message, crisis_line: str, said: str
) -> None:
    """Whatever else is unanswered: stored at that moment, a task with its clock, the line."""
    phone.open(follow_up, Purpose.CHECK_IN)
    text = answer(phone, follow_up, part="mood", self_harm=said)
    assert text.index("Please get help now") < text.index("Go on with the questions")
    assert crisis_line in text
    assert "emergency number" in text
    assert CheckIn.objects.get().answers["self_harm"] == said
    task = Task.objects.get()
    assert (task.kind, task.role) == ("crisis", "nurse")
    assert task.due_at == NOON + timedelta(minutes=15)
    follow_up.refresh_from_db()
    assert follow_up.answered_at == NOON


def test_help_stays_on_every_page_that_follows(
    phone: Phone, follow_up: Message, crisis_line: str
) -> None:
    phone.open(follow_up, Purpose.CHECK_IN)
    answer(phone, follow_up, part="mood", self_harm="yes")
    assert "Please get help now" in text_of(phone.get(follow_up, Purpose.CHECK_IN))
    for typed in (FEELING, BODY, MORE):
        assert "Please get help now" in answer(phone, follow_up, **typed)
    assert Task.objects.count() == 1


def test_the_same_answer_again_opens_nothing_new(phone: Phone, follow_up: Message) -> None:
    phone.open(follow_up, Purpose.CHECK_IN)
    for _ in range(3):
        answer(phone, follow_up, part="mood", self_harm="yes")
    assert CheckIn.objects.count() == 1
    task = Task.objects.get()
    answer(phone, follow_up, part="mood", self_harm="no")
    task.refresh_from_db()
    assert task.closed_at is None


def test_people_on_call_are_called_where_there_are_some(
    phone: Phone, follow_up: Message, clinic: Clinic
) -> None:
    set_policy(clinic, on_call_address="oncall@clinic.example")
    phone.open(follow_up, Purpose.CHECK_IN)
    answer(phone, follow_up, part="mood", self_harm="yes")
    assert Message.objects.filter(kind=Kind.ON_CALL).count() == 1


def test_the_question_of_self_harm_needs_an_answer(phone: Phone, follow_up: Message) -> None:
    phone.open(follow_up, Purpose.CHECK_IN)
    text = answer(phone, follow_up, part="mood", mood="worse")
    assert "Please choose one." in text
    assert not CheckIn.objects.exists()


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"how_bad": "bad"}, "bad side effects"),
        ({"how_bad": "none", "urinary": ["pain", "blood"]}, "trouble with passing water"),
    ],
)
def test_what_staff_should_look_at_becomes_a_task(
    phone: Phone, follow_up: Message, typed: dict, words: str
) -> None:
    phone.open(follow_up, Purpose.CHECK_IN)
    answer(phone, follow_up, part="body", **typed)
    task = Task.objects.get()
    assert (task.kind, task.role) == ("result", "nurse")
    assert words in task.text


def test_an_answer_ends_the_wait_for_one(phone: Phone, follow_up: Message, at: SetClock) -> None:
    at.at = NOON + timedelta(hours=49)
    assert ask_about_silence() == 1
    phone.open(follow_up, Purpose.CHECK_IN)
    for typed in (FEELING, BODY, MOOD, MORE | {"call": "on"}):
        answer(phone, follow_up, **typed)
    silence = Task.objects.get(kind=Task.Kind.NO_ANSWER)
    assert silence.closing_note == "The patient has answered."
    assert Task.objects.get(kind=Task.Kind.CALL).role == "nurse"


def test_who_has_answered_is_not_waited_for(phone: Phone, follow_up: Message, at: SetClock) -> None:
    phone.open(follow_up, Purpose.CHECK_IN)
    for typed in (FEELING, BODY, MOOD, MORE):
        answer(phone, follow_up, **typed)
    at.at = NOON + timedelta(hours=49)
    assert ask_about_silence() == 0


def test_an_answered_follow_up_is_closed_to_others(phone: Phone, follow_up: Message) -> None:
    """A-083: a used link answers as an unknown one does; the browser that used it says thanks."""
    phone.open(follow_up, Purpose.CHECK_IN)
    for typed in (FEELING, BODY, MOOD, MORE):
        answer(phone, follow_up, **typed)
    assert "Thank you" in text_of(phone.get(follow_up, Purpose.CHECK_IN))
    phone.client.cookies.clear()
    assert phone.get(follow_up, Purpose.CHECK_IN).status_code == 404


@pytest.mark.parametrize("between", [[], ["no"]])
def test_a_risk_told_again_after_its_task_was_closed_calls_again(
    phone: Phone, follow_up: Message, clinic: Clinic, nurse: User, between: list[str]
) -> None:
    set_policy(clinic, on_call_address="oncall@clinic.example")
    phone.open(follow_up, Purpose.CHECK_IN)
    answer(phone, follow_up, part="mood", self_harm="yes")
    tasks.close(Task.objects.get().pk, by=nurse, note="Called, is safe")
    for said in (*between, "yes", "yes"):
        answer(phone, follow_up, part="mood", self_harm=said)
    assert Task.objects.open().get().kind == "crisis"
    assert Message.objects.filter(kind=Kind.ON_CALL).count() == 2


def test_a_graver_answer_calls_although_the_milder_one_is_seen_to(
    phone: Phone, follow_up: Message, nurse: User
) -> None:
    phone.open(follow_up, Purpose.CHECK_IN)
    answer(phone, follow_up, part="mood", self_harm="rather_not")
    tasks.take(Task.objects.get().pk, by=nurse)
    answer(phone, follow_up, part="mood", self_harm="yes")
    assert Task.objects.get(taken_by=None).text.startswith("Call now: the patient has thoughts")


@pytest.mark.parametrize("said", ["yes", "rather_not"])
def test_a_risk_is_heard_although_the_link_ended_while_its_page_was_open(
    phone: Phone, follow_up: Message, crisis_line: str, said: str
) -> None:
    phone.open(follow_up, Purpose.CHECK_IN)
    hold_mail(follow_up.patient)
    for _ in range(2):
        text = answer(phone, follow_up, part="mood", self_harm=said, mood="\0")
        assert text.index("Please get help now") < text.index(crisis_line)
        assert "Go on with the questions" not in text
    assert CheckIn.objects.get().answers == {"self_harm": said}
    assert Task.objects.get().kind == Task.Kind.CRISIS
    assert phone.get(follow_up, Purpose.CHECK_IN).status_code == 404


def test_a_risk_is_heard_when_the_link_ends_while_it_is_being_kept(
    phone: Phone, follow_up: Message, crisis_line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone.open(follow_up, Purpose.CHECK_IN)
    stands = iter([True, False])
    monkeypatch.setattr(links, "stands", lambda *args: next(stands))
    page = phone.post(follow_up, Purpose.CHECK_IN, part="mood", self_harm="yes")
    assert crisis_line in text_of(page)
    assert Task.objects.get().kind == Task.Kind.CRISIS


@pytest.mark.parametrize("typed", [{"self_harm": "no"}, {"mood": "worse"}, {"self_harm": "x"}])
def test_nothing_else_is_heard_through_a_link_that_ended(
    phone: Phone, follow_up: Message, typed: dict[str, str]
) -> None:
    phone.open(follow_up, Purpose.CHECK_IN)
    hold_mail(follow_up.patient)
    page = phone.post(follow_up, Purpose.CHECK_IN, part="mood", **typed)
    assert page.status_code == 404
    assert not CheckIn.objects.exists()


def test_without_the_birth_date_nothing_is_heard_through_a_link_that_ended(
    phone: Phone, follow_up: Message
) -> None:
    hold_mail(follow_up.patient)
    page = phone.post(follow_up, Purpose.CHECK_IN, part="mood", self_harm="yes")
    assert page.status_code == 404
    assert not Task.objects.exists()


@pytest.mark.parametrize("query", ["?at=x", "?at=done", "?at=%00", "?at=more&at=mood", "?x"])
def test_any_query_shows_a_page_of_it(phone: Phone, follow_up: Message, query: str) -> None:
    phone.open(follow_up, Purpose.CHECK_IN)
    assert phone.get(follow_up, Purpose.CHECK_IN, query).status_code == 200
    assert not CheckIn.objects.exists()


def test_a_task_that_was_closed_is_asked_again_by_a_graver_answer(
    phone: Phone, follow_up: Message, nurse: User
) -> None:
    phone.open(follow_up, Purpose.CHECK_IN)
    answer(phone, follow_up, part="mood", self_harm="rather_not")
    tasks.close(Task.objects.get().pk, by=nurse, note="Called, is safe")
    answer(phone, follow_up, part="mood", self_harm="yes")
    assert Task.objects.open().get().kind == "crisis"


@pytest.mark.parametrize("purpose", sorted(set(Purpose) - links.OFFERED[Kind.FOLLOW_UP]))
def test_the_link_of_a_follow_up_opens_no_other_page(
    phone: Phone, follow_up: Message, purpose: Purpose
) -> None:
    assert phone.open(follow_up, purpose).status_code == 404


@pytest.mark.parametrize(
    "typed",
    [
        FEELING | {"feeling": "unwell"},
        FEELING | {"words": "I cannot go on like this"},
        BODY | {"other": "A rash"},
        MOOD | {"mood": "worse"},
        MORE | {"words": "Please tell my sister"},
    ],
)
def test_what_a_patient_writes_or_feels_worse_is_read_by_somebody(
    phone: Phone, follow_up: Message, typed: dict[str, str]
) -> None:
    phone.open(follow_up, Purpose.CHECK_IN)
    answer(phone, follow_up, **typed)
    task = Task.objects.get()
    assert (task.kind, task.role) == (Task.Kind.RESULT, "nurse")
    assert "Read the patient's answers" in task.text


def test_the_crisis_line_can_be_tapped_in_the_box_and_at_the_foot(
    phone: Phone, follow_up: Message, crisis_line: str
) -> None:
    with acting(TESTS):
        PatientPolicy.objects.update(crisis_line="<b>Help</b> 0800 111 222 or 112")
    linked = (
        '&lt;b&gt;Help&lt;/b&gt; <a href="tel:0800111222">0800 111 222</a> '
        'or <a href="tel:112">112</a>'
    )
    assert text_of(phone.open(follow_up, Purpose.CHECK_IN)).count(linked) == 1
    phone.post(follow_up, Purpose.CHECK_IN, part="mood", self_harm="yes")
    box, _, foot = text_of(phone.get(follow_up, Purpose.CHECK_IN)).partition("<footer>")
    assert (box.count(linked), foot.count(linked)) == (1, 1)
