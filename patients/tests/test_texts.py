"""What may be typed as a name, a text or a phone number."""

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from patients.texts import clean_line, clean_phone, clean_text


@pytest.mark.parametrize(
    "name", ["O'Connell", "Null", "李", "👩‍⚕️", "Nuñez-Łukasz", "می‌خواهم", "X", "Nguyễn Thị"]
)
def test_names_of_the_world_are_kept(name: str) -> None:
    assert clean_line(name) == name


def test_a_name_is_trimmed_and_composed() -> None:
    assert clean_line("  Jose\u0301 ") == "José"


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("Ann\x00", "control"),
        ("Ann\nLee", "control"),
        ("\ud800", "control"),
        ("Ann\u202eeel", "direction"),
        ("\u2066Ann", "direction"),
        ("Ann\u200bLee", "invisible"),
        ("\u200d\u200c", "invisible"),
        ("\u0301", "invisible"),
        ("A" + "\u0335" * 200, "marks"),
    ],
)
def test_what_cannot_be_seen_or_turns_text_is_refused(typed: str, code: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        clean_line(typed)
    assert refusal.value.code == code


@given(st.text())
def test_what_is_kept_is_kept_again(typed: str) -> None:
    try:
        once = clean_line(typed)
    except ValidationError:
        return
    assert clean_line(once) == once


def test_a_text_may_have_lines() -> None:
    assert clean_text("Main St 1\r\n\tNorth ") == "Main St 1\nNorth"


@pytest.mark.parametrize("number", ["", "+1 555 010-1234", "(030) 123456", "555.1234 ext. 12"])
def test_phone_numbers_are_kept(number: str) -> None:
    assert clean_phone(number) == number


@pytest.mark.parametrize("number", ["１２３４５", "call me", "12", "+", "555-1234<script>"])
def test_other_words_are_no_phone_number(number: str) -> None:
    with pytest.raises(ValidationError):
        clean_phone(number)
