"""The words of mails: shipped in several languages, or the clinic's own, filled in by name.

A text is plain: a fixed list of names in braces is filled by one pass, and nothing else in it is
read as an instruction. A line that names what is not known here is left out.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.utils import translation
from django.utils.dateformat import format as format_date

from reminders.kinds import BEFORE, RULED, Kind

TEXTS = Path(__file__).parent / "texts"
ENGLISH = "en"
_NAME = re.compile(r"\{([a-z_]+)\}")
_ANY_NAME = re.compile(r"\{([^{}]*)\}")
_LONE_BRACE = re.compile(r"\{[^\s{}]*|[^\s{}]*\}")

COMING = frozenset({*BEFORE, Kind.CHANGED})
OF_A_VISIT = frozenset({*COMING, Kind.MISSED, Kind.FOLLOW_UP, Kind.INSTRUCTIONS, Kind.CALLED_OFF})
TO_PATIENTS = frozenset(Kind) - {Kind.ON_CALL}
BOX = "{visit}"
BOXED = COMING
"""Their mail always says when and where in a box, wherever the text puts it."""


class Name(NamedTuple):
    """What stands for a name in braces, and in which kinds of messages."""

    words: str
    kinds: frozenset[Kind] = frozenset(Kind)


NAMES: Mapping[str, Name] = {
    "name": Name("the patient's first name", TO_PATIENTS),
    "clinic": Name("the clinic's sender name"),
    "phone": Name("the clinic's phone number"),
    "contact": Name("“answer this e-mail or call us: …”, whichever the clinic has", TO_PATIENTS),
    "visit": Name("the box with day, time and place, on a line of its own", BOXED),
    "day": Name("weekday and date of the visit", OF_A_VISIT),
    "time": Name("time of the visit, on the patient's clock", OF_A_VISIT),
    "zone": Name("name of the patient's time zone", OF_A_VISIT),
    "food_time": Name("the time from which the patient eats nothing", COMING),
    "food_day": Name("the day of that", COMING),
    "fluids_time": Name("the time from which the patient drinks nothing", COMING),
    "fluids_day": Name("the day of that", COMING),
    "due_day": Name("the last day of the consent", frozenset({Kind.CONSENT_EXPIRING})),
    "instructions": Name(
        "the clinic's instructions for the way home", frozenset({Kind.INSTRUCTIONS})
    ),
    "site": Name("the address of this system", frozenset({Kind.ON_CALL})),
}


@dataclass(frozen=True, slots=True)
class Language:
    """What ships in one language."""

    code: str
    formats: Mapping[str, str]
    sentences: Mapping[str, str]
    buttons: Mapping[str, str]
    kinds: Mapping[str, Mapping[str, Any]]
    instructions: Sequence[str]  # those of the discharge policy as it ships; empty: as they are

    def day(self, day: date) -> str:
        return _written(day, self.formats["day"], self.code)

    def time(self, moment: datetime) -> str:
        return format_date(moment, self.formats["time"])

    def say(self, sentence: str, **values: str) -> str:
        return fill(self.sentences[sentence], values)


@lru_cache(maxsize=1024)
def _written(day: date, form: str, code: str) -> str:
    """Kept, as most mails of one sweep are about a few days."""
    with translation.override(code):
        return format_date(day, form)


@dataclass(frozen=True, slots=True)
class LocalTime:
    """A moment on somebody's wall clock, written out with weekday and zone."""

    day: str
    time: str
    zone: str

    @classmethod
    def of(cls, moment: datetime, zone: ZoneInfo, words: Language) -> "LocalTime":
        local = moment.astimezone(zone)
        return cls(words.day(local.date()), words.time(local), zone_words(moment, zone))


def zone_words(moment: datetime, zone: ZoneInfo) -> str:
    """Return "Europe/Berlin, UTC+01:00", as it holds at that moment."""
    offset = moment.astimezone(zone).strftime("%z")
    return f"{zone.key}, UTC{offset[:3]}:{offset[3:5]}"


@cache
def shipped() -> Mapping[str, Language]:
    """Return what ships, by language."""
    found = {}
    for path in sorted(TEXTS.glob("*.json")):
        data = json.loads(path.read_text())
        parts = {field.name: data[field.name] for field in fields(Language) if field.name != "code"}
        found[path.stem] = Language(path.stem, **parts)
    return found


def words_in(language: str) -> Language:
    return shipped()[code_of(language)]


def code_of(language: str) -> str:
    """Return the language that ships for “es” or “es-MX”; English for one that we lack."""
    code = language.strip().lower().replace("_", "-").partition("-")[0]
    return code if code in shipped() else ENGLISH


def fill(text: str, values: Mapping[str, str]) -> str:
    """Put values for the names that have one, once; everything else stays as it is written."""
    return _NAME.sub(lambda found: values.get(found[1], found[0]), text)


def fill_lines(text: str, values: Mapping[str, str]) -> str:
    """Fill each line; one with a name of ours that has no value here is left out."""
    lines = (
        fill(line, values)
        for line in text.splitlines()
        if all(name in values for name in _NAME.findall(line) if name in NAMES)
    )
    return "\n".join(lines)


def strangers(text: str, kind: str) -> list[str]:
    """Return what stands in braces and is no name that this kind of message knows."""
    found = dict.fromkeys(_ANY_NAME.findall(text))
    return [name for name in found if name not in NAMES or kind not in NAMES[name].kinds]


def lone_braces(text: str) -> list[str]:
    """Return each brace without its other one, with the word that it stands at."""
    return list(dict.fromkeys(_LONE_BRACE.findall(_ANY_NAME.sub(" ", text))))


def names_for(kinds: Iterable[Kind] = (*RULED, Kind.CHANGED)) -> list[tuple[str, str]]:
    """Return the names with what they stand for, as the admin lists them."""
    wanted = frozenset(kinds)
    return [(f"{{{key}}}", name.words) for key, name in NAMES.items() if wanted & name.kinds]


def one_line(text: str) -> str:
    """Replace line breaks and invisible characters, so that nothing typed becomes a header."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
