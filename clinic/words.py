"""Whether a reason says something: one rule for every reason that people type. Pure."""

import re

FEWEST_LETTERS = 3
SYLLABLE = re.compile(r"[^\W\d_]{2}")  # two letters in a row


def explains(reason: str | None) -> bool:
    """Return whether there are words: three letters or more, some together, not all the same."""
    text = (reason or "").casefold()
    letters = [character for character in text if character.isalpha()]
    enough = len(letters) >= FEWEST_LETTERS and len(set(letters)) > 1
    return enough and bool(SYLLABLE.search(text))
