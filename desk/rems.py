"""REMS forms that wait: by their due day, the overdue ones in front."""

from dataclasses import dataclass
from datetime import datetime

from clinic.models import Clinic
from monitoring.services import rems

MOST = 100
ON_WORKLIST = 8


@dataclass(frozen=True, slots=True)
class Waiting:
    unfiled: list[rems.Sheet]
    changed: list[rems.Sheet]
    more: bool


def load(clinic: Clinic, now: datetime, most: int = MOST) -> Waiting:
    """Return what waits at the clinic; nothing where REMS doesn't apply."""
    if not clinic.wants_rems:
        return Waiting([], [], more=False)
    rows = rems.wanted().filter(clinic=clinic).order_by("starts_at", "pk")
    unfiled = list(rems.unfiled(rows)[: most + 1])
    touched = list(rems.touched(rows)[: most + 1])
    sheets = rems.sheets([*unfiled[:most], *touched[:most]], now)
    return Waiting(
        [sheet for sheet in sheets if sheet.filing is None],
        [sheet for sheet in sheets if sheet.changes],
        max(len(unfiled), len(touched)) > most,
    )
