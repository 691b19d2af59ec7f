"""A second person computes the dose before it is given."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from clinic.audit import acting
from clinic.models import Clinic, User
from clinic.roles import Role
from clinic.tests.factories import TESTS, make_staff
from monitoring.tests.test_doses import HALF_MG_PER_KG, drip
from monitoring.tests.visits import Clock, Visit
from sessions.covered import covered
from sessions.lifecycle import Status
from sessions.models import Dose, DoseCheck, DosingPolicy
from sessions.services import checks, infusions
from sessions.services.checks import Counted, Prepared
from sessions.tests.factories import make_order


@pytest.fixture
def colleague(clinic: Clinic) -> User:
    return make_staff(clinic, Role.NURSE, "colleague")


@pytest.fixture
def infused(nurse: User, prescriber: User, clock: Clock) -> Visit:
    visit = Visit(nurse, prescriber, clock, key="ketamine-iv-twice-weekly", order=HALF_MG_PER_KG)
    visit.be_cleared()
    return visit


def policy(visit: Visit, **values: Any) -> None:
    with acting(TESTS):
        DosingPolicy.objects.update_or_create(clinic=visit.row.clinic, defaults=values)


def start(visit: Visit, **typed: Any) -> Dose:
    return infusions.start(visit.pk, drip(**typed), by=visit.nurse)


def test_an_infusion_waits_for_the_second_check(infused: Visit) -> None:
    with pytest.raises(ValidationError, match="A second person checks this dose first"):
        start(infused)
    infused.second_check()
    start(infused)
    assert infused.status == Status.DOSING


def test_what_has_run_already_is_recorded_without_a_check(infused: Visit) -> None:
    infusions.start(infused.pk, drip(reason="Alone"), by=infused.nurse, outside_gate=True)
    assert infused.fresh().outside_gate


def test_a_clinic_may_do_without_it(infused: Visit) -> None:
    policy(infused, check_infusions=False)
    start(infused)
    assert not DoseCheck.objects.exists()


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"dose_mg": Decimal(30), "reason": "Less"}, "38 mg was checked by"),
        ({"concentration_mg_ml": Decimal(2), "reason": "New bag"}, "1 mg/mL was checked by"),
        ({"rate_ml_h": Decimal(40)}, "57 mL/h was checked by"),
        ({"rate_ml_h": Decimal("57.1")}, "57 mL/h was checked by"),
    ],
)
def test_only_what_was_checked_is_started(infused: Visit, typed: dict, words: str) -> None:
    infused.second_check()
    with pytest.raises(ValidationError, match=words):
        start(infused, **typed)


@pytest.mark.parametrize(("minutes", "holds"), [(0, True), (30, True), (30.1, False), (31, False)])
def test_a_check_holds_for_a_while(infused: Visit, minutes: float, holds: bool) -> None:
    infused.second_check()
    infused.clock.forward(minutes=minutes)
    order = infused.course.dose_orders.get()
    assert bool(checks.valid_now(infused.fresh(), order, infused.clock.now)) == holds


def test_an_infusion_did_not_begin_before_its_check(infused: Visit) -> None:
    infused.clock.forward(minutes=5)
    infused.second_check()
    with pytest.raises(ValidationError, match="A second person checks"):
        start(infused, at=infused.clock.now - timedelta(minutes=2))


def test_a_new_order_needs_a_new_check(infused: Visit) -> None:
    infused.second_check()
    with acting(TESTS):
        infused.course.dose_orders.update(superseded_at=infused.clock.now)
    make_order(infused.course, infused.prescriber, **HALF_MG_PER_KG)
    with pytest.raises(ValidationError, match="A second person checks"):
        start(infused)


@pytest.mark.parametrize(
    ("counted", "differences"),
    [
        (Counted(Decimal(38), Decimal(57)), []),
        (Counted(Decimal("38.1"), Decimal("56.9")), []),
        (Counted(Decimal(38), Decimal("5.7")), ["rate was entered as 5.7 mL/h, calculated as 57"]),
        (Counted(Decimal("3.8"), Decimal(57)), ["volume was entered as 3.8 mL, calculated as 38"]),
        (Counted(Decimal(40), Decimal(60)), ["2 mL apart", "3 mL/h apart"]),
        (Counted(None, Decimal(57)), ["volume was not entered"]),
        (Counted(), ["volume was not entered", "rate was not entered"]),
    ],
)
def test_numbers_that_differ_are_refused_and_kept(
    infused: Visit, counted: Counted, differences: list[str]
) -> None:
    prepared = Prepared(Decimal(38), Decimal(1))
    made = checks.record(infused.pk, prepared, counted, infused.prescriber, by=infused.nurse)
    assert made.agrees == (not differences)
    assert len(made.differences) == len(differences)
    assert all(a in b for a, b in zip(differences, made.differences, strict=True))
    if differences:
        with pytest.raises(ValidationError, match="A second person checks"):
            start(infused)


def test_a_refused_check_ends_the_one_before(infused: Visit) -> None:
    infused.second_check()
    wrong = Counted(Decimal(38), Decimal(75))
    prepared = Prepared(Decimal(38), Decimal(1))
    checks.record(infused.pk, prepared, wrong, infused.prescriber, by=infused.nurse)
    with pytest.raises(ValidationError, match="A second person checks"):
        start(infused)


def test_nobody_is_their_own_second_person(infused: Visit, front_desk: User) -> None:
    with pytest.raises(ValidationError, match="No second person"):
        infused.second_check(second=infused.nurse)
    with pytest.raises(ValidationError, match="No second person"):
        infused.second_check(second=front_desk)
    with pytest.raises(PermissionDenied):
        infused.second_check(by=front_desk)


UNUSUAL = {**HALF_MG_PER_KG, "mg": 76, "mg_per_kg": 1, "reason": "Responded to 1 mg/kg before"}


def test_beyond_the_usual_range_somebody_else_than_the_prescriber_checks(
    nurse: User, prescriber: User, clock: Clock, colleague: User
) -> None:
    visit = Visit(nurse, prescriber, clock, key="ketamine-iv-twice-weekly", order=UNUSUAL)
    policy(visit, check_infusions=False)
    visit.be_cleared()
    twice = {"dose_mg": Decimal(76), "rate_ml_h": Decimal(114)}
    with pytest.raises(ValidationError, match="outside the usual 0.1 to 0.75 mg/kg"):
        start(visit, **twice)
    with pytest.raises(ValidationError, match="nor order it"):
        visit.second_check(second=prescriber)
    made = visit.second_check(second=colleague)
    assert made.cautions == ["1 mg/kg is outside the usual 0.1 to 0.75 mg/kg."]
    start(visit, **twice)


def test_nothing_above_the_cap_is_started(infused: Visit) -> None:
    infused.second_check()
    policy(infused, highest_mg=30)
    with pytest.raises(ValidationError, match="highest dose of 30 mg"):
        start(infused)


def test_a_faster_rate_than_ordered_needs_a_reason_and_has_a_ceiling(infused: Visit) -> None:
    policy(infused, check_infusions=False)
    with pytest.raises(ValidationError, match="say why it is faster"):
        start(infused, rate_ml_h=Decimal(70))
    with pytest.raises(ValidationError, match="0.5 mg/kg a minute"):
        start(infused, rate_ml_h=Decimal(2281), reason="Short of time")
    start(infused, rate_ml_h=Decimal(70), reason="Running late")
    faster = infusions.Change("rate", rate_ml_h=Decimal(100))
    with pytest.raises(ValidationError, match="say why it is faster"):
        infusions.change(infused.pk, faster, by=infused.nurse)


def test_devices_are_checked_where_the_clinic_wants_it(visit: Visit) -> None:
    policy(visit, check_devices=True)
    visit.be_cleared()
    with pytest.raises(ValidationError, match="A second person checks"):
        visit.device()
    wrong = checks.record(
        visit.pk, Prepared(Decimal(56)), Counted(devices=3), visit.prescriber, by=visit.nurse
    )
    assert wrong.differences == [
        "The number of devices was entered as 3, calculated as 2: 1 apart."
    ]
    visit.second_check()
    visit.device()
    visit.clock.forward(minutes=40)
    visit.device()
    assert visit.status == Status.MONITORING


def test_a_signature_covers_the_check(infused: Visit) -> None:
    infused.second_check()
    section = next(s for s in covered(infused.fresh()) if s.title == "Second check")
    assert "38 mg = 38 mL at 57 mL/h" in section.facts[0].text
    assert "checked by" in section.facts[0].text
