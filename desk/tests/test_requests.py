"""What staff make of a patient's request, and what they see of what patients said."""

from datetime import datetime, time, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags

from clinic.audit import acting
from clinic.models import AuditEvent, Clinic, User
from clinic.tests.factories import TESTS
from desk.tests.factories import BOARD, NOON, poll, tag_of
from patients.models import Consent, Patient, Task
from patients.tests.factories import make_patient, make_ready
from portal.models import ChangeRequest, CheckIn, Confirmation, Preparation
from portal.services import checking_in, deciding
from reminders.kinds import Kind
from reminders.models import Message, OptOut
from reminders.tests.factories import make_sent
from sessions.models import TreatmentSession
from sessions.tests.factories import make_course, make_session, take_step

pytestmark = pytest.mark.django_db


@pytest.fixture
def patient(clinic: Clinic, prescriber: User) -> Patient:
    return make_ready(make_patient(clinic), prescriber, email="ada@mail.example")


@pytest.fixture
def visit(patient: Patient, prescriber: User) -> TreatmentSession:
    """Next week's Wednesday at ten."""
    return make_session(make_course(patient, prescriber), starts_at=wednesday(patient.clinic))


def wednesday(clinic: Clinic, days: int = 0, hour: int = 10) -> datetime:
    local = timezone.now().astimezone(clinic.zone)
    day = local.date() + timedelta(days=9 - local.weekday() + days)
    return datetime.combine(day, time(hour), clinic.zone)


def say(visit: TreatmentSession, model: Any, **values: Any) -> Any:
    of = {"patient": visit.patient, "clinic": visit.clinic, "treatment_session": visit}
    with acting(TESTS):
        return model.objects.create(message=make_sent(visit, now=timezone.now()), **of, **values)


def ask(visit: TreatmentSession, kind: str, wanted_at: datetime | None = None) -> ChangeRequest:
    request = say(
        visit,
        ChangeRequest,
        kind=kind,
        wanted_at=wanted_at,
        schedule_rev=1,
        asked_at=timezone.now(),
    )
    assert isinstance(request, ChangeRequest)
    with acting(TESTS):
        Task.objects.create(
            clinic=visit.clinic,
            patient=visit.patient,
            kind=Task.Kind.REQUEST,
            role="front_desk",
            text="The patient asks.",
            due_at=timezone.now(),
            dedupe_key=request.task_key,
            source_kind="portal.changerequest",
            source_id=request.public_id,
        )
    return request


def post(client: Client, request: ChangeRequest, name: str = "desk:request", **typed):
    path = reverse(name, args=[request.public_id])
    page = client.get(path)
    entry = page.context["form"]["entry_id"].value()
    return client.post(path, {"entry_id": str(entry), **typed}, follow=True)


def test_accepting_moves_the_session_and_tells_the_patient(
    client: Client, visit: TreatmentSession, front_desk: User
) -> None:
    wanted = wednesday(visit.clinic, days=1, hour=11)
    request = ask(visit, "reschedule", wanted)
    client.force_login(front_desk)
    assert "The session moved" in post(client, request).content.decode()
    visit.refresh_from_db()
    assert visit.starts_at == wanted
    assert visit.trace[-1]["by"] == front_desk.username
    request.refresh_from_db()
    assert (request.decision, request.decided_by) == ("accepted", front_desk)
    task = Task.objects.get(kind="request")
    assert (task.closed_by, task.closing_note) == (front_desk, "Accepted.")
    assert Message.objects.filter(kind=Kind.CHANGED, schedule_rev=2).exists()


@pytest.mark.parametrize("kind", ["reschedule", "cancel"])
def test_where_no_mail_may_go_staff_are_asked_to_call(
    client: Client, visit: TreatmentSession, front_desk: User, kind: str
) -> None:
    with acting(TESTS):
        Consent.objects.filter(patient=visit.patient).of_kind("email").update(
            withdrawn_at=timezone.now()
        )
    wanted = wednesday(visit.clinic, days=1, hour=11) if kind == "reschedule" else None
    request = ask(visit, kind, wanted)
    client.force_login(front_desk)
    text = post(client, request).content.decode()
    assert "Call the patient: no e-mail goes." in text
    assert "is told by e-mail" not in text
    task = Task.objects.open().get(kind="call")
    assert task.role == "front_desk"
    assert ("11:00" in task.text) == (kind == "reschedule")


def test_where_a_mail_goes_nobody_is_asked_to_call(
    client: Client, visit: TreatmentSession, front_desk: User
) -> None:
    request = ask(visit, "cancel")
    client.force_login(front_desk)
    assert "The patient is told by e-mail." in post(client, request).content.decode()
    assert not Task.objects.filter(kind="call").exists()


def test_a_time_that_is_gone_is_refused_and_the_request_stays_open(
    client: Client, visit: TreatmentSession, front_desk: User, prescriber: User
) -> None:
    wanted = wednesday(visit.clinic, days=1, hour=3)  # the clinic is closed
    request = ask(visit, "reschedule", wanted)
    client.force_login(front_desk)
    assert "does not fit into" in post(client, request).content.decode()
    request.refresh_from_db()
    assert request.decided_at is None
    assert not AuditEvent.objects.filter(event="request.accepted").exists()


def test_accepting_a_cancellation_cancels(
    client: Client, visit: TreatmentSession, front_desk: User
) -> None:
    request = ask(visit, "cancel")
    client.force_login(front_desk)
    post(client, request)
    visit.refresh_from_db()
    assert visit.status == "cancelled"
    assert visit.ending_reason == deciding.ASKED
    assert ChangeRequest.objects.get().decision == "accepted"
    assert Message.objects.filter(kind=Kind.CALLED_OFF).exists()


def test_without_a_time_staff_call_and_move(
    client: Client, visit: TreatmentSession, front_desk: User
) -> None:
    request = ask(visit, "reschedule")
    client.force_login(front_desk)
    page = post(client, request)
    assert "named no time" in page.content.decode()
    assert reverse("sessions:move", args=[visit.public_id]) in page.content.decode()


def test_declining_needs_a_reason_and_leaves_the_session(
    client: Client, visit: TreatmentSession, front_desk: User
) -> None:
    request = ask(visit, "reschedule", wednesday(visit.clinic, days=1))
    client.force_login(front_desk)
    assert "Say why" in post(client, request, "desk:decline_request").content.decode()
    post(client, request, "desk:decline_request", reason="Called: she comes on Wednesday")
    request.refresh_from_db()
    assert request.decision == "declined"
    visit.refresh_from_db()
    assert (visit.status, visit.schedule_rev) == ("planned", 1)
    assert Task.objects.get(kind="request").closed_at is not None


def test_a_request_is_decided_once(
    client: Client, visit: TreatmentSession, front_desk: User
) -> None:
    request = ask(visit, "cancel")
    client.force_login(front_desk)
    path = reverse("desk:request", args=[request.public_id])
    first, second = (client.get(path).context["form"]["entry_id"].value() for _ in range(2))
    client.post(path, {"entry_id": str(first)})
    page = client.post(path, {"entry_id": str(second)})
    assert "decided already: accepted" in page.content.decode()


def test_the_board_and_the_sheet_say_what_the_patient_said(
    client: Client,
    clinic: Clinic,
    patient: Patient,
    prescriber: User,
    nurse: User,
    front_desk: User,
) -> None:
    midday = timezone.now().astimezone(clinic.zone).replace(hour=23, minute=0)
    visit = make_session(
        make_course(patient, prescriber), starts_at=midday, ends_at=midday + timedelta(minutes=50)
    )
    say(visit, Confirmation, schedule_rev=1, confirmed_at=timezone.now())
    ride = {"ride": "arranged", "ride_by": "My sister", "fasting": "asks"}
    say(visit, Preparation, schedule_rev=1, answered_at=timezone.now(), **ride)
    for user in (nurse, front_desk):
        client.force_login(user)
        assert "confirmed</span>" in client.get(reverse("desk:board")).content.decode()
        sheet = client.get(reverse("desk:session", args=[visit.public_id])).content.decode()
        assert "The patient confirmed the visit" in sheet
        assert "Ride home arranged (My sister)" in sheet
        assert "Has a question about eating and drinking" in sheet
    ask(visit, "reschedule", wednesday(clinic))
    assert "asks for a change" in client.get(reverse("desk:board")).content.decode()


def test_what_was_said_of_another_time_is_not_shown(
    client: Client, visit: TreatmentSession, nurse: User
) -> None:
    say(visit, Confirmation, schedule_rev=7, confirmed_at=timezone.now())
    client.force_login(nurse)
    sheet = client.get(reverse("desk:session", args=[visit.public_id])).content.decode()
    assert "The patient confirmed" not in sheet


def test_the_chart_shows_wishes_requests_and_answers(
    client: Client, visit: TreatmentSession, nurse: User, front_desk: User
) -> None:
    with acting(TESTS):
        OptOut.objects.create(
            patient=visit.patient, clinic=visit.clinic, kind="follow_up", since=timezone.now()
        )
    ask(visit, "cancel")
    answers = {"self_harm": "rather_not", "mood": "", "words": "<b>Sad</b>", "gone": "x"}
    say(visit, CheckIn, part="mood", answers=answers, answered_at=timezone.now())
    chart = reverse("desk:chart", args=[visit.patient.public_id])
    client.force_login(nurse)
    text = client.get(chart).content.decode()
    assert "Doesn’t want: Follow-up" in text
    assert "Call it off, session 1" in text
    assert "I would rather not say" in text
    client.force_login(front_desk)
    text = client.get(chart).content.decode()
    assert "Doesn’t want: Follow-up" in text
    assert "rather not say" not in text


def test_a_call_for_help_stands_first_for_nurses_and_prescribers(
    client: Client,
    clinic: Clinic,
    patient: Patient,
    nurse: User,
    prescriber: User,
    front_desk: User,
) -> None:
    """However many older tasks wait; the front desk doesn't read it."""
    with acting(TESTS):
        for number in range(8):
            for role in ("nurse", "prescriber"):
                Task.objects.create(
                    clinic=clinic,
                    kind=Task.Kind.CALL,
                    role=role,
                    text=f"Older task {number}",
                    due_at=timezone.now() - timedelta(days=1),
                )
        Task.objects.create(
            clinic=clinic,
            patient=patient,
            kind=Task.Kind.CRISIS,
            role="nurse",
            text="Call now",
            due_at=timezone.now() + timedelta(minutes=15),
        )
    for user in (nurse, prescriber):
        client.force_login(user)
        text = client.get(reverse("desk:board")).content.decode()
        assert text.index("Call now") < text.index("Older task")
        assert "Nobody has taken this yet; it has to be taken by" in text
        assert "Call now" in client.get(reverse("desk:worklist")).content.decode()
    client.force_login(front_desk)
    assert "Call now" not in client.get(reverse("desk:board")).content.decode()
    assert "Call now" not in client.get(reverse("desk:worklist")).content.decode()


def make_crisis(visit: TreatmentSession, **values: Any) -> Task:
    with acting(TESTS):
        return Task.objects.create(
            clinic=visit.clinic,
            patient=visit.patient,
            kind=Task.Kind.CRISIS,
            role="nurse",
            text="Call now",
            source_kind="treatment_sessions.treatmentsession",
            source_id=visit.public_id,
            **{"due_at": timezone.now() + timedelta(minutes=15), **values},
        )


def test_a_call_for_help_leads_to_the_answers(
    client: Client, visit: TreatmentSession, nurse: User
) -> None:
    client.force_login(nurse)
    task = make_crisis(visit)
    chart = reverse("desk:chart", args=[visit.patient.public_id])
    assert "#said" not in client.get(chart).content.decode()
    answers = {"self_harm": "yes"}
    say(visit, CheckIn, part="mood", answers=answers, answered_at=timezone.now())
    page = client.get(reverse("desk:close_task", args=[task.public_id])).content.decode()
    assert f'href="{chart}#said"' in page
    assert reverse("desk:session", args=[visit.public_id]) not in page
    text = client.get(chart).content.decode()
    assert 'href="#said"' in text
    assert 'id="said"' in text


@pytest.mark.parametrize(
    ("part", "answers"),
    [("feeling", {"feeling": "unwell"}), ("body", {"how_bad": "bad"}), ("more", {"words": "Hi"})],
)
def test_a_task_to_read_answers_leads_to_them(
    client: Client, visit: TreatmentSession, nurse: User, part: str, answers: dict[str, str]
) -> None:
    with acting(TESTS):
        TreatmentSession.objects.filter(pk=visit.pk).update(
            status="discharged", ended_at=timezone.now()
        )
    visit.refresh_from_db()
    message = make_sent(visit, Kind.FOLLOW_UP, timezone.now())
    checking_in.record(message, part, answers)
    task = Task.objects.get()
    chart = reverse("desk:chart", args=[visit.patient.public_id])
    client.force_login(nurse)
    for url in (reverse("desk:worklist"), reverse("desk:close_task", args=[task.public_id])):
        page = client.get(url).content.decode()
        assert f'href="{chart}#said">answers</a>' in page
        assert reverse("desk:session", args=[visit.public_id]) not in page


def test_taking_a_call_for_help_comes_before_closing_it(
    client: Client, visit: TreatmentSession, nurse: User
) -> None:
    client.force_login(nurse)
    task = make_crisis(visit)
    path = reverse("desk:close_task", args=[task.public_id])
    page = client.get(path).content.decode()
    assert '<button class="btn btn-primary btn-wide">I see to it' in page
    assert '<button class="btn btn-quiet btn-wide">Close the task' in page
    assert page.index("I see to it") < page.index("Close the task</button>")
    with acting(TESTS):
        Task.objects.filter(pk=task.pk).update(taken_by=nurse)
    page = client.get(path).content.decode()
    assert "I see to it" not in page
    assert '<button class="btn btn-primary btn-wide">Close the task' in page


def test_the_board_says_by_name_who_sees_to_a_call_for_help(
    client: Client, visit: TreatmentSession, nurse: User, front_desk: User
) -> None:
    task = make_crisis(visit)
    client.force_login(front_desk)
    assert "Tell a nurse or a prescriber now." in client.get(reverse("desk:board")).content.decode()
    with acting(TESTS):
        User.objects.filter(pk=nurse.pk).update(first_name="Jo", last_name="")
        Task.objects.filter(pk=task.pk).update(taken_by=nurse)
    for user in (nurse, front_desk):
        client.force_login(user)
        text = client.get(reverse("desk:board")).content.decode()
        assert "Jo sees to it." in text
        assert "Tell a nurse" not in text
    with acting(TESTS):
        User.objects.filter(pk=nurse.pk).update(first_name="")
    assert f"{nurse.username} sees to it." in client.get(reverse("desk:board")).content.decode()


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (1, "Nobody has taken this yet; it has to be taken by 13:01."),
        (0, "Overdue since 13:00: nobody has taken it."),
        (-30, "Overdue since 12:30: nobody has taken it."),
    ],
)
@pytest.mark.parametrize("query", ["", "?wall"])
def test_the_board_says_when_a_call_for_help_is_overdue(
    client: Client,
    visit: TreatmentSession,
    nurse: User,
    at: Any,
    query: str,
    minutes: int,
    words: str,
) -> None:
    make_crisis(visit, due_at=NOON + timedelta(minutes=minutes))
    client.force_login(nurse)
    assert words in strip_tags(client.get(f"{BOARD}{query}").content.decode())


def test_the_board_comes_anew_when_a_call_for_help_falls_overdue(
    client: Client, visit: TreatmentSession, nurse: User, at: Any
) -> None:
    make_crisis(visit, due_at=NOON + timedelta(minutes=15))
    client.force_login(nurse)
    tag = tag_of(client)
    at(NOON + timedelta(minutes=14))
    assert poll(client, tag) == 304
    at(NOON + timedelta(minutes=15))
    assert poll(client, tag) == 200


def test_a_call_for_help_that_nobody_took_is_not_pushed_off_the_board(
    client: Client, visit: TreatmentSession, nurse: User
) -> None:
    for _ in range(9):
        make_crisis(visit, taken_by=nurse, due_at=timezone.now() - timedelta(days=1))
    make_crisis(visit)
    client.force_login(nurse)
    assert "Nobody has taken this yet" in client.get(BOARD).content.decode()


def test_the_wall_says_that_an_answer_can_not_wait_and_no_more(
    client: Client, visit: TreatmentSession, nurse: User
) -> None:
    with acting(TESTS):
        User.objects.filter(pk=nurse.pk).update(first_name="Joanna", last_name="Quist")
        Patient.objects.filter(pk=visit.patient_id).update(family_name="Okafor")
    task = make_crisis(visit)
    client.force_login(nurse)
    said = "An answer that can&#x27;t wait."
    assert "Overdue" not in wall(client)
    assert said in wall(client)
    with acting(TESTS):
        Task.objects.filter(pk=task.pk).update(taken_by=nurse)
    assert "Somebody sees to it." in wall(client)
    with acting(TESTS):
        Task.objects.filter(pk=task.pk).update(closed_at=timezone.now(), closing_note="Called")
    assert said not in wall(client)


def wall(client: Client) -> str:
    """Return the lines of the wall screen about answers; they tell neither whom nor what."""
    text = client.get(f"{BOARD}?wall").content.decode()
    text = text[text.index('id="board"') :]
    for hidden in ("Okafor", "Call now", "self-harm", "Quist", "/tasks/", "/patients/"):
        assert hidden not in text, hidden
    return text


@pytest.fixture
def missed(visit: TreatmentSession, front_desk: User) -> TreatmentSession:
    return take_step(visit.pk, visit.Status.NO_SHOW, by=front_desk)


def test_after_a_missed_visit_one_tap_books_the_new_one(
    client: Client, missed: TreatmentSession, front_desk: User
) -> None:
    wanted = wednesday(missed.clinic, days=1, hour=11)
    request = ask(missed, "rebook", wanted)
    client.force_login(front_desk)
    page = client.get(reverse("desk:request", args=[request.public_id])).content.decode()
    assert "Book the session" in page
    assert "the patient did not come" in page
    text = post(client, request).content.decode()
    assert "The new session is booked." in text
    assert "The patient is told by e-mail." in text
    session = TreatmentSession.objects.get(makes_up_for=missed)
    assert session.starts_at == wanted
    page = client.get(reverse("desk:request", args=[request.public_id])).content.decode()
    assert reverse("desk:session", args=[session.public_id]) in page
    assert Message.objects.filter(kind=Kind.CHANGED, treatment_session=session).exists()
    assert not Task.objects.open().exists()


def test_a_wish_for_a_call_after_a_missed_visit_says_why_nothing_was_offered(
    client: Client, missed: TreatmentSession, front_desk: User
) -> None:
    with acting(TESTS):
        before = timezone.now().date() - timedelta(days=3)
        TreatmentSession.objects.filter(pk=missed.pk).update(
            window_from=before - timedelta(days=6), window_to=before
        )
    request = ask(missed, "rebook")
    client.force_login(front_desk)
    page = post(client, request).content.decode()
    assert "named no time" in page
    assert "Its treatment week is over" in page
    assert reverse("sessions:make_up", args=[missed.public_id]) in page


@pytest.mark.parametrize("kind", ["reschedule", "cancel"])
def test_what_was_asked_before_the_visit_was_missed_is_still_decided(
    client: Client, visit: TreatmentSession, front_desk: User, kind: str
) -> None:
    wanted = wednesday(visit.clinic, days=1, hour=11) if kind == "reschedule" else None
    request = ask(visit, kind, wanted)
    missed = take_step(visit.pk, visit.Status.NO_SHOW, by=front_desk)
    client.force_login(front_desk)
    page = client.get(reverse("desk:request", args=[request.public_id])).content.decode()
    assert "The patient asked before the visit, which was missed then." in page
    text = post(client, request).content.decode()
    assert ("The new session is booked." in text) == (kind == "reschedule")
    assert ("is told by e-mail" in text) == (kind == "reschedule")
    missed.refresh_from_db()
    assert missed.status == "no_show"
    assert ChangeRequest.objects.get().decision == "accepted"


def test_who_wants_no_new_time_after_a_missed_visit_asked_after_it(
    client: Client, missed: TreatmentSession, front_desk: User
) -> None:
    request = ask(missed, "cancel")
    client.force_login(front_desk)
    page = client.get(reverse("desk:request", args=[request.public_id])).content.decode()
    assert "The patient wants no new time" in page
    assert "asked before the visit" not in page
    page = client.get(reverse("desk:decline_request", args=[request.public_id])).content.decode()
    assert "stays as it is" not in page
    assert "The session stays on record as missed. Call the patient first" in page


def test_a_wanted_time_that_keeps_no_rule_any_more_is_not_booked_after_a_missed_visit(
    client: Client, missed: TreatmentSession, front_desk: User
) -> None:
    """The week has gone by since: staff choose, and say why."""
    request = ask(missed, "rebook", wednesday(missed.clinic, days=7, hour=11))
    client.force_login(front_desk)
    page = post(client, request).content.decode()
    assert "outside the treatment week" in page
    assert "Choose another date" in page
    request.refresh_from_db()
    assert request.decided_at is None
    assert not TreatmentSession.objects.filter(makes_up_for=missed).exists()


def chart_of(client: Client, visit: TreatmentSession) -> str:
    return client.get(reverse("desk:chart", args=[visit.patient.public_id])).content.decode()


def test_the_chart_begins_with_a_call_for_help_and_leads_to_it(
    client: Client, visit: TreatmentSession, nurse: User, prescriber: User
) -> None:
    """However many older tasks of the patient wait."""
    with acting(TESTS):
        for number in range(12):
            Task.objects.create(
                clinic=visit.clinic,
                patient=visit.patient,
                kind=Task.Kind.CALL,
                role="nurse",
                text=f"Older {number}",
                due_at=timezone.now() - timedelta(days=2),
            )
    task = make_crisis(visit, due_at=timezone.now() - timedelta(minutes=1))
    opened = reverse("desk:close_task", args=[task.public_id])
    for user in (nurse, prescriber):
        client.force_login(user)
        banner = chart_of(client, visit).partition('class="sections"')[0]
        assert "Call now" in banner
        assert "Overdue since" in banner
        assert f'href="{opened}"' in banner
    with acting(TESTS):
        Task.objects.filter(pk=task.pk).update(taken_by=nurse)
    assert f"{nurse} sees to it." in chart_of(client, visit)
    with acting(TESTS):
        Task.objects.filter(pk=task.pk).update(closed_at=timezone.now(), closing_note="Called")
    assert "Call now" not in chart_of(client, visit)


def test_the_front_desk_reads_on_the_chart_only_that_an_answer_waits(
    client: Client, visit: TreatmentSession, nurse: User, front_desk: User
) -> None:
    client.force_login(front_desk)
    text = chart_of(client, visit)
    assert "Nothing waits for your role here." in text
    assert "An answer that" not in text
    task = make_crisis(visit)
    text = chart_of(client, visit)
    assert "Tell a nurse or a prescriber now." in text
    assert "An answer that can&#x27;t wait, for a nurse or a prescriber." in text
    assert "Nothing waits" not in text
    assert '<h2>Tasks</h2><span class="count">1</span>' in text
    assert "Call now" not in text
    assert f"/tasks/{task.public_id}" not in text
    with acting(TESTS):
        Task.objects.filter(pk=task.pk).update(taken_by=nurse)
    text = chart_of(client, visit)
    assert f"{nurse} sees to it." in text
    assert "Tell a nurse" not in text


def test_who_may_not_take_a_call_for_help_is_led_nowhere(
    client: Client, visit: TreatmentSession, auditor: User
) -> None:
    task = make_crisis(visit)
    client.force_login(auditor)
    for text in (chart_of(client, visit), client.get(BOARD).content.decode()):
        assert "Call now" in text
        assert f"/tasks/{task.public_id}" not in text
