"""What people may type as a name, a line, a text or a phone number; pure, no database."""

import re
import unicodedata

from django.core.exceptions import ValidationError

MOST_MARKS = 6  # on one letter; living languages need three, a name made of them hides its row

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_DIRECTION = re.compile(r"[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
# The joiners of Persian, Indic scripts and emoji (U+200C, U+200D) have a meaning inside a word.
_INVISIBLE = re.compile(r"[\u00ad\u200b\u2060-\u2065\u206a-\u206f\ufeff\ufff9-\ufffb]")
_PHONE = re.compile(r"\+?[0-9(][0-9 ()./-]{3,29}(?: ?(?:x|ext\.?) ?[0-9]{1,6})?", re.ASCII)
_LINE_BREAKS = re.compile(r"\r\n?|\n")


def clean_line(value: str) -> str:
    """Return one line, trimmed and composed (NFC); refuse what can't be seen or turns the text."""
    text = unicodedata.normalize("NFC", value).strip()
    if _CONTROL.search(text):
        raise ValidationError(
            "Leave out line breaks and control characters: type the text again by hand.",
            code="control",
        )
    if _DIRECTION.search(text):
        raise ValidationError(
            "This holds hidden characters that turn the direction of text. Type it again by hand.",
            code="direction",
        )
    if _INVISIBLE.search(text) or (text and not _can_be_seen(text)):
        raise ValidationError(
            "This holds characters that can't be seen. Type it again by hand.", code="invisible"
        )
    if _marks_in_a_row(text) > MOST_MARKS:
        raise ValidationError("There are too many accents on one letter.", code="marks")
    return text


def clean_text(value: str) -> str:
    """Return several lines, each held to the rules of a line."""
    lines = (clean_line(line.replace("\t", " ")) for line in _LINE_BREAKS.split(value.strip()))
    return "\n".join(lines).strip()


def clean_phone(value: str) -> str:
    text = clean_line(value)
    if text and not _PHONE.fullmatch(text):
        raise ValidationError(
            "Type a phone number in plain digits, such as +1 555 010 1234.", code="phone"
        )
    return text


def _can_be_seen(text: str) -> bool:
    return any(unicodedata.category(character)[0] not in "CMZ" for character in text)


def _marks_in_a_row(text: str) -> int:
    if text.isascii():
        return 0
    longest = run = 0
    for character in text:
        run = run + 1 if unicodedata.category(character) in {"Mn", "Me"} else 0
        longest = max(longest, run)
    return longest
