"""Misspelled names: read only where one name is near and every other is clearly farther.

A slip is a letter more, less, other, or two neighbours swapped. Every other name has to be two
slips farther. After one slip that sounds the same (one vowel for another, a doubled letter, a last
letter more or less) a slip and a half is enough, for a known look-alike two. So no single slip
ever turns one name into another. A brand is read only where its first two letters are right.
"""

from collections import defaultdict
from collections.abc import Iterator
from functools import cache

from patients.medicines import endings, knowledge
from patients.medicines.knowledge import Named

SHORTEST, LONG = 5, 9  # letters; one slip from five on, two from nine on
SOUND, SLIP = 100, 101  # slips in hundreds, and how many of them don't sound the same
_VOWELS = frozenset("aeiouy")
_SOUNDS = frozenset({("c", "k"), ("k", "c"), ("s", "z"), ("z", "s"), ("m", "n"), ("n", "m")})


def nearest(word: str) -> Named | None:
    """Return the one name that the word must mean."""
    slips = _allowed(word)
    if not slips or not word.isalpha():
        return None
    found = _within(word, slips + 1)
    if not found or found[0][0] // 100 > slips:
        return None
    best = found[0]
    meanings = {_meaning(each[1]) for each in found if each is best or not _is_clear(best, each)}
    named = knowledge.index().get((best[1],)) if len(meanings) == 1 else None
    return None if named and _may_be_another_brand(word, best[1], named) else named


def _may_be_another_brand(word: str, name: str, named: Named) -> bool:
    """Other countries have brands that aren't known here: Dolantin is no Dilantin."""
    return named.how in {"brand", "product"} and word[:2] != name[:2]


def _is_clear(best: tuple[int, str], other: tuple[int, str]) -> bool:
    """Say whether another name is too far to be meant; of a look-alike it is asked for more."""
    if other[0] // 100 >= best[0] // 100 + 2:
        return True
    is_lookalike = (best[1], other[1]) in knowledge.lookalikes()
    return best[0] == SOUND and other[0] > SOUND + (SLIP if is_lookalike else SOUND)


def is_salt(word: str) -> bool:
    """Say whether it is a salt, or one with a single slip."""
    return endings.is_salt(word) or (
        len(word) > SHORTEST
        and any(
            each[0] == word[0] and distance(word, each, 1) <= SLIP for each in knowledge.salts()
        )
    )


def suggestions(word: str) -> list[str]:
    """Name what it may be, for the person who looks."""
    slips = _allowed(word)
    near_by = _within(word, slips + 1) if slips else []
    return [name for _, name in near_by if (name,) in knowledge.index()][:3]


def _allowed(word: str) -> int:
    if len(word) < SHORTEST:
        return 0
    return 2 if len(word) >= LONG else 1


def _meaning(word: str) -> frozenset[str]:
    named = knowledge.index().get((word,))
    return named.contents if named else frozenset()


def _within(word: str, slips: int) -> list[tuple[int, str]]:
    near = (
        (distance(word, name, slips), name)
        for name in _known().get(word[0], ())
        if abs(len(name) - len(word)) <= slips
    )
    return sorted((d, name) for d, name in near if d // 100 <= slips)


@cache
def _known() -> dict[str, list[str]]:
    """Names and the words that name nothing, by the first letter, which is rarely mistaken."""
    found: dict[str, list[str]] = defaultdict(list)
    for word in sorted(set(_words())):
        if len(word) >= SHORTEST - 1:
            found[word[0]].append(word)
    return found


def _words() -> Iterator[str]:
    yield from (key[0] for key in knowledge.index() if len(key) == 1)
    yield from (*knowledge.fillers(), *knowledge.salts(), *knowledge.route_words())


def distance(a: str, b: str, slips: int) -> int:
    """Count slips in hundreds, plus those that don't sound the same; above `slips` just more."""
    before: list[int] = []
    row = [0]
    for j in range(1, len(b) + 1):
        row.append(row[-1] + _extra(b, j - 1))
    for i, letter in enumerate(a, 1):
        left_out = _extra(a, i - 1)
        before, last, row = row, before, [row[0] + left_out]
        for j, other in enumerate(b, 1):
            best = min(
                before[j] + left_out,
                row[j - 1] + _extra(b, j - 1),
                before[j - 1] + _other(letter, other),
            )
            if i > 1 and j > 1 and letter == b[j - 2] and a[i - 2] == other:
                best = min(best, last[j - 2] + SLIP)
            row.append(best)
        if min(row) // 100 > slips:
            return min(row)
    return row[-1]


def _extra(word: str, at: int) -> int:
    is_doubled = at > 0 and word[at - 1] == word[at]
    return SOUND if is_doubled or at == len(word) - 1 else SLIP


def _other(letter: str, other: str) -> int:
    if letter == other:
        return 0
    both = letter in _VOWELS and other in _VOWELS
    return SOUND if both or (letter, other) in _SOUNDS else SLIP
