"""What the medicines of a day answer of the REMS form's classes. Pure.

Which medicines count for which class stands in `knowledge/rems_classes.json`, with sources. One of
its choices: an antidepressant taken to sleep (trazodone) is a CNS depressant for the interactions,
but for the form neither a “yes” nor a “no” of the list: a person answers (proposed).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from clinic.provenance import Certainty, Source
from monitoring.knowledge import rows
from monitoring.rems import Concomitant
from patients.medicines import knowledge
from patients.medicines.reading import Reading
from patients.medicines.resolver import resolve

# Kinds of given medicines that may be any of the form's classes when the name isn't understood.
ANY = frozenset({"sedating", "other"})


@dataclass(frozen=True, slots=True)
class Counted:
    """What counts for a class of the form: classes of medicines, and kinds of given ones."""

    key: str
    acts_as: tuple[str, ...]
    ask: tuple[str, ...]  # may count: a person says
    given_as: tuple[str, ...]
    why: str
    source: Source

    def has(self, reading: Reading) -> bool:
        return bool(reading.classes & _members(self.acts_as))

    def may_have(self, reading: Reading) -> bool:
        return bool(reading.classes & _members(self.ask))


COUNTED = [
    Counted(
        row["key"],
        tuple(row["acts_as"]),
        tuple(row.get("ask", ())),
        tuple(row["given_as"]),
        row.get("why", ""),
        Source(row["source"], Certainty(row["certainty"])),
    )
    for row in rows("rems_classes")
]


def concomitant(
    texts: Iterable[str], given: Iterable[tuple[str, str]] = ()
) -> Mapping[str, Concomitant]:
    """Return for each class which lines say so; a line that isn't understood may be any of them.

    `given` are medicines of the visit with the kind that a person chose. An empty list answers
    nothing: nothing noted is not nothing taken.
    """
    taken = [resolve(text) for text in dict.fromkeys(texts)]
    in_visit = [(resolve(text), kind) for text, kind in dict.fromkeys(given)]
    if not taken and not in_visit:
        return {}
    unread = [each.text for each in taken if not each.is_understood]
    unread += [each.text for each, kind in in_visit if not each.is_understood and kind in ANY]
    readings = [*taken, *(each for each, _ in in_visit)]
    return {
        one.key: Concomitant(
            named=tuple(each.text for each in taken if one.has(each)),
            unread=tuple(unread),
            given=tuple(
                each.text for each, kind in in_visit if one.has(each) or kind in one.given_as
            ),
            doubtful=tuple(each.text for each in readings if one.may_have(each)),
            is_listed=bool(taken),
        )
        for one in COUNTED
    }


def _members(ids: Iterable[str]) -> frozenset[str]:
    return frozenset().union(*(knowledge.members(each) for each in ids))
