"""Scoring: by table, and against a second implementation that was written from the reference."""

from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcomes.instruments import registry
from outcomes.scoring import score

AUDIT = registry()["audit-c"]
BLADDER = registry()["bladder"]
ITEMS = ("often", "drinks", "six")
POINTS = (None, 0, 1, 2, 3, 4)
SEXES = ("male", "female", "other", "unknown", "")


def codes(result: Any) -> set[str]:
    return {flag.code for flag in result.flags}


def second_audit_c(often: Any, drinks: Any, six: Any, sex: str) -> tuple[Any, bool, bool]:
    """Return total, positive, review as clinical 10 says it, written apart from the first."""
    if often == 0:
        drinks, six = drinks or 0, six or 0
    if often is None or drinks is None or six is None:
        return None, False, False
    total = often + drinks + six
    positive = total >= 4 or (total == 3 and sex != "male")
    return total, positive, positive and often == total


@pytest.mark.parametrize("sex", SEXES)
def test_audit_c_agrees_with_a_second_implementation(sex: str) -> None:
    for points in product(POINTS, repeat=3):
        often, drinks, six = points
        result = score(AUDIT, dict(zip(ITEMS, points, strict=True)), sex)
        total, positive, review = second_audit_c(often, drinks, six, sex)
        got = (result.score, "positive" in codes(result), "review" in codes(result))
        assert got == (total, positive, review), (points, sex)
        assert result.incomplete == (total is None)


@pytest.mark.parametrize(
    ("points", "sex", "expected"),
    [
        ((1, 1, 1), "male", set()),
        ((2, 1, 1), "male", {"positive"}),
        ((1, 1, 1), "female", {"positive"}),
        ((1, 1, 0), "female", set()),
        ((1, 1, 1), "unknown", {"positive"}),
        ((4, 0, 0), "male", {"positive", "review"}),
        ((3, 0, 0), "female", {"positive", "review"}),
        ((3, 0, 0), "male", set()),
        ((4, None, 0), "male", set()),
        ((None, 4, 4), "male", set()),
        ((4, 4, None), "female", set()),
    ],
)
def test_audit_c_by_table(points: tuple[Any, ...], sex: str, expected: set[str]) -> None:
    assert codes(score(AUDIT, dict(zip(ITEMS, points, strict=True)), sex)) == expected


def test_an_unknown_sex_is_said() -> None:
    (flag,) = score(AUDIT, {"often": 1, "drinks": 1, "six": 1}, "unknown").flags
    assert "the lower limit" in flag.text


def test_who_never_drinks_is_whole_without_the_rest() -> None:
    result = score(AUDIT, {"often": 0}, "male")
    assert (result.score, result.incomplete) == (0, False)


@given(st.dictionaries(st.sampled_from(BLADDER.codes), st.sampled_from([None, 0, 1])))
def test_any_yes_asks_for_the_dipstick_however_much_is_missing(answers: dict[str, Any]) -> None:
    result = score(BLADDER, answers, "")
    given: list[Any] = [answers.get(code) for code in BLADDER.codes]
    assert codes(result) == ({"positive"} if 1 in given else set())
    assert result.incomplete == (None in given)
    assert result.score == (None if None in given else sum(given))


@pytest.mark.parametrize("missing", registry()["withdrawal"].codes)
def test_thoughts_of_suicide_are_urgent_on_an_incomplete_list(missing: str) -> None:
    known = registry()["withdrawal"]
    answers: dict[str, Any] = {code: 0 for code in known.codes} | {"suicidal": 1}
    answers[missing] = None if missing != "suicidal" else 1
    result = score(known, answers, "")
    assert [flag.urgent for flag in result.flags] == [True]
    assert result.incomplete == (missing != "suicidal")


def test_a_symptom_list_counts_what_is_there() -> None:
    known = registry()["withdrawal"]
    answers = {code: 0 for code in known.codes} | {"tremor": 1, "chills": 2}
    result = score(known, answers, "")
    assert (result.score, codes(result)) == (2, {"marked"})


@pytest.mark.parametrize(
    ("answers", "flagged", "incomplete"),
    [
        ({"alt": 46, "alt_upper": 45}, True, True),
        ({"alt": 45, "alt_upper": 45}, False, True),
        ({"alt": 400}, False, True),
        ({"alt_upper": 45}, False, True),
        ({c: 10 if c.endswith("_upper") else 9 for c in registry()["liver"].codes}, False, False),
        ({c: 10 if c.endswith("_upper") else 11 for c in registry()["liver"].codes}, True, False),
    ],
)
def test_a_liver_value_is_compared_with_its_own_limit(
    answers: dict[str, int], flagged: bool, incomplete: bool
) -> None:
    result = score(registry()["liver"], answers, "")
    assert (codes(result) == {"above"}, result.incomplete) == (flagged, incomplete)
    assert result.score is None


@pytest.mark.parametrize(
    ("total", "expected"), [(0, set()), (2, set()), (3, {"positive"}), (10, {"positive"})]
)
def test_dast_10_is_positive_from_three(total: int, expected: set[str]) -> None:
    result = score(registry()["dast-10"], {"score": total}, "")
    assert (result.score, result.out_of, codes(result)) == (total, 10, expected)


@pytest.mark.parametrize("missing", ["test", "score", "out_of"])
def test_an_entered_total_without_its_test_or_maximum_is_incomplete(missing: str) -> None:
    answers: dict[str, Any] = {"test": "Clock", "score": 3, "out_of": 5, missing: None}
    result = score(registry()["cognition"], answers, "")
    assert (result.score, result.incomplete) == (None, True)


@pytest.mark.parametrize("key", registry())
def test_every_instrument_names_source_licence_and_attribution(key: str) -> None:
    known = registry()[key]
    assert known.key == key
    assert all((known.source.text, known.licence, known.attribution, known.items, known.title))
    assert len(set(known.codes)) == len(known.codes)
    empty = score(known, {}, "male")
    assert (empty.score, empty.incomplete, empty.flags) == (None, True, ())
