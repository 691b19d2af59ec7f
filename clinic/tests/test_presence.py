"""Prescribers on site: who counts, and what the register keeps."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, transaction
from hypothesis import given
from hypothesis import strategies as st

from clinic import clock as database_clock
from clinic import presence
from clinic.audit import acting
from clinic.entries import submission
from clinic.models import Clinic, HandOver, OnSite, PresencePolicy, User
from clinic.roles import Role
from clinic.tests.factories import TESTS, make_staff

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    held = [NOW]
    monkeypatch.setattr(database_clock, "now", lambda *_: held[0])
    return held


@pytest.fixture
def second(clinic: Clinic) -> User:
    return make_staff(clinic, Role.PRESCRIBER, "second")


def site_of(clinic: Clinic, at: datetime = NOW) -> presence.Site:
    return presence.read(clinic.pk, at)


@given(
    asked=st.integers(0, 1440),
    silent=st.lists(st.integers(0, 3000), max_size=4),
    required=st.booleans(),
)
def test_who_gave_no_sign_of_life_for_too_long_does_not_count(
    asked: int, silent: list[int], required: bool
) -> None:
    stays = [
        OnSite(pk=n, person=User(username=f"p{n}"), since=NOW, confirmed_at=NOW - minutes(age))
        for n, age in enumerate(silent)
    ]
    policy = PresencePolicy(required=required, ask_again_minutes=asked)
    found = presence.site(NOW, policy, stays)
    counted = [age for age in silent if not asked or age < asked]
    assert len(found.here) == len(counted)
    assert bool(found.gap) == (not counted)
    assert bool(found.warning) == (required and not counted)
    if found.changes_at:
        later = presence.site(found.changes_at, policy, stays)
        assert len(later.here) < len(found.here)
    else:
        assert not asked or not counted


def test_arriving_and_leaving_leaves_both_times(clinic: Clinic, prescriber: User, now) -> None:
    stay = presence.arrive(clinic, by=prescriber)
    assert not site_of(clinic).is_empty
    now[0] += minutes(60)
    presence.leave(stay.pk, by=prescriber)
    stay.refresh_from_db()
    assert (stay.since, stay.until, stay.ended_by) == (NOW, NOW + minutes(60), prescriber)
    assert site_of(clinic).is_empty


def test_arriving_again_is_a_sign_of_life(clinic: Clinic, prescriber: User, now) -> None:
    first = presence.arrive(clinic, by=prescriber)
    now[0] += minutes(241)
    assert site_of(clinic, now[0]).is_empty
    assert "ask prescriber to confirm" in site_of(clinic, now[0]).gap
    again = presence.arrive(clinic, by=prescriber)
    assert again == first
    assert not site_of(clinic, now[0]).is_empty


def test_the_same_tap_counts_once(clinic: Clinic, prescriber: User) -> None:
    from clinic.entries import AlreadyRecordedError

    entry = submission(uuid4(), "on_site.arrive", "x", {})
    presence.arrive(clinic, by=prescriber, entry=entry)
    with pytest.raises(AlreadyRecordedError):
        presence.arrive(clinic, by=prescriber, entry=entry)
    assert OnSite.objects.count() == 1


def test_nobody_is_at_two_sites(clinic: Clinic, other_clinic: Clinic, prescriber: User) -> None:
    from clinic.models import Membership

    with acting(TESTS):
        Membership.objects.create(user=prescriber, clinic=other_clinic, role=Role.PRESCRIBER)
    prescriber = User.objects.get(pk=prescriber.pk)
    presence.arrive(clinic, by=prescriber)
    with pytest.raises(ValidationError, match="registered at North"):
        presence.arrive(other_clinic, by=prescriber)


def test_stays_of_one_person_never_overlap_in_the_database(
    clinic: Clinic, prescriber: User
) -> None:
    presence.arrive(clinic, by=prescriber)
    of = {"clinic": clinic, "person": prescriber, "recorded_by": prescriber, "recorded_at": NOW}
    with pytest.raises(DatabaseError, match="one_stay_on_site_at_a_time"), acting(TESTS):
        OnSite.objects.create(since=NOW + minutes(5), confirmed_at=NOW, **of)


@pytest.mark.parametrize(
    "change",
    [
        {"since": NOW - minutes(10)},
        {"until": None, "ended_by": None},
        {"until": NOW + minutes(2)},
    ],
)
def test_what_was_written_never_changes_in_the_database(
    clinic: Clinic, prescriber: User, change: dict
) -> None:
    stay = presence.arrive(clinic, by=prescriber)
    presence.leave(stay.pk, by=prescriber)
    with pytest.raises(DatabaseError, match="corrected by a new row"), acting(TESTS):
        OnSite.objects.filter(pk=stay.pk).update(**change)
    with (
        pytest.raises(DatabaseError, match="taper|[Cc]annot delete"),
        transaction.atomic(),
        acting(TESTS),
    ):
        stay.delete()


def test_the_last_one_says_why_nobody_takes_over(
    clinic: Clinic, prescriber: User, second, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence, "treated", lambda clinic_id: int(clinic_id == clinic.pk))
    stay = presence.arrive(clinic, by=prescriber)
    with pytest.raises(ValidationError, match="hand over, or say why"):
        presence.leave(stay.pk, by=prescriber)
    other = presence.arrive(clinic, by=second)
    presence.leave(stay.pk, by=prescriber)
    presence.leave(other.pk, by=second, reason="Taken ill")
    assert OnSite.objects.get(pk=other.pk).ending_reason == "Taken ill"


def test_a_hand_over_counts_when_it_is_accepted(
    clinic: Clinic, prescriber: User, second: User, now
) -> None:
    stay = presence.arrive(clinic, by=prescriber)
    asked = presence.offer(stay.pk, second, by=prescriber, note="Two in chairs")
    now[0] += minutes(3)
    assert [s.person for s in site_of(clinic, now[0]).here] == [prescriber]
    with pytest.raises(ValidationError, match="who was asked"):
        presence.answer(asked.pk, accepted=True, by=prescriber)
    presence.answer(asked.pk, accepted=True, by=second)
    asked.refresh_from_db()
    assert (asked.offered_at, asked.answered_at) == (NOW, now[0])
    assert [s.person for s in site_of(clinic, now[0]).here] == [second]
    assert OnSite.objects.get(pk=stay.pk).until == now[0]


@pytest.mark.parametrize(("who", "answer"), [("second", "declined"), ("prescriber", "withdrawn")])
def test_a_hand_over_that_is_not_accepted_changes_nothing(
    clinic: Clinic, prescriber: User, second: User, who: str, answer: str
) -> None:
    stay = presence.arrive(clinic, by=prescriber)
    asked = presence.offer(stay.pk, second, by=prescriber)
    by = second if who == "second" else prescriber
    assert presence.answer(asked.pk, accepted=False, by=by).answer == answer
    assert [s.person for s in site_of(clinic).here] == [prescriber]


def test_one_hand_over_waits_at_a_time_and_leaving_takes_it_back(
    clinic: Clinic, prescriber: User, second: User
) -> None:
    stay = presence.arrive(clinic, by=prescriber)
    presence.offer(stay.pk, second, by=prescriber)
    with pytest.raises(ValidationError, match="waits for its answer"):
        presence.offer(stay.pk, second, by=prescriber)
    presence.leave(stay.pk, by=prescriber)
    assert HandOver.objects.get().answer == HandOver.Answer.WITHDRAWN


def test_a_correction_replaces_and_an_error_takes_back(
    clinic: Clinic, prescriber: User, now
) -> None:
    now[0] += minutes(30)
    wrong = presence.arrive(clinic, by=prescriber)
    right = presence.correct(wrong.pk, by=prescriber, reason="Came earlier", since=NOW)
    assert (right.since, right.supersedes) == (NOW, wrong)
    assert OnSite.objects.standing().get() == right
    presence.correct(
        right.pk, by=prescriber, reason="Was at home", since=NOW, entered_in_error=True
    )
    assert not OnSite.objects.standing().exists()
    assert OnSite.objects.count() == 2


def test_a_nurse_records_that_someone_left_and_registers_nobody(
    clinic: Clinic, prescriber: User, nurse: User
) -> None:
    stay = presence.arrive(clinic, by=prescriber)
    with pytest.raises(PermissionDenied):
        presence.arrive(clinic, by=nurse)
    with pytest.raises(PermissionDenied):
        presence.confirm(stay.pk, by=nurse)
    presence.leave(stay.pk, by=nurse)
    assert OnSite.objects.get().ended_by == nurse


def test_an_outsider_does_nothing_here(clinic: Clinic, prescriber: User, outsider: User) -> None:
    stay = presence.arrive(clinic, by=prescriber)
    for act in (
        lambda: presence.arrive(clinic, by=outsider),
        lambda: presence.leave(stay.pk, by=outsider),
        lambda: presence.correct(stay.pk, by=outsider, reason="x", since=NOW),
    ):
        with pytest.raises(PermissionDenied):
            act()
    with pytest.raises(ValidationError, match="another prescriber of this clinic"):
        presence.offer(stay.pk, outsider, by=prescriber)
