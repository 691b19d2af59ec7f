"""A text as words, the same way for what is asked and for the names that are known."""

import re
import unicodedata
from dataclasses import dataclass

_TOKEN = re.compile(r"[^\W\d_]+|\d+(?:[.,]\d+)*|[#?/+,;:|()\[\]{}\n]")
_DROPPED = str.maketrans("", "", "'`\u2018\u2019\u02bc\u00b4\u00ae\u2122")
_SEPARATORS = frozenset("/+,;:|()[]{}\n")
_OPEN, _CLOSE = "[", "]"


@dataclass(frozen=True, slots=True)
class Token:
    text: str
    bracketed: bool = False  # RxNorm writes the brand in brackets

    @property
    def is_separator(self) -> bool:
        return self.text in _SEPARATORS

    @property
    def is_number(self) -> bool:
        return self.text[0].isdecimal()


def tokens_of(text: str) -> list[Token]:
    """Split into words and numbers, letters from digits, without case, accents and apostrophes."""
    plain = unicodedata.normalize("NFKD", text.translate(_DROPPED))
    plain = "".join(c for c in plain if not unicodedata.combining(c)).casefold()
    depth, found = 0, []
    for match in _TOKEN.findall(plain.replace("&", " and ")):
        depth = max(0, depth + (match == _OPEN) - (match == _CLOSE))
        found.append(Token(match, bracketed=depth > 0))
    return found


def words_of(name: str) -> tuple[str, ...]:
    return tuple(token.text for token in tokens_of(name) if not token.is_separator)
