"""When a patient is shown as ready: one meaning on the board and on the sheet."""

from monitoring.conditions import Gate
from sessions.lifecycle import Status


def is_ready(status: str, gate: Gate | None) -> bool:
    """Only a clinician's assessment is missing, or nothing at all."""
    if status != Status.MONITORING or gate is None:
        return False
    return {condition.code for condition in gate.unmet} <= {"assessment"}
