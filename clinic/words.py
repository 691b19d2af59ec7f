"""Whether a reason says something: one rule for every reason that people type. Pure."""

FEWEST_LETTERS = 3


def explains(reason: str | None) -> bool:
    """Return whether there are words: three letters or more, and not one letter repeated."""
    letters = [character for character in (reason or "").casefold() if character.isalpha()]
    return len(letters) >= FEWEST_LETTERS and len(set(letters)) > 1
