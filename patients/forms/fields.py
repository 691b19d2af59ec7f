"""Form fields that hold typed text and numbers to the rules of `patients.texts`."""

import re
from decimal import Decimal
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.core.exceptions import ValidationError

from clinic.words import explains
from patients import texts

LANGUAGES = [
    ("ar", "Arabic"),
    ("zh", "Chinese"),
    ("nl", "Dutch"),
    ("en", "English"),
    ("en-US", "English (US)"),
    ("en-GB", "English (UK)"),
    ("fa", "Persian"),
    ("fr", "French"),
    ("de", "German"),
    ("el", "Greek"),
    ("he", "Hebrew"),
    ("hi", "Hindi"),
    ("it", "Italian"),
    ("ja", "Japanese"),
    ("ko", "Korean"),
    ("pl", "Polish"),
    ("pt", "Portuguese"),
    ("ro", "Romanian"),
    ("ru", "Russian"),
    ("es", "Spanish"),
    ("sv", "Swedish"),
    ("tl", "Tagalog"),
    ("tr", "Turkish"),
    ("uk", "Ukrainian"),
    ("vi", "Vietnamese"),
]


class LineField(forms.CharField):
    """One line that people read: what can't be seen or turns the text is refused."""

    def to_python(self, value: Any) -> str:
        return texts.clean_line(super().to_python(value) or "")


class ReasonField(LineField):
    """One line that says why, for whoever reads the record later."""

    def validate(self, value: Any) -> None:
        super().validate(value)
        if value and not explains(value):
            raise ValidationError("Say it in words: three letters or more.", code="reason")


class TextField(forms.CharField):
    """Several lines that people read."""

    def __init__(self, *, rows: int = 3, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.Textarea(attrs={"rows": rows}))
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> str:
        return texts.clean_text(super().to_python(value) or "")


class PhoneField(forms.CharField):
    def __init__(self, **kwargs: Any) -> None:
        attrs = {"inputmode": "tel", "autocomplete": "off"}
        super().__init__(max_length=40, widget=forms.TextInput(attrs=attrs), **kwargs)

    def to_python(self, value: Any) -> str:
        return texts.clean_phone(super().to_python(value) or "")


class RecordNumberField(forms.CharField):
    def to_python(self, value: Any) -> str:
        text = texts.clean_line(super().to_python(value) or "")
        if text and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9 ./_-]*", text):
            raise ValidationError(
                "Use plain letters, digits and . / - _ such as T-00042.", code="record_number"
            )
        return text


class NumberField(forms.CharField):
    """A number in plain digits with at most two decimals; nothing is reinterpreted."""

    def __init__(self, **kwargs: Any) -> None:
        attrs = {"inputmode": "decimal", "autocomplete": "off"}
        super().__init__(max_length=12, widget=forms.TextInput(attrs=attrs), **kwargs)

    def clean(self, value: Any) -> Decimal | None:
        text = super().clean(value)
        if not text:
            return None
        if not re.fullmatch(r"(?:0|[1-9][0-9]{0,3})(?:[.,][0-9]{1,2})?", text):
            raise ValidationError("Type a number in plain digits, such as 81.5.", code="format")
        return Decimal(text.replace(",", "."))


class LanguageField(forms.ChoiceField):
    """A language that people name; one that came from elsewhere stays on offer."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=[("", "Not known"), *LANGUAGES], required=False, **kwargs)

    def also_offer(self, code: str) -> None:
        if code and code not in dict(LANGUAGES):
            self.choices = [("", "Not known"), *LANGUAGES, (code, code)]


def time_zones() -> list[tuple[str, str]]:
    """Return the zones that are named after a place."""
    areas = ("Africa/", "America/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/")
    places = (zone for zone in available_timezones() if zone.startswith((*areas, "Pacific/")))
    return [(zone, zone.replace("_", " ")) for zone in sorted([*places, "UTC"])]


class TimeZoneField(forms.ChoiceField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=time_zones, **kwargs)
