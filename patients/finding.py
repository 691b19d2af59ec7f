"""What a typed search asks for: birth dates, and patterns over `Patient.search_text`; pure.

That text holds, lower-case and without accents, each name and the record number as it is written;
again where that differs with umlauts spelled out ("gruenfeld") and in one piece ("oconnell"); the
birth date; and behind "#" the digits of the phone number.
"""

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import date

SPELLED_OUT = {"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"}  # "ß" and "æ" fold to that
LEFT_OUT = " '-.,`´"
MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
FEWEST_DIGITS = 4  # of a phone number; three are in nearly every one
LOCAL_DIGITS = 7  # where the country is typed, the chart may not hold it: compare what comes last

_MONTH = f"({'|'.join(MONTHS)})[a-z]*"
_DATES = tuple(
    (re.compile(rf"(?<!\S){pattern}(?!\S)", re.ASCII | re.IGNORECASE), orders)
    for pattern, orders in (
        (r"(\d{4})-(\d\d?)-(\d\d?)", ("ymd",)),
        (r"(\d\d?)\. ?(\d\d?)\. ?(\d{4})", ("dmy",)),
        (r"(\d\d?)[/-](\d\d?)[/-](\d{4})", ("dmy", "mdy")),  # either is in use
        (rf"(\d\d?)\.? {_MONTH}\.?,? (\d{{4}})", ("dmy",)),
        (rf"{_MONTH}\.? (\d\d?),? (\d{{4}})", ("mdy",)),
    )
)
_NUMBER = re.compile(r"[0-9+()/. -]+")
_SPELL_OUT = str.maketrans(SPELLED_OUT)
_JOIN = str.maketrans("", "", LEFT_OUT + "\N{RIGHT SINGLE QUOTATION MARK}\N{HYPHEN}")


@dataclass(slots=True)
class Wanted:
    """All of it must hold; of several days or patterns together one is enough."""

    births: list[tuple[date, ...]] = field(default_factory=list)
    words: list[tuple[str, ...]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.births or self.words)


def understand(text: str) -> Wanted:
    births, rest = _births(unicodedata.normalize("NFC", text))
    digits = re.sub("[^0-9]", "", rest)
    if _NUMBER.fullmatch(rest) and len(digits) >= FEWEST_DIGITS:
        return Wanted(births, [_number(rest, digits)])
    words = [_word(word) for word in rest.split() if any(map(str.isalnum, word))]
    in_no_name = bool(rest) and not words and not births
    return Wanted(births, [()] if in_no_name else words)


def _births(text: str) -> tuple[list[tuple[date, ...]], str]:
    """Return the dates in the text, and what else is in it."""
    found = []
    for pattern, orders in _DATES:
        for match in pattern.finditer(text):
            days = tuple(day for order in orders if (day := _day(order, match.groups())))
            if days:
                found.append(days)
                text = text.replace(match[0], " ", 1)
    return found, text.strip()


def _day(order: str, parts: tuple[str, ...]) -> date | None:
    named = dict(zip(order, parts, strict=True))
    month = named["m"][:3].lower()
    try:
        number = MONTHS.index(month) + 1 if month in MONTHS else int(month)
        return date(int(named["y"]), number, int(named["d"]))
    except ValueError:
        return None


def _number(text: str, digits: str) -> tuple[str, ...]:
    """A record number, a part of a birth date or a phone number, however its digits are grouped."""
    phone = digits.lstrip("0")
    if text.startswith(("+", "00")):
        phone = phone[-LOCAL_DIGITS:]
    patterns = [f"%{digits}%"]
    if text != digits and " " not in text:
        patterns.append(_anywhere(text))
    if phone != digits and len(phone) >= FEWEST_DIGITS:
        patterns.append(f"%#%{phone}%")
    return tuple(patterns)


def _word(word: str) -> tuple[str, ...]:
    lower = word.lower()
    written = (lower, lower.translate(_SPELL_OUT))
    ways = dict.fromkeys([*written, *(way.translate(_JOIN) for way in written)])
    return tuple(_anywhere(way) for way in ways)


def _anywhere(text: str) -> str:
    """One or two letters begin a name; more may stand anywhere in it."""
    literal = text.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    return f"% {literal}%" if len(text) < 3 else f"%{literal}%"
