"""Misspelled names: taken only when nothing else comes near, and never for a look-alike."""

from functools import cache

from patients.medicines import knowledge
from patients.medicines.knowledge import Named

SHORTEST, LONG = 5, 10  # letters; one slip from five on, two from ten on


def nearest(word: str) -> Named | None:
    """Return the one name that the word must mean."""
    slips = _allowed(word)
    if not slips or not word.isalpha():
        return None
    found = _within(word, slips + 1)
    if not found or found[0][0] > slips:
        return None
    best = found[0][0]
    rivals = [name for away, name in found if away <= best + 1]
    if any((name,) in knowledge.lookalikes() for name in rivals):
        return None
    meanings = {knowledge.index()[name,].contents for name in rivals}
    return knowledge.index()[rivals[0],] if len(meanings) == 1 else None


def suggestions(word: str) -> list[str]:
    """Name what it may be, for the person who looks."""
    slips = _allowed(word)
    return [name for _, name in _within(word, slips + 1)][:3] if slips else []


def _allowed(word: str) -> int:
    if len(word) < SHORTEST:
        return 0
    return 2 if len(word) >= LONG else 1


def _within(word: str, most: int) -> list[tuple[int, str]]:
    near = (
        (distance(word, name, most), name)
        for name in _single_words()
        if name[0] == word[0] and abs(len(name) - len(word)) <= most
    )
    return sorted((d, name) for d, name in near if d <= most)


@cache
def _single_words() -> tuple[str, ...]:
    return tuple(key[0] for key in knowledge.index() if len(key) == 1 and len(key[0]) >= SHORTEST)


def distance(a: str, b: str, most: int) -> int:
    """Count slips: a letter more, less, other, or two neighbours swapped; `most + 1` if more."""
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, letter in enumerate(a, 1):
        before, last, row = row, before, [i] + [0] * len(b)
        for j, other in enumerate(b, 1):
            row[j] = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == b[j - 2] and a[i - 2] == other:
                row[j] = min(row[j], last[j - 2] + 1)
        if min(row) > most:
            return most + 1
    return row[-1]
