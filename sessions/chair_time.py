"""How long a visit needs its chair at least: the last dose and the observation after it; pure."""

from __future__ import annotations

from dataclasses import dataclass

from sessions.dosing import MG_PER_DEVICE
from sessions.specs import DoseOption, ProtocolSpec

AFTER_LAST_DOSE = {"last_dose", "infusion_end"}
FROM_FIRST_DOSE = {"first_dose", "infusion_start"}


@dataclass(frozen=True, slots=True)
class ChairTime:
    """Minutes from the first device, or the start of the infusion, until the patient may go.

    Arriving, the pre-dose check and leaving come on top; the clinic adds what they take here.
    """

    dosing: int
    observation: int

    @property
    def minutes(self) -> int:
        return self.dosing + self.observation


def needed(protocol: ProtocolSpec) -> ChairTime:
    """Return the time of the longest dose that the protocol offers."""
    options = [option for phase in protocol.phases for option in phase.doses]
    rest = protocol.monitoring.get("rest_between_devices_minutes", 0)
    dosing = max((_dosing(option, rest) for option in options), default=0)
    after = max([protocol.min_observation_minutes, *_checks(protocol, AFTER_LAST_DOSE)])
    from_first = max(_checks(protocol, FROM_FIRST_DOSE), default=0)
    return ChairTime(dosing, max(after, from_first - dosing))


def _dosing(option: DoseOption, rest: int) -> int:
    """Return the minutes of an infusion, or of the rests between devices."""
    if option.mg is None:
        return option.minutes or 0
    return max(int(option.mg // MG_PER_DEVICE) - 1, 0) * rest


def _checks(protocol: ProtocolSpec, anchors: set[str]) -> list[int]:
    checks = protocol.monitoring.get("checks", [])
    return [check["minute"] for check in checks if check["anchor"] in anchors]


def too_short(protocol: ProtocolSpec) -> str:
    """Say why the booked visit can't hold dose and observation; empty when it can."""
    chair = needed(protocol)
    if protocol.visit_minutes >= chair.minutes:
        return ""
    if protocol.route == "iv":
        dosing = f"the infusion runs up to {chair.dosing} minutes"
    else:
        dosing = f"the last device comes up to {chair.dosing} minutes after the first"
    return (
        f"A visit of {protocol.visit_minutes} minutes is too short: {dosing} and is observed for "
        f"{chair.observation}, so the chair is needed for {chair.minutes} minutes at least."
    )
