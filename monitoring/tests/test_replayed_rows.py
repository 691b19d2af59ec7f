"""What is known of an ended session at a time, from its rows with all their corrections."""

from collections.abc import Mapping
from datetime import datetime
from random import Random
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.models import User
from monitoring.models import AdverseEvent, AdverseEventResolution, DischargeAssessment, VitalSigns
from monitoring.services.replays import KINDS, Past
from monitoring.tests import random_sessions
from monitoring.tests.builders import at
from monitoring.tests.random_sessions import Log, moment
from sessions.models import Dose, InfusionEvent, TreatmentSession

SEEDS = st.integers(0, 10**9)
LONG_AFTER = 24 * 3600


def past(left_at: datetime, **rows: list[Any]) -> Past:
    whole: Mapping[str, list[Any]] = {**dict.fromkeys(KINDS, []), **rows}
    return Past(TreatmentSession(ended_at=left_at), whole)


def invented(log: Log, left_at: datetime) -> Past:
    route = "iv" if log.steps else "nasal"
    return past(
        left_at,
        vitals=[random_sessions._vitals(row) for row in log.rows],
        doses=[random_sessions._dose(row, route) for row in log.devices],
        steps=[random_sessions._event(row) for row in log.steps],
    )


def vitals(pk: int, minutes: float, written: float, **values: Any) -> VitalSigns:
    return VitalSigns(pk=pk, observed_at=at(minutes), recorded_at=at(written), **values)


@given(SEEDS, st.integers(-600, 6 * 3600))
def test_every_moment_of_every_session_can_be_told(seed: int, left: int) -> None:
    told = invented(random_sessions.invent(Random(seed)), moment(left))
    for when in {*told.times, moment(left)}:
        told.known(when)


@given(SEEDS)
def test_long_after_the_last_entry_all_that_stands_is_known(seed: int) -> None:
    log = random_sessions.invent(Random(seed))
    told = invented(log, moment(LONG_AFTER)).known(moment(LONG_AFTER))
    assert {r.id for r in told.readings} == {r["pk"] for r in random_sessions.standing(log.rows)}
    assert len(told.administrations) == len(random_sessions.given(log))
    ends = [given.ended_at for given in told.administrations]
    last = random_sessions.end(log)
    if log.steps:
        assert ends == [None if last is None else moment(last)]


@given(SEEDS, st.integers(-600, 6 * 3600))
def test_nothing_is_known_before_it_was_written(seed: int, now: int) -> None:
    log = random_sessions.invent(Random(seed))
    written = {row["pk"]: row["written"] for row in log.rows}
    told = invented(log, moment(LONG_AFTER)).known(moment(now))
    assert all(written[reading.id] <= now for reading in told.readings)


@pytest.mark.parametrize(
    ("minutes", "known"), [(39, None), (40, None), (43, 150), (44.9, 150), (45, 130), (130, 130)]
)
def test_a_correction_counts_from_when_it_was_written(minutes: float, known: int | None) -> None:
    wrong = vitals(1, 40, 43, systolic=150, diastolic=80)
    right = vitals(2, 40, 45, systolic=130, diastolic=80, supersedes_id=1)
    told = past(at(130), vitals=[wrong, right]).known(at(minutes))
    assert [reading.systolic for reading in told.readings] == ([known] if known else [])


@pytest.mark.parametrize(("minutes", "known"), [(39, []), (40, [130]), (43, [130]), (130, [130])])
def test_a_correction_after_the_departure_counts_from_when_it_happened(
    minutes: float, known: list[int]
) -> None:
    wrong = vitals(1, 40, 43, systolic=150, diastolic=80)
    right = vitals(2, 40, 200, systolic=130, diastolic=80, supersedes_id=1)
    told = past(at(130), vitals=[wrong, right]).known(at(minutes))
    assert [reading.systolic for reading in told.readings] == known
    assert all(reading.recorded_at == at(40) for reading in told.readings)


@pytest.mark.parametrize(("minutes", "withdrawn"), [(40, None), (49, None), (50, 50), (130, 50)])
def test_a_row_is_withdrawn_when_it_was_entered_in_error(
    minutes: float, withdrawn: int | None
) -> None:
    wrong = vitals(1, 40, 40, systolic=150, diastolic=80)
    error = vitals(2, 40, 50, supersedes_id=1, entered_in_error=True)
    told = past(at(130), vitals=[wrong, error]).known(at(minutes))
    assert told.withdrawn_at == (None if withdrawn is None else at(withdrawn))
    assert len(told.readings) == (1 if withdrawn is None else 0)


@pytest.mark.parametrize(
    ("written", "minutes", "is_open"),
    [
        (None, 130, True),
        (80, 70, True),  # it was over at 60, and nobody had written that yet
        (80, 80, False),
        (200, 59, True),
        (200, 60, False),  # the end was written after the departure
        (80, 29, False),  # before it began
    ],
)
def test_an_event_is_open_until_its_end_is_known(
    written: int | None, minutes: float, is_open: bool
) -> None:
    event = AdverseEvent(pk=1, term="Nausea", onset_at=at(30), recorded_at=at(30))
    cast(Any, AdverseEvent._meta.get_field("resolution")).set_cached_value(event, None)
    if written:
        AdverseEventResolution(event=event, resolved_at=at(60), recorded_at=at(written))
    told = past(at(130), events=[event]).known(at(minutes))
    assert told.unresolved_adverse_events == (("Nausea",) if is_open else ())


@pytest.mark.parametrize(
    ("minutes", "ready"), [(99, None), (100, False), (119, False), (125, True)]
)
def test_the_newest_assessment_of_a_time_counts(minutes: float, ready: bool | None) -> None:
    rows = [
        DischargeAssessment(pk=pk, assessed_by=User(), assessed_at=at(when), ready=found)
        for pk, when, found in ((2, 125, True), (1, 100, False))  # as they are read
    ]
    given = past(at(130), assessments=rows).known(at(minutes)).assessment
    assert (given and given.ready) == ready


def test_an_infusion_runs_until_its_stop_was_written() -> None:
    dose = Dose(pk=1, number=1, route="iv", given_at=at(0), recorded_at=at(0))
    steps = [
        InfusionEvent(pk=1, dose=dose, kind="start", at=at(0), recorded_at=at(0)),
        InfusionEvent(pk=2, dose=dose, kind="stop", at=at(40), recorded_at=at(42)),
        InfusionEvent(
            pk=3, dose=dose, kind="stop", at=at(41), recorded_at=at(200), supersedes_id=2
        ),
    ]
    told = past(at(130), doses=[dose], steps=steps)
    ends = {m: told.known(at(m)).administrations[0].ended_at for m in (0, 39, 40, 41, 130)}
    assert ends == {0: None, 39: None, 40: None, 41: at(41), 130: at(41)}
