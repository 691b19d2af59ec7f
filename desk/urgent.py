"""Answers of patients that can't wait: each reads of them what they may know."""

from collections.abc import Iterable
from dataclasses import replace

from desk.beside import Waiting
from patients.models import Task

KNOWS = "patients.view_chart"
CAN_NOT_WAIT = "An answer that can't wait."
FOR_A_NURSE = "An answer that can't wait, for a nurse or a prescriber."
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


def among(tasks: Iterable[Task], *, knows: bool) -> tuple[Waiting, ...]:
    """Return those among a patient's tasks, and let these tasks tell no more than one may know."""
    found = [task for task in tasks if task.kind == Task.Kind.CRISIS]
    calls = [
        Waiting(str(task.public_id), "", task.text, task.due_at, str(task.taken_by or ""))
        for task in found
    ]
    if not knows:
        for task in found:
            task.text = FOR_A_NURSE
    return told(calls, knows=knows)
