"""The life of a session: one table of steps, and nothing changes a status around it."""

from dataclasses import dataclass
from enum import StrEnum

from django.core.exceptions import ValidationError
from django.db import models


class Status(models.TextChoices):
    PLANNED = "planned", "Planned"
    CHECKED_IN = "checked_in", "Arrived"
    CLEARED = "cleared", "Cleared"
    DOSING = "dosing", "Dosing"
    MONITORING = "monitoring", "Monitoring"
    DISCHARGED = "discharged", "Discharged"
    TRANSFERRED = "transferred", "Transferred"
    LEFT_AGAINST_ADVICE = "left_against_advice", "Left against advice"
    LEFT_BEFORE_DOSE = "left_before_dose", "Left before the dose"
    NO_SHOW = "no_show", "Did not come"
    CANCELLED = "cancelled", "Cancelled"
    DEFERRED = "deferred", "Deferred"


# In the order of a visit. The exclusion constraints hold a place for these.
HOLDING = ["planned", "checked_in", "cleared", "dosing", "monitoring"]
PRESENT = ["checked_in", "cleared", "dosing", "monitoring"]
DOSED = ["dosing", "monitoring"]
TOOK_PLACE = ["discharged", "transferred", "left_against_advice"]
ENDINGS = [
    *TOOK_PLACE,
    "left_before_dose",
    "no_show",
    "cancelled",
    "deferred",
]


class GuardName(StrEnum):
    NONE = ""
    PREDOSE = "predose"
    DISCHARGE = "discharge"


@dataclass(frozen=True, slots=True)
class Step:
    """A permitted change of status: who may take it, which guard decides, is a reason needed."""

    from_status: Status
    to_status: Status
    permission: str
    guard: GuardName = GuardName.NONE
    needs_reason: bool = False


_S = Status
_CHECK_IN = "treatment_sessions.check_in"
_RUN = "treatment_sessions.run_session"
_DOSE = "treatment_sessions.give_dose"
_CANCEL = "treatment_sessions.cancel_session"

STEPS = (
    Step(_S.PLANNED, _S.CHECKED_IN, _CHECK_IN),
    Step(_S.CHECKED_IN, _S.CLEARED, _RUN, GuardName.PREDOSE),
    Step(_S.CLEARED, _S.DOSING, _DOSE, GuardName.PREDOSE),
    Step(_S.DOSING, _S.MONITORING, _DOSE),
    Step(_S.MONITORING, _S.DISCHARGED, "monitoring.assess_discharge", GuardName.DISCHARGE),
    # ways back
    Step(_S.CHECKED_IN, _S.PLANNED, _CHECK_IN, needs_reason=True),
    Step(_S.CLEARED, _S.CHECKED_IN, _RUN, needs_reason=True),
    Step(_S.NO_SHOW, _S.CHECKED_IN, _CHECK_IN, needs_reason=True),
    # endings before a dose
    Step(_S.PLANNED, _S.NO_SHOW, _CHECK_IN),
    Step(_S.PLANNED, _S.CANCELLED, _CANCEL, needs_reason=True),
    Step(_S.PLANNED, _S.DEFERRED, _RUN, needs_reason=True),
    Step(_S.CHECKED_IN, _S.CANCELLED, _CANCEL, needs_reason=True),
    Step(_S.CHECKED_IN, _S.DEFERRED, _RUN, needs_reason=True),
    Step(_S.CHECKED_IN, _S.LEFT_BEFORE_DOSE, _CHECK_IN, needs_reason=True),
    Step(_S.CLEARED, _S.DEFERRED, _RUN, needs_reason=True),
    Step(_S.CLEARED, _S.LEFT_BEFORE_DOSE, _RUN, needs_reason=True),
    Step(_S.CHECKED_IN, _S.TRANSFERRED, _RUN, needs_reason=True),
    Step(_S.CLEARED, _S.TRANSFERRED, _RUN, needs_reason=True),
    # endings after one
    Step(_S.DOSING, _S.TRANSFERRED, _RUN, needs_reason=True),
    Step(_S.DOSING, _S.LEFT_AGAINST_ADVICE, _RUN, needs_reason=True),
    Step(_S.MONITORING, _S.TRANSFERRED, _RUN, needs_reason=True),
    Step(_S.MONITORING, _S.LEFT_AGAINST_ADVICE, _RUN, needs_reason=True),
)
_TABLE = {(step.from_status, step.to_status): step for step in STEPS}


def step(from_status: str, to_status: str) -> Step:
    """Return the step, or refuse with the words that the page shows."""
    found = _TABLE.get((Status(from_status), Status(to_status)))
    if found is None and from_status == to_status:
        raise ValidationError(
            f"This has already been done: the session is “{Status(to_status).label}”.",
            code="no_such_step",
        )
    if found is None:
        raise ValidationError(
            f"The session is “{Status(from_status).label}” now, "
            f"so it can't become “{Status(to_status).label}”.",
            code="no_such_step",
        )
    return found


def steps_from(status: str) -> list[Step]:
    return [found for found in STEPS if found.from_status == status]
