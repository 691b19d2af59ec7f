"""What becomes of a visit, in a few words."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from desk.demo.vitals import Curve
from sessions.lifecycle import Status


@dataclass(frozen=True, slots=True)
class Script:
    """Minutes count from the first device or the start of the infusion."""

    arrival: int = -30
    device_gap: int = 5
    devices: int | None = None  # None: as ordered
    skipped: frozenset[int] = frozenset()  # readings that nobody took
    missed: str = ""  # why the one at 40 minutes was not taken
    curve: Curve = field(default_factory=Curve)
    last_reading: int | None = None  # after the last dose; None: as the observation ends
    escort: bool = True
    assessed: bool = True
    ending: Status = Status.DISCHARGED
    ending_minute: int | None = None  # after the last dose, for endings other than discharge
    reason: str = ""
    adverse_event: tuple[str, str] | None = None  # term and severity
    peak: bool = False  # the reading at 40 minutes is critical, and two people acknowledge it
    place: str = ""  # where the patient waits after the dose instead of the chair
    dose_reasons: Mapping[int, str] = field(default_factory=dict)  # device to why outside the gate


ORDINARY = Script()
