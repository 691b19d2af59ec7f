from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from monitoring.entry import doubtful, parse_bp, parse_decimal, parse_int, parse_measure

NEVER_NUMBERS = [
    "",
    " ",
    "-",
    "n/a",
    "-0",
    "-5",
    "+84",
    "1_0",
    "1e2",
    "NaN",
    "Infinity",
    "0x10",
    "84,5",
    " 84 ",
    "84\n",
    "１２",
    "٣",
    "²",
    "084",
    "12345",
    "9" * 5000,
    "1.2.3",
    ".5",
    "5.",
]


@pytest.mark.parametrize("text", [*NEVER_NUMBERS, "84.5", "2.5"])
def test_what_is_not_plain_digits_is_no_whole_number(text):
    with pytest.raises(ValidationError) as refused:
        parse_int(text)
    assert refused.value.code == "format"


@pytest.mark.parametrize("text", [*NEVER_NUMBERS, "36.55"])
def test_what_is_not_plain_digits_with_one_point_is_no_decimal(text):
    with pytest.raises(ValidationError) as refused:
        parse_decimal(text, 1)
    assert refused.value.code == "format"


@pytest.mark.parametrize(("text", "value"), [("36.5", "36.5"), ("37", "37"), ("0.5", "0.5")])
def test_plain_decimals_are_read(text, value):
    assert parse_decimal(text, 1) == Decimal(value)


def test_no_decimals_where_none_are_allowed():
    with pytest.raises(ValidationError):
        parse_decimal("1.5", 0)


@pytest.mark.parametrize("text", ["120/80", "230/130", "300/200", "50/20"])
def test_blood_pressures_are_read(text):
    assert str(parse_bp(text)) == text


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("900/10", "limits"),
        ("301/80", "limits"),
        ("120/19", "limits"),
        ("80/120", "order"),
        ("80/80", "order"),
        ("120", "format"),
        ("120/", "format"),
        ("120/80/60", "format"),
        ("120-80", "format"),
        ("120 / 80", "format"),
        ("１２０/80", "format"),
        ("1e2/80", "format"),
    ],
)
def test_blood_pressures_that_cannot_be_are_refused(text, code):
    with pytest.raises(ValidationError) as refused:
        parse_bp(text)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pulse", "0"),
        ("pulse", "400"),
        ("spo2", "101"),
        ("spo2", "0"),
        ("spo2", "-1"),
        ("resp_rate", "200"),
        ("sedation", "6"),
        ("sedation", "-1"),
        ("sedation", "2.5"),
        ("dissociation", "4"),
        ("temperature", "29.9"),
        ("temperature", "44.1"),
    ],
)
def test_values_outside_the_hard_limits_are_refused(name, text):
    with pytest.raises(ValidationError):
        parse_measure(name, text)


def test_a_refusal_says_what_to_do():
    with pytest.raises(ValidationError, match="type 50 to 100 %, or say why it was not obtained"):
        parse_measure("spo2", "0")


@pytest.mark.parametrize(
    ("values", "count"),
    [
        ({"systolic": 120, "diastolic": 80, "pulse": 72, "spo2": None}, 0),
        ({"systolic": 230, "diastolic": 130}, 2),
        ({"systolic": 120, "diastolic": 110}, 1),
        ({"systolic": None, "diastolic": 80}, 0),
        ({"temperature": Decimal("39.6")}, 1),
        ({"sedation": 0, "dissociation": 3}, 0),
    ],
)
def test_rare_values_ask_for_a_confirmation(values, count):
    assert len(doubtful(values)) == count
