"""Whether a reason says something: one rule for every reason that people type."""

from django.core.exceptions import ValidationError

FEWEST_LETTERS = 3
SAY_IT = "Say it in words: three letters or more."


def explains(reason: str | None) -> bool:
    """Return whether there are words: three letters or more, and not one letter repeated."""
    letters = [character for character in (reason or "").casefold() if character.isalpha()]
    return len(letters) >= FEWEST_LETTERS and len(set(letters)) > 1


def check_reason(reason: str) -> None:
    """Refuse, as a form field's validator, a reason that says nothing."""
    if not explains(reason):
        raise ValidationError(SAY_IT, code="reason")
