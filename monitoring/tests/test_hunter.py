"""The Hunter criteria: named cases, and every case there is against a second opinion."""

from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.hunter import SIGNS, Exam, Verdict, judge
from monitoring.serotonin import tier
from monitoring.tests.hunter_opinion import NAMES, opinion

ABSENT = dict.fromkeys(SIGNS, False)
UNKNOWN = (None, False, True)
TEMPERATURES = (None, Decimal("38.0"), Decimal("38.1"))


def exam(**known) -> Exam:
    """Exposed and without any sign, but for what is named."""
    return Exam(**{"exposed": True, **ABSENT, "temperature": Decimal("36.5"), **known})


@pytest.mark.parametrize(
    ("signs", "criterion"),
    [
        ({"spontaneous_clonus": True}, "spontaneous_clonus"),
        ({"inducible_clonus": True, "agitation": True}, "inducible_clonus"),
        ({"inducible_clonus": True, "diaphoresis": True}, "inducible_clonus"),
        ({"ocular_clonus": True, "agitation": True}, "ocular_clonus"),
        ({"ocular_clonus": True, "diaphoresis": True}, "ocular_clonus"),
        ({"tremor": True, "hyperreflexia": True}, "tremor"),
        ({"hypertonia": True, "temperature": 38.1, "ocular_clonus": True}, "hypertonia"),
        ({"hypertonia": True, "temperature": 38.1, "inducible_clonus": True}, "hypertonia"),
    ],
)
def test_each_criterion_alone_is_positive_and_named(signs, criterion) -> None:
    found = judge(exam(**signs))
    assert found.verdict == Verdict.POSITIVE
    assert [met.code for met in found.met] == [criterion]
    assert found.keeps_open == ()


@pytest.mark.parametrize(
    "signs",
    [
        {},
        {"agitation": True, "diaphoresis": True},  # what panic looks like, too
        {"inducible_clonus": True},
        {"tremor": True},
        {"hyperreflexia": True},
        {"hypertonia": True, "temperature": 38.0, "ocular_clonus": True},
        {"hypertonia": True, "temperature": Decimal("38.0"), "inducible_clonus": True},
        {"hypertonia": True, "temperature": 41, "agitation": True},
    ],
)
def test_all_examined_and_no_criterion_met_is_negative(signs) -> None:
    assert judge(exam(**signs)).verdict == Verdict.NEGATIVE


@pytest.mark.parametrize(
    ("signs", "keeps_open"),
    [
        ({"spontaneous_clonus": None}, ("spontaneous_clonus",)),
        ({"inducible_clonus": True, "agitation": None}, ("agitation",)),
        ({"tremor": True, "hyperreflexia": None}, ("hyperreflexia",)),
        ({"hypertonia": True, "ocular_clonus": True, "temperature": None}, ("temperature",)),
        # inducible clonus alone decides: with agitation it is positive, however stiff or hot
        (
            {"inducible_clonus": None, "agitation": True, "hypertonia": None, "temperature": 39},
            ("inducible_clonus",),
        ),
    ],
)
def test_an_unexamined_sign_that_could_decide_keeps_it_open(signs, keeps_open) -> None:
    found = judge(exam(**signs))
    assert (found.verdict, found.keeps_open) == (Verdict.INDETERMINATE, keeps_open)


@pytest.mark.parametrize(
    "signs",
    [
        {"agitation": None},
        {"temperature": None},
        {"temperature": None, "hypertonia": None, "diaphoresis": None},
    ],
)
def test_an_unexamined_sign_that_makes_no_difference_leaves_it_negative(signs) -> None:
    assert judge(exam(**signs)).verdict == Verdict.NEGATIVE


def test_nothing_examined_is_indeterminate_and_names_every_sign() -> None:
    found = judge(Exam(exposed=True))
    assert found.verdict == Verdict.INDETERMINATE
    assert set(found.keeps_open) == {*SIGNS, "temperature"}
    assert not found.shows_emergency


def test_unknown_exposure_is_never_negative() -> None:
    found = judge(exam(exposed=None))
    assert (found.verdict, found.keeps_open) == (Verdict.INDETERMINATE, ("exposed",))
    assert not found.shows_emergency


def test_signs_with_unknown_exposure_call_for_help_all_the_same() -> None:
    found = judge(exam(exposed=None, spontaneous_clonus=True))
    assert found.verdict == Verdict.INDETERMINATE
    assert found.calls_for_help
    assert found.shows_emergency


def test_without_exposure_the_criteria_do_not_apply() -> None:
    found = judge(exam(exposed=False, spontaneous_clonus=True))
    assert found.verdict == Verdict.NOT_APPLICABLE
    assert not found.calls_for_help


@pytest.mark.parametrize("value", [1, 0, "yes", ""])
def test_a_sign_that_is_neither_there_nor_absent_is_refused(value) -> None:
    with pytest.raises(ValueError, match="present, absent or unknown"):
        Exam(tremor=value)


@pytest.mark.parametrize(
    "temperature", [float("nan"), float("inf"), Decimal("NaN"), True, 29.9, 44.1, 98.6]
)
def test_what_is_no_temperature_is_refused(temperature) -> None:
    with pytest.raises(ValueError, match="30 to 44"):
        Exam(temperature=temperature)


def test_every_case_there_is_agrees_with_the_second_opinion() -> None:
    """All 59,049 examinations: present, absent and unknown in every position."""
    differ = []
    for temperature, values in product(TEMPERATURES, product(UNKNOWN, repeat=len(NAMES) - 1)):
        known: dict[str, Any] = dict(zip(NAMES, (*values, temperature), strict=True))
        case = Exam(**known)
        found = judge(case)
        if (found.verdict, set(found.keeps_open)) != opinion(case):
            differ.append(case)
    assert differ == []


KNOWN_OR_NOT = st.sampled_from(UNKNOWN)


@given(
    st.tuples(*[KNOWN_OR_NOT] * 9),
    st.one_of(st.none(), st.decimals("37.5", "38.5", places=2)),
)
def test_any_temperature_agrees_with_the_second_opinion(values, temperature) -> None:
    case = Exam(**dict(zip(NAMES, (*values, temperature), strict=True)))
    assert judge(case).verdict == opinion(case)[0]


@given(st.tuples(*[KNOWN_OR_NOT] * 8), st.integers(0, 7))
def test_one_more_present_sign_never_makes_it_harmless(values, place) -> None:
    """Of somebody exposed: a further sign can't turn positive or open into negative."""
    known = dict(zip(SIGNS, values, strict=True))
    before = judge(Exam(exposed=True, **known))
    more = judge(Exam(exposed=True, **{**known, SIGNS[place]: True}))
    if before.verdict != Verdict.NEGATIVE:
        assert more.verdict != Verdict.NEGATIVE


@pytest.mark.parametrize(
    ("signs", "ticked", "expected"),
    [
        ({}, (), ""),
        ({}, ("shivering",), "mild"),
        ({"tremor": True}, (), "mild"),
        ({"agitation": True}, ("shivering",), "moderate"),
        ({"temperature": Decimal("38.0")}, (), ""),
        ({"temperature": Decimal("38.1")}, (), "moderate"),
        ({"temperature": Decimal("40.0")}, (), "moderate"),
        ({"temperature": Decimal("40.1")}, (), "severe"),
        ({"hypertonia": True}, (), "severe"),
        ({}, ("seizure", "anxiety"), "severe"),
    ],
)
def test_the_worst_sign_gives_the_tier(signs, ticked, expected) -> None:
    assert tier(exam(**signs), ticked) == expected
