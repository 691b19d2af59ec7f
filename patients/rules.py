"""Rules about persons; no database, no clock."""

from calendar import monthrange
from datetime import date

ADULT_AGE = 18  # neither esketamine nor ketamine is approved for depression below it (clinical 5)


def age_on(birth_date: date, today: date) -> int:
    """Return whole years by the calendar; someone born on 29 February turns on 1 March."""
    before_birthday = (today.month, today.day) < (birth_date.month, birth_date.day)
    return today.year - birth_date.year - before_birthday


def not_treatable(birth_date: date, deceased: bool, today: date) -> list[str]:
    reasons = []
    if deceased:
        reasons.append("The patient has died.")
    elif age_on(birth_date, today) < ADULT_AGE:
        reasons.append(f"The patient is under {ADULT_AGE}.")
    return reasons


def months_later(day: date, months: int) -> date:
    """Return the same day of a later month, or the last day of a shorter one."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))
