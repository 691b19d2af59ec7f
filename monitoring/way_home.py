"""What the notes on the way home mean for the gate: of each topic, the newest one counts."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from monitoring.models.way_home import WayHomeNote
from monitoring.readings import Escort

Kind = WayHomeNote.Kind


class Note(NamedTuple):
    kind: str
    at: datetime


def escort_of(name: str, named_at: datetime, notes: Iterable[Note]) -> Escort:
    """Return the escort; one who could not be reached since being named isn't settled."""
    tried = [note for note in notes if note.kind in WayHomeNote.CONTACT and note.at >= named_at]
    if tried and tried[-1].kind == Kind.NOT_REACHED:
        why = f"{name} could not be reached: reach them, or name somebody else."
        return Escort(settled=False, name=name, why=why)
    return Escort(settled=True, name=name)


def means_to_drive(notes: Iterable[Note]) -> bool:
    said = [note.kind for note in notes if note.kind in WayHomeNote.DRIVING]
    return bool(said) and said[-1] == Kind.MEANS_TO_DRIVE
