"""What forbids a dose of the vital signs before it. Pure.

What was decided where no source says more:

- Over the limit, a blood pressure is repeated first; from the critical limits on nobody decides:
  only a later reading under them lets the dose pass. A critically low one is a hold.
- What was measured too long before the first dose is measured again; no later device asks for it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from clinic.words import explains
from monitoring.alerts import alerts
from monitoring.holding import speaks
from monitoring.readings import DISSOCIATION_NONE, MOAAS_BEST, BloodPressure, Reading, Settings
from monitoring.today import DECIDES, Stop, Today
from sessions.ports import Unmet


def baseline(today: Today, now: datetime) -> list[Unmet]:
    before, recent = today.before, today.recent(now)
    pressures = [row for row in before if row.systolic is not None]
    if not pressures:
        return [Unmet("baseline", "No blood pressure before the dose. Record the vital signs.")]
    explained = any(explains(row.not_obtained) for row in recent)
    asked = [("systolic", "Blood pressure")]
    asked += [] if explained else [("spo2", "SpO₂"), ("sedation", "MOAA/S")]
    lacking = [pair for pair in asked if all(getattr(row, pair[0]) is None for row in recent)]
    old = [
        words for name, words in lacking if any(getattr(row, name) is not None for row in before)
    ]
    never = [words for _, words in lacking if words not in old]
    found = []
    if never:
        text = f"{' and '.join(never)} before the dose: record it, or say why it was not obtained."
        found.append(Unmet("baseline", text))
    if old:
        minutes = today.settings.predose_recent_minutes
        text = f"Over {minutes} minutes old: {', '.join(old)}. Measure again before the dose."
        found.append(Unmet("baseline_old", text))
    return [*found, *_pressure(today, pressures)]


def _pressure(today: Today, pressures: Sequence[Reading]) -> list[Unmet]:
    """Judge the newest; of two with the same time, both count."""
    settings = today.settings
    limit = settings.predose_limit(today.age)
    critical = BloodPressure(settings.alert_systolic, settings.alert_diastolic)
    last = [row for row in pressures if row.observed_at == pressures[-1].observed_at]
    count = speaks(pressures, [row for row in pressures if _reaches(row, critical)], today.repeat)
    found = [row for row in count if _reaches(row, critical)]
    if found and not _measured_since(today, last[0]):
        worst_of = found[0]
        text = (
            f"Blood pressure {_shown(worst_of)} is critical, from {critical} on no dose is given "
            "and nobody decides otherwise. Call the prescriber and measure again"
            f" after {today.policy.bp_repeat_minutes} minutes."
        )
        return [Unmet("predose_critical", text)]
    over = [row for row in last if _exceeds(row, limit)]
    keys = tuple(row.key("bp") for row in over)
    if not over or today.covered(keys):
        return []
    words = f"Blood pressure {_shown(over[-1])} is over {limit}"
    minutes = today.policy.bp_repeat_minutes
    if last[0].observed_at - _high_since(pressures, limit) < timedelta(minutes=minutes):
        text = (
            f"{words}: repeat it after {minutes} minutes, or a prescriber decides, with a reason."
        )
        return [Stop("predose_repeat", text, keys)]
    return [Stop("predose_bp", f"{words}. {DECIDES['reason']}.", keys)]


def values(today: Today) -> list[Unmet]:
    """Ask a prescriber about the newest values but pressure that are short of critical."""
    found = [
        (row.key(name), words)
        for name in ("spo2", "sedation", "dissociation")
        for row in _newest(today.before, name)
        if (words := _short(row, name, today.settings))
    ]
    keys = tuple(key for key, _ in found)
    if not found or today.covered(keys):
        return []
    text = f"{'; '.join(words for _, words in found)} before the dose. {DECIDES['reason']}."
    return [Stop("predose_values", text, keys)]


def _newest(rows: Sequence[Reading], measure: str) -> list[Reading]:
    """Return the last that are known; of two with the same time, both."""
    known = [row for row in rows if getattr(row, measure) is not None]
    return [row for row in known if row.observed_at == known[-1].observed_at]


def _short(row: Reading, measure: str, settings: Settings) -> str:
    """Say how a value falls short; a critical one is the hold's."""
    value = getattr(row, measure)
    if any(alert.measure == measure for alert in alerts(row, None, settings)):
        return ""
    if measure == "spo2":
        if row.oxygen_unsaid:
            return f"SpO₂ {value}, without a word on oxygen, which was given before,"
        if not row.on_room_air:
            return f"SpO₂ {value} on oxygen"
        return f"SpO₂ {value} is under {settings.spo2_min}" if value < settings.spo2_min else ""
    if measure == "sedation":
        return f"MOAA/S {value} is below {MOAAS_BEST}" if value < MOAAS_BEST else ""
    return f"Dissociation {value} is above {DISSOCIATION_NONE}" if value > DISSOCIATION_NONE else ""


def _high_since(pressures: Sequence[Reading], limit: BloodPressure) -> datetime:
    """Return when the first was taken of the readings in a row that are over the limit."""
    since = pressures[-1].observed_at
    for row in reversed(pressures):
        if not _exceeds(row, limit):
            break
        since = row.observed_at
    return since


def _measured_since(today: Today, reading: Reading) -> bool:
    """Whether the visit has a later pressure: after a first dose, the hold judges that one."""
    later = (row for row in today.visit if row.observed_at > reading.observed_at)
    return any(row.systolic is not None for row in later)


def _reaches(row: Reading, limit: BloodPressure) -> bool:
    return (row.systolic or 0) >= limit.systolic or (row.diastolic or 0) >= limit.diastolic


def _exceeds(row: Reading, limit: BloodPressure) -> bool:
    return (row.systolic or 0) > limit.systolic or (row.diastolic or 0) > limit.diastolic


def _shown(row: Reading) -> str:
    return str(BloodPressure(row.systolic or 0, row.diastolic or 0))
