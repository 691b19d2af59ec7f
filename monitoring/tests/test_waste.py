"""What was opened, given and thrown away, with a witness; what is missing asks."""

from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.forms.models import model_to_dict

from clinic.audit import acting
from clinic.locks import StaleVersionError
from clinic.models import User
from clinic.tests.factories import TESTS
from monitoring.tests.test_doses import HALF_MG_PER_KG, drip
from monitoring.tests.visits import Clock, Visit
from patients.models import Task
from sessions.covered import covered
from sessions.lifecycle import Status
from sessions.models import Dose, DoseWaste, DosingPolicy
from sessions.services import corrections, infusions, signing, wastes
from sessions.services.wastes import Wasted
from sessions.tests.factories import take_step


@pytest.fixture
def infused(nurse: User, prescriber: User, clock: Clock) -> Visit:
    """33 of 38 mL have run: paused from the 10th to the 15th minute, stopped at the 40th."""
    visit = Visit(nurse, prescriber, clock, key="ketamine-iv-twice-weekly", order=HALF_MG_PER_KG)
    visit.be_cleared()
    visit.second_check()
    infusions.start(visit.pk, drip(), by=nurse)
    for minutes, change in (
        (10, infusions.Change("pause", reason="Anxious")),
        (5, infusions.Change("resume", rate_ml_h=Decimal(57))),
        (25, infusions.Change("stop", given_ml=Decimal(33))),
    ):
        visit.clock.forward(minutes=minutes)
        infusions.change(visit.pk, change, by=nurse)
    return visit


def test_no_step_leads_past_an_infusion_that_runs(
    nurse: User, prescriber: User, clock: Clock
) -> None:
    visit = Visit(nurse, prescriber, clock, key="ketamine-iv-twice-weekly", order=HALF_MG_PER_KG)
    visit.be_cleared()
    visit.second_check()
    infusions.start(visit.pk, drip(), by=nurse)
    with pytest.raises(ValidationError, match="The infusion is running"):
        take_step(visit.pk, Status.MONITORING, by=nurse)
    infusions.change(visit.pk, infusions.Change("stop", given_ml=Decimal(0)), by=nurse)
    assert visit.status == Status.MONITORING


def wasted(**values: Any) -> Wasted:
    typed = {"lot": "A1", "vials": 1, "vial_mg": Decimal(50), "wasted_mg": Decimal(17)}
    return Wasted(**{**typed, "method": "bin", **values})


def throw_away(visit: Visit, number: int = 1, *, alone: bool = False, **values: Any) -> DoseWaste:
    witness = None if alone else visit.prescriber
    return wastes.record(visit.pk, number, wasted(**values), by=visit.nurse, witness=witness)


def policy(visit: Visit, **values: Any) -> None:
    with acting(TESTS):
        DosingPolicy.objects.update_or_create(clinic=visit.row.clinic, defaults=values)


def open_tasks() -> list[str]:
    return list(
        Task.objects.open().filter(kind=Task.Kind.UNACCOUNTED).values_list("text", flat=True)
    )


def test_what_was_not_given_is_thrown_away_before_a_witness(infused: Visit) -> None:
    row = throw_away(infused)
    assert (row.opened_mg, row.given_mg, row.unaccounted_mg) == (
        Decimal(50),
        Decimal(33),
        Decimal(0),
    )
    assert row.witness == infused.prescriber
    assert open_tasks() == []


def test_without_a_witness_nothing_is_recorded(infused: Visit, front_desk: User) -> None:
    with pytest.raises(ValidationError, match="A witness confirms"):
        throw_away(infused, alone=True)
    for nobody in (infused.nurse, front_desk):
        with pytest.raises(ValidationError, match="No witness could be confirmed"):
            wastes.record(infused.pk, 1, wasted(), by=infused.nurse, witness=nobody)
    with pytest.raises(PermissionDenied):
        wastes.record(infused.pk, 1, wasted(), by=front_desk, witness=infused.nurse)


def test_a_clinic_may_do_without_a_witness(infused: Visit) -> None:
    policy(infused, witness_waste=False)
    assert throw_away(infused, alone=True).witness is None


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"lot": " "}, "lot"),
        ({"vials": 0}, "1 to 20"),
        ({"vial_mg": Decimal(0)}, "above 0"),
        ({"method": "sink"}, "what became of it"),
        ({"method": "other"}, "what became of it"),
        ({"wasted_mg": Decimal(10)}, "7 mg are not accounted for"),
        ({"wasted_mg": Decimal(20)}, "3 mg are more than was opened"),
    ],
)
def test_what_a_waste_is_refused_for(infused: Visit, typed: dict, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        throw_away(infused, **typed)


@pytest.mark.parametrize(("mg", "asks"), [("17.5", False), ("16.5", False), ("16.4", True)])
def test_more_than_the_clinics_tolerance_makes_a_task(infused: Visit, mg: str, asks: bool) -> None:
    throw_away(infused, wasted_mg=Decimal(mg), note="Spilled a little")
    assert bool(open_tasks()) == asks


def test_a_correction_that_explains_the_difference_closes_the_task(infused: Visit) -> None:
    row = throw_away(infused, wasted_mg=Decimal(10), note="Where is the rest?")
    assert open_tasks() == ["7 mg are not accounted for. Look at the waste of session 1."]
    right = wasted(reason="Found the second syringe")
    corrected = wastes.correct(row, right, by=infused.nurse, witness=infused.prescriber)
    assert open_tasks() == []
    assert corrected.supersedes == row
    with pytest.raises(StaleVersionError):
        wastes.correct(row, right, by=infused.nurse, witness=infused.prescriber)


def test_a_corrected_volume_asks_about_the_waste_again(infused: Visit) -> None:
    throw_away(infused)
    stop = infused.row.infusion_events.standing().get(kind="stop")
    right = infusions.Change("stop", given_ml=Decimal(30), reason="Misread the pump")
    corrections.correct_step(stop, right, by=infused.nurse)
    assert open_tasks() == ["3 mg are not accounted for. Look at the waste of session 1."]


def test_one_dose_has_one_waste(infused: Visit) -> None:
    throw_away(infused)
    with pytest.raises(ValidationError, match="correct that"):
        throw_away(infused)


def test_a_running_infusion_is_stopped_first(nurse: User, prescriber: User, clock: Clock) -> None:
    visit = Visit(nurse, prescriber, clock, key="ketamine-iv-twice-weekly", order=HALF_MG_PER_KG)
    visit.be_cleared()
    with pytest.raises(ValidationError, match="not on record"):
        throw_away(visit)
    visit.second_check()
    infusions.start(visit.pk, drip(), by=nurse)
    with pytest.raises(ValidationError, match="Stop the infusion first"):
        throw_away(visit)


def test_what_was_prepared_for_nobody_is_thrown_away(
    nurse: User, prescriber: User, clock: Clock
) -> None:
    visit = Visit(nurse, prescriber, clock, key="ketamine-iv-twice-weekly", order=HALF_MG_PER_KG)
    visit.be_cleared()
    row = throw_away(visit, 0, wasted_mg=Decimal(50))
    assert row.dose is None
    assert (row.given_mg, row.unaccounted_mg) == (Decimal(0), Decimal(0))


def test_a_session_that_ends_without_waste_asks_for_it(infused: Visit) -> None:
    reason = "Walked out"
    take_step(infused.pk, Status.LEFT_AGAINST_ADVICE, by=infused.nurse, reason=reason)
    assert open_tasks() == ["Session 1: record what was left of the infusion."]
    throw_away(infused)
    assert open_tasks() == []


@pytest.mark.parametrize(
    ("outcome", "typed", "left"),
    [
        ("faulty", {}, "28"),
        ("one_spray", {}, "14"),
        ("sneezed", {"estimated_mg": Decimal(20)}, "8"),
    ],
)
def test_a_device_is_disposed_of(visit: Visit, outcome: str, typed: dict, left: str) -> None:
    visit.be_cleared()
    visit.device(outcome=outcome, **typed)
    row = throw_away(visit, alone=True, vial_mg=Decimal(28), wasted_mg=Decimal(left))
    assert row.unaccounted_mg == 0


def test_a_device_needs_a_witness_where_the_clinic_wants_one(visit: Visit) -> None:
    policy(visit, witness_devices=True)
    visit.be_cleared()
    visit.device(outcome=Dose.Outcome.FAULTY)
    whole: dict[str, Any] = {"vial_mg": Decimal(28), "wasted_mg": Decimal(28)}
    with pytest.raises(ValidationError, match="A witness confirms"):
        throw_away(visit, alone=True, **whole)
    assert throw_away(visit, **whole).witness == visit.prescriber


@pytest.mark.parametrize("reason", ["", "Another patient's"])
def test_the_database_wants_a_row_and_a_reason_behind_an_error(infused: Visit, reason: str) -> None:
    first = throw_away(infused)
    values = model_to_dict(first, exclude=["id", "treatment_session", "dose", "supersedes"])
    values |= {"recorded_by": infused.nurse, "witness": infused.prescriber, "reason": reason}
    supersedes = None if reason else first
    with pytest.raises(IntegrityError), acting(TESTS), transaction.atomic():
        DoseWaste.objects.create(
            **{**values, "entered_in_error": True},
            treatment_session=infused.row,
            supersedes=supersedes,
        )


def test_a_signature_covers_what_ran_and_what_was_left(infused: Visit) -> None:
    throw_away(infused)
    told = {s.title: [f.text for f in s.facts] for s in covered(infused.fresh())}
    assert "33 mg = 33 mL of 38 mL; 33.3 mL by the rates" in told["Given"]
    assert "50 mg opened, 33 mg given, 17 mg thrown away" in told["Waste"][0]


def test_a_signature_is_made_over_checks_and_waste(infused: Visit) -> None:
    before = signing.content_hash(infused.fresh())
    throw_away(infused)
    assert signing.content_hash(infused.fresh()) != before
    assert {"checks", "waste"} <= signing.seal(infused.fresh())["fields"].keys()
