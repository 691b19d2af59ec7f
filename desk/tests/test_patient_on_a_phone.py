"""A patient on a phone, without script: confirms, asks for another time, answers a follow-up.

Staff see it: the request on the board and among the tasks, the call for help at once.
"""

from collections.abc import Iterator
from datetime import datetime, time, timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, ViewportSize, expect
from pytest_django.live_server_helper import LiveServer

from clinic.audit import acting
from clinic.models import Clinic, User
from clinic.roles import Role
from clinic.tests.factories import TESTS, make_clinic, make_staff
from desk.tests.browser import PASSWORD, SIZES, picture, sign_in
from outcomes import planning
from patients.models import EmailContact, Patient, PatientPolicy, Task
from patients.tests.factories import make_patient, make_ready
from portal.models import ChangeRequest, CheckIn, Confirmation
from reminders import charted, links
from reminders.kinds import Kind
from reminders.links import Purpose
from reminders.models import Message
from reminders.tests.factories import make_sent
from sessions.models import TreatmentSession
from sessions.tests.factories import make_course, make_session, take_step

pytestmark = pytest.mark.django_db(transaction=True)
PHONE: ViewportSize = {"width": 390, "height": 844}


@pytest.fixture
def clinic() -> Clinic:
    return make_clinic("North")


@pytest.fixture
def team(clinic: Clinic) -> dict[str, User]:
    made = {
        role: make_staff(clinic, role) for role in (Role.FRONT_DESK, Role.NURSE, Role.PRESCRIBER)
    }
    for user in made.values():
        user.set_password(PASSWORD)
        with acting(TESTS):
            user.save()
    with acting(TESTS):
        PatientPolicy.objects.create(
            clinic=clinic, crisis_line="Crisis line, day and night: 0800 111 0 111"
        )
    return {str(role): user for role, user in made.items()}


@pytest.fixture
def patient(clinic: Clinic, team: dict[str, User]) -> Patient:
    return make_ready(make_patient(clinic), team["prescriber"], email="ada@mail.example")


@pytest.fixture
def visit(patient: Patient, team: dict[str, User]) -> TreatmentSession:
    """The second session, on the next Wednesday that is three days off or more, at ten."""
    zone = patient.clinic.zone
    today = timezone.now().astimezone(zone).date()
    day = today + timedelta(days=(2 - today.weekday() - 3) % 7 + 3)
    course = make_course(patient, team["prescriber"])
    monday = day - timedelta(days=2)
    return make_session(
        course,
        starts_at=datetime.combine(day, time(10), zone),
        number=2,
        number_in_phase=2,
        window_from=monday,
        window_to=monday + timedelta(days=6),
    )


@pytest.fixture
def followed(patient: Patient, visit: TreatmentSession) -> TreatmentSession:
    ended_at = timezone.now() - timedelta(days=1)
    return make_session(
        visit.course,
        starts_at=ended_at - timedelta(hours=3),
        ends_at=ended_at,
        status="discharged",
        ended_at=ended_at,
    )


@pytest.fixture(params=["light", "dark"])
def phone(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    context = browser.new_context(
        viewport=PHONE, java_script_enabled=False, color_scheme=request.param
    )
    yield context.new_page()
    context.close()


@pytest.fixture
def look(request: pytest.FixtureRequest) -> str:
    return str(request.node.callspec.params["phone"])


def open_link(phone: Page, address: str, message: Message, purpose: Purpose) -> None:
    phone.goto(f"{address}{links.PATH}{links.token(message, purpose)}/")


def type_birth_date(phone: Page, patient: Patient) -> None:
    phone.get_by_label("Day").fill(str(patient.birth_date.day))
    phone.get_by_label("Month").select_option(str(patient.birth_date.month))
    phone.get_by_label("Year").fill(str(patient.birth_date.year))
    phone.get_by_role("button", name="Go on").click()


def shot(phone: Page, name: str, look: str) -> None:
    wide = phone.locator("html").bounding_box()
    assert wide is not None
    assert wide["width"] <= PHONE["width"]
    picture(phone, f"patient-{name}-{look}", full=True)


def test_a_patient_confirms_and_asks_for_another_time(
    phone: Page,
    look: str,
    page: Page,
    live_server: LiveServer,
    visit: TreatmentSession,
    patient: Patient,
    team: dict[str, User],
) -> None:
    message = make_sent(visit, Kind.REMINDER, timezone.now())
    open_link(phone, live_server.url, message, Purpose.VISIT)
    expect(phone.get_by_text(patient.given_name)).to_have_count(0)
    shot(phone, "birth-date", look)
    type_birth_date(phone, patient)
    shot(phone, "visit", look)
    phone.get_by_role("button", name="I will come").click()
    expect(phone.get_by_text("We know that you come.")).to_be_visible()
    assert Confirmation.objects.get().treatment_session == visit
    shot(phone, "confirmed", look)
    prepare(phone, look)
    wanted = ask_for_another_time(phone, look)
    page.set_viewport_size(SIZES["desktop"])
    accept(page, live_server.url, team["front_desk"], look)
    visit.refresh_from_db()
    assert visit.starts_at == wanted
    phone.reload()
    expect(phone.get_by_text("Your visit has been moved.")).to_be_visible()
    shot(phone, "moved", look)
    other = make_sent(visit, Kind.PREPARATION, timezone.now(), schedule_rev=1)
    open_link(phone, live_server.url, other, Purpose.VISIT)
    type_birth_date(phone, patient)
    expect(phone.get_by_text("The newest e-mail from us counts")).to_be_visible()
    shot(phone, "moved-since", look)


def prepare(phone: Page, look: str) -> None:
    phone.get_by_role("link", name="How to prepare").click()
    shot(phone, "prepare", look)
    phone.get_by_label("Yes").check()
    phone.get_by_label("Who takes you home?").fill("My sister")
    phone.get_by_label("I know until when").check()
    phone.get_by_role("button", name="Send").click()
    expect(phone.get_by_text("Thank you. We have your answers.")).to_be_visible()
    phone.get_by_role("link", name="Back to your visit").click()


def ask_for_another_time(phone: Page, look: str) -> datetime:
    phone.get_by_role("link", name="I need another time").click()
    day = phone.locator("details").nth(1)
    day.locator("summary").click()
    day.get_by_label("11:00").check(force=True)
    shot(phone, "another-time", look)
    phone.get_by_role("button", name="Ask for it").click()
    expect(phone.get_by_text("You asked for")).to_be_visible()
    shot(phone, "asked", look)
    request = ChangeRequest.objects.get()
    assert request.wanted_at is not None
    return request.wanted_at


def accept(page: Page, address: str, user: User, look: str) -> None:
    sign_in(page, address, user.username)
    expect(page.get_by_text("asks for another time")).to_be_visible()
    page.goto(f"{address}/worklist/")
    page.get_by_role("link", name="decide").click()
    picture(page, f"request-{look}")
    page.get_by_role("button", name="Move the session").click()
    expect(page.get_by_text("The session moved.")).to_be_visible()
    expect(page.get_by_text("The patient is told by e-mail.")).to_be_visible()


def test_thoughts_of_self_harm_lead_to_help_and_to_a_task_at_once(
    phone: Page,
    look: str,
    page: Page,
    live_server: LiveServer,
    followed: TreatmentSession,
    patient: Patient,
    team: dict[str, User],
) -> None:
    message = make_sent(followed, Kind.FOLLOW_UP, timezone.now())
    open_link(phone, live_server.url, message, Purpose.CHECK_IN)
    type_birth_date(phone, patient)
    phone.get_by_label("So-so").check()
    shot(phone, "follow-up-1", look)
    phone.get_by_role("button", name="Go on").click()
    phone.get_by_label("Headache").check()
    phone.get_by_label("It does not bother me much").check()
    shot(phone, "follow-up-2", look)
    phone.get_by_role("button", name="Go on").click()
    phone.get_by_label("Yes", exact=True).check()
    shot(phone, "follow-up-3", look)
    phone.get_by_role("button", name="Go on").click()
    expect(phone.get_by_role("heading", name="Please get help now")).to_be_visible()
    expect(phone.get_by_text("0800 111 0 111").first).to_be_visible()
    shot(phone, "help", look)
    assert Task.objects.get().kind == Task.Kind.CRISIS
    page.set_viewport_size(SIZES["desktop"])
    sign_in(page, live_server.url, team["nurse"].username)
    expect(page.get_by_text("has thoughts of self-harm")).to_be_visible()
    picture(page, f"self-harm-on-board-{look}")
    phone.get_by_role("link", name="Go on with the questions").click()
    phone.get_by_label("Is there anything else").fill("I am at my mother's")
    phone.get_by_role("button", name="Send").click()
    expect(phone.get_by_role("heading", name="Thank you")).to_be_visible()
    shot(phone, "thanks", look)
    assert CheckIn.objects.count() == 4
    page.goto(f"{live_server.url}/patients/{patient.public_id}/#said")
    expect(page.get_by_text("I am at my mother's")).to_be_visible()
    picture(page, f"follow-up-on-chart-{look}")


def test_a_patient_answers_the_questionnaires_of_a_mail(
    phone: Page,
    look: str,
    page: Page,
    live_server: LiveServer,
    followed: TreatmentSession,
    patient: Patient,
    team: dict[str, User],
) -> None:
    """Two are due; what was left out is asked for, and what was given stays."""
    now = timezone.now()
    planning.open_due(now)
    task, _ = planning.asked_of(patient.pk, now)[0]
    about = charted.about_questionnaire(task)
    message = make_sent(followed, Kind.QUESTIONNAIRE, now, treatment_session=None, about=about)
    open_link(phone, live_server.url, message, Purpose.QUESTIONNAIRE)
    type_birth_date(phone, patient)
    expect(phone.get_by_text("Page 1 of 2")).to_be_visible()
    shot(phone, "alcohol", look)
    phone.get_by_role("group", name="How often do you have a drink").get_by_role("radio").nth(
        2
    ).check()
    phone.get_by_role("button", name="Send").click()
    expect(phone.get_by_text("Some questions still need your answer.")).to_be_visible()
    shot(phone, "alcohol-left-out", look)
    answer_each(phone)
    expect(phone.get_by_text("Page 2 of 2")).to_be_visible()
    shot(phone, "bladder", look)
    answer_each(phone)
    expect(phone.get_by_role("heading", name="Thank you")).to_be_visible()
    shot(phone, "questionnaires-done", look)
    sign_in(page, live_server.url, team["nurse"].username)
    for name, size in SIZES.items():
        page.set_viewport_size(size)
        page.goto(f"{live_server.url}/patients/{patient.public_id}/#between")
        expect(page.locator("#between").get_by_text("by the patient, by link")).to_have_count(2)
        picture(page, f"questionnaires-on-chart-{name}-{look}")
    page.locator("#between").get_by_role("link", name="4 of 12").click()
    expect(page.get_by_text("2 to 4 times a month")).to_be_visible()
    picture(page, f"questionnaire-on-record-{look}")


def answer_each(phone: Page) -> None:
    """Give the second answer to each question that has none."""
    for group in phone.get_by_role("group").all():
        if not group.locator("input:checked").count():
            group.get_by_role("radio").nth(1).check()
    phone.get_by_role("button", name="Send").click()


def test_spanish_pages_fit_a_phone(
    phone: Page, look: str, live_server: LiveServer, visit: TreatmentSession, patient: Patient
) -> None:
    with acting(TESTS):
        EmailContact.objects.filter(patient=patient).update(language="es")
    message = make_sent(visit, Kind.REMINDER, timezone.now())
    for purpose in (Purpose.VISIT, Purpose.RESCHEDULE, Purpose.CANCEL, Purpose.MAILS):
        open_link(phone, live_server.url, message, purpose)
        if purpose == Purpose.VISIT:
            phone.get_by_label("Día").fill(str(patient.birth_date.day))
            phone.get_by_label("Mes").select_option(str(patient.birth_date.month))
            phone.get_by_label("Año").fill(str(patient.birth_date.year))
            phone.get_by_role("button", name="Continuar").click()
        shot(phone, f"es-{purpose.name.lower()}", look)
    phone.goto(f"{live_server.url}/p/x/")
    shot(phone, "neutral", look)


def test_after_a_missed_visit_a_new_time_is_chosen_and_booked(
    phone: Page,
    look: str,
    page: Page,
    live_server: LiveServer,
    visit: TreatmentSession,
    patient: Patient,
    team: dict[str, User],
) -> None:
    missed = take_step(visit.pk, visit.Status.NO_SHOW, by=team["front_desk"])
    message = make_sent(missed, Kind.MISSED, timezone.now())
    open_link(phone, live_server.url, message, Purpose.REBOOK)
    type_birth_date(phone, patient)
    expect(phone.get_by_text("You missed this visit:")).to_be_visible()
    shot(phone, "rebook", look)
    phone.locator("details .times label").first.click()
    phone.get_by_role("button", name="Ask for it").click()
    expect(phone.get_by_text("Until then nothing is booked.")).to_be_visible()
    shot(phone, "rebook-asked", look)
    wanted = ChangeRequest.objects.get().wanted_at
    page.set_viewport_size(SIZES["desktop"])
    sign_in(page, live_server.url, team["front_desk"].username)
    page.goto(f"{live_server.url}/worklist/")
    picture(page, f"rebook-tasks-{look}")
    page.get_by_role("link", name="decide").click()
    picture(page, f"rebook-request-desktop-{look}")
    page.set_viewport_size(SIZES["tablet"])
    picture(page, f"rebook-request-tablet-{look}")
    page.get_by_role("button", name="Book the session").click()
    expect(page.get_by_text("The new session is booked.")).to_be_visible()
    assert TreatmentSession.objects.get(makes_up_for=missed).starts_at == wanted
    phone.reload()
    expect(phone.get_by_text("Your new visit is booked.")).to_be_visible()
    shot(phone, "rebook-booked", look)
    page.goto(f"{live_server.url}/courses/{missed.course.public_id}/")
    expect(page.get_by_text("which was missed.").first).to_be_visible()
    picture(page, f"rebook-course-{look}")
