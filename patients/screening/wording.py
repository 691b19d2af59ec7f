"""Finding a phrase in the words of a chart, and whether those words say that the patient has it.

Charts are written in free text: "no aneurysm", "FH of stroke", "screening for hypertension", "s/p
MI". A phrase is a row of words; `*` ends a beginning of a word, `|` stands between alternatives,
`..` is a gap of up to three words. British and American spelling are one.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache

from patients.screening import vocabulary as say

HERE, HISTORY, OVER, DOUBT = "here", "history", "over", "doubt"
NEGATED, RELATIVE_HAS, ASKED_ABOUT = "negated", "relative", "asked about"
ASSERTED = (HERE, HISTORY, OVER, DOUBT)  # the strongest first
WHY_NOT = {
    NEGATED: "the words say that it is absent",
    RELATIVE_HAS: "the words speak of somebody else",
    ASKED_ABOUT: "the words speak of a risk, a test or prevention",
}


@dataclass(frozen=True, slots=True)
class Found:
    """A phrase in a text, and what the words around it make of it."""

    words: str
    said: str  # one of the states above


@lru_cache(maxsize=4096)
def plain(text: str) -> str:
    """Return the words in small letters without accents, as phrases are compared with them."""
    text = text.replace("æ", "ae").replace("œ", "oe").replace("Æ", "ae").replace("Œ", "oe")
    folded = unicodedata.normalize("NFKD", text).casefold()
    folded = "".join(each for each in folded if not unicodedata.combining(each))
    folded = say.KIND.sub(" ", folded.replace("’", "'"))
    folded = say.DOTTED.sub(lambda found: found.group().replace(".", ""), folded)
    for pattern, words in say.SHORT.items():
        folded = re.sub(pattern, words, folded)
    folded = re.sub(r"'s\b|'", "", folded)
    folded = re.sub(r"[/()\[\]]", " , ", folded)
    folded = re.sub(r"(?<=\d)\.(?=\d)", "p", folded)
    folded = re.sub(r"[^\w,.;\n]|_", " ", folded)
    folded = folded.replace("ae", "e").replace("oe", "e")
    return re.sub(r"[^\S\n]+", " ", re.sub(r"[ ,]*,[ ,]*", ", ", folded)).strip(" ,.;\n")


@cache
def phrases(words: tuple[str, ...]) -> re.Pattern[str] | None:
    """Return what finds any of these phrases in plain text."""
    if not words:
        return None
    ordered = sorted(words, key=len, reverse=True)
    return re.compile(rf"\b(?:{'|'.join(map(_phrase, ordered))})\b")


def _phrase(phrase: str) -> str:
    written, gap = "", False
    for part in phrase.split():
        if part == "..":
            gap = True
            continue
        between = (r"(?:[ ,]+\w+){0,3}?[ ,]+" if gap else "[ ,]+") if written else ""
        written, gap = f"{written}{between}{_part(part)}", False
    return written


def _part(part: str) -> str:
    ways = [
        plain(way.rstrip("*")) + (r"\w*" if way.endswith("*") else "") for way in part.split("|")
    ]
    return f"(?:{'|'.join(ways)})"


def find(
    text: str, words: tuple[str, ...], unless: tuple[str, ...] = (), *, risk_counts: bool = False
) -> list[Found]:
    """Return each phrase that the text holds; look-alikes are taken out first."""
    wanted, look_alikes = phrases(words), phrases(unless)
    if wanted is None:
        return []
    said = plain(text)
    if look_alikes is not None:
        said = look_alikes.sub(lambda found: "~" * len(found.group()), said)
    return [
        Found(match.group(), _said(sentence, match.start(), match.end(), risk_counts=risk_counts))
        for sentence in say.BREAK.split(said)
        for match in wanted.finditer(sentence)
    ]


def strongest(found: Iterable[Found]) -> Found | None:
    """Return the one that says most clearly that the patient has it."""
    order = (*ASSERTED, ASKED_ABOUT, RELATIVE_HAS, NEGATED)
    return min(found, key=lambda each: order.index(each.said), default=None)


def _said(sentence: str, start: int, end: int, *, risk_counts: bool) -> str:
    before, after = sentence[:start], sentence[end:]
    clause = after.split(",")[0]
    if say.POST_UNDECIDED.search(after) or (
        _last(say.PRE_MAYBE, before) and say.UNDECIDED_BEFORE.search(before)
    ):
        return DOUBT
    about = [say.PRE_ABOUT] if risk_counts else [say.PRE_ABOUT, say.PRE_RISK]
    whole = say.NOT_A_NO.sub(lambda found: "~" * len(found.group()), before)
    for pattern, state in (
        (say.PRE_NO, NEGATED),
        (say.PRE_PEOPLE, RELATIVE_HAS),
        *((p, ASKED_ABOUT) for p in about),
    ):
        reach = _reach(pattern, whole, after)
        if reach:
            return DOUBT if reach == "weak" else state
    if say.POST_NO.search(clause):
        return NEGATED
    if say.POST_PEOPLE.search(after):
        return RELATIVE_HAS
    if say.POST_ABOUT.search(clause) or (not risk_counts and say.POST_RISK.search(clause)):
        return ASKED_ABOUT
    if _last(say.PRE_MAYBE, before) or say.POST_MAYBE.search(after):
        return DOUBT
    if say.POST_GONE.search(after):
        return OVER
    was = _last(say.PRE_WAS, say.LONG.sub("", before)) or say.POST_AGO.search(after)
    return HISTORY if was else HERE


def _last(pattern: re.Pattern[str], before: str) -> bool:
    """Say whether the clause before holds one of these."""
    return pattern.search(before.rpartition(",")[2]) is not None


def _reach(pattern: re.Pattern[str], before: str, after: str) -> str:
    """Say whether a word before reaches the phrase: fully, weakly across a comma, or not at all.

    "No stroke, aneurysm or seizure" is a list and denies all three.
    """
    found = None
    for found in pattern.finditer(before):  # noqa: B007  the last one counts
        pass
    if found is None:
        return ""
    between = before[found.end() :]
    if (say.PEOPLE_END if pattern is say.PRE_PEOPLE else say.ENDS).search(between):
        return ""
    if found.group() == "not" and len(between.split()) > 4:
        return ""
    is_list = re.search(r"\b(?:or|nor)\b", between + after) is not None
    return "weak" if "," in between and not is_list else "full"
