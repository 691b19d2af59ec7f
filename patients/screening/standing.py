"""Whether a recorded screen holds for a dose today, and if not, why in words. No database."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from patients.screening.basis import Fact, Reasks, changes
from patients.screening.treatment import Treatment, covers

NONE = "No safety screen. A prescriber records it on the chart."
NOT_CLEARED = "The safety screen did not clear the patient for treatment."
AGAIN = "A prescriber screens again."
CLEARED = "cleared"


class Screen(Protocol):
    outcome: str
    valid_until: date
    screened_at: datetime
    rested_on: Any

    @property
    def treatment(self) -> Treatment: ...


def unmet(
    screen: Screen | None,
    planned: Treatment | None,
    facts: Iterable[Fact],
    reasks: Reasks,
    today: date,
) -> list[str]:
    """Return why the newest screen does not hold; `planned` is None where no course runs."""
    if screen is None:
        return [NONE]
    if screen.outcome != CLEARED:
        return [NOT_CLEARED]
    if screen.valid_until < today:
        return [f"The safety screen ended on {screen.valid_until:%d %b %Y}."]
    if screen.rested_on is None:
        return []
    return [f"{reason}. {AGAIN}" for reason in _outdated(screen, planned, facts, reasks)]


def _outdated(
    screen: Screen, planned: Treatment | None, facts: Iterable[Fact], reasks: Reasks
) -> list[str]:
    found = []
    if planned is not None and not covers(screen.treatment, planned):
        found.append(f"The safety screen is for {screen.treatment}; planned is {planned}")
    # A day earlier than by UTC: the clinic's day may have begun before.
    since = screen.screened_at.date() - timedelta(days=1)
    changed = changes(screen.rested_on, facts, since, reasks)
    return found + [f"{each[0].upper()}{each[1:]}" for each in changed]
