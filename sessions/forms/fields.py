"""Fields for gloves and numeric keypads: plain digits only, and a time that defaults to now."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from clinic.times import CLOCK_TOLERANCE

TIME_OF_DAY = re.compile(r"([01][0-9]|2[0-3]):?([0-5][0-9])", re.ASCII)
DAY_AND_TIME = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})[ T]([0-9]{2}:[0-9]{2})", re.ASCII)
HALF_A_DAY = timedelta(hours=12)


class NoticeField(forms.BooleanField):
    """Whether the patient hears of a change; ticked where an earlier mail would be wrong now."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", "Tell the patient by e-mail")
        kwargs.setdefault("help_text", "Ticked if a mail told of the visit before.")
        super().__init__(required=False, **kwargs)


class PlainNumberField(forms.CharField):
    """A number in plain digits with a point; nothing else is read, nothing is reinterpreted."""

    def __init__(
        self,
        *,
        places: int = 0,
        low: int = 0,
        high: int = 9999,
        unit: str = "",
        **kwargs: Any,
    ) -> None:
        self.places, self.low, self.high, self.unit = places, low, high, unit
        kwargs.setdefault("max_length", 12)
        super().__init__(strip=False, **kwargs)
        self.widget.attrs |= {
            "inputmode": "decimal" if places else "numeric",
            "autocomplete": "off",
        }

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        decimals = rf"(?:\.[0-9]{{1,{self.places}}})?" if self.places else ""
        if not re.fullmatch(rf"(?:0|[1-9][0-9]{{0,4}}){decimals}", text, re.ASCII):
            example = "such as 38.5" if self.places else "such as 84"
            raise ValidationError(f"Type a number in plain digits, {example}.", code="format")
        number = Decimal(text) if self.places else int(text)
        if not self.low <= number <= self.high:
            raise ValidationError(f"Type {self.low} to {self.high} {self.unit}.", code="range")
        return number


class MomentField(forms.CharField):
    """A past moment in the clinic's zone: "14:05" or "1405", or with its day; empty is now.

    A time of day means the nearest one: 23:50 typed at ten past midnight was yesterday.
    """

    def __init__(self, *, original: datetime | None = None, **kwargs: Any) -> None:
        self.original = original
        kwargs.setdefault("required", original is not None)
        super().__init__(max_length=20, **kwargs)
        self.widget.attrs |= {
            "inputmode": "numeric",
            "autocomplete": "off",
            "placeholder": "now",
        }
        if original is not None:
            self.initial = _shown(original)

    def clean(self, value: Any) -> datetime | None:
        text = super().clean(value)
        if not text:
            return None
        if self.original is not None and text == _shown(self.original):
            return self.original  # untouched: its seconds stay
        return _moment(text)


def _shown(moment: datetime) -> str:
    local = timezone.localtime(moment)
    return f"{local:%Y-%m-%d %H:%M}" if local.date() != timezone.localdate() else f"{local:%H:%M}"


def _moment(text: str) -> datetime:
    now = timezone.localtime()
    if found := TIME_OF_DAY.fullmatch(text):
        naive = datetime.combine(now.date(), datetime.min.time()).replace(
            hour=int(found[1]), minute=int(found[2])
        )
        distance = naive - now.replace(tzinfo=None)
        if distance > HALF_A_DAY:
            naive -= timedelta(days=1)
        return _aware(naive, now)
    if found := DAY_AND_TIME.fullmatch(text):
        try:
            naive = datetime.fromisoformat(f"{found[1]}T{found[2]}")
        except ValueError as error:
            raise ValidationError("There is no such day or time.", code="invalid") from error
        if 2000 <= naive.year <= 2200:
            return _aware(naive, now)
    raise ValidationError("Type the time as 14:05, or leave it empty for now.", code="invalid")


def _aware(naive: datetime, now: datetime) -> datetime:
    """Give the time its zone; of an hour that comes twice, the last one that has passed."""
    zone = now.tzinfo
    readings = [naive.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (1, 0)]
    real = [at for at in readings if at.astimezone(zone).replace(tzinfo=None, fold=0) == naive]
    if not real:
        raise ValidationError("The clocks were put forward: there was no such time.", code="gap")
    return next((at for at in real if at <= now + CLOCK_TOLERANCE), real[-1])
