from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from clinic.forms import CalendarDateField
from sessions.forms.fields import PlainNumberField

USUAL, MOST = 50, 200


class DryRunForm(forms.Form):
    """Which past sessions are judged again."""

    last = PlainNumberField(
        low=1,
        high=MOST,
        unit="sessions",
        initial=USUAL,
        label="How many, the latest first",
        help_text=f"At most {MOST}.",
        error_messages={"required": f"Type how many sessions: 1 to {MOST}."},
    )
    since = CalendarDateField(required=False, label="From", help_text="Empty: any day before.")
    until = CalendarDateField(required=False, label="To", help_text="Empty: up to today.")

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        since, until = values.get("since"), values.get("until")
        if since and until and since > until:
            raise ValidationError(
                {"since": "This is after the last day: exchange the two dates, or leave one out."}
            )
        return values

    @property
    def days(self) -> tuple[date | None, date | None]:
        return self.cleaned_data["since"], self.cleaned_data["until"]
