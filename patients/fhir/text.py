"""Strings and days as the chart may hold them."""

import re
import unicodedata
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

# The lengths that the chart holds.
NAME = 120
LINE = 300
REACTION = 200
CODE = 40
SYSTEM = 200
IDENTIFIER = 120
IDENTIFIER_TYPE = 20
SOURCE_ID = 120
LANGUAGE = 20
PHONE = 40
EMAIL = 254

EARLIEST_YEAR = 1850

# Letters and marks stay as they are; the joiners of Persian and emoji (U+200C, U+200D) too.
_SPACES = re.compile(r"[\s\u2028\u2029]+")
_INVISIBLE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff"
    r"\ufff9-\ufffb\ufffe\uffff\ud800-\udfff]"
)
_FULL_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


class Texts:
    """Clean the strings of one resource and remember, in plain words, what was changed."""

    def __init__(self) -> None:
        self.changes: list[str] = []

    def note(self, change: str) -> None:
        if change not in self.changes:
            self.changes.append(change)

    def line(self, value: str | None, what: str, *, limit: int = LINE) -> str:
        """Words for people: cleaned of what cannot be seen, shortened at the limit, never lost."""
        text = _SPACES.sub(" ", value or "")
        visible = _INVISIBLE.sub("", text).strip()
        if len(visible) != len(text.strip()):
            self.note(f"{what}: invisible or direction-changing characters were removed")
        if not _has_letters(visible):
            return ""
        if len(visible) > limit:
            self.note(f"{what}: shortened to {limit} characters")
            return visible[: limit - 1] + "…"
        return visible

    def exact(self, value: str | None, what: str, *, limit: int = CODE) -> str:
        """A code or number: as it is or not at all, since a changed one would mean another."""
        text = (value or "").strip()
        if len(text) > limit or _INVISIBLE.search(text):
            self.note(f"{what}: left out, it is too long or holds invisible characters")
            return ""
        return text

    def day(self, value: Any, what: str, *, latest: date) -> date | None:
        """The day as the sender wrote it, in his own time zone; None when it is not a full day."""
        day = full_day(value)
        if day and (day.year < EARLIEST_YEAR or day > latest):
            self.note(f"{what}: left out, the date is not plausible")
            return None
        return day


def _has_letters(text: str) -> bool:
    """Whether anything can be seen at all: joiners and lone accents can't."""
    return any(unicodedata.category(character)[0] not in "CMZ" for character in text)


def full_day(value: Any) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if isinstance(value, str) and _FULL_DAY.match(value):
        return date.fromisoformat(value[:10])  # a leap second stays text in fhir.resources
    return None


def instant(value: Any, day: date) -> datetime:
    """The moment in UTC; a bare day becomes noon UTC, which is that day nearly everywhere."""
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    return datetime.combine(day, time(12), UTC)


def partial(value: Any, what: str) -> str:
    """What is said of a date that is not a full day: "onset: 2019-05"."""
    if value is None or full_day(value):
        return ""
    return f"{what}: {value}"


def tomorrow(today: date) -> date:
    """The latest day that can be now somewhere on Earth."""
    return today + timedelta(days=1)
