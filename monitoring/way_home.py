"""What the notes on the way home mean for the gate: of each topic, the newest one counts."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from monitoring.models.way_home import WayHomeNote
from monitoring.readings import Escort

Kind = WayHomeNote.Kind


class Note(NamedTuple):
    kind: str
    at: datetime


class Named(NamedTuple):
    """Somebody who was named to take the patient home."""

    name: str
    phone: str
    at: datetime

    def is_same(self, other: "Named") -> bool:
        """Whether both are one person as far as anybody can tell: by the name or the number."""
        phone = _plain(self.phone)
        return (
            _plain(self.name) == _plain(other.name) or bool(phone) and phone == _plain(other.phone)
        )


def _plain(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())


def escort_of(named: Sequence[Named], notes: Iterable[Note]) -> Escort | None:
    """Return the one who was named last; naming somebody again doesn't reach them."""
    if not named:
        return None
    last = named[-1]
    contacts = [note for note in notes if note.kind in WayHomeNote.CONTACT]
    tried = [note for note in contacts if (one := _standing(named, note.at)) and one.is_same(last)]
    if tried and tried[-1].kind == Kind.NOT_REACHED:
        why = f"{last.name} could not be reached: reach them, or name somebody else."
        return Escort(settled=False, name=last.name, why=why)
    return Escort(settled=True, name=last.name)


def _standing(named: Sequence[Named], at: datetime) -> Named | None:
    return next((one for one in reversed(named) if one.at <= at), None)


def means_to_drive(notes: Iterable[Note]) -> bool:
    said = [note.kind for note in notes if note.kind in WayHomeNote.DRIVING]
    return bool(said) and said[-1] == Kind.MEANS_TO_DRIVE
