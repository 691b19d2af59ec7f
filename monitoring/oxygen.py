"""When oxygen was first given, besides a reading that names its litres."""

import re
from collections.abc import Iterable
from datetime import datetime

OXYGEN = "oxygen"  # the code of an emergency's action
NAMES = re.compile(r"\b(oxygen|o2|o₂)\b", re.IGNORECASE)


def oxygen_at(
    actions: Iterable[datetime], medicines: Iterable[tuple[str, datetime]]
) -> datetime | None:
    """Return the first of an emergency's giving of oxygen and of medicines with its name."""
    given = [at for drug, at in medicines if NAMES.search(drug)]
    return min([*actions, *given], default=None)
