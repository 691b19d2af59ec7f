"""One form for every instrument: its items become fields."""

from typing import Any

from django import forms

from clinic.forms import ClinicalForm, LocalDateTimeField
from outcomes.instruments import Instrument, Item
from outcomes.services import Answered
from patients.forms.fields import LineField, NumberField, ReasonField

NOT_ANSWERED = ("", "Not answered")


class WholeNumberField(NumberField):
    """A number between two limits; kept as a plain number."""

    def __init__(self, *, low: int, high: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.low, self.high = low, high

    def clean(self, value: Any) -> Any:
        number = super().clean(value)
        if number is None:
            return None
        if not self.low <= number <= self.high:
            raise forms.ValidationError(f"Enter {self.low} to {self.high}.", code="limits")
        return int(number) if number == int(number) else float(number)


class CountField(WholeNumberField):
    """Points, which come whole."""

    def clean(self, value: Any) -> Any:
        number = super().clean(value)
        if isinstance(number, float):
            raise forms.ValidationError("Enter a whole number.", code="whole")
        return number


def field_for(item: Item, scoring: str) -> forms.Field:
    if item.options:
        choices = [*((str(points), text) for text, points in item.options), NOT_ANSWERED]
        return forms.TypedChoiceField(
            label=item.text,
            choices=choices,
            coerce=int,
            empty_value=None,
            required=False,
            widget=forms.RadioSelect,
        )
    if item.words:
        return LineField(label=item.text, max_length=item.words, required=False)
    unit = f"{item.text} ({item.unit})" if item.unit else item.text
    kind = CountField if scoring == "entered" else WholeNumberField
    return kind(label=unit, low=item.low or 0, high=item.high or 0, required=False)


class AssessmentForm(ClinicalForm):
    observed_at = LocalDateTimeField(label="Asked or taken at")
    note = LineField(label="Remark", max_length=500, required=False)

    def __init__(self, *args: Any, instrument: Instrument, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instrument = instrument
        for item in instrument.items:
            self.fields[f"item_{item.code}"] = field_for(item, instrument.scoring)

    @property
    def items(self) -> list[forms.BoundField]:
        return [self[f"item_{code}"] for code in self.instrument.codes]

    @property
    def answered(self) -> Answered:
        values = self.cleaned_data
        answers = {code: values[f"item_{code}"] for code in self.instrument.codes}
        return Answered(
            answers={code: None if value == "" else value for code, value in answers.items()},
            observed_at=values["observed_at"],
            note=values["note"],
        )


class CorrectAssessmentForm(AssessmentForm):
    reason = ReasonField(
        label="Why is it corrected?",
        max_length=240,
        error_messages={"required": "Say why it is corrected."},
    )
