"""Who watches whom: taken over by one's own tap, handed over only when the taker confirms."""

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from clinic.models import Chair, User
from clinic.roles import Role
from clinic.tests.factories import make_staff
from monitoring.models import WatchAssignment
from monitoring.services import history, watches
from monitoring.tests.visits import Visit
from monitoring.watching import Watch


def watch_of(visit: Visit) -> Watch:
    return history.load(visit.fresh()).watch


@pytest.fixture
def colleague(clinic: Any) -> User:
    return make_staff(clinic, Role.NURSE)


@pytest.fixture
def arrived(visit: Visit) -> Visit:
    visit.arrive()
    return visit


def who(visit: Visit) -> tuple[int | None, int | None]:
    found = watch_of(visit)
    by, asked = found.by, found.offered_to
    return by.pk if by else None, asked.pk if asked else None


def test_nobody_watches_at_first(arrived: Visit) -> None:
    assert watch_of(arrived) == Watch()


def test_a_nurse_takes_over(arrived: Visit) -> None:
    watches.take_over(arrived.pk, by=arrived.nurse)
    assert who(arrived) == (arrived.nurse.pk, None)


def test_an_offer_changes_nothing_until_the_colleague_confirms(
    arrived: Visit, colleague: User
) -> None:
    watches.take_over(arrived.pk, by=arrived.nurse)
    watches.offer(arrived.pk, colleague, by=arrived.nurse)
    assert who(arrived) == (arrived.nurse.pk, colleague.pk)
    taken = watches.take_over(arrived.pk, by=colleague)
    assert who(arrived) == (colleague.pk, None)
    assert (taken.before, taken.watcher, taken.by) == (arrived.nurse, colleague, colleague)


def test_anybody_may_take_over_without_being_asked_and_both_are_named(
    arrived: Visit, colleague: User
) -> None:
    watches.take_over(arrived.pk, by=arrived.nurse)
    taken = watches.take_over(arrived.pk, by=colleague)
    assert (taken.before, taken.watcher) == (arrived.nurse, colleague)


def test_one_nurse_watches_several(arrived: Visit, nurse: User, prescriber: User) -> None:
    chair = Chair.objects.filter(room__clinic=nurse.clinics[0]).latest("pk")
    other = Visit(nurse, prescriber, arrived.clock, chair=chair)
    other.arrive()
    for visit in (arrived, other):
        watches.take_over(visit.pk, by=nurse)
    assert who(arrived) == who(other) == (nurse.pk, None)


def test_only_who_watches_hands_over(arrived: Visit, colleague: User) -> None:
    with pytest.raises(ValidationError, match="Take over yourself first"):
        watches.offer(arrived.pk, colleague, by=arrived.nurse)


def test_a_patient_is_handed_over_to_somebody_who_may_measure(arrived: Visit, clinic: Any) -> None:
    watches.take_over(arrived.pk, by=arrived.nurse)
    desk = make_staff(clinic, Role.FRONT_DESK)
    with pytest.raises(ValidationError, match="records vital signs"):
        watches.offer(arrived.pk, desk, by=arrived.nurse)
    assert desk not in watches.colleagues(arrived.fresh(), arrived.nurse)


def test_watching_twice_is_refused(arrived: Visit) -> None:
    watches.take_over(arrived.pk, by=arrived.nurse)
    with pytest.raises(ValidationError, match="already"):
        watches.take_over(arrived.pk, by=arrived.nurse)


def test_nobody_watches_who_is_not_here(visit: Visit) -> None:
    with pytest.raises(ValidationError, match="not here"):
        watches.take_over(visit.pk, by=visit.nurse)


def test_the_front_desk_watches_nobody(arrived: Visit, clinic: Any) -> None:
    with pytest.raises(PermissionDenied):
        watches.take_over(arrived.pk, by=make_staff(clinic, Role.FRONT_DESK))


def test_rows_are_only_added(arrived: Visit, colleague: User) -> None:
    watches.take_over(arrived.pk, by=arrived.nurse)
    watches.take_over(arrived.pk, by=colleague)
    assert WatchAssignment.objects.filter(treatment_session=arrived.pk).count() == 2
