from collections.abc import Callable
from datetime import datetime

import pytest

from desk import pulse
from desk.tests.factories import NOON


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    """Set the clock of the board; it starts at noon."""

    def set_clock(moment: datetime) -> None:
        monkeypatch.setattr(pulse, "CLOCK", f"timestamptz '{moment.isoformat()}'")

    set_clock(NOON)
    return set_clock
