from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.test import Client

from clinic import heartbeat
from clinic.audit import acting
from clinic.models import Clinic, Heartbeat, User
from clinic.tests.factories import TESTS
from clinic.tests.posting import PageClient
from desk import present
from desk.tests.factories import (
    BOARD,
    NOON,
    give,
    make_monitored,
    make_task,
    make_visit,
    measure,
    minutes,
    poll,
)
from monitoring.hunter import Exam
from monitoring.models import DischargeAssessment, Escort, MissedCheck, WayHomeNote
from monitoring.services import emergencies, events, history, serotonin
from monitoring.tests.visits import Clock
from patients.models import Patient, Task
from patients.tests.factories import make_patient
from sessions.lifecycle import Status
from sessions.models import ChairStay, InfusionEvent, TreatmentSession
from sessions.tests.factories import make_course, make_session, shipped


def test_the_most_urgent_comes_first(client: Client, clinic: Clinic, nurse: User, at: Any) -> None:
    calm = make_monitored(clinic, nurse, NOON - minutes(10))
    overdue = make_monitored(clinic, nurse, NOON - minutes(60))
    client.force_login(nurse)
    shown = client.get(BOARD).context["board"]
    assert [one.public_id for one in shown.cards] == [str(overdue.public_id), str(calm.public_id)]
    assert shown.tally.overdue == 1
    assert shown.tally.in_treatment == 2


def test_a_card_says_where_how_far_and_how_the_patient_is(
    client: Client, clinic: Clinic, nurse: User, at: Any
) -> None:
    visit = make_monitored(clinic, nurse, NOON - minutes(42), patient={"family_name": "Okafor"})
    measure(visit, NOON - minutes(5), nurse, systolic=150, diastolic=92, spo2=96, sedation=4)
    client.force_login(nurse)
    html = client.get(BOARD).content.decode()
    for words in ("Okafor, Ada", "Bay A", "Induction 1 of 8", "150/92", "+26", "96", "42 of 120"):
        assert words in html


def test_the_chair_where_the_patient_sits_counts_before_the_booked_one(
    client: Client, clinic: Clinic, nurse: User, at: Any
) -> None:
    visit = make_monitored(clinic, nurse, NOON - minutes(10))
    with acting(TESTS):
        ChairStay.objects.create(
            treatment_session=visit, place="Quiet room", since=NOON - minutes(5), by=nurse
        )
    client.force_login(nurse)
    assert client.get(BOARD).context["board"].cards[0].place == "Quiet room"


def test_two_people_on_one_chair_are_named(
    client: Client, clinic: Clinic, nurse: User, at: Any
) -> None:
    first = make_monitored(clinic, nurse, NOON - minutes(10))
    second = make_monitored(clinic, nurse, NOON - minutes(10))
    with acting(TESTS):
        ChairStay.objects.create(
            treatment_session=second, chair=first.chair, since=NOON - minutes(5), by=nurse
        )
    client.force_login(nurse)
    cards = client.get(BOARD).context["board"].cards
    assert all("Chair shared with" in card.conflicts[0] for card in cards)


def test_an_overrun_into_the_next_booking_is_named(
    client: Client, clinic: Clinic, nurse: User, at: Any
) -> None:
    late = make_monitored(clinic, nurse, NOON - minutes(10), ends_at=NOON + minutes(30))
    make_visit(
        clinic,
        nurse,
        starts_at=NOON + minutes(40),
        status=Status.PLANNED,
        chair=late.chair,
        patient={"given_name": "Bo", "family_name": "Zed"},
    )
    client.force_login(nurse)
    assert "BZ" in client.get(BOARD).context["board"].cards[0].conflicts[0]


def test_the_front_desk_sees_who_is_where_and_no_clinical_value(
    client: Client, clinic: Clinic, nurse: User, front_desk: User, at: Any
) -> None:
    visit = make_monitored(clinic, nurse, NOON - minutes(42), patient={"family_name": "Okafor"})
    measure(visit, NOON - minutes(5), nurse, systolic=187, diastolic=112)
    client.force_login(front_desk)
    html = client.get(BOARD).content.decode()
    assert "Okafor" in html
    for hidden in ("187/", "/112", "MOAA/S", "Way home not settled", "mmHg"):
        assert hidden not in html


def test_the_wall_shows_initials_only(client: Client, clinic: Clinic, nurse: User, at: Any) -> None:
    visit = make_monitored(
        clinic, nurse, NOON - minutes(42), patient={"given_name": "Ada", "family_name": "Okafor"}
    )
    make_task(clinic, due_at=NOON, text="Private words")
    client.force_login(nurse)
    html = client.get(f"{BOARD}?wall").content.decode()
    assert "AO" in html
    for hidden in ("Okafor", "mmHg", "Private words", str(visit.public_id)):
        assert hidden not in html


def test_a_critical_value_alarms_also_on_the_wall_and_not_at_the_front_desk(
    client: Client, clinic: Clinic, nurse: User, front_desk: User, at: Any
) -> None:
    make_monitored(clinic, nurse, NOON - minutes(90))
    critical = make_monitored(clinic, nurse, NOON - minutes(12))
    measure(critical, NOON - minutes(2), nurse, systolic=186, diastolic=112)
    client.force_login(nurse)
    card = client.get(BOARD).context["board"].cards[0]
    assert card.public_id == str(critical.public_id)
    assert card.alerts[0].startswith("Systolic pressure 186")
    wall = client.get(f"{BOARD}?wall").content.decode()
    assert "Critical value" in wall
    assert "186" not in wall
    client.force_login(front_desk)
    assert "Critical value" not in client.get(BOARD).content.decode()


def test_a_card_names_only_what_can_be_settled_now(
    client: Client, clinic: Clinic, nurse: User, at: Any
) -> None:
    visit = make_monitored(clinic, nurse, NOON - minutes(12))
    client.force_login(nurse)
    assert client.get(BOARD).context["board"].cards[0].blocked == ("Way home not settled",)
    measure(visit, NOON - minutes(1), nurse, systolic=150, diastolic=80)
    blocked = client.get(BOARD).context["board"].cards[0].blocked
    assert blocked == ("Blood pressure too high to leave", "Way home not settled")


def test_all_but_the_assessment_makes_ready(
    client: Client, clinic: Clinic, nurse: User, at: Any
) -> None:
    visit = make_monitored(clinic, nurse, NOON - minutes(125))
    for minute in (85, 65, 35, 4):
        measure(visit, NOON - minutes(minute), nurse)
    with acting(TESTS):
        Escort.objects.create(
            treatment_session=visit, kind="adult", name="Sam", recorded_by=nurse, recorded_at=NOON
        )
    client.force_login(nurse)
    shown = client.get(BOARD).context["board"]
    assert (shown.tally.ready, shown.cards[0].words) == (1, "Ready to assess")
    assert shown.cards[0].action_url == "monitoring:assess"


@pytest.mark.parametrize(
    ("last", "said"),
    [({}, "All checks done"), ({"systolic": 175}, "Vital signs again")],
)
def test_all_checks_are_done_only_when_nobody_has_to_measure_again(
    client: Client, clinic: Clinic, nurse: User, last: dict[str, int], said: str, at: Any
) -> None:
    visit = make_monitored(clinic, nurse, NOON - minutes(125))
    for minute in (85, 65, 35):
        measure(visit, NOON - minutes(minute), nurse)
    measure(visit, NOON - minutes(4), nurse, **last)
    client.force_login(nurse)
    assert client.get(f"{BOARD}?wall").context["board"].cards[0].next_words == said


def test_an_old_last_reading_is_to_be_taken_again(
    client: Client, clinic: Clinic, nurse: User, at: Any
) -> None:
    visit = make_monitored(clinic, nurse, NOON - minutes(185))
    for minute in (145, 125, 95, 65):
        measure(visit, NOON - minutes(minute), nurse)
    client.force_login(nurse)
    assert client.get(BOARD).context["board"].cards[0].next_words == "Vital signs again"


def test_the_chairs_in_use_are_those_of_the_people_in_treatment(
    client: Client, clinic: Clinic, nurse: User, at: Any
) -> None:
    make_monitored(clinic, nurse, NOON - minutes(10))
    elsewhere = make_monitored(clinic, nurse, NOON - minutes(10))
    make_visit(clinic, nurse, starts_at=NOON - minutes(5), status=Status.CHECKED_IN)
    with acting(TESTS):
        ChairStay.objects.create(
            treatment_session=elsewhere, place="Quiet room", since=NOON - minutes(5), by=nurse
        )
    client.force_login(nurse)
    shown = client.get(BOARD).context["board"]
    assert (shown.tally.arrived, shown.tally.in_treatment, shown.chairs_in_use) == (1, 2, 1)


def test_the_wall_screen_has_a_way_out(
    client: Client, clinic: Clinic, nurse: User, at: Any
) -> None:
    client.force_login(nurse)
    assert f'href="{BOARD}">Leave the wall screen' in client.get(f"{BOARD}?wall").text
    assert "Leave the wall screen" not in client.get(BOARD).text


def test_other_clinics_rows_are_never_shown(
    client: Client, clinic: Clinic, nurse: User, outsider: User, other_clinic: Clinic, at: Any
) -> None:
    make_monitored(other_clinic, outsider, NOON - minutes(42), patient={"family_name": "Stranger"})
    make_visit(other_clinic, outsider, starts_at=NOON + minutes(9), status=Status.PLANNED)
    make_task(other_clinic, due_at=NOON, text="Foreign task")
    client.force_login(nurse)
    response = client.get(BOARD)
    assert not response.context["board"].cards
    assert not response.context["board"].arrivals
    assert "Foreign task" not in response.content.decode()


def test_who_stayed_over_midnight_is_still_there(
    client: Client, clinic: Clinic, nurse: User, at: Any
) -> None:
    make_monitored(clinic, nurse, NOON - timedelta(days=3))
    client.force_login(nurse)
    assert len(client.get(BOARD).context["board"].cards) == 1


def test_late_arrivals_offer_no_show(
    client: Client, clinic: Clinic, front_desk: User, at: Any
) -> None:
    late = make_visit(clinic, front_desk, starts_at=NOON - minutes(9), status=Status.PLANNED)
    make_visit(clinic, front_desk, starts_at=NOON + minutes(9), status=Status.PLANNED)
    client.force_login(front_desk)
    response = client.get(BOARD)
    assert [arrival.late for arrival in response.context["board"].arrivals] == [True, False]
    assert response.content.decode().count(">No-show<") == 1
    assert str(late.public_id) in response.content.decode()


def test_tasks_of_my_role_and_failed_messages_are_beside(
    client: Client, clinic: Clinic, nurse: User, at: Any
) -> None:
    make_task(clinic, due_at=NOON, text="Call back")
    make_task(clinic, due_at=NOON, text="Not mine", role="prescriber")
    make_task(
        clinic,
        due_at=NOON,
        text="Mailbox unknown",
        role="front_desk",
        kind=Task.Kind.MESSAGE_FAILED,
        patient=make_patient(clinic),
    )
    client.force_login(nurse)
    shown = client.get(BOARD).context["board"]
    assert [task.text for task in shown.tasks] == ["Call back"]
    assert [task.text for task in shown.failures] == ["Mailbox unknown"]


def test_the_board_is_the_same_in_a_fresh_process(
    client: Client, clinic: Clinic, nurse: User, at: Any
) -> None:
    make_monitored(clinic, nurse, NOON - minutes(42))
    client.force_login(nurse)
    first = client.get(BOARD).context["board"]
    again = PageClient()
    again.force_login(nurse)
    assert again.get(BOARD).context["board"] == first


def test_who_has_no_clinic_sees_no_board(client: Client, db: None) -> None:
    from clinic.tests.factories import make_user

    client.force_login(make_user())
    assert client.get(BOARD).status_code == 403


@pytest.mark.parametrize("role", ["front_desk", "nurse", "prescriber", "administrator", "auditor"])
def test_every_role_has_its_board(
    client: Client, clinic: Clinic, nurse: User, role: str, at: Any, request: Any
) -> None:
    make_monitored(clinic, nurse, NOON - minutes(42))
    client.force_login(request.getfixturevalue(role))
    assert client.get(BOARD).status_code == 200


def fill(clinic: Clinic, by: User, number: int) -> None:
    """Add so many people in the house and as many to come, each with readings: in bulk."""
    protocol = shipped()
    template = make_session(
        make_course(make_patient(clinic), by), starts_at=NOON - timedelta(days=400)
    )
    with acting(TESTS):
        people = Patient.objects.bulk_create(
            Patient(
                clinic=clinic,
                given_name="Maximiliane",
                family_name=f"Wagenknecht{n}",
                birth_date="1980-01-01",
                record_number=f"B{n:05}",
            )
            for n in range(2 * number)
        )
        from clinic.models import Chair
        from sessions.models import TreatmentCourse

        room = template.chair.room
        chairs = Chair.objects.bulk_create(
            Chair(room=room, name=f"Bulk {n}") for n in range(2 * number)
        )
        courses = TreatmentCourse.objects.bulk_create(
            TreatmentCourse(
                patient=person,
                clinic=clinic,
                protocol=protocol,
                starts_on=NOON.date(),
                weekdays=[0],
                time_of_day="10:00",
                created_by=by,
            )
            for person in people
        )
        sessions = TreatmentSession.objects.bulk_create(
            TreatmentSession(
                course=course,
                patient=course.patient,
                clinic=clinic,
                phase=template.phase,
                number=1,
                number_in_phase=1,
                week=1,
                nominal_on=NOON.date(),
                window_from=NOON.date(),
                window_to=NOON.date(),
                chair=chair,
                starts_at=NOON - minutes(60) if n % 2 else NOON + minutes(30),
                ends_at=NOON + minutes(90),
                status=Status.MONITORING if n % 2 else Status.PLANNED,
                arrived_at=NOON - minutes(60) if n % 2 else None,
            )
            for n, (course, chair) in enumerate(zip(courses, chairs, strict=True))
        )
        from monitoring.models import VitalSigns
        from sessions.models import Dose

        here = [one for one in sessions if one.status == Status.MONITORING]
        Dose.objects.bulk_create(
            Dose(
                treatment_session=one,
                number=1,
                drug="esketamine",
                route="nasal",
                dose_mg=28,
                lot="L",
                given_at=NOON - minutes(50),
                recorded_at=NOON,
                given_by=by,
            )
            for one in here
        )
        VitalSigns.objects.bulk_create(
            VitalSigns(
                treatment_session=one,
                observed_at=NOON - minutes(minute),
                recorded_at=NOON,
                recorded_by=by,
                systolic=171,
                diastolic=88,
                spo2=91,
                sedation=4,
            )
            for one in here
            for minute in (55, 20)
        )
        Task.objects.bulk_create(
            Task(
                clinic=clinic, kind=kind, role="nurse", text="Call " * 20, due_at=NOON, patient=one
            )
            for one in people[:number]
            for kind in (Task.Kind.CALL, Task.Kind.MESSAGE_FAILED)
        )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # as autovacuum does after so many new rows


@pytest.mark.parametrize(("number", "who"), [(10, "nurse"), (1000, "nurse"), (1000, "prescriber")])
def test_the_board_costs_five_queries_and_40_kb_for_any_number(
    client: Client,
    clinic: Clinic,
    nurse: User,
    number: int,
    who: str,
    at: Any,
    request: pytest.FixtureRequest,
    django_assert_num_queries: Any,
) -> None:
    fill(clinic, nurse, number)
    client.force_login(request.getfixturevalue(who))
    client.get(BOARD)
    with django_assert_num_queries(5):
        response = client.get(BOARD)
    assert len(response.content) <= 40_000, len(response.content)
    assert response.context["board"].tally.in_treatment == number
    assert response.context["board"].tally.expected == number
    with django_assert_num_queries(3):
        assert poll(client, response.context["board"].tag) == 304


@pytest.mark.parametrize("key", ["esketamine-trd-us", "ketamine-iv-twice-weekly"])
def test_a_card_judges_by_the_same_history_as_the_session_sheet(
    clinic: Clinic, nurse: User, prescriber: User, key: str, clock: Clock
) -> None:
    clock.to(NOON)
    visit = make_visit(clinic, nurse, starts_at=NOON - minutes(60), key=key)
    measure(visit, NOON - minutes(58), nurse)
    slip = measure(visit, NOON - minutes(9), nurse, systolic=190)
    right = {"supersedes": slip, "reason": "Slip"}
    measure(visit, NOON - minutes(9), nurse, temperature="36.6", oxygen_l_min="2.0", **right)
    dose = give(visit, NOON - minutes(55), nurse)
    give(visit, NOON - minutes(50), nurse, number=1, supersedes=dose, reason="Slip")
    give(visit, NOON - minutes(45), nurse, outcome="refused")
    with acting(TESTS):
        if key.startswith("ketamine"):
            step = None
            for kind, at_minute, corrects in (("start", 50, 0), ("stop", 5, 0), ("stop", 10, 1)):
                step = InfusionEvent.objects.create(
                    treatment_session=visit,
                    dose=dose,
                    kind=kind,
                    at=NOON - minutes(at_minute),
                    recorded_at=NOON,
                    by=nurse,
                    rate_ml_h=60,
                    given_ml=40,
                    supersedes=step if corrects else None,
                    reason="Slip",
                )
        said = {"treatment_session": visit, "by": nurse, "at": NOON}
        MissedCheck.objects.create(label="40 minutes", reason="Asleep", **said)
        wrong = MissedCheck.objects.create(label="60 minutes", reason="Asleep", **said)
        MissedCheck.objects.create(
            label="60 minutes", reason="Slip", supersedes=wrong, entered_in_error=True, **said
        )
    happened = [
        events.report(visit.pk, events.Reported(term, "mild"), by=nurse)
        for term in ("Nausea", "Headache", "Dizziness")
    ]
    serotonin.record(visit.pk, Exam(exposed=True, tremor=True), by=nurse)
    emergencies.act(emergencies.start(visit.pk, by=nurse), "oxygen", by=nurse)
    events.resolve(happened[1], "By itself", by=nurse)
    events.enter_in_error(happened[2], "Other patient", by=nurse)
    with acting(TESTS):
        Escort.objects.create(
            treatment_session=visit, kind="adult", name="Sam", recorded_by=nurse, recorded_at=NOON
        )
        WayHomeNote.objects.create(
            treatment_session=visit, kind="not_reached", note="No answer", by=nurse, at=NOON
        )
        Escort.objects.create(
            treatment_session=visit,
            kind="adult",
            name="sam",
            phone="555 0100",
            recorded_by=nurse,
            recorded_at=NOON + minutes(1),
        )
        DischargeAssessment.objects.create(
            treatment_session=visit,
            assessed_by=prescriber,
            assessed_at=NOON,
            ready=True,
            decisions={"sedation": "as at home"},
            by_prescriber=True,
        )
    (shown,) = present.present(clinic, NOON, None)
    sheet = history.load(visit)
    assert len(sheet.history.going_on) == 2
    assert shown.settings == sheet.settings
    assert shown.history == sheet.history
    assert shown.history.escort
    assert not shown.history.escort.settled
    assert shown.history.oxygen_at
    assert shown.history.missed == {"40 minutes": "Asleep"}
    assert shown.history.unresolved_adverse_events == ("Nausea",)


def test_the_board_says_when_no_mail_is_looked_after(
    client: Client, clinic: Clinic, nurse: User
) -> None:
    client.force_login(nurse)
    assert "reminders wait" in client.get(BOARD).content.decode()
    heartbeat.beat(heartbeat.SWEEP)
    assert "reminders wait" not in client.get(BOARD).content.decode()


def test_a_silent_sweep_changes_the_board_that_is_open(
    client: Client, clinic: Clinic, nurse: User
) -> None:
    heartbeat.beat(heartbeat.SWEEP)
    client.force_login(nurse)
    tag = client.get(BOARD).context["board"].tag
    assert poll(client, tag) == 304
    Heartbeat.objects.update(beat_at=F("beat_at") - minutes(3))
    assert poll(client, tag) == 200
