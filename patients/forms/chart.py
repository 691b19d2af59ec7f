"""Adding to the chart and ending what is on it."""

import re
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS

from clinic.forms import CalendarDateField, ClinicalForm, LocalDateTimeField
from patients.forms.fields import LineField, NumberField, ReasonField
from patients.measures import in_both_units
from patients.services.chart import Measured

CRITICALITIES = [("", "Not known"), ("low", "Low"), ("high", "High: may threaten life")]
UNITS = [
    ("weight kg", "Weight in kg"),
    ("weight lb", "Weight in lb"),
    ("height cm", "Height in cm"),
    ("height in", "Height in inches"),
]


class MedicationForm(ClinicalForm):
    text = LineField(
        label="Medicine",
        max_length=300,
        help_text="As prescribed, with strength: sertraline 50 mg.",
    )
    note = LineField(
        label="Dosage or remark", max_length=300, required=False, help_text="Such as 1 at night."
    )
    started_on = CalendarDateField(label="Started on", required=False)


class StopMedicationForm(ClinicalForm):
    stopped_on = CalendarDateField(label="Stopped on")


class ConditionForm(ClinicalForm):
    text = LineField(label="Condition", max_length=300)
    note = LineField(label="Remark", max_length=300, required=False)
    onset_on = CalendarDateField(label="Since", required=False)


class ResolveConditionForm(ClinicalForm):
    abated_on = CalendarDateField(label="Resolved on")


class AllergyForm(ClinicalForm):
    text = LineField(label="Allergy to", max_length=300)
    reaction = LineField(max_length=200, required=False, help_text="What happened.")
    criticality = forms.ChoiceField(label="Risk", choices=CRITICALITIES, required=False)
    note = LineField(label="Remark", max_length=300, required=False)


class NoAllergiesForm(ClinicalForm):
    note = LineField(
        label="Remark", max_length=300, required=False, help_text="Such as who was asked."
    )


class MeasureForm(ClinicalForm):
    number = NumberField(label="Value")
    measure = forms.ChoiceField(label="Of", choices=UNITS)
    observed_at = LocalDateTimeField(label="Measured at")
    confirmed = forms.CharField(required=False, widget=forms.HiddenInput, max_length=12)

    def clean_confirmed(self) -> Decimal | None:
        text = self.cleaned_data["confirmed"]
        return Decimal(text) if re.fullmatch(r"[0-9]{1,3}\.[0-9]{2}", text) else None

    @property
    def measured(self) -> Measured:
        kind, _, unit = self.cleaned_data["measure"].partition(" ")
        values: dict[str, Any] = self.cleaned_data
        return Measured(kind, values["number"], unit, values["observed_at"])

    @property
    def asks_to_confirm(self) -> bool:
        return self.has_error(NON_FIELD_ERRORS, "doubtful")

    @property
    def confirm_words(self) -> str:
        measured = self.measured
        return f"Yes, it is {in_both_units(measured.kind, measured.value)}"


class EnteredInErrorForm(ClinicalForm):
    reason = ReasonField(
        label="Why is it wrong?",
        max_length=240,
        error_messages={"required": "Say why this is wrong."},
    )
