"""Critical values and watchers as the board, the sheet and the worklist show them."""

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from clinic.models import User
from clinic.roles import Role
from clinic.tests.factories import make_staff
from desk import live, pulse
from desk.board import Board
from monitoring.services import watches
from monitoring.tests.visits import Clock, Visit

BOARD = reverse("desk:board")


class Pages:
    """The pages at the time of the visit's clock."""

    def __init__(self, client: Client, clock: Clock, patch: pytest.MonkeyPatch) -> None:
        self.client, self.clock, self.patch = client, clock, patch

    def get(self, user: User, path: str) -> Any:
        for module in (pulse, live):
            self.patch.setattr(module, "CLOCK", f"timestamptz '{self.clock.now.isoformat()}'")
        self.client.force_login(user)
        return self.client.get(path)

    def board(self, user: User, query: str = "") -> Board:
        return self.get(user, BOARD + query).context["board"]

    def sheet(self, user: User, visit: Visit) -> str:
        path = reverse("desk:session", args=[visit.row.public_id])
        return self.get(user, path).content.decode()

    def open(self, user: User, visit: Visit, name: str) -> Any:
        return self.get(user, reverse(f"monitoring:{name}", args=[visit.row.public_id]))

    def send(self, user: User, visit: Visit, name: str, **typed: str) -> str:
        path = reverse(f"monitoring:{name}", args=[visit.row.public_id])
        form = self.get(user, path).context["form"]
        shown = {"shown": form["shown"].value()} if "shown" in form.fields else {}
        data = {"entry_id": str(uuid4()), **shown, **typed}
        return self.client.post(path, data, follow=True).content.decode()


@pytest.fixture
def pages(client: Client, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Pages:
    return Pages(client, clock, monkeypatch)


@pytest.fixture
def alarmed(visit: Visit) -> Visit:
    visit.be_monitored()
    visit.clock.forward(minutes=35)
    visit.measure(systolic=185, diastolic=95)
    return visit


def test_a_critical_card_counts_as_urgent_until_a_prescriber_knows(
    pages: Pages, alarmed: Visit
) -> None:
    board = pages.board(alarmed.nurse)
    (card,) = board.cards
    assert (board.tally.overdue, card.overdue, card.words) == (1, False, "Critical value")
    assert card.call == "Nobody has acknowledged it. Call a prescriber."
    assert "the call to a prescriber stays open" in pages.send(
        alarmed.nurse, alarmed, "critical", action="Lies down"
    ).lower().replace("acknowledged. ", "")
    board = pages.board(alarmed.nurse)
    assert (board.tally.overdue, board.cards[0].call) == (1, "Seen. Waits for a prescriber.")
    pages.send(alarmed.prescriber, alarmed, "critical", action="At the chair")
    board = pages.board(alarmed.nurse)
    assert (board.tally.overdue, board.cards[0].call) == (0, "")
    assert board.cards[0].words == "Critical, prescriber knows"
    assert board.cards[0].alerts


def test_the_form_names_the_values_and_where_their_limits_are_from(
    pages: Pages, alarmed: Visit
) -> None:
    html = pages.open(alarmed.nurse, alarmed, "critical").content.decode()
    assert "Systolic pressure 185 is at or over 180 (before the dose 124)." in html
    assert "Clinical reference 3.2: alert values; clinic setting." in html
    assert "Prescriber informed: name" in html


def test_a_prescriber_is_not_asked_whom_they_informed(pages: Pages, alarmed: Visit) -> None:
    html = pages.open(alarmed.prescriber, alarmed, "critical").content.decode()
    assert "Prescriber informed: name" not in html


def test_a_nurse_names_the_prescriber_who_was_informed(pages: Pages, alarmed: Visit) -> None:
    html = pages.send(alarmed.nurse, alarmed, "critical", action="Lies down", informed_name="Dr Vo")
    assert "a prescriber knows" in html
    assert "Informed Dr Vo" in pages.sheet(alarmed.nurse, alarmed)


def test_the_form_shows_what_came_in_between(pages: Pages, alarmed: Visit) -> None:
    path = reverse("monitoring:critical", args=[alarmed.row.public_id])
    shown = pages.get(alarmed.prescriber, path).context["form"]["shown"].value()
    alarmed.clock.forward(minutes=1)
    alarmed.measure(systolic=201, diastolic=95, confirmed=True)
    typed = {"entry_id": str(uuid4()), "shown": shown, "action": "Seen"}
    again = pages.client.post(path, typed).content.decode()
    assert "The values changed since you looked" in again
    assert "Systolic pressure 201" in again


def test_the_call_is_a_task_in_the_worklist_of_prescribers(pages: Pages, alarmed: Visit) -> None:
    words = "Critical vital signs"
    assert words in pages.get(alarmed.prescriber, reverse("desk:worklist")).content.decode()
    assert words not in pages.get(alarmed.nurse, reverse("desk:worklist")).content.decode()


def test_the_card_asks_a_prescriber_to_acknowledge_until_one_did(
    pages: Pages, alarmed: Visit
) -> None:
    pages.send(alarmed.nurse, alarmed, "critical", action="Lies down")
    critical = reverse("monitoring:critical", args=[alarmed.row.public_id])
    offered = f'href="{critical}">Acknowledge</a>'
    assert offered in pages.get(alarmed.prescriber, BOARD).content.decode()
    assert critical not in pages.get(alarmed.nurse, BOARD).content.decode()
    pages.send(alarmed.prescriber, alarmed, "critical", action="At the chair")
    assert critical not in pages.get(alarmed.prescriber, BOARD).content.decode()


def test_the_sheet_asks_to_acknowledge(pages: Pages, alarmed: Visit) -> None:
    html = pages.sheet(alarmed.nurse, alarmed)
    assert "Nobody has acknowledged a critical value." in html
    assert reverse("monitoring:critical", args=[alarmed.row.public_id]) in html


def test_board_and_sheet_alarm_at_once_for_a_set_dated_ahead(pages: Pages, visit: Visit) -> None:
    visit.be_monitored()
    visit.clock.forward(minutes=35)
    now = visit.clock.now
    visit.clock.forward(minutes=1)
    visit.measure(systolic=185, diastolic=95)
    visit.clock.to(now)
    assert pages.board(visit.nurse).cards[0].alarm
    assert "Nobody has acknowledged a critical value." in pages.sheet(visit.nurse, visit)


def test_watched_values_are_shown_and_call_nobody(pages: Pages, visit: Visit) -> None:
    visit.be_monitored()
    visit.clock.forward(minutes=35)
    visit.measure(systolic=165, diastolic=95)
    board = pages.board(visit.nurse)
    words = "Systolic pressure 165 is 41 over the 124 before the dose (watched from 40)."
    assert board.cards[0].watched == (words,)
    assert (board.tally.overdue, board.cards[0].alarm) == (0, False)
    assert words in pages.sheet(visit.nurse, visit)


@pytest.mark.parametrize(("seconds", "overdue"), [(599, False), (600, True)])
def test_a_second_device_is_overdue_like_a_check(
    pages: Pages, visit: Visit, seconds: int, overdue: bool
) -> None:
    """It may be given after five minutes and is late five minutes later."""
    visit.be_cleared()
    visit.clock.forward(minutes=3)
    visit.device()
    visit.clock.forward(seconds=seconds)
    board = pages.board(visit.nurse)
    assert (board.cards[0].overdue, board.tally.overdue) == (overdue, int(overdue))
    assert ("Device overdue" in pages.sheet(visit.nurse, visit)) == overdue


def test_a_held_device_is_not_overdue(pages: Pages, visit: Visit) -> None:
    visit.be_cleared()
    visit.clock.forward(minutes=3)
    visit.device()
    visit.clock.forward(minutes=2)
    visit.measure(spo2=85)
    visit.clock.forward(minutes=10)
    assert not pages.board(visit.nurse).cards[0].overdue


# watching


def test_the_board_says_who_watches_and_that_nobody_does(pages: Pages, visit: Visit) -> None:
    visit.be_monitored()
    assert "Nobody watches" in pages.get(visit.nurse, BOARD).content.decode()
    assert "You watch this patient" in pages.send(visit.nurse, visit, "take_over")
    html = pages.get(visit.nurse, BOARD).content.decode()
    assert f"{visit.nurse} watches" in html
    assert "Nobody watches" not in html


def test_nobody_has_to_watch_before_the_dose(pages: Pages, visit: Visit) -> None:
    visit.be_cleared()
    assert not pages.board(visit.nurse).cards[0].unwatched


def test_a_hand_over_is_confirmed_by_the_colleague(pages: Pages, visit: Visit, clinic: Any) -> None:
    colleague = make_staff(clinic, Role.NURSE)
    visit.be_monitored()
    watches.take_over(visit.pk, by=visit.nurse)
    html = pages.send(visit.nurse, visit, "hand_over", to=str(colleague.pk))
    assert f"{colleague} is asked. You watch until they confirm." in html
    assert f"{visit.nurse} asks you to take over" in pages.sheet(colleague, visit)
    pages.send(colleague, visit, "take_over")
    assert f"{colleague} watches" in pages.sheet(visit.nurse, visit)


def test_my_patients_are_a_filter_in_the_address_that_the_refresh_keeps(
    pages: Pages, visit: Visit
) -> None:
    visit.be_monitored()
    assert pages.board(visit.nurse, "?mine").cards == ()
    watches.take_over(visit.pk, by=visit.nurse)
    answer = pages.get(visit.nurse, f"{BOARD}?mine")
    assert len(answer.context["board"].cards) == 1
    assert f"{reverse('desk:board_poll')}?mine" in answer.content.decode()
    assert pages.board(visit.prescriber, "?mine").cards == ()
    assert len(pages.board(visit.prescriber).cards) == 1


def test_the_counts_of_the_strip_stay_those_of_the_clinic(pages: Pages, alarmed: Visit) -> None:
    assert pages.board(alarmed.nurse, "?mine").tally.overdue == 1


@pytest.mark.parametrize("name", ["critical", "take_over", "hand_over"])
def test_other_roles_may_not_and_strangers_find_nothing(
    pages: Pages, alarmed: Visit, clinic: Any, outsider: User, name: str
) -> None:
    assert pages.open(make_staff(clinic, Role.FRONT_DESK), alarmed, name).status_code == 403
    assert pages.open(make_staff(clinic, Role.AUDITOR), alarmed, name).status_code == 403
    assert pages.open(outsider, alarmed, name).status_code == 404
