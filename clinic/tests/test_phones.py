"""The numbers in a clinic's words can be tapped; nothing else in them becomes markup."""

import re

import pytest
from django.utils.safestring import mark_safe
from hypothesis import given
from hypothesis import strategies as st

from clinic.templatetags.phones import callable_numbers

LINK = re.compile(r'<a href="tel:(\+?[0-9]+)">([^<>]+)</a>')


def links(text: str) -> list[tuple[str, str]]:
    return LINK.findall(callable_numbers(text))


@pytest.mark.parametrize(
    ("text", "dialled"),
    [
        ("Crisis line 0800 111", ["0800111"]),
        ("Crisis line 0800 111 0 111, day and night", ["08001110111"]),
        ("Call or text 988, or call 911.", ["988", "911"]),
        ("988", ["988"]),
        ("Notruf 112 oder 116\u00a0117", ["112", "116117"]),
        ("Samaritans: 116 123 (24 h)", ["116123"]),
        ("Samaritans 116 123 24/7", ["116123"]),
        ("Samaritans 116 123 24 hours", ["116123"]),
        ("Línea 024, las 24 horas, los 365 días", ["024"]),
        ("Open 24/7: 988", ["988"]),
        ("Open 24/7 988", ["988"]),
        ("Call 988 24/7", ["988"]),
        ("+49 (0)30 123456-7", ["+49301234567"]),
        ("+49 30 1234567", ["+49301234567"]),
        ("(800) 273-8255", ["8002738255"]),
        ("1 (800) 273-8255 or 1-800-273-8255", ["18002738255", "18002738255"]),
        ("(112)", ["112"]),
        ("030/1234567", ["0301234567"]),
        ("112/911", []),
        ("1-800-273-TALK", []),
        ("Room 12, 365 days, 24/7", []),
        ("From 08:00-20:00, 8.00-20.00", []),
        ("12345", []),
        ("A112, 112a, 1123, 1.112, -112, +112", []),
        ("9" * 30, []),
        ("", []),
    ],
)
def test_numbers_can_be_tapped_and_nothing_else(text: str, dialled: list[str]) -> None:
    assert [number for number, _ in links(text)] == dialled


def test_the_words_stay_as_they_are() -> None:
    shown = callable_numbers("Call 0800 111-222 now")
    assert shown == 'Call <a href="tel:0800111222">0800 111-222</a> now'


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("<b>112</b>", '&lt;b&gt;<a href="tel:112">112</a>&lt;/b&gt;'),
        ('"112"', '&quot;<a href="tel:112">112</a>&quot;'),
        ("<script>x='</a>'</script>", "&lt;script&gt;x=&#x27;&lt;/a&gt;&#x27;&lt;/script&gt;"),
        ("{} {0} & 112", '{} {0} &amp; <a href="tel:112">112</a>'),
        (mark_safe("<i>&amp;"), "&lt;i&gt;&amp;amp;"),
    ],
)
def test_markup_in_the_words_stays_words(hostile: str, shown: str) -> None:
    assert callable_numbers(hostile) == shown


@given(st.text(alphabet="0123456789 +-/().<>\"'&{}ax\u00a0", max_size=160))
def test_whatever_is_typed_only_links_to_numbers_are_markup(text: str) -> None:
    shown = callable_numbers(text)
    assert not set("<>\"'") & set(LINK.sub("", shown))
    for _, words in LINK.findall(shown):
        digits = re.sub("[^0-9]", "", words)
        assert len(digits) == 3 or 6 <= len(digits) <= 22
        assert words in text
