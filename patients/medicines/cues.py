"""What a line says isn't taken: history, refusal, allergy, a plan, a warning on a label.

A cue anywhere makes the line doubtful, and what it names still counts as taken. A cue leaves a
medicine out only where it can hardly mean anything else: it opens its clause ("stopped Xanax in
2020") or closes the medicine's ("sertraline (stopped 2019)"), with nothing but a strength, a form
or a year beside them, and the line speaks of no new start.
"""

import re

from patients.medicines import knowledge
from patients.medicines.knowledge import Key, Named
from patients.medicines.tokens import Token

Match = tuple[int, int, Named]  # from and to, in tokens

_DC = re.compile(r"(?<!vitamin )\bd/c(['\u2019]?e?d\b)?", re.IGNORECASE)
_ALLERGY = frozenset(
    {"allergy", "allergies", "allergic", "reaction", "reactions", "anaphylaxis", "hypersensitivity"}
)
_AGAINST_ALLERGY = frozenset(
    {"sedating_antihistamine", "sympathomimetic", "epinephrine", "nasal_corticosteroid"}
    | {"nasal_decongestant", "nasal_other"}
)
_UNITS = frozenset({"mg", "mcg", "g", "gm", "ml", "unit", "units"})
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_AGO = re.compile(
    r"(?:\b(\d{1,3}|an?|one|two|three|four|five|six|seven|eight|nine|ten)\s*)?"
    r"(?:\b|(?<=\d))(days?|weeks?|wks?|w|months?|mos?|years?|yrs?|y)\s+(?:ago|back)\b"
)
_NUMBERS = {"a": "1", "an": "1", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5"} | {
    "six": "6",
    "seven": "7",
    "eight": "8",
    "nine": "9",
    "ten": "10",
}
_DAYS = {"d": 1, "w": 7, "m": 28, "y": 365}
_LINKS = 3  # words between a cue and the medicine, at most
_FOR = frozenset({"for", "against", "treats", "treating", "("})
_OPEN, _CLOSE, _PAUSES = frozenset("(["), frozenset(")]"), frozenset(",;|\n")


def spelled_out(text: str) -> str:
    """Write d/c'd as a word; d/c alone may also be a discharge and only makes doubtful."""
    return _DC.sub(lambda found: " discontinued " if found[1] else " dc ", text)


def phrase_positions(tokens: list[Token], matches: list[Match], which: str) -> set[int]:
    """Return the tokens of such phrases outside names."""
    covered = {position for start, end, _ in matches for position in range(start, end)}
    words = [None if i in covered else token.text for i, token in enumerate(tokens)]
    return {
        position
        for phrase in knowledge.phrases(which)
        for at in range(len(words))
        if tuple(words[at : at + len(phrase)]) == phrase and not _is_what_for(words, at)
        for position in range(at, at + len(phrase))
    }


def treated(tokens: list[Token]) -> set[int]:
    """Return the tokens that say what it is for, as in "naltrexone for alcohol use disorder"."""
    words = [token.text for token in tokens]
    return {
        position
        for phrase in knowledge.phrases("indications")
        for at in range(1, len(words))
        if words[at - 1] in _FOR and tuple(words[at : at + len(phrase)]) == phrase
        for position in range(at, at + len(phrase))
    }


def _is_what_for(words: list[str | None], at: int) -> bool:
    """Tell "cetirizine for allergies" from an allergy to cetirizine."""
    before = words[max(0, at - 3) : at]
    return words[at] in _ALLERGY and not {"for", "seasonal"}.isdisjoint(before)


def left_out(tokens: list[Token], matches: list[Match]) -> list[tuple[Match, Key]]:
    """Return the names that a cue clearly belongs to, each with its cue."""
    line = _Line(tokens, matches)
    if any((word,) in knowledge.phrases("new_start") for word in line.words):
        return []
    found: list[tuple[Match, Key]] = []
    for match in sorted(matches, key=lambda m: m[0]):
        cue = line.cue_after(match) or line.cue_before(match) or line.warning_of(match)
        if not cue and found and line.is_joined(found[-1][0], match) and line.ends(match[1]):
            cue = found[-1][1]
        if cue:
            found.append((match, cue))
    return found


def may_still_act(text: str, out: list[tuple[Match, Key]]) -> list[Match]:
    """Return what was taken once and stopped at no known time, where that matters for long.

    A wait counts from the day the line was written, so it has passed for good; of a date only a
    year that is long past says so without a calendar.
    """
    days = _days_ago(text) if len(out) == 1 else 0
    return [
        match
        for match, cue in out
        if cue not in knowledge.phrases("never") and days < _washout(match[2])
    ]


def once_taken(
    tokens: list[Token], matches: list[Match], out: list[tuple[Match, Key]]
) -> list[Match]:
    """Return what a line names as earlier: stopped, or "from" of a switch, taken or left out."""
    line = _Line(tokens, matches)
    stopped = [match for match, cue in out if cue not in knowledge.phrases("never")]
    return [match for match in matches if match in stopped or line.is_switched_from(match)]


def _washout(named: Named) -> int:
    """Return for how many days after the last dose it still counts."""
    return max((knowledge.washout(each) for each in named.ingredients), default=0)


def _days_ago(text: str) -> int:
    """Return how many days at least the line says have passed; 0 if it doesn't say."""
    years = [int(year) for year in _YEAR.findall(text)]
    if years and max(years) <= knowledge.long_past():
        return 366
    found = _AGO.search(text.casefold())
    if not found:
        return 0
    number, unit = found[1] or "2", found[2][0]  # "months ago" are two at least
    return int(_NUMBERS.get(number, number)) * _DAYS[unit]


class _Line:
    def __init__(self, tokens: list[Token], matches: list[Match]) -> None:
        self.tokens = tokens
        self.words = [token.text for token in tokens]
        self.ends_of = {start: end for start, end, _ in matches}

    def cue_before(self, match: Match) -> Key | None:
        """Such as "no longer takes diazepam", "discontinued: tramadol"."""
        for links in range(_LINKS + 1):
            end = match[0] - links
            if links and not (end >= 0 and self._is(end, "links")):
                return None
            phrase = self._phrase_that_ends(end)
            if phrase and _can_mean(phrase, match) and self._opens(end - len(phrase)):
                return phrase if self.ends(match[1]) else None
        return None

    def cue_after(self, match: Match) -> Key | None:
        """Such as "sertraline (stopped 2019)", "codeine allergy", "alcohol: none"."""
        at = self._past_tail(match[1])
        opened = self.words[at] if at < len(self.words) and self.tokens[at].is_separator else ""
        if opened and opened not in _OPEN | _PAUSES | {":"}:
            return None
        at += bool(opened)
        while at < len(self.words) and self._is(at, "subjects"):
            at += 1
        answers = knowledge.phrases("answers") if opened == ":" else frozenset()
        for phrase in knowledge.phrases("left_out_after") | answers:
            end = at + len(phrase)
            if tuple(self.words[at:end]) == phrase and _can_mean(phrase, match):
                until = self._past_tail(end)
                is_clear = _UNITS.isdisjoint(self.words[end:until])
                return phrase if is_clear and self._closes(until, opened) else None
        return None

    def warning_of(self, match: Match) -> Key | None:
        """Such as "tramadol: do not take with alcohol"."""
        for phrase in knowledge.phrases("warnings"):
            start = match[1] - len(phrase)
            before = self.words[start - 1] if start > 0 else ""
            is_said = start >= 0 and tuple(self.words[start : match[1]]) == phrase
            if is_said and before not in ("cannot", "cant", "not", "to"):
                return phrase if self.ends(match[1]) else None
        return None

    def is_switched_from(self, match: Match) -> bool:
        return (self._phrase_that_ends(match[0]) or ())[-1:] == ("from",)

    def is_joined(self, one: Match, other: Match) -> bool:
        return self.words[one[1] : other[0]] in (["or"], ["nor"])

    def ends(self, at: int) -> bool:
        """Say whether the clause ends after a name, and no dose of it follows."""
        at = self._past_tail(at)
        if at == len(self.words) or self.words[at] in ("but", "due", "because"):
            return True
        if self.words[at] in ("and", "or", "nor"):
            return at + 1 in self.ends_of and self.ends(self.ends_of[at + 1])
        return self.tokens[at].is_separator and self.words[at] != ":" and self._has_no_dose(at)

    def _closes(self, at: int, opened: str) -> bool:
        if at == len(self.words):
            return True
        if opened in _OPEN:
            return self.words[at] in _CLOSE and self._has_no_dose(at)
        is_alone = opened in ("", ":") and self.words[at] in _PAUSES | _CLOSE
        return is_alone and self._has_no_dose(at)

    def _has_no_dose(self, at: int) -> bool:
        """Look up to the next name: "stopped Xanax 2 mg, takes 1 mg" is a change of dose."""
        until = min((start for start in self.ends_of if start >= at), default=len(self.words))
        return not any(token.is_number for token in self.tokens[at:until])

    def _past_tail(self, at: int) -> int:
        while at < len(self.words) and (self._is(at, "tail") or self._is_amount(at)):
            at += 1
        return at

    def _is_amount(self, at: int) -> bool:
        token = self.tokens[at]
        if token.text == "/":
            return any(other.is_number for other in self.tokens[at + 1 : at + 2])
        is_other = token.text in knowledge.route_words() or token.text in knowledge.salts()
        return at not in self.ends_of and (token.is_number or is_other)

    def _phrase_that_ends(self, end: int) -> tuple[str, ...] | None:
        said = tuple(self.words[:end])
        fitting = [p for p in knowledge.phrases("left_out_before") if said[-len(p) :] == p]
        return max(fitting, key=len, default=None)

    def _opens(self, start: int) -> bool:
        while start > 0 and self._is(start - 1, "subjects"):
            start -= 1
        return start == 0 or self.tokens[start - 1].is_separator

    def _is(self, at: int, which: str) -> bool:
        return (self.words[at],) in knowledge.phrases(which)


def _can_mean(phrase: tuple[str, ...], match: Match) -> bool:
    """ "Benadryl allergy" is more often what it is for."""
    acts_as = frozenset().union(
        *(each.classes.union(*each.by_route.values()) for each in match[2].ingredients)
    )
    return _ALLERGY.isdisjoint(phrase) or acts_as.isdisjoint(_AGAINST_ALLERGY)
