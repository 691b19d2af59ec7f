"""Answers of patients that can't wait: each reads of them what they may know."""

from collections.abc import Iterable
from dataclasses import replace

from desk.beside import Waiting

KNOWS = "patients.view_chart"
CAN_NOT_WAIT = "An answer that can't wait."
TELL = f"{CAN_NOT_WAIT} Tell a nurse or a prescriber now."


def told(calls: Iterable[Waiting], *, knows: bool) -> tuple[Waiting, ...]:
    """Leave out what the patient answered where somebody sees no charts: that it waits, all see."""
    if knows:
        return tuple(calls)
    return tuple(
        replace(one, text=CAN_NOT_WAIT if one.taken_by else TELL, public_id="") for one in calls
    )


def nameless(calls: Iterable[Waiting]) -> tuple[Waiting, ...]:
    """Leave that something waits and until when: anybody may stand before a wall screen."""
    return tuple(
        Waiting("", "", CAN_NOT_WAIT, one.due_at, "Somebody" if one.taken_by else "")
        for one in calls
    )
