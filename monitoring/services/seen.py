"""What a form showed: nobody decides on what they have not seen."""

from collections.abc import Iterable
from hashlib import sha256

from django.core.exceptions import ValidationError


class UnseenError(ValidationError):
    """The record holds something that the form did not show."""


def digest(shown: Iterable[str]) -> str:
    """Return what stands in a hidden field for the texts or rows that a page showed."""
    return sha256("\n".join(shown).encode()).hexdigest()
