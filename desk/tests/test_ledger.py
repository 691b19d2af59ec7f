"""The ledger that staff see, and what they do with a message from it, from a task, from a chart."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from clinic import heartbeat
from clinic.audit import acting
from clinic.models import Clinic, Heartbeat, User
from clinic.tests.factories import TESTS
from desk.tests.factories import BOARD, make_task
from patients.models import EmailContact, Task
from reminders.models import Message
from reminders.tests.factories import make_due, make_reachable, make_visit
from sessions.models import TreatmentSession

pytestmark = pytest.mark.django_db
NOW = datetime.now(UTC).replace(microsecond=0)
HOUR = timedelta(hours=1)
State = Message.State
URL = "/messages/"
SENT = {"state": State.SENT, "sent_at": NOW - HOUR, "sent_to": "patient1@mail.example"}
FAILED = {"state": State.FAILED, "reason": "The mail server refuses this address."}
Make = Callable[..., Message]


@pytest.fixture
def visit(clinic: Clinic, prescriber: User) -> TreatmentSession:
    patient = make_reachable(clinic, prescriber, given_name="Ada", family_name="Roe")
    return make_visit(patient, prescriber, NOW + 20 * HOUR)


@pytest.fixture
def make(visit: TreatmentSession) -> Make:
    number = count(1)

    def make(**values: Any) -> Message:
        return make_due(visit, NOW, **{"dedupe_key": f"k{next(number)}", **values})

    return make


def fail(message: Message) -> Task:
    """Give a failed message the task that the sender opens."""
    return make_task(
        message.clinic,
        patient=message.patient,
        due_at=NOW,
        kind=Task.Kind.MESSAGE_FAILED,
        source_kind="reminders.message",
        source_id=message.public_id,
    )


def shown(client: Client, query: str = "") -> Any:
    return client.get(f"{URL}?{query}").context["ledger"]


def html_of(client: Client, query: str = "") -> str:
    return client.get(f"{URL}?{query}").content.decode()


def post(client: Client, what: str, message: Message, back: str = "", **typed: str) -> Any:
    url = reverse(f"desk:message_{what}", args=[message.public_id])
    return client.post(f"{url}?back={back}", {"entry_id": str(uuid4()), **typed})


def test_each_message_stands_where_it_belongs(client: Client, make: Make, nurse: User) -> None:
    made = {
        "failed": make(**FAILED),
        "held": make(state=State.HELD, reason="Perhaps sent"),
        "planned": make(not_before=NOW + timedelta(minutes=5)),
        "sent": make(**SENT, answered_at=NOW),
        "twice": make(**SENT, maybe_twice=True),
        "bounced": make(**SENT, bounced_at=NOW),
    }
    unsent = [
        make(state=State.SUPPRESSED, reason="No consent to e-mail."),
        make(state=State.EXPIRED),
        make(state=State.CANCELLED, reason="The session was moved."),
    ]
    client.force_login(nurse)
    for name in ("failed", "held", "planned", "twice", "bounced"):
        assert shown(client, f"show={name}").rows == [made[name]], name
    assert {row.pk for row in shown(client, "show=unsent").rows} == {row.pk for row in unsent}
    assert len(shown(client, "show=sent").rows) == 3
    counts = [(choice.words, choice.count) for choice in shown(client).tabs]
    assert counts[:4] == [("Failed", 1), ("Waiting for a look", 1), ("Going out", 1), ("Sent", 3)]


def test_dead_letters_come_first(client: Client, make: Make, nurse: User) -> None:
    client.force_login(nurse)
    make()
    assert shown(client).tab.words == "Going out"
    make(**FAILED, not_before=NOW - timedelta(days=60), expires_at=NOW - timedelta(days=59))
    assert shown(client).tab.words == "Failed"
    assert shown(client).count == 1


def test_a_row_says_who_what_when_and_why(client: Client, make: Make, nurse: User) -> None:
    message = make(**FAILED, attempts=3, last_error="SMTPRecipientsRefused")
    client.force_login(nurse)
    html = html_of(client, "show=failed")
    chart = reverse("desk:chart", args=[message.patient.public_id])
    for words in (
        f'href="{chart}"',
        "Roe, Ada",
        "Reminder, 1 day before",
        "session 1",
        "The mail server refuses this address.",
        "3 attempts: SMTPRecipientsRefused",
    ):
        assert words in html


def test_the_patients_own_clock_is_named(client: Client, make: Make, nurse: User) -> None:
    on = datetime(2027, 3, 1, 8, 30, tzinfo=UTC)  # a Monday; 03:30 in New York
    make(**SENT | {"sent_at": on}, not_before=on, expires_at=on + HOUR)
    client.force_login(nurse)
    assert " in New York" not in html_of(client, "show=sent&on=2027-03-01")
    with acting(TESTS):
        EmailContact.objects.update(time_zone="America/New_York")
    (row,) = shown(client, "show=sent&on=2027-03-01").rows
    assert row.elsewhere == "Mon 03:30 in New York"
    assert row.elsewhere in html_of(client, "show=sent&on=2027-03-01")


def test_a_clock_that_is_not_known_leaves_the_ledger_readable(
    client: Client, make: Make, nurse: User
) -> None:
    with acting(TESTS):
        EmailContact.objects.update(time_zone="Nowhere/Land")
    reason = "The patient's time zone is not known here."
    make(state=State.SUPPRESSED, reason=reason)
    client.force_login(nurse)
    (row,) = shown(client, "show=unsent").rows
    assert row.elsewhere == ""
    assert "time zone is not known here" in html_of(client, "show=unsent")


def test_a_day_narrows_the_list_and_its_counts(client: Client, make: Make, nurse: User) -> None:
    old = make(**SENT, not_before=NOW - timedelta(days=90))
    make(**SENT)
    client.force_login(nurse)
    on = old.not_before.astimezone(old.clinic.zone).date()
    assert shown(client, f"show=sent&on={on}").rows == [old]
    assert shown(client, "show=sent").count == 1
    assert html_of(client, f"show=sent&on={on}").count(f"on={on}") > 5


@pytest.mark.parametrize(
    "query",
    ["show=x", "on=2027-02-30", "on=%00", "on=9999-01-01", "page=-1", "page=9999999", "page=0"],
)
def test_an_address_that_means_nothing_is_no_choice(
    client: Client, make: Make, nurse: User, query: str
) -> None:
    make()
    client.force_login(nurse)
    assert len(shown(client, query).rows) == 1


@pytest.mark.parametrize(
    ("query", "typed", "said"),
    [
        ("on=31.2.2027", 'value="31.2.2027"', "This is not a day that can be shown"),
        ("on=7/3/27", 'value="7/3/27"', "with the year in four digits, such as 20"),
        ("on=0027-03-07", 'value="0027-03-07"', "This is not a day that can be shown"),
        ('on="><b>', 'value="&quot;&gt;&lt;b&gt;"', "This is not a day that can be shown"),
        ("show=faild", "<bdi>faild</bdi>", "This is “Going out”; choose another one here."),
        ("show=<b>", "<bdi>&lt;b&gt;</bdi>", "There is no list"),
    ],
)
def test_what_the_address_says_wrongly_is_said_and_kept(
    client: Client, nurse: User, query: str, typed: str, said: str
) -> None:
    client.force_login(nurse)
    html = html_of(client, query)
    assert typed in html
    assert said in html
    assert html.count('class="field-error"') == 1


@pytest.mark.parametrize("query", ["", "on=", "show=", "show=sent&on=2027-03-01"])
def test_what_the_address_says_rightly_needs_no_words(
    client: Client, nurse: User, query: str
) -> None:
    client.force_login(nurse)
    html = html_of(client, query)
    assert "field-error" not in html
    assert 'type="date"' in html


def test_other_clinics_messages_are_not_shown(client: Client, make: Make, outsider: User) -> None:
    message = make(**FAILED)
    client.force_login(outsider)
    assert shown(client, "show=failed").rows == []
    assert post(client, "again", message).status_code == 404


@pytest.mark.parametrize("number", [1, 120])
def test_the_ledger_costs_the_same_for_any_length(
    client: Client, make: Make, nurse: User, number: int, django_assert_num_queries: Any
) -> None:
    heartbeat.beat(heartbeat.SWEEP)
    first = make(**SENT)
    with acting(TESTS):
        values = {f.attname: getattr(first, f.attname) for f in Message._meta.concrete_fields}
        own = ("id", "public_id", "dedupe_key", "message_id")
        values = {name: value for name, value in values.items() if name not in own}
        Message.objects.bulk_create(
            Message(**values, dedupe_key=f"many{place}") for place in range(number)
        )
    client.force_login(nurse)
    client.get(f"{URL}?show=sent")
    with django_assert_num_queries(6):  # who asks, the time, counts, rows, the last sweep
        page = shown(client, "show=sent")
    assert (page.following is not None) == (number > 50)
    if number > 50:
        assert len(shown(client, page.following).rows) == 50
        assert len(shown(client, "show=sent&page=3").rows) == 21


def test_every_empty_list_says_what_belongs_there(client: Client, nurse: User) -> None:
    client.force_login(nurse)
    for words, tab in (("No message has failed", "failed"), ("Nothing was sent", "sent")):
        assert words in html_of(client, f"show={tab}")


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("on=2030-01-01", "On that day there is nothing under “Going out”."),
        ("on=2030-01-01&show=sent", "On that day there is nothing under “Sent”."),
        ("show=sent&page=99", "The list has no such page."),
    ],
)
def test_an_empty_day_or_page_says_no_more_than_it_knows(
    client: Client, make: Make, nurse: User, query: str, words: str
) -> None:
    make(**SENT)
    make()
    client.force_login(nurse)
    page = html_of(client, query)
    assert words in page
    assert "Nothing" not in page


def test_a_failed_message_is_tried_again_from_the_ledger(
    client: Client, make: Make, nurse: User
) -> None:
    message = make(**FAILED, attempts=3)
    task = fail(message)
    client.force_login(nurse)
    assert f"/messages/{message.public_id}/again/" in html_of(client, "show=failed")
    answer = post(client, "again", message, "show%3Dfailed%26x%3D1")
    assert answer.headers["Location"] == f"{URL}?show=failed"
    message.refresh_from_db()
    task.refresh_from_db()
    assert (message.settled_how, task.closed_by) == (Message.How.RETRIED, nurse)
    (again,) = shown(client, "show=planned").rows
    assert again.asked_by == nurse
    words = f"once more, for {nurse}: Tried again. The mail server refuses this address."
    assert words in html_of(client, "show=planned")
    assert f"Tried again, {nurse}: It goes as a new mail." in html_of(client, "show=unsent")


def test_a_message_is_settled_with_how_the_patient_was_reached(
    client: Client, make: Make, front_desk: User
) -> None:
    message = make(**FAILED)
    fail(message)
    client.force_login(front_desk)
    missing = post(client, "dismiss", message, reason="Called her").content.decode()
    assert "Say how the patient was reached." in missing
    answer = post(client, "dismiss", message, "chart", how="phone", reason="Called her")
    assert answer.headers["Location"].startswith("/patients/")
    assert Task.objects.open().count() == 0
    html = html_of(client, "show=unsent")
    assert "By phone, " in html
    assert "Called her" in html


def test_the_task_of_a_failed_message_asks_the_same(
    client: Client, make: Make, nurse: User
) -> None:
    message = make(**FAILED)
    task = fail(message)
    url = reverse("desk:close_task", args=[task.public_id])
    client.force_login(nurse)
    page = client.get(url).content.decode()
    assert f"/messages/{message.public_id}/again/" in page
    for words in ("By phone", "Written to at a new address", "In person", "Not needed any more"):
        assert words in page
    typed = {"note": "Done", "reason": "Done it", "entry_id": str(uuid4())}
    assert "Say how" in client.post(url, typed).content.decode()
    assert Task.objects.open().count() == 1
    typed |= {"how": "in_person", "entry_id": str(uuid4())}
    assert client.post(url, typed).headers["Location"] == reverse("desk:worklist")
    message.refresh_from_db()
    assert (message.state, message.settled_how) == (State.DISMISSED, "in_person")


def test_a_failed_call_asks_how_the_people_on_call_heard_of_it(
    client: Client, make: Make, nurse: User
) -> None:
    message = make(**FAILED, kind="on_call")
    task = fail(message)
    client.force_login(nurse)
    urls = (
        reverse("desk:close_task", args=[task.public_id]),
        reverse("desk:message_dismiss", args=[message.public_id]),
    )
    for url in urls:
        page = client.get(url).content.decode()
        assert "How did somebody on call hear of it?" in page
        assert "How was the patient reached?" not in page
        refused = client.post(url, {"reason": "Called", "entry_id": str(uuid4())})
        assert "Say how they heard of it." in refused.content.decode()
    typed = {"how": "phone", "reason": "Called", "entry_id": str(uuid4())}
    assert client.post(urls[0], typed).status_code == 302
    assert Task.objects.open().count() == 0


def test_a_task_whose_message_is_gone_closes_all_the_same(
    client: Client, clinic: Clinic, nurse: User
) -> None:
    task = make_task(clinic, due_at=NOW, kind=Task.Kind.MESSAGE_FAILED)
    client.force_login(nurse)
    typed = {"how": "phone", "reason": "Called", "entry_id": str(uuid4())}
    url = reverse("desk:close_task", args=[task.public_id])
    assert client.post(url, typed).status_code == 302
    task.refresh_from_db()
    assert task.closing_note == "By phone: Called"


def test_a_sent_message_goes_once_more_and_says_for_whom(
    client: Client, make: Make, nurse: User
) -> None:
    message = make(**SENT)
    client.force_login(nurse)
    assert post(client, "resend", message, reason="Never came").status_code == 302
    copy = Message.objects.get(occurrence=2)
    assert (copy.state, copy.asked_by) == (State.PLANNED, nurse)
    assert "Never came" in html_of(client, "show=planned")
    again = post(client, "resend", message, reason="Never came").content.decode()
    assert "once more already" in again


def test_the_same_press_twice_is_one_copy(client: Client, make: Make, nurse: User) -> None:
    message, entry = make(**SENT), str(uuid4())
    client.force_login(nurse)
    for _ in range(2):
        assert post(client, "resend", message, reason="Gone", entry_id=entry).status_code == 302
    assert Message.objects.count() == 2


def test_the_links_of_a_mail_are_ended(client: Client, make: Make, nurse: User) -> None:
    message = make(**SENT)
    client.force_login(nurse)
    assert post(client, "revoke", message, reason="Shared mailbox").status_code == 302
    assert "links ended" in html_of(client, "show=sent")
    assert "End its links" not in html_of(client, "show=sent")


def test_held_messages_are_released_one_by_one_or_all(
    client: Client, make: Make, administrator: User
) -> None:
    first, other = (make(state=State.HELD, reason="Perhaps sent") for _ in range(2))
    client.force_login(administrator)
    assert "Release all" in html_of(client)
    assert post(client, "release", first, reason="None in the log").status_code == 302
    page = client.get("/messages/release/").content.decode()
    assert "1 waiting" in page
    typed = {"reason": "None in the log", "entry_id": str(uuid4())}
    assert client.post("/messages/release/", typed).status_code == 302
    assert set(Message.objects.values_list("state", flat=True)) == {State.PLANNED}
    assert "Release all" not in html_of(client)


def test_nobody_is_offered_what_he_may_not_do(
    client: Client, make: Make, auditor: User, administrator: User
) -> None:
    make(**FAILED)
    client.force_login(auditor)
    assert shown(client, "show=failed").rows[0].acts == []
    client.force_login(administrator)
    offered = [act.words for act in shown(client, "show=failed").rows[0].acts]
    assert offered == ["Try again"]


def test_what_is_too_late_is_not_offered_again(client: Client, make: Make, nurse: User) -> None:
    make(**FAILED, not_before=NOW - 2 * HOUR, expires_at=NOW - HOUR)
    client.force_login(nurse)
    acts = shown(client, "show=failed").rows[0].acts
    assert [act.words for act in acts] == ["Settle"]


@pytest.mark.parametrize("path", [URL, BOARD])
@pytest.mark.parametrize("role", ["front_desk", "nurse", "prescriber", "administrator", "auditor"])
def test_a_red_banner_says_that_no_sweep_finishes(
    client: Client, request: pytest.FixtureRequest, clinic: Clinic, path: str, role: str
) -> None:
    client.force_login(request.getfixturevalue(role))
    words = "No sweep has finished for more than 2 minutes"
    heartbeat.beat(heartbeat.SWEEP)
    assert words not in client.get(path).content.decode()
    Heartbeat.objects.update(beat_at=datetime.now(UTC) - timedelta(seconds=121))
    html = client.get(path).content.decode()
    assert words in html
    assert "note-error" in html
    assert "docs/" not in html
