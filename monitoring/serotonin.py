"""How severe a serotonin toxicity looks, from reviewed signs; and what to do about it."""

from collections.abc import Collection

from monitoring import reviewed
from monitoring.hunter import Exam
from monitoring.reviewed import Row

TIERS = ("mild", "moderate", "severe")


def tier(exam: Exam, ticked: Collection[str]) -> str:
    """Return the worst tier of which a sign is known; blank without one. It is at least this."""
    found = {row.more["tier"] for row in severity_rows() if _is_present(row, exam, ticked)}
    return next((name for name in reversed(TIERS) if name in found), "")


def severity_rows() -> tuple[Row, ...]:
    return reviewed.topic("serotonin")["severity"]


def asked_rows() -> list[Row]:
    """Return the signs of severity that the exam itself doesn't answer."""
    return [row for row in severity_rows() if not {"sign", "temperature_over"} & set(row.more)]


def emergency_text() -> list[str]:
    return [row.words for row in reviewed.topic("serotonin")["emergency"]]


def _is_present(row: Row, exam: Exam, ticked: Collection[str]) -> bool:
    if "sign" in row.more:
        return exam.signs[row.more["sign"]] is True
    if "temperature_over" in row.more:
        return exam.temperature is not None and exam.temperature > row.more["temperature_over"]
    return row.code in ticked
