"""REMS forms that wait: by their due day, the overdue ones in front."""

from dataclasses import dataclass
from datetime import datetime

from clinic.models import Clinic
from monitoring.services import rems, rems_stale

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
    # Not every touched one changed, so more of them are looked at than are shown: the latest.
    touched = list(rems_stale.touched(rows).order_by("-starts_at", "-pk")[: MOST + 1])
    sheets = rems.sheets([*unfiled[:most], *touched[:MOST]], now)
    changed = [sheet for sheet in sheets if sheet.changes]
    return Waiting(
        [sheet for sheet in sheets if sheet.filing is None],
        changed[:most],
        len(unfiled) > most or len(changed) > most or len(touched) > MOST,
    )
