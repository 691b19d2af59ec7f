from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from clinic.audit import acting
from clinic.models import AuditEvent, Clinic, Membership, User
from clinic.roles import Role
from clinic.tests.factories import TESTS
from desk import ribbon
from desk.ribbon import Visit
from desk.tests.factories import make_monitored, make_task
from monitoring.models import Discharge
from patients.models import (
    Allergy,
    BodyMeasure,
    Condition,
    Consent,
    Identifier,
    Medication,
    Patient,
)
from patients.tests.factories import make_patient, make_ready
from reminders.models import Message
from sessions.models import TreatmentSession
from sessions.tests.factories import make_order, make_session

NOW = datetime.now(UTC).replace(microsecond=0)


def url_of(patient: Patient) -> str:
    return f"/patients/{patient.public_id}/"


@pytest.fixture
def visit(clinic: Clinic, nurse: User, prescriber: User) -> TreatmentSession:
    found = make_monitored(clinic, nurse, NOW - timedelta(minutes=20))
    make_ready(found.patient, prescriber, email="ada@example.org")
    make_order(found.course, prescriber)
    return found


@pytest.fixture
def patient(visit: TreatmentSession) -> Patient:
    return visit.patient


def test_today_leads_to_who_is_here_not_to_a_lower_number(
    client: Client, nurse: User, visit: TreatmentSession
) -> None:
    """A missed session keeps its number, and its new date may come after the next one."""
    with acting(TESTS):
        TreatmentSession.objects.filter(pk=visit.pk).update(number=3)
    make_session(visit.course, number=2, starts_at=NOW + timedelta(days=3))
    client.force_login(nurse)
    page = client.get(url_of(visit.patient)).content.decode()
    button = page.partition("Open today's session")[0].rpartition("<a ")[2]
    assert str(visit.public_id) in button


def fill(patient: Patient, visit: TreatmentSession, by: User, number: int) -> None:
    of = {"patient": patient, "clinic": patient.clinic}
    with acting(TESTS):
        Medication.objects.bulk_create(
            Medication(**of, text=f"Medication {n}") for n in range(number)
        )
        Condition.objects.bulk_create(Condition(**of, text=f"Condition {n}") for n in range(number))
        Allergy.objects.bulk_create(
            Allergy(**of, text=f"Allergy {n}") for n in range(min(number, 20))
        )
        BodyMeasure.objects.bulk_create(
            BodyMeasure(**of, kind="weight", value=80, observed_at=NOW) for _ in range(number)
        )
        Identifier.objects.bulk_create(
            Identifier(**of, system="urn:x", value=str(n)) for n in range(number)
        )
        Consent.objects.bulk_create(
            Consent(**of, kind="email", given_at=NOW, withdrawn_at=NOW, recorded_by=by)
            for _ in range(number)
        )
        Message.objects.bulk_create(
            Message(
                **of,
                treatment_session=visit,
                kind="follow_up",
                schedule_rev=n,
                not_before=NOW,
                expires_at=NOW + timedelta(hours=1),
                dedupe_key=f"k{n}",
            )
            for n in range(number)
        )


def test_the_chart_holds_everything(
    client: Client, patient: Patient, visit: TreatmentSession, nurse: User
) -> None:
    fill(patient, visit, nurse, 1)
    make_task(patient.clinic, patient=patient, due_at=NOW, text="Call about the ride")
    client.force_login(nurse)
    html = client.get(url_of(patient)).content.decode()
    for words in (
        "Medication 0",
        "Condition 0",
        "Allergy 0",
        "80 kg",
        "Cleared for treatment",
        "ada@example.org",
        "Follow-up",
        "Call about the ride",
        "urn:x",
        "esketamine 56 mg",
        "Esketamine TRD (US) · Induction 1 of 8",
        "Open today",
        f"/sessions/{visit.public_id}/",
    ):
        assert words in html, words


def test_the_front_desk_gets_no_clinical_section(
    client: Client, patient: Patient, visit: TreatmentSession, nurse: User, front_desk: User
) -> None:
    fill(patient, visit, nurse, 1)
    make_task(patient.clinic, patient=patient, due_at=NOW, text="Severe reaction", role="nurse")
    client.force_login(front_desk)
    html = client.get(url_of(patient)).content.decode()
    assert "ada@example.org" in html
    for hidden in (
        "Medication 0",
        "Condition 0",
        "Allergy 0",
        "80 kg",
        "Cleared",
        "56 mg",
        "Severe",
    ):
        assert hidden not in html, hidden


def test_what_stands_in_the_way_is_said_first(client: Client, clinic: Clinic, nurse: User) -> None:
    client.force_login(nurse)
    html = client.get(url_of(make_patient(clinic))).content.decode()
    assert "No consent to treatment stands." in html
    assert "No safety screen has cleared the patient." in html
    minor = make_patient(clinic, birth_date=date(2015, 1, 1))
    assert "The patient is under 18." in client.get(url_of(minor)).content.decode()


def test_a_long_history_of_consents_never_hides_the_one_that_stands(
    client: Client, patient: Patient, visit: TreatmentSession, nurse: User
) -> None:
    fill(patient, visit, nurse, 20)
    client.force_login(nurse)
    html = client.get(url_of(patient)).content.decode()
    assert "No consent to treatment stands." not in html


def test_a_row_entered_in_error_stays_readable(
    client: Client, patient: Patient, nurse: User
) -> None:
    with acting(TESTS):
        Medication.objects.create(
            patient=patient,
            clinic=patient.clinic,
            text="Wrong one",
            entered_in_error=True,
            error_reason="Other patient",
            error_by=nurse,
            error_at=NOW,
        )
    client.force_login(nurse)
    html = client.get(url_of(patient)).content.decode()
    assert "<del>Wrong one</del>" in html
    assert f"by {nurse}" in html
    assert "Other patient" in html


def test_markup_in_names_is_text(client: Client, clinic: Clinic, nurse: User) -> None:
    patient = make_patient(clinic, family_name="<img src=x onerror=alert(1)>")
    client.force_login(nurse)
    assert "<img src=x" not in client.get(url_of(patient)).content.decode()


def test_strangers_find_no_chart(client: Client, patient: Patient, outsider: User) -> None:
    client.force_login(outsider)
    assert client.get(url_of(patient)).status_code == 404


@pytest.mark.parametrize("role", ["front_desk", "nurse", "prescriber", "administrator", "auditor"])
def test_every_role_has_its_chart(
    client: Client, patient: Patient, role: str, request: Any
) -> None:
    client.force_login(request.getfixturevalue(role))
    assert client.get(url_of(patient)).status_code == 200


def test_reading_a_chart_leaves_a_trace_once(client: Client, patient: Patient, nurse: User) -> None:
    client.force_login(nurse)
    client.get(url_of(patient))
    client.get(url_of(patient))
    read = AuditEvent.objects.filter(event="chart.read", patient_id=patient.pk, actor_id=nurse.pk)
    assert read.count() == 1


@pytest.mark.parametrize("number", [1, 1000])
def test_the_chart_costs_six_queries_for_any_length(
    client: Client,
    patient: Patient,
    visit: TreatmentSession,
    nurse: User,
    number: int,
    django_assert_num_queries: Any,
) -> None:
    fill(patient, visit, nurse, number)
    client.force_login(nurse)
    client.get(url_of(patient))
    with django_assert_num_queries(6):
        response = client.get(url_of(patient))
    assert len(response.content) < 50_000


def test_a_long_section_offers_all_its_rows(
    client: Client, patient: Patient, visit: TreatmentSession, nurse: User
) -> None:
    fill(patient, visit, nurse, 30)
    client.force_login(nurse)
    assert "?all=medicines" in client.get(url_of(patient)).content.decode()
    chart = client.get(url_of(patient), {"all": "medicines"}).context["chart"]
    assert len(chart.medicines.rows) == 30
    assert len(chart.conditions.rows) == 8


def make_messages(patient: Patient, visit: TreatmentSession, hours: dict[str, float]) -> None:
    """Make one for each name, which begins with its state; so many hours from now."""
    more: dict[str, dict[str, Any]] = {
        "sent": {"sent_at": NOW, "sent_to": "ada@example.org", "maybe_twice": True},
        "suppressed": {"reason": "No consent to e-mail."},
        "cancelled": {"reason": "The session was moved."},
        "failed": {"reason": "Refused.", "attempts": 3},
    }
    with acting(TESTS):
        for name, ahead in hours.items():
            state, at = name.partition(" ")[0], datetime.now(UTC) + timedelta(hours=ahead)
            Message.objects.create(
                patient=patient,
                clinic=patient.clinic,
                treatment_session=visit,
                kind="reminder",
                state=state,
                not_before=at,
                expires_at=at + timedelta(hours=1),
                dedupe_key=name,
                **more.get(state, {}),
            )


def test_messages_stand_by_what_matters_next(
    client: Client, patient: Patient, visit: TreatmentSession, nurse: User
) -> None:
    """What is left of a time that the visit no longer has comes last, wherever it lay."""
    order = {
        "failed": -90.0,
        "planned due": -0.1,
        "planned next": 2,
        "suppressed soon": 20,
        "planned far": 24 * 9,
        "sent latest": -3,
        "suppressed older": -30,
        "cancelled soon": 1,
        "cancelled far": 24 * 30,
    }
    make_messages(patient, visit, dict(sorted(order.items())))
    client.force_login(nurse)
    for query in ({}, {"all": "messages"}):
        page = client.get(url_of(patient), query)
        rows = page.context["chart"].messages.rows
        assert [row.dedupe_key for row in rows] == list(order)[: None if query else 8]
    html = page.content.decode()
    for words in (
        "perhaps sent twice",
        "3 attempts",
        "No consent to e-mail.",
        "/settle/?back=chart",
    ):
        assert words in html


def test_neither_what_is_next_nor_what_was_last_is_lost_among_many_messages(
    client: Client, patient: Patient, visit: TreatmentSession, nurse: User
) -> None:
    ahead = {f"planned {day:02}": 24.0 * day for day in range(4, 40)}
    declined = {f"suppressed {day:02}": 24.0 * day for day in range(40, 60)}
    past = {f"sent {day:02}": -24.0 * day for day in range(1, 30)}
    make_messages(patient, visit, declined | past | ahead)
    client.force_login(nurse)
    first, whole = (
        [
            row.dedupe_key
            for row in client.get(url_of(patient), query).context["chart"].messages.rows
        ]
        for query in ({}, {"all": "messages"})
    )
    assert first == [*list(ahead)[:4], *list(past)[:4]]
    assert whole == [*ahead, *declined, *past]


# the ribbon


def visit_on(
    day: date, status: str = "planned", nominal: date | None = None, phase: str = "I"
) -> Visit:
    return Visit("x", phase, 1, day, nominal or day, status)


TODAY = date(2026, 11, 23)
BEFORE, AFTER = TODAY - timedelta(days=3), TODAY + timedelta(days=4)


@pytest.mark.parametrize(
    ("visit", "kind"),
    [
        (visit_on(BEFORE, "discharged"), "given"),
        (visit_on(BEFORE, "left_against_advice"), "given"),
        (visit_on(BEFORE, "no_show"), "missed"),
        (visit_on(AFTER, "cancelled"), "missed"),
        (visit_on(TODAY), "today"),
        (visit_on(BEFORE, "monitoring"), "today"),
        (visit_on(AFTER), "planned"),
        (visit_on(AFTER, nominal=AFTER - timedelta(days=1)), "moved"),
    ],
)
def test_a_dot_tells_what_became_of_the_session(visit: Visit, kind: str) -> None:
    assert ribbon.kind_of(visit, TODAY) == kind


def test_phases_are_bands_and_today_is_a_line() -> None:
    drawn = ribbon.draw(
        [visit_on(BEFORE, "discharged"), visit_on(AFTER), visit_on(AFTER, phase="II")], TODAY
    )
    assert [(band.name, band.width, band.is_now) for band in drawn.bands] == [
        ("I", 88, True),
        ("II", 44, False),
    ]
    assert drawn.today_x == drawn.dots[1].left
    assert [dot.names_month for dot in drawn.dots] == [True, False, False]


def test_a_course_that_is_over_has_no_line_of_today() -> None:
    assert ribbon.draw([visit_on(BEFORE, "discharged")], TODAY).today_x is None


def test_a_page_about_another_of_my_clinics_shows_its_name_and_times(
    client: Client, prescriber: User, clinic: Clinic, other_clinic: Clinic
) -> None:
    with acting(TESTS):
        Membership.objects.create(user=prescriber, clinic=other_clinic, role=Role.PRESCRIBER)
    patient = make_patient(other_clinic)
    client.force_login(prescriber)
    page = client.get(url_of(patient)).content.decode()
    assert other_clinic.name in page
    assert 'data-zone="America/New_York"' in page


def test_a_release_by_override_is_told_on_the_chart_but_not_at_the_desk(
    client: Client, visit: TreatmentSession, nurse: User, prescriber: User, front_desk: User
) -> None:
    with acting(TESTS):
        Discharge.objects.create(
            treatment_session=visit,
            left_at=NOW,
            recorded_at=NOW,
            released_by=nurse,
            second_person=prescriber,
            gate=[],
            override_reason="Bridge closes at noon",
        )
    client.force_login(nurse)
    page = client.get(url_of(visit.patient)).content.decode()
    assert "Released by override" in page
    assert "Bridge closes at noon" in page
    client.force_login(front_desk)
    assert "Bridge closes at noon" not in client.get(url_of(visit.patient)).content.decode()
