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


def pressures(text: str) -> list[tuple[int, int]]:
    """Return the blood pressures (systolic and diastolic, in mmHg) that the text names."""
    return [(int(high), int(low)) for high, low in say.PRESSURE.findall(plain(text))]


def strongest(found: Iterable[Found]) -> Found | None:
    """Return the one that says most clearly that the patient has it."""
    order = (*ASSERTED, ASKED_ABOUT, RELATIVE_HAS, NEGATED)
    return min(found, key=lambda each: order.index(each.said), default=None)


def _said(sentence: str, start: int, end: int, *, risk_counts: bool) -> str:
    before, after = sentence[:start], sentence[end:]
    if say.BLEED.search(sentence[start:end]) and not say.EARLIER.search(before + after):
        before = say.NO_ACUTE.sub(r"\1\2 ", before)
    clause = after.split(",")[0]
    if say.POST_UNDECIDED.search(after) or (
        _last(say.PRE_MAYBE, before) and say.UNDECIDED_BEFORE.search(before)
    ):
        return DOUBT
    more = say.MORE_OF_IT.match(sentence, end, end + len(clause)) is not None
    around = more, risk_counts
    set_aside = _before(before, after, *around) or _after(clause, after, *around)
    if set_aside:
        is_another = set_aside == ASKED_ABOUT and say.ANOTHER.search(before)
        return DOUBT if is_another else set_aside
    if _last(say.PRE_MAYBE, before) or say.POST_MAYBE.search(after):
        return DOUBT
    if say.POST_GONE.search(after):
        return OVER
    was = _last(say.PRE_WAS, say.LONG.sub("", before)) or say.POST_AGO.search(after)
    is_past_episode = say.EPISODE.search(sentence) and say.POST_YEAR.search(after)
    return HISTORY if was or is_past_episode else HERE


def _before(before: str, after: str, more: bool, risk_counts: bool) -> str:
    """Say what the words before set the finding aside as, "" if as nothing; in doubt, as doubt."""
    whole = say.NOT_A_NO.sub(lambda found: "~" * len(found.group()), before)
    whole = say.NOT_A_RELATIVE.sub(lambda found: "~" * len(found.group()), whole)
    about = [say.PRE_ABOUT] if risk_counts else [say.PRE_ABOUT, say.PRE_RISK]
    for pattern, state in (
        (say.PRE_NO, NEGATED),
        (say.PRE_PEOPLE, RELATIVE_HAS),
        *((p, ASKED_ABOUT) for p in about),
    ):
        found = _reach(pattern, whole)
        if found is None:
            continue
        between = whole[found.end() :]
        is_list = re.search(r"\b(?:or|nor)\b", between + after) is not None
        if "," in between and not is_list:
            return DOUBT
        return state if _is_clear(state, found.group(), between, after, more) else DOUBT
    return ""


def _is_clear(state: str, word: str, between: str, after: str, more: bool) -> bool:
    """Say whether such words leave nothing to ask: "no symptoms from AVM" does."""
    if state == RELATIVE_HAS:
        return say.WITH_RELATIVES.search(between) is None
    if state == NEGATED:
        return not more and say.NO_OF_SOMETHING.search(between) is None
    return not (
        more
        or say.TAUGHT.search(word)
        or say.HIS_OWN.search(between)
        or say.FOUND_IT.search(between + after)
    )


def _after(clause: str, after: str, more: bool, risk_counts: bool) -> str:
    """Say what the words after set the finding aside as, like `_before`."""
    if say.POST_NO.search(clause):
        return DOUBT if more else NEGATED
    if say.POST_PEOPLE.search(after):
        return RELATIVE_HAS
    if say.POST_ABOUT.search(clause) or (not risk_counts and say.POST_RISK.search(clause)):
        unclear = more or say.TAUGHT_AFTER.search(clause) or say.FOUND_IT.search(after)
        return DOUBT if unclear else ASKED_ABOUT
    return ""


def _last(pattern: re.Pattern[str], before: str) -> bool:
    """Say whether the clause before holds one of these."""
    return pattern.search(before.rpartition(",")[2]) is not None


def _reach(pattern: re.Pattern[str], before: str) -> re.Match[str] | None:
    """Return the last such word before, if it reaches the phrase: fully, or across a comma.

    "No stroke, aneurysm or seizure" is a list and denies all three.
    """
    found = None
    for found in pattern.finditer(before):  # noqa: B007  the last one counts
        pass
    if found is None:
        return None
    between = before[found.end() :]
    ends = say.PEOPLE_END if pattern is say.PRE_PEOPLE else say.ENDS
    if ends.search(say.STILL_NO.sub("", between)):
        return None
    if found.group() == "not" and len(between.split()) > 4:
        return None
    return found
