from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from clinic import heartbeat
from clinic.audit import acting
from clinic.models import Clinic, Heartbeat, Policy, PresencePolicy, User
from clinic.tests.factories import TESTS
from desk import live
from desk.digests import POLICIES
from desk.tests.factories import (
    BOARD,
    NOON,
    POLL,
    give,
    make_monitored,
    make_task,
    make_visit,
    measure,
    minutes,
    poll,
    tag_of,
)
from monitoring.models import AdverseEvent, AdverseEventResolution, Escort
from patients.models import Consent, Patient, SafetyScreen
from patients.tests.factories import make_ready
from sessions.lifecycle import Status
from sessions.models import ChairStay, TreatmentSession
from sessions.tests.factories import make_order


def test_nothing_new_is_answered_with_304_in_three_queries(
    client: Client, clinic: Clinic, nurse: User, at: Any, django_assert_num_queries: Any
) -> None:
    make_monitored(clinic, nurse, NOON - minutes(10))
    client.force_login(nurse)
    tag = tag_of(client)
    with django_assert_num_queries(3):
        assert poll(client, tag) == 304


@pytest.mark.parametrize("tag", ["", "x", "1-2", '"', "9" * 40 + "-" + "a" * 64, "nan-0", "é"])
def test_a_made_up_tag_gets_the_whole_board(
    client: Client, clinic: Clinic, nurse: User, tag: str, at: Any
) -> None:
    client.force_login(nurse)
    assert poll(client, tag) == 200


def test_a_tag_with_a_later_boundary_is_worth_nothing(
    client: Client, clinic: Clinic, nurse: User, at: Any
) -> None:
    client.force_login(nurse)
    _, _, digest = tag_of(client).partition("-")
    assert poll(client, f"9999999999.0-{digest}") == 200


def change_of(kind: str, visit: TreatmentSession, by: User) -> None:
    moment = NOON - minutes(1)
    with acting(TESTS):
        if kind == "vitals":
            measure(visit, moment, by)
        elif kind == "dose":
            give(visit, moment, by)
        elif kind == "stay":
            ChairStay.objects.create(treatment_session=visit, place="Bed", since=moment, by=by)
        elif kind == "escort":
            Escort.objects.create(
                treatment_session=visit, kind="taxi", name="T", recorded_by=by, recorded_at=moment
            )
        elif kind == "event resolved":
            AdverseEventResolution.objects.create(
                treatment_session=visit,
                event=AdverseEvent.objects.get(),
                resolved_at=moment,
                resolution="Gone",
                by=by,
                recorded_at=moment,
            )
        elif kind == "status":
            TreatmentSession.objects.filter(pk=visit.pk).update(
                status=Status.DISCHARGED, ended_at=moment
            )
        elif kind == "name":
            Patient.objects.update(family_name="New", version=2)
        elif kind == "arrival":
            make_visit(visit.clinic, by, starts_at=NOON + minutes(200), status=Status.PLANNED)
        elif kind == "task":
            make_task(visit.clinic, due_at=moment)
        elif kind == "order":
            make_order(visit.course, by)
        elif kind == "chair":
            visit.chair.name = "Renamed"
            visit.chair.save()
        elif kind == "clock jump":
            Heartbeat.objects.update(jumped_at=moment, jump_seconds=7200)
        elif kind == "consent":
            Consent.objects.update(withdrawn_at=moment, withdrawn_by=by)
        elif kind == "screen":
            SafetyScreen.objects.create(
                patient=visit.patient,
                clinic=visit.clinic,
                outcome=SafetyScreen.Outcome.CLEARED,
                screened_by=by,
                screened_at=moment,
                valid_until=moment.date(),
            )


@pytest.mark.parametrize(
    "kind",
    [
        "vitals",
        "dose",
        "stay",
        "escort",
        "event resolved",
        "status",
        "name",
        "arrival",
        "task",
        "order",
        "chair",
        "clock jump",
        "consent",
        "screen",
    ],
)
def test_every_change_is_noticed(
    client: Client, clinic: Clinic, nurse: User, kind: str, at: Any
) -> None:
    heartbeat.beat(heartbeat.SWEEP)
    visit = make_monitored(clinic, nurse, NOON - minutes(10))
    make_ready(visit.patient, nurse)
    with acting(TESTS):
        AdverseEvent.objects.create(
            treatment_session=visit,
            term="Nausea",
            severity="mild",
            onset_at=NOON,
            recorded_by=nurse,
            recorded_at=NOON,
        )
    client.force_login(nurse)
    tag = tag_of(client)
    change_of(kind, visit, nurse)
    assert poll(client, tag) == 200
    assert poll(client, tag_of(client)) == 304


@pytest.mark.parametrize("model", [*POLICIES, PresencePolicy])
def test_a_changed_setting_wakes_the_board_and_the_sheet(
    client: Client, clinic: Clinic, nurse: User, model: type[Policy], at: Any
) -> None:
    visit = make_monitored(clinic, nurse, NOON - minutes(10))
    client.force_login(nurse)
    with acting(TESTS):
        row = model._default_manager.create(clinic=clinic)
    tag, sheet = tag_of(client), live.read(visit.public_id, [clinic.pk])
    with acting(TESTS):
        row.save()
    assert poll(client, tag) == 200
    assert poll(client, tag_of(client)) == 304
    after = live.read(visit.public_id, [clinic.pk])
    assert sheet
    assert after
    assert sheet.digest != after.digest


def test_another_clinics_setting_is_no_news(
    client: Client, clinic: Clinic, other_clinic: Clinic, nurse: User, at: Any
) -> None:
    client.force_login(nurse)
    tag = tag_of(client)
    with acting(TESTS):
        for model in POLICIES:
            model._default_manager.create(clinic=other_clinic)
    assert poll(client, tag) == 304


def test_another_clinics_change_is_no_news(
    client: Client, clinic: Clinic, nurse: User, outsider: User, other_clinic: Clinic, at: Any
) -> None:
    client.force_login(nurse)
    tag = tag_of(client)
    make_monitored(other_clinic, outsider, NOON - minutes(10))
    assert poll(client, tag) == 304


def test_a_tag_is_of_one_person_and_one_view(
    client: Client, clinic: Clinic, nurse: User, front_desk: User, at: Any
) -> None:
    client.force_login(nurse)
    tag = tag_of(client)
    assert poll(client, tag, f"{POLL}?wall") == 200
    client.force_login(front_desk)
    assert poll(client, tag) == 200


def test_lost_rights_take_effect_with_the_next_refresh(
    client: Client, clinic: Clinic, nurse: User, at: Any
) -> None:
    client.force_login(nurse)
    tag = tag_of(client)
    with acting(TESTS):
        nurse.memberships.update(is_active=False)
    assert poll(client, tag) == 403


def test_an_ended_sign_in_sends_the_whole_page_away(client: Client, db: None) -> None:
    response = client.get(POLL, headers={"HX-Request": "true", "X-Poll": "1"})
    assert response.headers["HX-Redirect"].startswith("/accounts/login/")


@pytest.mark.parametrize("minute", [40, 45])  # due, and five minutes later overdue
def test_time_alone_changes_the_board_to_the_second(
    client: Client, clinic: Clinic, nurse: User, minute: int, at: Any
) -> None:
    """The check is due 40 minutes after the first device, which was 5 minutes before the last."""
    first_device = NOON - minutes(minute) + timedelta(seconds=30)
    make_monitored(clinic, nurse, first_device + minutes(5))
    client.force_login(nurse)
    tag = tag_of(client)
    was = client.get(BOARD).context["board"].cards[0]
    at(NOON + timedelta(seconds=29, milliseconds=999))
    assert poll(client, tag) == 304
    at(NOON + timedelta(seconds=30))
    assert poll(client, tag) == 200
    now = client.get(BOARD).context["board"].cards[0]
    assert (was.rank, now.rank) == ((4, 2) if minute == 40 else (2, 1))
    assert now.overdue == (minute == 45)


def test_a_start_that_passes_is_a_boundary(
    client: Client, clinic: Clinic, nurse: User, at: Any
) -> None:
    make_visit(clinic, nurse, starts_at=NOON + timedelta(seconds=7), status=Status.PLANNED)
    client.force_login(nurse)
    tag = tag_of(client)
    at(NOON + timedelta(seconds=6))
    assert poll(client, tag) == 304
    at(NOON + timedelta(seconds=7))
    assert poll(client, tag) == 200


def test_midnight_in_the_clinics_zone_is_a_boundary(
    client: Client, clinic: Clinic, nurse: User, at: Any
) -> None:
    client.force_login(nurse)
    tag = tag_of(client)
    at(datetime(2026, 11, 23, 22, 59, 59, tzinfo=UTC))
    assert poll(client, tag) == 304
    at(datetime(2026, 11, 23, 23, 0, 0, tzinfo=UTC))
    assert poll(client, tag) == 200


def test_the_poll_is_private_and_never_kept(
    client: Client, clinic: Clinic, nurse: User, at: Any
) -> None:
    client.force_login(nurse)
    response = client.get(reverse("desk:board_poll"))
    assert "no-store" in response.headers["Cache-Control"]
    assert "ETag" not in response.headers
