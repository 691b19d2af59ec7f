"""What the discharge gate answers with."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple


class Condition(NamedTuple):  # made by the hundred for a board, where a data class is slow
    code: str
    met: bool
    text: str
    action: str = ""  # what settles it, for the page: wait, record_vitals, explain, assess, ...
    decidable: bool = False
    needs_prescriber: bool = False  # to decide it
    ready_at: datetime | None = None
    reason: str = ""  # the words that settled it: a decision, or why a check was late or missed


@dataclass(frozen=True, slots=True)
class Gate:
    conditions: tuple[Condition, ...]

    @property
    def unmet(self) -> tuple[Condition, ...]:
        return tuple(condition for condition in self.conditions if not condition.met)

    @property
    def ready(self) -> bool:
        return bool(self.conditions) and not self.unmet
