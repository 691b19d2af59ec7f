"""Every form of the patients' pages against absurd and hostile input: no crash, no made-up row."""

from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clinic.audit import acting
from clinic.tests.factories import TESTS
from outcomes.instruments import answered_alone
from outcomes.models import Assessment
from patients.models import Task
from portal.forms import PARTS
from portal.models import ChangeRequest, CheckIn, Confirmation, Preparation
from portal.tests.phone import Phone, birth_date_of, path_of, text_of
from reminders.kinds import Kind
from reminders.links import Purpose
from reminders.models import Message, OptOut

pytestmark = pytest.mark.django_db
NUL, UNSEEN, TURNED = "a\x00b", "\u200b\u2060", "abc\u202edef"
HOSTILE = ("", NUL, UNSEEN, TURNED, "<script>alert(1)</script>", "{{ x }}", "%(x)s", "9" * 10_000)
FIELDS = {
    Purpose.RESCHEDULE: ("wanted", "words"),
    Purpose.CANCEL: ("words",),
    Purpose.PREPARE: ("ride", "ride_by", "fasting"),
    Purpose.MAILS: ("wanted", "none"),
}


def rows() -> list[int]:
    models: list[Any] = [ChangeRequest, CheckIn, Confirmation, Preparation, OptOut, Task]
    return [model.objects.count() for model in models]


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("name", ["day", "month", "year"])
def test_a_birth_date_may_be_anything(
    phone: Phone, reminder: Message, name: str, value: str
) -> None:
    page = phone.client.post(path_of(reminder), birth_date_of(reminder) | {name: value})
    assert page.status_code == 200
    assert "birth date" in text_of(page)


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("purpose", FIELDS)
def test_what_is_typed_is_refused_or_kept_as_text(
    phone: Phone, reminder: Message, purpose: Purpose, value: str
) -> None:
    phone.open(reminder, purpose)
    for name in FIELDS[purpose]:
        page = phone.client.post(path_of(reminder, purpose), {"act": "1", name: value}, follow=True)
        assert page.status_code == 200
        assert "<script" not in text_of(page)
    for request in ChangeRequest.objects.all():
        assert "\x00" not in request.words
        assert len(request.words) <= 500


@pytest.mark.parametrize("value", HOSTILE)
def test_a_follow_up_may_be_answered_with_anything(
    phone: Phone, follow_up: Message, value: str
) -> None:
    phone.open(follow_up, Purpose.CHECK_IN)
    path = path_of(follow_up, Purpose.CHECK_IN)
    assert phone.client.post(path, {"act": "1", "part": value}).status_code == 200
    for part, form in PARTS.items():
        typed = {"act": "1", "part": part, **dict.fromkeys(form.base_fields, value)}
        page = phone.client.post(path, typed, follow=True)
        assert page.status_code == 200
        assert "<script" not in text_of(page)
    assert not CheckIn.objects.filter(part="mood").exists()


@pytest.mark.parametrize("value", HOSTILE)
def test_a_questionnaire_may_be_answered_with_anything(
    phone: Phone, reminder: Message, value: str
) -> None:
    with acting(TESTS):
        Message.objects.update(kind=Kind.QUESTIONNAIRE, treatment_session=None)
    message = Message.objects.get()
    phone.open(message, Purpose.QUESTIONNAIRE)
    path = path_of(message, Purpose.QUESTIONNAIRE)
    assert phone.client.post(path, {"act": "1", "instrument": value}).status_code == 200
    for instrument in answered_alone().values():
        items = {f"item_{code}": value for code in instrument.codes}
        typed = {"act": "1", "instrument": instrument.key, **items}
        page = phone.client.post(path, typed, follow=True)
        assert page.status_code == 200
        assert "<script" not in text_of(page)
    assert not Assessment.objects.exists()


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(token=st.text(max_size=90), typed=st.dictionaries(st.text(max_size=5), st.text(max_size=9)))
def test_no_address_but_a_link_does_anything(
    phone: Phone, reminder: Message, token: str, typed: dict[str, str]
) -> None:
    """A-083, A-099"""
    before = rows()
    path = f"/p/{quote(token, safe='')}/"
    assert phone.client.get(path).status_code in {404, 429}
    assert phone.client.post(path, typed).status_code in {404, 429}
    assert rows() == before
