"""Critical values wait for people: for a nurse who has seen them, and for a prescriber who knows.

Pure. An acknowledgement covers the reading that it was shown, and a correction of it that is no
worse. Each new critical reading asks again, also one that is equal or better: who saw the first
value has not seen the next. A value that was corrected away waits for nobody.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from monitoring.alerts import Alert
from monitoring.readings import Measured

SEEN = "seen"


@dataclass(frozen=True, slots=True)
class Value:
    """One value as it stood when somebody acknowledged it."""

    key: tuple[str, str]  # measure and setting
    value: Measured
    observed_at: datetime


@dataclass(frozen=True, slots=True)
class Acknowledged:
    how: str
    values: tuple[Value, ...]

    @property
    def reaches_prescriber(self) -> bool:
        return self.how != SEEN

    def covers(self, alert: Alert) -> bool:
        return any(
            alert.key == known.key
            and known.observed_at == alert.observed_at
            and not alert.is_worse_than(known.value)
            for known in self.values
        )


@dataclass(frozen=True, slots=True)
class Calls:
    """The critical values that nobody has seen, and those that wait for a prescriber."""

    unseen: tuple[Alert, ...] = ()
    waiting: tuple[Alert, ...] = ()


def calls(critical: Sequence[Alert], acknowledged: Iterable[Acknowledged]) -> Calls:
    known = list(acknowledged)
    told = [one for one in known if one.reaches_prescriber]
    return Calls(_uncovered(critical, known), _uncovered(critical, told))


def _uncovered(critical: Sequence[Alert], by: Sequence[Acknowledged]) -> tuple[Alert, ...]:
    return tuple(alert for alert in critical if not any(one.covers(alert) for one in by))


def as_rows(critical: Iterable[Alert]) -> list[dict[str, Any]]:
    """Return alerts as they are kept with an acknowledgement."""
    return [
        {
            "measure": alert.measure,
            "setting": alert.setting,
            "value": str(alert.value),
            "observed_at": alert.observed_at.isoformat() if alert.observed_at else "",
            "text": alert.text,
        }
        for alert in critical
    ]


def acknowledged_of(how: str, rows: Iterable[Mapping[str, Any]]) -> Acknowledged:
    return Acknowledged(how, tuple(map(_value, rows)))


def _value(row: Mapping[str, Any]) -> Value:
    observed_at = datetime.fromisoformat(row["observed_at"])
    return Value((row["measure"], row["setting"]), Decimal(row["value"]), observed_at)
