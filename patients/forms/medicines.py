"""Acknowledging what the medicines raise."""

from collections.abc import Iterable
from typing import Any

from django import forms

from clinic.forms import ClinicalForm, field_of
from patients.forms.fields import ReasonField
from patients.medicines.review import Medicine, ShownAlert
from patients.services.medicines import MOVED_ON

Item = ShownAlert | Medicine


class ReviewForm(ClinicalForm):
    about = forms.MultipleChoiceField(
        label="What you looked at",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Tick what you looked at.", "invalid_choice": MOVED_ON},
    )
    reason = ReasonField(
        label="Why treatment may go on",
        max_length=300,
        help_text="Such as how it is watched; for a line, what it is and how you know.",
    )

    def __init__(self, *args: Any, items: Iterable[Item], **kwargs: Any) -> None:
        """`items` are all that this person settles; those that are open are offered."""
        super().__init__(*args, **kwargs)
        items = list(items)
        field = field_of(self, "about", forms.MultipleChoiceField)
        field.choices = [(item.about, _words(item)) for item in items]
        field.widget.choices = [(i.about, _words(i)) for i in items if i.is_open]


def _words(item: Item) -> str:
    return item.words if isinstance(item, ShownAlert) else f"Not recognised: {item.text}"
