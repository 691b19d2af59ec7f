"""The page that is handed to the patient."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from clinic.forms import ClinicalForm
from patients import drawn
from patients.forms.fields import LineField
from patients.models import ConsentTemplate
from patients.services.consent_signing import Signed


class DrawingField(forms.CharField):
    """A path that the pad drew; without a script it stays empty."""

    widget = forms.HiddenInput

    def to_python(self, value: Any) -> str:
        return drawn.clean(super().to_python(value) or "")


class SignForm(ClinicalForm):
    typed_name = LineField(
        label="Your full name",
        max_length=240,
        error_messages={"required": "Type your full name."},
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "words"}),
    )
    signer = forms.ChoiceField(
        label="Who signs?",
        choices=[("patient", "I am the patient"), ("other", "I represent the patient")],
        widget=forms.RadioSelect,
        initial="patient",
        error_messages={"required": "Say who signs."},
    )
    relationship = LineField(
        label="You represent the patient as",
        max_length=120,
        required=False,
        help_text="Such as legal guardian. Only if you are not the patient.",
    )
    drawing = DrawingField(required=False, max_length=drawn.MOST_CHARACTERS + 1)

    def __init__(self, *args: Any, template: ConsentTemplate, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.template = template
        for place, statement in enumerate(template.ticks):
            self.fields[f"tick_{place}"] = forms.BooleanField(
                label=statement,
                error_messages={"required": "Tick this, or ask us about it before you sign."},
            )
        if not template.asks_drawing:
            del self.fields["drawing"]

    @property
    def ticks(self) -> list[forms.BoundField]:
        return [self[f"tick_{place}"] for place in range(len(self.template.ticks))]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        represents = values.get("signer") == "other"
        if represents and "relationship" in values and not values["relationship"]:
            self.add_error("relationship", ValidationError("Say as what you represent them."))
        return values

    @property
    def signed(self) -> Signed:
        values = self.cleaned_data
        represents = values["signer"] == "other"
        return Signed(
            typed_name=values["typed_name"],
            ticked=frozenset(n for n in range(len(self.template.ticks)) if values[f"tick_{n}"]),
            relationship=values["relationship"] if represents else "",
            drawing=values.get("drawing", ""),
        )
