import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.words import explains


@pytest.mark.parametrize(
    "reason",
    ["Ill", "asleep", "Pump alarm 3", "éèé", "R. left", "Übelkeit", "Er schlief."],
)
def test_words_are_a_reason(reason):
    assert explains(reason)


@pytest.mark.parametrize(
    "reason",
    [
        None,
        "",
        " ",
        "x",
        "xy",
        "-",
        "...",
        "xxx",
        "xXxX",
        "x x x x",
        "123",
        "4567",
        "1a2",
        "ok",
        "n/a",
    ],
)
def test_signs_numbers_and_one_letter_are_none(reason):
    assert not explains(reason)


@given(st.text(alphabet="x X.-_0123456789\u200b\t", max_size=30))
def test_one_letter_says_nothing_however_often(reason):
    assert not explains(reason)
