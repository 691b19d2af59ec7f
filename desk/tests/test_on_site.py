"""Prescribers on site as the board, the sheet and the register show them."""

import re
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from clinic import presence
from clinic.audit import acting
from clinic.models import Clinic, HandOver, OnSite, PresencePolicy, User
from clinic.roles import Role
from clinic.tests.factories import TESTS, make_staff
from desk.tests.factories import BOARD, NOON, make_monitored, make_visit, minutes, poll, tag_of
from monitoring.tests.visits import Clock, Visit
from sessions.lifecycle import Status
from sessions.tests.rems import be_on_site, make_certified

NOBODY = "No prescriber is registered on site."


@pytest.fixture
def noon(clock: Clock, at: Any) -> Clock:
    """Both clocks, of the board and of the services, at noon."""
    clock.to(NOON)
    return clock


def html(client: Client, path: str = BOARD) -> str:
    return client.get(path).content.decode()


def test_one_tap_registers_and_the_board_says_so(
    client: Client, clinic: Clinic, prescriber: User, noon: Clock
) -> None:
    client.force_login(prescriber)
    page = html(client)
    assert NOBODY in page
    key = re.search(r'name="entry_id" value="([^"]+)"', page)
    assert key
    tag = tag_of(client)
    arrive = reverse("desk:on_site_arrive")
    assert client.post(arrive, {"entry_id": key[1]}).headers["Location"] == BOARD
    assert client.post(arrive, {"entry_id": key[1]}).status_code == 302
    assert OnSite.objects.count() == 1
    assert poll(client, tag) == 200
    page = html(client)
    assert re.search(r"Prescriber on site: <b>prescriber</b> since .*13:00", page)
    assert "Hand over" in page


def test_a_nurse_sees_who_is_on_site_and_registers_nobody(
    client: Client, clinic: Clinic, nurse: User, prescriber: User, noon: Clock
) -> None:
    be_on_site(clinic, prescriber)
    client.force_login(nurse)
    page = html(client)
    assert "<b>prescriber</b>" in page
    assert "Register me" not in page


@pytest.mark.parametrize("wall", ["", "?wall"])
def test_a_gap_while_patients_are_treated_is_an_alarm_on_the_board(
    client: Client, clinic: Clinic, nurse: User, prescriber: User, noon: Clock, wall: str
) -> None:
    make_monitored(clinic, nurse, NOON - minutes(30))
    client.force_login(nurse)
    assert "Patients are being treated." in html(client, BOARD + wall)
    be_on_site(clinic, prescriber)
    assert "Patients are being treated." not in html(client, BOARD + wall)


def test_the_board_asks_again_by_itself_when_the_time_is_over(
    client: Client, clinic: Clinic, nurse: User, prescriber: User, noon: Clock, at: Any
) -> None:
    make_visit(clinic, nurse, starts_at=NOON, status=Status.CHECKED_IN)
    be_on_site(clinic, prescriber)
    client.force_login(nurse)
    tag = tag_of(client)
    at(NOON + minutes(239))
    assert poll(client, tag) == 304
    at(NOON + minutes(240))
    assert poll(client, tag) == 200
    page = html(client)
    assert "to be confirmed" in page
    assert "ask prescriber to confirm on the board" in page


def test_a_clinic_that_does_not_ask_for_it_is_not_warned(
    client: Client, clinic: Clinic, nurse: User, noon: Clock
) -> None:
    make_monitored(clinic, nurse, NOON - minutes(30))
    with acting(TESTS):
        PresencePolicy.objects.create(clinic=clinic, required=False)
    client.force_login(nurse)
    assert not client.get(BOARD).context["board"].gap


def test_the_sheet_warns_before_the_dose_and_alarms_after_it(
    client: Client, visit: Visit, nurse: User, prescriber: User
) -> None:
    client.force_login(nurse)
    path = reverse("desk:session", args=[visit.row.public_id])
    visit.be_cleared()
    before = client.get(path)
    assert NOBODY in before.context["sheet"].unwatched
    assert before.context["sheet"].unmet == []  # soft: the dose does not wait for it
    visit.device()
    assert NOBODY in client.get(path).context["sheet"].gap
    be_on_site(visit.row.clinic, prescriber)
    shown = client.get(path)
    assert shown.context["sheet"].gap == ""
    live = reverse("desk:session_live", args=[visit.row.public_id])
    tag = {"X-Poll": "1", "If-None-Match": shown.context["poll_tag"]}
    version = f"?version={visit.fresh().version}"
    assert client.get(live + version, headers=tag).status_code == 304
    presence.leave(OnSite.objects.get().pk, by=prescriber, reason="Fire")
    assert NOBODY in client.get(live + version, headers=tag).content.decode()


def test_at_a_rems_clinic_the_dose_waits_and_says_for_what(
    client: Client, visit: Visit, prescriber: User
) -> None:
    visit.arrive()
    visit.check()
    visit.measure()
    make_certified(visit.row.clinic, record=False)
    client.force_login(prescriber)
    page = client.get(reverse("desk:session", args=[visit.row.public_id]))
    codes = [found.code for found in page.context["sheet"].unmet]
    assert codes == ["rems_site", "rems_patient", "rems_prescriber", "on_site"]
    text = page.content.decode()
    assert reverse("patients:enrol", args=[visit.patient.public_id]) in text
    assert reverse("desk:on_site_arrive") in text
    assert page.context["sheet"].unwatched == ""
    client.get(BOARD)
    (card,) = client.get(BOARD).context["board"].cards
    assert {found.code for found in card.unmet} == set(codes)


def test_the_last_one_to_leave_is_shown_whom_he_leaves_behind(
    client: Client, clinic: Clinic, nurse: User, prescriber: User, noon: Clock
) -> None:
    make_staff(clinic, Role.PRESCRIBER, "second")
    left = make_monitored(clinic, nurse, NOON - minutes(30))
    stay = be_on_site(clinic, prescriber)
    client.force_login(prescriber)
    path = reverse("desk:on_site_leave", args=[stay.public_id])
    page = html(client, path)
    assert left.patient.list_name.replace("'", "&#x27;") in page
    assert reverse("desk:on_site_hand_over", args=[stay.public_id]) in page
    refused = client.post(path, {"entry_id": str(uuid4())})
    assert "hand over, or say why" in refused.content.decode()
    assert client.post(path, {"entry_id": str(uuid4()), "reason": "Fire"}).status_code == 302
    assert OnSite.objects.get().ending_reason == "Fire"


@pytest.mark.parametrize(
    ("status", "asks"),
    [(Status.CLEARED, False), (Status.DOSING, True), (Status.MONITORING, True)],
)
def test_who_is_treated_is_counted_when_the_last_one_leaves(
    clinic: Clinic, nurse: User, prescriber: User, noon: Clock, status: Status, asks: bool
) -> None:
    stay = be_on_site(clinic, prescriber)
    make_visit(clinic, nurse, starts_at=NOON - minutes(30), status=status)
    if asks:
        with pytest.raises(ValidationError, match="hand over, or say why"):
            presence.leave(stay.pk, by=prescriber)
    else:
        assert presence.leave(stay.pk, by=prescriber).until


def test_patients_of_another_clinic_keep_nobody(
    clinic: Clinic, other_clinic: Clinic, outsider: User, prescriber: User, noon: Clock
) -> None:
    stay = be_on_site(clinic, prescriber)
    make_monitored(other_clinic, outsider, NOON - minutes(30))
    assert presence.leave(stay.pk, by=prescriber).until


def test_a_hand_over_goes_from_one_board_to_the_other(
    client: Client, clinic: Clinic, prescriber: User, noon: Clock
) -> None:
    second = make_staff(clinic, Role.PRESCRIBER, "second")
    stay = be_on_site(clinic, prescriber)
    client.force_login(prescriber)
    path = reverse("desk:on_site_hand_over", args=[stay.public_id])
    client.post(path, {"entry_id": str(uuid4()), "to": str(second.pk)})
    assert "hand-over to second waits" in html(client)
    client.force_login(second)
    answer = reverse("desk:on_site_answer", args=[HandOver.objects.get().public_id])
    assert answer in html(client)
    client.post(answer, {"entry_id": str(uuid4()), "answer": "yes"})
    page = html(client)
    assert "<b>second</b>" in page
    assert "<b>prescriber</b>" not in page
    register = html(client, reverse("desk:on_site"))
    assert "prescriber to second" in register
    assert "accepted" in register


def test_a_correction_stays_readable_in_the_register(
    client: Client, clinic: Clinic, prescriber: User, noon: Clock
) -> None:
    stay = be_on_site(clinic, prescriber)
    client.force_login(prescriber)
    path = reverse("desk:on_site_correct", args=[stay.public_id])
    typed = {"since": "2026-11-23 12:30", "reason": "Came earlier", "entry_id": str(uuid4())}
    assert client.post(path, typed).status_code == 302
    page = html(client, reverse("desk:on_site"))
    assert "Came earlier" in page
    assert "<del>prescriber" in page
