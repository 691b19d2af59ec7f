"""Words that tell others of the treatment: a subject and a preview lie open on many phones."""

from collections.abc import Iterable, Iterator
from functools import cache

from patients.medicines import knowledge
from patients.medicines.tokens import words_of
from sessions import shipped
from sessions.models.protocol import Drug, Route

WHY = (
    "Others may see a mail's sender, subject and preview, or a calendar: better leave out "
    "medicines and the treatment."
)
EVERYDAY = frozenset(
    {
        *("same", "ella", "iron", "pot", "maxim"),  # names of medicines, and words of every mail
        *("emergency", "resistant", "weekly"),  # of the protocols' titles, too
    }
)
LEFT_OUT_BEFORE = frozenset({"alcohol", "caffeine", "nicotine"})  # as a mail may ask for it
# Whatever the language adds to a drug's name: ketamine, Ketamin, ketamina.
STEMS = tuple(drug[:-1] for drug in Drug.values)
LONG = 6  # letters: shorter words of a title mean little


def names_in(text: str) -> list[str]:
    """Return the medicines and the words of the treatment that a text names, as they are read."""
    return list(dict.fromkeys(_found(words_of(text))))


def warning(*texts: str) -> str:
    """Say what these texts name, and why not; nothing if they name nothing of the kind."""
    found = names_in("\n".join(texts))
    return f"Your words name “{'”, “'.join(found)}”. {WHY}" if found else ""


def _found(words: tuple[str, ...]) -> Iterator[str]:
    at = 0
    while at < len(words):
        name = _longest_name_at(words, at)
        if name:
            yield " ".join(name)
        at += len(name) or 1


def _longest_name_at(words: tuple[str, ...], at: int) -> tuple[str, ...]:
    """Return the longest name that begins here; empty if none does."""
    for end in range(min(len(words), at + knowledge.longest_name()), at, -1):
        name = words[at:end]
        if name in _medicines() or len(name) == 1 and _is_of_treatment(name[0]):
            return name
    return ()


@cache
def _medicines() -> frozenset[tuple[str, ...]]:
    return frozenset(
        name
        for name, named in knowledge.index().items()
        if not EVERYDAY.issuperset(name) and not named.contents <= LEFT_OUT_BEFORE
    )


def _is_of_treatment(word: str) -> bool:
    return word in _treatment() or word.startswith(STEMS)


@cache
def _treatment() -> frozenset[str]:
    """Return the words for ways to give it, and the long ones of the shipped protocols' titles."""
    titles = {word for each in shipped.read_all() for word in words_of(each.title)}
    ways: Iterable[str] = words_of(" ".join(Route.labels))
    return frozenset({*ways, *(word for word in titles if len(word) >= LONG)}) - EVERYDAY
