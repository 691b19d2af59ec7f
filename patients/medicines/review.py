"""What a patient's current medicines raise, and who has looked at it. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from patients.medicines import interactions
from patients.medicines.explain import labels
from patients.medicines.interactions import Alert, Context, Severity
from patients.medicines.reading import Reading
from patients.medicines.resolver import resolve

USUAL = (Context("esketamine", "nasal"),)  # until a course says which treatment it is


@dataclass(frozen=True, slots=True)
class Seen:
    """Who looked at an alert or a line, when, and what for a reason."""

    reason: str = ""
    by: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ShownAlert:
    alert: Alert
    about: str
    seen: Seen | None

    @property
    def is_open(self) -> bool:
        return self.alert.rule.interrupts and self.seen is None

    @property
    def is_information(self) -> bool:
        return self.alert.rule.severity == Severity.INFORMATION

    @property
    def words(self) -> str:
        """Name the alert with what caused it: "MAO inhibitor (Nardil 15 mg)"."""
        return f"{self.alert.rule.title} ({'; '.join(self.alert.medicines)})"


@dataclass(frozen=True, slots=True)
class Medicine:
    """One current line of the chart as it was understood."""

    reading: Reading
    about: str
    seen: Seen | None

    @property
    def text(self) -> str:
        return self.reading.text

    @property
    def acts_as(self) -> list[str]:
        return labels(self.reading.classes)

    @property
    def is_open(self) -> bool:
        return not self.reading.is_understood and self.seen is None


@dataclass(frozen=True, slots=True)
class Review:
    medicines: tuple[Medicine, ...] = ()
    alerts: tuple[ShownAlert, ...] = ()

    @property
    def open_alerts(self) -> list[ShownAlert]:
        return [each for each in self.alerts if each.is_open]

    @property
    def severe(self) -> list[ShownAlert]:
        return [each for each in self.alerts if each.alert.rule.severity == Severity.HIGH]

    @property
    def warnings(self) -> list[ShownAlert]:
        return [each for each in self.alerts if not each.is_information]

    @property
    def information(self) -> list[ShownAlert]:
        return [each for each in self.alerts if each.is_information]

    @property
    def doubtful(self) -> list[Medicine]:
        return [each for each in self.medicines if not each.reading.is_understood]

    @property
    def open_medicines(self) -> list[Medicine]:
        return [each for each in self.medicines if each.is_open]

    @property
    def to_settle(self) -> list["ShownAlert | Medicine"]:
        """What a person has to look at, or has looked at."""
        return [*(each for each in self.alerts if each.alert.rule.interrupts), *self.doubtful]

    @property
    def is_settled(self) -> bool:
        return not self.open_alerts and not self.open_medicines


def review(
    texts: Iterable[str], contexts: Iterable[Context], seen: Mapping[str, Seen | None]
) -> Review:
    """Judge current medicines for one treatment or several; `seen` by what it is about."""
    readings = [resolve(text) for text in dict.fromkeys(texts)]
    found: dict[Any, Alert] = {}
    for context in contexts:
        for alert in interactions.evaluate(readings, context):
            found.setdefault(alert.identity, alert)
    ranked = sorted(found.values(), key=lambda a: interactions.ORDER.index(a.rule.severity))
    abouts = [(alert, about_alert(alert)) for alert in ranked]
    lines = [(reading, about_line(reading.text)) for reading in readings]
    return Review(
        medicines=tuple(Medicine(reading, about, seen.get(about)) for reading, about in lines),
        alerts=tuple(ShownAlert(alert, about, seen.get(about)) for alert, about in abouts),
    )


def about_alert(alert: Alert) -> str:
    """An acknowledgement holds for this rule, these ingredients and this severity."""
    rule, ingredients, severity = alert.identity
    return _digest("alert", rule, severity, *ingredients)


def about_line(text: str) -> str:
    return _digest("line", text)


def _digest(*parts: str) -> str:
    return sha256("\0".join(parts).encode()).hexdigest()
