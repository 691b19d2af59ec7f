"""The same substance as other languages end its name: sertralin, fluoxetina, clonazepamum.

Latin adds -um, German drops the last -e, French adds one, Spanish and Italian end in -a or -o and
write y as i, ph as f, th as t, ch as c and no double letters. A rule, so that it is no guess.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from functools import cache

from patients.medicines import knowledge
from patients.medicines.knowledge import Named

SHORTEST = 5  # letters of a stem
_ENDING = re.compile(r"(um|[aeo])$")
_ROMANCE = ("a", "o")
_SPELLING = (("ph", "f"), ("th", "t"), ("ch", "c"), ("y", "i"))


def named(word: str) -> Named | None:
    """Return what a substance's name with another language's ending stands for."""
    if not word.isalpha() or word in knowledge.fillers() or word in knowledge.route_words():
        return None
    return _stems().get(_stem(word)) or (
        _romance().get(_folded(_stem(word))) if word.endswith(_ROMANCE) else None
    )


def is_salt(word: str) -> bool:
    return word in knowledge.salts() or f"{word}e" in knowledge.salts()


def _stem(word: str) -> str:
    return _ENDING.sub("", word)


def _folded(stem: str) -> str:
    for one, other in _SPELLING:
        stem = stem.replace(one, other)
    return re.sub(r"(.)\1", r"\1", stem)


@cache
def _stems() -> Mapping[str, Named]:
    return _unambiguous(_stem)


@cache
def _romance() -> Mapping[str, Named]:
    return _unambiguous(lambda name: _folded(_stem(name)))


def _unambiguous(key_of: Callable[[str], str]) -> dict[str, Named]:
    """Leave out what two substances share, and brands: no invented word has such endings."""
    found: dict[str, dict[frozenset[str], Named]] = defaultdict(dict)
    for words, each in knowledge.index().items():
        if len(words) == 1 and words[0].isalpha() and each.how in {"name", "other name"}:
            found[key_of(words[0])].setdefault(each.contents, each)
    return {
        key: next(iter(meant.values()))
        for key, meant in found.items()
        if len(key) >= SHORTEST and len(meant) == 1
    }
