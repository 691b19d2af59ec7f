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
STIMULANTS = frozenset({"alcohol", "caffeine", "nicotine"})  # a mail may ask to leave them out
LONG = 6  # letters: shorter words of a title mean little


def telling(text: str) -> list[str]:
    """Return the medicines and the words of the treatment that a text names, as they are read."""
    return list(dict.fromkeys(_found(words_of(text))))


def warning(*texts: str) -> str:
    """Say what these texts name, and why not; nothing if they name nothing of the kind."""
    found = telling("\n".join(texts))
    return f"Your words name “{'”, “'.join(found)}”. {WHY}" if found else ""


def _found(words: tuple[str, ...]) -> Iterator[str]:
    at = 0
    while at < len(words):
        name = next(_names_at(words, at), ())
        if name:
            yield " ".join(name)
        at += len(name) or 1


def _names_at(words: tuple[str, ...], at: int) -> Iterator[tuple[str, ...]]:
    """Yield what is named from here on, the longest name first."""
    for end in range(min(len(words), at + knowledge.longest_name()), at, -1):
        name = words[at:end]
        if name in _medicines() or len(name) == 1 and _is_of_treatment(name[0]):
            yield name


@cache
def _medicines() -> frozenset[tuple[str, ...]]:
    return frozenset(
        name
        for name, named in knowledge.index().items()
        if not EVERYDAY.issuperset(name) and not named.contents <= STIMULANTS
    )


def _is_of_treatment(word: str) -> bool:
    """Whatever the language adds to a drug's name: ketamine, Ketamin, ketamina."""
    return word in _treatment() or word.startswith(tuple(drug[:-1] for drug in Drug.values))


@cache
def _treatment() -> frozenset[str]:
    """Return the words for ways to give it, and the long ones of the shipped protocols' titles."""
    titles = {word for each in shipped.read_all() for word in words_of(each.title)}
    ways: Iterable[str] = words_of(" ".join(Route.labels))
    return frozenset({*ways, *(word for word in titles if len(word) >= LONG)}) - EVERYDAY
